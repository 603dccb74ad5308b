"""The SMS channel over SMPP, against the sandbox's SMSC: a real server on a real port."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from channels.port import IncomingText, OutcomeKind, Question, Receipt, ReceiptKind
from channels.sandbox.journal import Journal, read_journal
from channels.sandbox.smpp_server import IdForm, ReceiptForm, SandboxSmppServer, SmppSandboxOptions
from channels.sms.channel import SmsChannel
from channels.sms.smpp.pdu import Command, Pdu, read_pdu
from channels.sms.smpp.provider import SmppProvider
from dispatcher.core.settings import SmppSettings, SmsSettings
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

ACCEPTED = "+79161234567"
KINDS = {
    OutcomeKind.ACCEPTED: ACCEPTED,
    OutcomeKind.PERMANENT: "+79991070001",
    OutcomeKind.SENDER_FAULT: "+79991060001",
    OutcomeKind.TRANSIENT: "+79991040001",
    OutcomeKind.NOT_SENT: "+79991030001",
    OutcomeKind.THROTTLED: "+79991090001",
    OutcomeKind.UNKNOWN: "+79993020001",
}
LONG = "Здравствуйте! Ваш долг 1 250,40 ₽. " * 5


def account_at(*servers: SandboxSmppServer | str, **changes: Any) -> SmppSettings:
    fields: dict[str, Any] = {
        "hosts": [one if isinstance(one, str) else one.address for one in servers],
        "system_id": "sandbox",
        "password": SecretStr("sandbox"),
        "sender": "Energosbyt",
        "timeout_seconds": PATIENCE_SECONDS,
        "connect_seconds": PATIENCE_SECONDS,
        "reconnect_seconds": [0.05],
        "sends_attempt_name": True,
    }
    return SmppSettings(**(fields | changes))


@asynccontextmanager
async def running(journal: Journal | None = None, **changes: Any) -> AsyncIterator[SandboxSmppServer]:
    server = SandboxSmppServer(SmppSandboxOptions(**changes), journal=journal)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def talking(*servers: SandboxSmppServer | str, **changes: Any) -> AsyncIterator[SmsChannel]:
    account = account_at(*servers, **changes)
    channel = SmsChannel(SmsSettings(smpp=[account]), [SmppProvider(account)])
    try:
        yield channel
    finally:
        await channel.close()


@asynccontextmanager
async def listening(
    server: SandboxSmppServer, **changes: Any
) -> AsyncIterator[tuple[SmsChannel, "asyncio.Queue[Receipt]"]]:
    """A channel whose receipts come into a queue."""
    receipts: asyncio.Queue[Receipt] = asyncio.Queue()
    account = account_at(server, **changes)
    provider = SmppProvider(account)
    await provider.listen(receipts.put)
    channel = SmsChannel(SmsSettings(smpp=[account]), [provider])
    try:
        yield channel, receipts
    finally:
        await channel.close()


class TestSmppContract(ChannelContract):
    def start_peer(self) -> AbstractAsyncContextManager[Peer]:
        return self._peer()

    def start_peer_of_every_kind(self) -> AbstractAsyncContextManager[Peer]:
        return self._peer(timeout_seconds=SILENCE_SECONDS)

    @asynccontextmanager
    async def _peer(self, **changes: Any) -> AsyncIterator[Peer]:
        async with running() as server, talking(server, **changes) as channel:
            yield Peer(channel=channel, addresses=KINDS, slow_address="+79993140001")


async def until_accepted(channel: SmsChannel) -> None:
    """Send until one is taken: a bind takes its time."""
    while (await send_one(channel, make_envelope(ACCEPTED))).kind is not OutcomeKind.ACCEPTED:
        await asyncio.sleep(0.05)


class TestInDoubt:
    """What may have left is unknown and is never sent again; what cannot have left is no attempt."""

    @pytest.mark.parametrize(
        ("fate", "taken"), [("301", 1), ("302", 0), ("303", 1), ("304", 0), ("310", 1), ("313", 1)]
    )
    def test_a_lost_answer_is_unknown_and_nothing_is_sent_twice(
        self, fate: str, taken: int, tmp_path: Path
    ) -> None:
        async def case() -> None:
            journal = Journal(tmp_path / "journal")
            # In doubt it is either way, however soon the channel gives up.
            async with running(journal) as server, talking(server, timeout_seconds=0.6) as channel:
                envelope = make_envelope(f"+7999{fate}0001", text="Dolg 100")
                outcome = await send_one(channel, envelope)
                assert outcome.kind is OutcomeKind.UNKNOWN
                # The bind is made again, and what was in doubt does not come with it.
                await until_accepted(channel)
            found = [entry.attempt for entry in read_journal(journal.path)]
            assert found.count(envelope.attempt) == taken

        run(case())

    def test_a_line_that_is_cut_leaves_what_was_on_it_in_doubt_and_the_rest_unsent(self) -> None:
        async def case() -> None:
            async with running() as server, talking(server, window=5) as channel:
                envelopes = [make_envelope("+79993140001", text=f"Dolg {n}") for n in range(20)]
                sending = asyncio.create_task(send_all(channel, *envelopes))
                while len(server.messages) < 5:
                    await asyncio.sleep(0.01)
                await server.stop()
                kinds = [outcome.kind for outcome in await sending]
                assert kinds.count(OutcomeKind.UNKNOWN) == 5
                assert kinds.count(OutcomeKind.NOT_SENT) == 15

        run(case())

    def test_nobody_there_is_not_an_attempt_and_the_reserve_takes_over(self) -> None:
        async def case() -> None:
            async with talking("127.0.0.1:1") as channel:
                outcome = await send_one(channel, make_envelope(ACCEPTED))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "smpp_unreachable")
            async with running() as server, talking("127.0.0.1:1", server) as channel:
                await until_accepted(channel)

        run(case())

    def test_a_wrong_password_is_said_in_plain_words_and_nothing_has_left(self) -> None:
        async def case() -> None:
            async with running() as server, talking(server, password=SecretStr("wrong")) as channel:
                outcome = await send_one(channel, make_envelope(ACCEPTED))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "smpp_rinvpaswd")
                health = await channel.healthy()
                assert not health.ok
                assert "password" in health.problem

        run(case())

    def test_a_message_of_which_a_part_is_missing_is_in_doubt(self) -> None:
        async def case() -> None:
            async with scripted_smsc([0x00, 0x0B]) as (address, submits), talking(address) as channel:
                outcome = await send_one(channel, make_envelope(ACCEPTED, text=LONG))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.UNKNOWN, "smpp_partly_sent")
                assert len(outcome.provider_messages) == 2
                assert outcome.provider_messages[-1] == ""
                assert len(submits) == 2

        run(case())

    def test_a_later_part_that_is_throttled_is_tried_again(self) -> None:
        async def case() -> None:
            async with (
                scripted_smsc([0x00, 0x58, 0x00, 0x00]) as (address, submits),
                talking(address) as channel,
            ):
                outcome = await send_one(channel, make_envelope(ACCEPTED, text=LONG))
                assert outcome.kind is OutcomeKind.ACCEPTED
                assert submits[1] == submits[2]

        run(case())

    def test_a_silent_line_is_noticed_by_its_missing_sign_of_life(self) -> None:
        async def case() -> None:
            async with (
                scripted_smsc([], answers_enquiries=False) as (address, _),
                talking(address, enquire_seconds=0.1, connect_seconds=1.0, reconnect_seconds=[5]) as channel,
            ):
                assert (await channel.healthy()).ok
                while (await channel.healthy()).ok:
                    await asyncio.sleep(0.05)

        run(case())


class TestTls:
    def test_a_message_goes_over_tls_and_its_receipt_comes_back(self) -> None:
        async def case() -> None:
            async with running(tls=True) as server:
                trusted = {"tls": True, "ca_file": server.certificate_file}
                async with listening(server, **trusted) as (channel, receipts):
                    outcome = await send_one(channel, make_envelope(ACCEPTED))
                    assert outcome.kind is OutcomeKind.ACCEPTED
                    assert (await receipts.get()).kind is ReceiptKind.DELIVERED

        run(case())

    @pytest.mark.parametrize("changes", [{}, {"ca_file": Path("/nowhere/ca.pem")}])
    def test_who_is_not_trusted_gets_no_password_and_it_is_said_in_plain_words(
        self, changes: dict[str, Any]
    ) -> None:
        async def case() -> None:
            async with running(tls=True) as server, talking(server, tls=True, **changes) as channel:
                health = await channel.healthy()
                assert not health.ok
                assert "ca_file" in health.problem
                outcome = await send_one(channel, make_envelope(ACCEPTED))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "smpp_tls_refused")
                assert server.binds == []

        run(case())

    def test_without_tls_a_server_that_wants_it_is_not_talked_to(self) -> None:
        async def case() -> None:
            async with running(tls=True) as server, talking(server, connect_seconds=1) as channel:
                outcome = await send_one(channel, make_envelope(ACCEPTED))
                assert outcome.kind is OutcomeKind.NOT_SENT

        run(case())


class TestBinds:
    def test_a_transmitter_and_a_receiver(self) -> None:
        async def case() -> None:
            async with (
                running() as server,
                listening(server, bind="transmitter_receiver", binds=2) as (channel, receipts),
            ):
                await send_one(channel, make_envelope(ACCEPTED, text="Dolg 100"))
                assert (await receipts.get()).kind is ReceiptKind.DELIVERED
                assert sorted(server.binds) == [
                    Command.BIND_RECEIVER,
                    Command.BIND_TRANSMITTER,
                    Command.BIND_TRANSMITTER,
                ]

        run(case())

    def test_the_window_is_kept(self) -> None:
        async def case() -> None:
            async with running(window=3) as server, talking(server, window=3) as channel:
                outcomes = await send_all(channel, *(make_envelope("+79993140001") for _ in range(12)))
                assert {one.kind for one in outcomes} == {OutcomeKind.ACCEPTED}
            async with running(window=3) as server, talking(server, window=12) as channel:
                outcomes = await send_all(channel, *(make_envelope("+79993140001") for _ in range(12)))
                assert "smpp_rthrottled" in {one.reason for one in outcomes}

        run(case())

    def test_a_full_queue_slows_us_down_and_counts_as_no_attempt(self) -> None:
        async def case() -> None:
            async with running() as server, talking(server) as channel:
                outcome = await send_one(channel, make_envelope("+79993120001"))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.THROTTLED, "smpp_rmsgqful")
                assert outcome.is_for_provider
                assert outcome.retry_after_seconds

        run(case())


class TestTexts:
    @pytest.mark.parametrize(
        ("changes", "text", "parts"),
        [
            ({}, LONG, 3),
            ({"concatenation": "udh16"}, LONG, 3),
            ({"concatenation": "payload"}, LONG, 1),
            ({}, "Dolg 100", 1),
        ],
    )
    def test_a_text_goes_in_as_many_messages_as_it_takes(
        self, changes: dict[str, Any], text: str, parts: int
    ) -> None:
        async def case() -> None:
            async with running() as server, talking(server, **changes) as channel:
                outcome = await send_one(channel, make_envelope(ACCEPTED, text=text))
                assert len(outcome.provider_messages) == parts
                assert list(outcome.provider_messages) == [f"smpp/{name}" for name in server.messages]

        run(case())

    def test_the_providers_tries_end_with_the_window(self) -> None:
        async def case() -> None:
            async with running() as server, talking(server) as channel:
                ends = datetime.now(UTC) + timedelta(minutes=91, seconds=30)
                await send_one(channel, make_envelope(ACCEPTED, text="Dolg", deliver_until=ends))
                (kept,) = server.messages.values()
                assert kept.message.validity_period in {"000000013000000R", "000000013100000R"}

        run(case())


class TestReceipts:
    @pytest.mark.parametrize("form", list(ReceiptForm))
    @pytest.mark.parametrize(
        ("ids", "changes"),
        [
            (IdForm.DECIMAL, {}),
            (IdForm.HEX, {}),
            (IdForm.HEX_THEN_DECIMAL, {"answer_ids": "hex", "receipt_ids": "decimal"}),
        ],
    )
    def test_a_receipt_names_the_message_however_it_is_written(
        self, form: ReceiptForm, ids: IdForm, changes: dict[str, Any]
    ) -> None:
        async def case() -> None:
            async with (
                running(receipt_form=form, id_form=ids) as server,
                listening(server, **changes) as (channel, receipts),
            ):
                sent = await send_one(channel, make_envelope(ACCEPTED, text="Dolg 100"))
                receipt = await receipts.get()
                assert receipt.kind is ReceiptKind.DELIVERED
                assert (receipt.provider_message,) == sent.provider_messages
                sent = await send_one(channel, make_envelope("+79994060001", text="Dolg 100"))
                receipt = await receipts.get()
                assert receipt.kind is ReceiptKind.FAILED
                assert (receipt.provider_message,) == sent.provider_messages

        run(case())

    def test_what_could_not_be_kept_comes_again_and_is_answered_only_then(self) -> None:
        async def case() -> None:
            async with running() as server:
                provider = SmppProvider(account_at(server))
                tries = itertools.count(1)
                kept: asyncio.Queue[Receipt] = asyncio.Queue()

                async def keep(receipt: Receipt) -> None:
                    if next(tries) == 1:
                        raise OSError("the database is away")
                    await kept.put(receipt)

                await provider.listen(keep)
                channel = SmsChannel(SmsSettings(), [provider])
                await send_one(channel, make_envelope(ACCEPTED, text="Dolg 100"))
                assert (await kept.get()).kind is ReceiptKind.DELIVERED
                assert next(tries) == 3
                await asyncio.sleep(0.3)
                assert kept.empty()
                await channel.close()

        run(case())

    def test_a_receipt_outlives_a_line_that_was_cut(self) -> None:
        async def case() -> None:
            async with running(report_seconds=0.3) as server, listening(server) as (channel, receipts):
                await send_one(channel, make_envelope(ACCEPTED, text="Dolg 100"))
                server.drop_clients()
                assert (await receipts.get()).kind is ReceiptKind.DELIVERED

        run(case())

    def test_what_a_customer_writes_goes_to_its_own_place(self) -> None:
        async def case() -> None:
            async with running() as server:
                provider = SmppProvider(account_at(server))
                receipts: asyncio.Queue[Receipt] = asyncio.Queue()
                letters: asyncio.Queue[IncomingText] = asyncio.Queue()
                await provider.listen(receipts.put, letters.put)
                channel = SmsChannel(SmsSettings(), [provider])
                await send_one(channel, make_envelope("+79993160001", text="Dolg 100"))
                letter = await letters.get()
                assert (letter.provider, letter.phone, letter.text) == ("smpp", "79993160001", "СТОП")
                await channel.close()

        run(case())

    def test_a_message_can_be_asked_for_by_the_providers_id(self) -> None:
        async def case() -> None:
            async with running() as server, talking(server, can_query=True) as channel:
                sent = await send_one(channel, make_envelope("+79993060001", text=LONG))
                question = Question(sent.attempt, "+79993060001", provider_id=sent.provider_id)
                receipts = await channel.query([question])
                while [one.kind for one in receipts] != [ReceiptKind.DELIVERED]:
                    await asyncio.sleep(0.05)
                    receipts = await channel.query([question])
                assert receipts[0].attempt == sent.attempt
                assert await channel.query([Question(sent.attempt, "", provider_id="smpp/")]) == []

        run(case())


@asynccontextmanager
async def scripted_smsc(
    statuses: list[int], *, answers_enquiries: bool = True
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """An SMSC that answers each message with the next status, and keeps the bodies."""
    submits: list[bytes] = []
    left = iter(statuses)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                pdu = await read_pdu(reader)
                status = 0
                if pdu.command == Command.SUBMIT_SM:
                    submits.append(pdu.body)
                    status = next(left)
                if pdu.command == Command.ENQUIRE_LINK and not answers_enquiries:
                    continue
                writer.write(Pdu(pdu.command | 0x80000000, pdu.sequence, status, b"1\0").encode())
        except (asyncio.IncompleteReadError, OSError):
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", submits
    finally:
        server.close()
