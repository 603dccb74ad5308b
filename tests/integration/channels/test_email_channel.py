"""The e-mail channel over real connections to the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from channels.email import verp
from channels.port import Attachment, OutcomeKind
from channels.sandbox import JournalVerdict, RandomFaults, read_journal
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.settings import MailSettings, SmtpSettings
from tests.integration.channels.channel_contract import (
    PATIENCE_SECONDS,
    SILENCE_SECONDS,
    ChannelContract,
    Peer,
    make_envelope,
    run,
    send_all,
    send_one,
)
from tests.integration.channels.mail_peers import KEY, mail_peer


class TestEmailChannelContract(ChannelContract):
    def start_peer(self) -> AbstractAsyncContextManager[Peer]:
        return self._start()

    @asynccontextmanager
    async def _start(self) -> AsyncIterator[Peer]:
        async with mail_peer() as peer:
            yield Peer(
                channel=peer.channel(connections=4),
                slow_address="slow-100.anna@example.com",
                addresses={
                    OutcomeKind.ACCEPTED: "anna@example.com",
                    OutcomeKind.NOT_SENT: "dropstart.anna@example.com",
                    OutcomeKind.THROTTLED: "throttle-421.anna@example.com",
                    OutcomeKind.TRANSIENT: "defer-451-4.3.0.anna@example.com",
                    OutcomeKind.PERMANENT: "reject-550-5.1.1.anna@example.com",
                    OutcomeKind.SENDER_FAULT: "reject-550-5.7.1.anna@example.com",
                    OutcomeKind.UNKNOWN: "hangdrop.anna@example.com",
                },
            )


class TestReplies:
    @pytest.mark.parametrize(
        ("directive", "kind", "reason"),
        [
            ("reject-550-5.1.1", OutcomeKind.PERMANENT, "smtp_550_5.1.1"),
            ("reject-550", OutcomeKind.PERMANENT, "smtp_550"),
            ("reject-552-5.2.2", OutcomeKind.PERMANENT, "smtp_552_5.2.2"),
            ("reject-554-5.7.1", OutcomeKind.SENDER_FAULT, "smtp_554_5.7.1"),
            ("rejectdata-554-5.6.0", OutcomeKind.PERMANENT, "smtp_554_5.6.0"),
            ("rejectdata-550-5.7.26", OutcomeKind.SENDER_FAULT, "smtp_550_5.7.26"),
            ("rejectdata-421-4.3.2", OutcomeKind.TRANSIENT, "smtp_421_4.3.2"),
            ("rejectdata-451-4.7.1", OutcomeKind.TRANSIENT, "smtp_451_4.7.1"),
            ("defer-450-4.2.2", OutcomeKind.TRANSIENT, "smtp_450_4.2.2"),
            ("defer-451-4.7.1", OutcomeKind.THROTTLED, "smtp_451_4.7.1"),
            ("throttle-450", OutcomeKind.THROTTLED, "smtp_450"),
            ("hangdrop", OutcomeKind.UNKNOWN, "smtp_no_reply"),
            ("slow-50", OutcomeKind.ACCEPTED, ""),
        ],
    )
    def test_the_answer_decides_the_outcome(self, directive: str, kind: OutcomeKind, reason: str) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                outcome = await send_one(peer.channel(), make_envelope(f"{directive}.anna@example.com"))
                assert (outcome.kind, outcome.reason) == (kind, reason)

        run(case())

    def test_no_answer_to_the_dot_is_unknown_and_its_bytes_are_kept(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                channel = peer.channel(timeout_seconds=SILENCE_SECONDS)
                outcome = await send_one(channel, make_envelope("hang.anna@example.com"))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.UNKNOWN, "smtp_no_reply")
                assert outcome.content == peer.received[0].content

        run(case())

    def test_a_body_that_breaks_off_was_not_sent(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                # More than any socket buffer takes, so that the dot cannot have been written.
                envelope = make_envelope("drop.anna@example.com", text="я" * 70 + "\n", html=None)
                envelope = replace(envelope, text=envelope.text * 60_000)
                outcome = await send_one(peer.channel(), envelope)
                assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "smtp_body_incomplete")
                assert outcome.content is None

        run(case())

    def test_a_short_body_that_breaks_off_is_never_called_accepted(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                outcome = await send_one(peer.channel(), make_envelope("drop.anna@example.com"))
                assert outcome.kind in (OutcomeKind.NOT_SENT, OutcomeKind.UNKNOWN)
                assert peer.received == []

        run(case())

    def test_a_message_over_the_servers_limit_is_not_begun(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                outcome = await send_one(
                    peer.channel(), make_envelope("a@example.com", text="x\n" * 6_000_000)
                )
                assert (outcome.kind, outcome.reason) == (OutcomeKind.PERMANENT, "too_big")

        run(case())


class TestTheMessageThatArrives:
    def test_it_is_byte_for_byte_the_outcomes_content(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                text = ".one dot\n..two\n.\nthe end"
                outcome = await send_one(
                    peer.channel(), make_envelope("a@example.com", text=text, html="<p>.</p>")
                )
                (mail,) = peer.received
                assert outcome.content == mail.content
                message = message_from_bytes(mail.content, policy=policy.default)
                assert isinstance(message, EmailMessage)
                body = message.get_body(("plain",))
                assert body is not None
                assert body.get_content().replace("\r\n", "\n") == text

        run(case())

    def test_the_files_that_went_along_are_part_of_it(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                bill = Attachment("Счёт 7.pdf", "application/pdf", b"%PDF-1.7 " + bytes(range(256)) * 50)
                envelope = make_envelope("a@example.com", attachments=(bill,))
                outcome = await send_one(peer.channel(), envelope)
                assert outcome.content == peer.received[0].content
                message = message_from_bytes(outcome.content or b"", policy=policy.default)
                assert isinstance(message, EmailMessage)
                (part,) = message.iter_attachments()
                assert (part.get_filename(), part.get_content()) == (bill.file_name, bill.content)

        run(case())

    def test_its_sender_names_the_attempt(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                envelope = make_envelope("a@example.com")
                await send_one(peer.channel(), envelope)
                (mail,) = peer.received
                assert verp.decode(mail.sender, KEY) == envelope.attempt
                assert f"ENVID={verp.envelope_id(envelope.attempt)}" in mail.mail_options
                assert {"RET=HDRS", "BODY=8BITMIME", f"SIZE={len(mail.content)}"} <= set(mail.mail_options)
                assert mail.rcpt_options == ("NOTIFY=FAILURE,DELAY",)

        run(case())

    def test_a_cyrillic_address_goes_by_smtputf8_with_an_ascii_domain(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                outcome = await send_one(peer.channel(), make_envelope("анна@пример.рф"))
                (mail,) = peer.received
                assert outcome.kind is OutcomeKind.ACCEPTED
                assert mail.recipients == ["анна@xn--e1afmkfd.xn--p1ai"]
                assert "SMTPUTF8" in mail.mail_options

        run(case())

    @pytest.mark.parametrize(
        "address", ["", "anna", "a@b@c", "a b@example.com", "a@example.com\r\nDATA", "@x", "a@"]
    )
    def test_a_bad_address_costs_one_envelope_and_no_connection(self, address: str) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                channel = peer.channel(connections=1)
                outcomes = await send_all(channel, make_envelope(address), make_envelope("a@example.com"))
                assert [(o.kind, o.reason) for o in outcomes] == [
                    (OutcomeKind.PERMANENT, "bad_address"),
                    (OutcomeKind.ACCEPTED, ""),
                ]
                assert peer.server.connections == 1

        run(case())

    def test_a_line_break_in_a_field_is_refused(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                envelope = make_envelope("a@example.com", subject="x\r\nBcc: b@example.com")
                outcome = await send_one(peer.channel(), envelope)
                assert (outcome.kind, outcome.reason) == (OutcomeKind.PERMANENT, "bad_header")
                assert peer.received == []

        run(case())


class TestConnections:
    def test_they_are_kept_over_batches(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                channel = peer.channel(connections=2)
                for _ in range(3):
                    await send_all(channel, *(make_envelope("a@example.com") for _ in range(10)))
                assert peer.server.connections <= 2
                assert len(peer.received) == 30

        run(case())

    def test_a_refused_recipient_does_not_poison_the_next_one(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                channel = peer.channel(connections=1)
                addresses = [
                    "reject-550-5.1.1.a@example.com",
                    "b@example.com",
                    "rejectdata-554-5.6.0.c@example.com",
                ]
                addresses.append("d@example.com")
                outcomes = await send_all(channel, *map(make_envelope, addresses))
                kinds = [outcome.kind for outcome in outcomes]
                assert kinds == [OutcomeKind.PERMANENT, OutcomeKind.ACCEPTED] * 2
                assert [mail.recipients for mail in peer.received] == [[a] for a in addresses[1:]]
                assert peer.server.connections == 1

        run(case())

    def test_a_worn_connection_is_renewed(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                channel = peer.channel(connections=1, messages_per_connection=2)
                await send_all(channel, *(make_envelope("a@example.com") for _ in range(6)))
                assert peer.server.connections == 3

        run(case())

    def test_an_old_connection_is_renewed(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                channel = peer.channel(connections=1, connection_age_seconds=0.000001)
                outcomes = await send_all(channel, *(make_envelope("a@example.com") for _ in range(3)))
                assert [o.kind for o in outcomes] == [OutcomeKind.ACCEPTED] * 3
                assert peer.server.connections == 3

        run(case())

    def test_one_that_died_while_idle_costs_no_envelope(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                channel = peer.channel(connections=1)
                await send_one(channel, make_envelope("a@example.com"))
                for session in tuple(peer.server._sessions):
                    session.hang_up()
                outcome = await send_one(channel, make_envelope("a@example.com"))
                assert outcome.kind is OutcomeKind.ACCEPTED
                assert len(peer.received) == 2

        run(case())

    def test_a_second_cancellation_breaks_off_what_runs(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                channel = peer.channel(connections=2, timeout_seconds=PATIENCE_SECONDS)
                got = []

                async def consume() -> None:
                    async for outcome in channel.send(
                        [make_envelope("hang.a@example.com") for _ in range(5)]
                    ):
                        got.append(outcome.kind)

                task = asyncio.create_task(consume())
                while len(peer.received) < 2:
                    await asyncio.sleep(0.01)
                task.cancel()
                await asyncio.sleep(0.05)
                assert not task.done()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert sorted(got) == [OutcomeKind.NOT_SENT] * 3 + [OutcomeKind.UNKNOWN] * 2

        run(case())


class TestUnavailableServer:
    def test_a_refused_connection_leaves_every_envelope_unsent(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                channel = peer.channel()
                await peer.server.stop()
                outcomes = await send_all(channel, *(make_envelope("a@example.com") for _ in range(20)))
                assert {(o.kind, o.reason) for o in outcomes} == {(OutcomeKind.NOT_SENT, "smtp_unreachable")}
                assert len(outcomes) == 20
                health = await channel.healthy()
                assert not health.ok
                assert "no answer from the mail server 127.0.0.1:" in health.problem
                await peer.server.start()

        run(case())

    def test_an_unknown_host_is_unreachable(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                outcome = await send_one(
                    peer.channel(host="no-such-host.invalid"), make_envelope("a@example.com")
                )
                assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "smtp_unreachable")

        run(case())

    def test_without_a_host_the_setting_is_named(self) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                channel = peer.channel(host="")
                outcome = await send_one(channel, make_envelope("a@example.com"))
                assert outcome.reason == "smtp_not_configured"
                assert "DISPATCHER_SMTP__HOST" in (await channel.healthy()).problem

        run(case())

    def test_settings_that_make_no_message_are_refused_at_once(self) -> None:
        from channels.email.channel import EmailChannel

        for wrong in ({"from_address": "x"}, {"from_name": "a\nb"}, {"bounce_domain": "a b"}):
            with pytest.raises(ConfigurationError):
                EmailChannel(SmtpSettings(), MailSettings(**wrong), KEY)


class TestRandomFaults:
    def test_the_journal_agrees_with_the_outcomes(self, tmp_path) -> None:  # type: ignore[no-untyped-def]
        async def case() -> None:
            shares = {"hangdrop": 0.2, "defer-451-4.3.0": 0.2, "rejectdata-554-5.6.0": 0.2, "dropstart": 0.1}
            path = tmp_path / "journal"
            async with mail_peer(journal=path, fsync=True, faults=RandomFaults(1, shares)) as peer:
                envelopes = [make_envelope(f"a{number}@example.com") for number in range(200)]
                outcomes = await send_all(peer.channel(), *envelopes)
            taken = {e.attempt for e in read_journal(path) if e.verdict is JournalVerdict.ACCEPTED}
            by_kind = {kind: {o.attempt for o in outcomes if o.kind is kind} for kind in OutcomeKind}
            assert taken == by_kind[OutcomeKind.ACCEPTED] | by_kind[OutcomeKind.UNKNOWN]
            assert all(
                by_kind[kind] for kind in (OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN, OutcomeKind.TRANSIENT)
            )

        run(case())
