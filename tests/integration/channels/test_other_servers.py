"""What one of several servers cannot carry, or keeps waiting, goes by another; what is said when none can."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from channels.email import pipeline, transaction
from channels.email.channel import EmailChannel
from channels.port import OutcomeKind
from tests.integration.channels.channel_contract import make_envelope, run, send_all
from tests.integration.channels.mail_peers import MailPeer, mail_peer
from tests.integration.channels.test_mail_servers import channel_to, kinds, letters
from tests.integration.channels.wire import GREETING, Wire, served, usual, wired

CYRILLIC: Final = "анна@example.com"
PLAIN_GREETING: Final = "250-x\r\n250 8BITMIME"  #: no pipelining: command by command
ENDLESS: Final = 1000.0  #: a server's time that no test waits for


def greeting(words: str, refused_at_mail: str = "250 ok") -> Wire:
    def answer(verb: str, wire: Wire) -> str | None:
        if verb == "EHLO":
            return f"250-x\r\n250-PIPELINING\r\n{words}"
        return refused_at_mail if verb == "MAIL" else usual(verb, wire)

    return Wire(answer)


@asynccontextmanager
async def beside_a_peer(wire: Wire) -> AsyncIterator[tuple[EmailChannel, MailPeer]]:
    """A channel to `wire` first and to the sandbox second, one connection to each."""
    async with served(wire) as port, mail_peer() as peer:
        channel = channel_to(port, peer.server.port, connections=1, timeout_seconds=ENDLESS)
        try:
            yield channel, peer
        finally:
            await channel.close()


class TestFitness:
    @pytest.mark.parametrize(
        "wire",
        [
            greeting("250 8BITMIME"),
            greeting("250-SMTPUTF8\r\n250 SIZE 100"),
            greeting("250 SMTPUTF8", "552 5.3.4 message size exceeds fixed limit"),
            greeting("250 SMTPUTF8", "550 5.6.7 address not ASCII"),
        ],
        ids=["no SMTPUTF8", "too big by SIZE", "too big at MAIL", "refused at MAIL"],
    )
    def test_what_one_cannot_carry_goes_by_the_other(self, wire: Wire) -> None:
        async def case() -> None:
            sent = [make_envelope(CYRILLIC) for _ in range(6)]
            async with beside_a_peer(wire) as (channel, peer):
                outcomes = await send_all(channel, *sent)
                assert {one.attempt for one in outcomes} == {one.attempt for one in sent}
                assert len(outcomes) == len(peer.received) == 6
            assert kinds(outcomes) == {OutcomeKind.ACCEPTED}
            assert wire.taken == []

        run(case())

    def test_the_rest_of_the_batch_still_goes_by_both(self) -> None:
        async def case() -> None:
            wire = Wire(usual)
            async with beside_a_peer(wire) as (channel, peer):
                outcomes = await send_all(channel, *letters(30), make_envelope(CYRILLIC), *letters(30))
                assert len(wire.taken) + len(peer.received) == len(outcomes) == 61
            assert kinds(outcomes) == {OutcomeKind.ACCEPTED}
            assert wire.taken

        run(case())

    @pytest.mark.parametrize(
        ("words", "reason"),
        [("250 8BITMIME", "smtputf8_not_offered"), ("250-SMTPUTF8\r\n250 SIZE 9", "too_big")],
    )
    def test_when_none_can_it_fails_once_and_says_why(self, words: str, reason: str) -> None:
        async def case() -> None:
            first, second = greeting(words), greeting(words)
            async with served(first) as one, served(second) as other:
                channel = channel_to(one, other, connections=1)
                outcomes = await send_all(channel, make_envelope(CYRILLIC))
                await channel.close()
            assert [(one.kind, one.reason) for one in outcomes] == [(OutcomeKind.PERMANENT, reason)]
            assert first.connections == second.connections == 1

        run(case())

    def test_while_the_one_that_may_carry_it_is_away_it_waits_and_the_others_leave(self) -> None:
        async def case() -> None:
            wire = Wire(usual)
            async with beside_a_peer(wire) as (channel, peer):
                await peer.server.stop()
                outcomes = await send_all(channel, make_envelope(CYRILLIC), *letters(8))
                await peer.server.start()
            (waiting,) = [one for one in outcomes if one.kind is not OutcomeKind.ACCEPTED]
            assert (waiting.kind, waiting.reason) == (OutcomeKind.NOT_SENT, "smtp_other_server_away")
            assert waiting.retry_after_seconds == 60.0
            assert len(wire.taken) == 8

        run(case())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server counts as slow after a moment."""
    for module in (pipeline, transaction):
        monkeypatch.setattr(module, "SLOW_SECONDS", 0.1)
        monkeypatch.setattr(module, "TICK_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
class TestSilence:
    """The server's own time would be over long after the test."""

    @pytest.mark.parametrize("offers", [GREETING, PLAIN_GREETING], ids=["pipelined", "singly"])
    @pytest.mark.parametrize("silent_at", ["MAIL", "RCPT", "DATA"])
    def test_nobody_waits_for_an_answer_that_would_come_too_late(self, offers: str, silent_at: str) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            return {"EHLO": offers, silent_at: None}.get(verb, usual(verb, wire))

        async def case() -> None:
            wire = Wire(answer)
            until = time.monotonic() + 2.0
            envelopes = [make_envelope("a@example.com", begin_until=until) for _ in range(4)]
            async with wired(wire, timeout_seconds=ENDLESS) as channel:
                outcomes = await send_all(channel, *envelopes)
            assert len(outcomes) == 4
            assert {(one.kind, one.reason) for one in outcomes} == {(OutcomeKind.NOT_SENT, "smtp_slow")}
            assert wire.taken == []

        run(case())

    def test_one_of_several_that_keeps_us_waiting_is_left_out(self) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            return None if verb == "MAIL" else usual(verb, wire)

        async def case() -> None:
            wire = Wire(answer)
            until = time.monotonic() + 2.0
            async with beside_a_peer(wire) as (channel, peer):
                envelopes = [make_envelope("a@example.com", begin_until=until) for _ in range(9)]
                first = await send_all(channel, *envelopes)
                later = await send_all(channel, *letters(20))
                assert len(peer.received) == 28
            assert sorted(one.reason for one in first) == [""] * 8 + ["smtp_slow"]
            assert kinds(later) == {OutcomeKind.ACCEPTED}
            assert wire.connections == 1

        run(case())

    @pytest.mark.parametrize("offers", [GREETING, PLAIN_GREETING], ids=["pipelined", "singly"])
    def test_one_that_never_answers_a_dot_is_left_out_too(self, offers: str) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            return {"EHLO": offers, "DOT": None}.get(verb, usual(verb, wire))

        async def case() -> None:
            wire = Wire(answer)
            async with served(wire) as port, mail_peer() as peer:
                channel = channel_to(port, peer.server.port, connections=1, of=({"timeout_seconds": 1.5}, {}))
                first = await send_all(channel, *letters(20))
                later = await send_all(channel, *letters(20))
                await channel.close()
            assert sorted(one.reason for one in first if one.kind is not OutcomeKind.ACCEPTED) in (
                ["smtp_no_reply"],
                ["smtp_no_reply", "smtp_timeout"],
            )
            assert kinds(later) == {OutcomeKind.ACCEPTED}
            assert wire.connections == 1
            assert len(wire.taken) == 1

        run(case())
