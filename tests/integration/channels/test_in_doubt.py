"""Servers that say the wrong thing, or nothing, at an exact point: what may have left, and what cannot."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from channels.email.channel import EmailChannel
from channels.port import OutcomeKind
from tests.integration.channels.channel_contract import (
    PATIENCE_SECONDS,
    SILENCE_SECONDS,
    make_envelope,
    run,
    send_one,
)
from tests.integration.channels.mail_peers import make_channel
from tests.integration.channels.wire import Wire, usual, wired

GREETINGS = {"singly": "250-x\r\n250 8BITMIME", "pipelined": "250-x\r\n250-PIPELINING\r\n250 8BITMIME"}
USUAL = {
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go",
    "RSET": "250 ok",
    "QUIT": "221 bye",
    "DOT": "250 ok",
}
SILENCE, HANG_UP = "silence", "hang up"


def patience(*answers: str) -> float:
    """How long the channel waits for a server that gives these answers."""
    return SILENCE_SECONDS if SILENCE in answers else PATIENCE_SECONDS


@asynccontextmanager
async def scripted_server(greeting: str, changes: Mapping[str, str]) -> AsyncIterator[int]:
    """Answers each verb as `USUAL` says with `changes`; BODY is answered at the body's first line."""
    answers = {"EHLO": greeting, **USUAL, **changes}
    ended = asyncio.Event()

    async def answer(verb: str, writer: asyncio.StreamWriter) -> None:
        if answers[verb] == SILENCE:
            await ended.wait()
        elif answers[verb] == HANG_UP:
            writer.transport.abort()
        else:
            writer.write(answers[verb].encode() + b"\r\n")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        in_body = False
        while line := await reader.readline():
            if not in_body:
                verb = line[:4].decode().upper()
                await answer(verb, writer)
                in_body = verb == "DATA" and answers[verb].startswith("354")
            elif "BODY" in answers:
                await answer("BODY", writer)
                await ended.wait()
            elif line == b".\r\n":
                await answer("DOT", writer)
                in_body = False
        writer.close()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        ended.set()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.05)


@pytest.fixture(params=GREETINGS)
def greeting(request: pytest.FixtureRequest) -> str:
    """What the server offers: with and without pipelining, the rules are the same."""
    return GREETINGS[request.param]


class TestInDoubt:
    @pytest.mark.parametrize(
        ("changes", "kind", "reason"),
        [
            ({"MAIL": SILENCE}, OutcomeKind.NOT_SENT, "smtp_timeout"),
            ({"RCPT": HANG_UP}, OutcomeKind.NOT_SENT, "smtp_connection_lost"),
            ({"DATA": SILENCE}, OutcomeKind.NOT_SENT, "smtp_timeout"),
            ({"DATA": "250 what?"}, OutcomeKind.NOT_SENT, "smtp_250"),
            ({"DATA": "554 5.7.1 no"}, OutcomeKind.SENDER_FAULT, "smtp_554_5.7.1"),
            ({"DOT": SILENCE}, OutcomeKind.UNKNOWN, "smtp_no_reply"),
            ({"DOT": HANG_UP}, OutcomeKind.UNKNOWN, "smtp_no_reply"),
            ({"DOT": "nonsense"}, OutcomeKind.UNKNOWN, "smtp_no_reply"),
            ({"DOT": "354 what?"}, OutcomeKind.UNKNOWN, "smtp_354"),
            ({"DOT": "421 4.3.2 closing"}, OutcomeKind.TRANSIENT, "smtp_421_4.3.2"),
            ({"EHLO": "502 no", "DOT": "250 ok"}, OutcomeKind.NOT_SENT, "smtp_unreachable"),
        ],
        ids=str,
    )
    def test_the_point_of_the_fault_decides(
        self, greeting: str, changes: dict[str, str], kind: OutcomeKind, reason: str
    ) -> None:
        async def case() -> None:
            async with scripted_server(greeting, {"HELO": HANG_UP, **changes}) as port:
                channel = make_channel(port, timeout_seconds=patience(*changes.values()))
                outcome = await send_one(channel, make_envelope("a@example.com"))
                assert (outcome.kind, outcome.reason) == (kind, reason)
                assert (outcome.content is not None) == (
                    "DOT" in changes and kind is not OutcomeKind.NOT_SENT
                )
                await channel.close()

        run(case())

    @pytest.mark.parametrize(
        ("answer", "kind", "reason"),
        [
            ("552 5.3.4 too big", OutcomeKind.PERMANENT, "smtp_552_5.3.4"),
            ("451 4.3.0 disk full", OutcomeKind.TRANSIENT, "smtp_451_4.3.0"),
            ("250 thank you", OutcomeKind.NOT_SENT, "smtp_body_incomplete"),
            (HANG_UP, OutcomeKind.NOT_SENT, "smtp_body_incomplete"),
            (SILENCE, OutcomeKind.NOT_SENT, "smtp_body_incomplete"),
        ],
    )
    def test_an_answer_in_the_middle_of_the_body_is_heard(
        self, greeting: str, answer: str, kind: OutcomeKind, reason: str
    ) -> None:
        async def case() -> None:
            async with scripted_server(greeting, {"BODY": answer}) as port:
                channel = make_channel(port, timeout_seconds=patience(answer))
                # More than the socket buffers take, so that the dot stays with us.
                outcome = await send_one(
                    channel, make_envelope("a@example.com", text=("да" * 300 + "\n") * 12_000)
                )
                assert (outcome.kind, outcome.reason) == (kind, reason)
                assert outcome.content is None
                await channel.close()

        run(case())

    @pytest.mark.parametrize("has_pipelining", [False, True])
    def test_no_body_begins_once_the_server_has_kept_us_waiting_for_too_long(
        self, has_pipelining: bool
    ) -> None:
        """Staff may have paused the run meanwhile, or its window may have closed."""

        async def case() -> None:
            channels: list[EmailChannel] = []

            def answer(verb: str, wire: Wire) -> str | None:
                if verb == "DATA":
                    channels[0].stop_starting()
                if verb == "EHLO" and not has_pipelining:
                    return "250-x\r\n250 8BITMIME"
                return usual(verb, wire)

            wire = Wire(answer)
            async with wired(wire) as channel:
                channels.append(channel)
                outcome = await send_one(channel, make_envelope("a@example.com"))
            assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "stopped")
            assert wire.lines[-1] == "DATA"

        run(case())


@asynccontextmanager
async def leaving_server(greeting: str, *, with_the_welcome: bool) -> AsyncIterator[tuple[int, list[int]]]:
    """Hangs up behind its 354: in the same packet, or once the first octets of a body have come.

    The list gets the number of octets that had come behind the 354 of each letter.
    """
    answers = {"EHLO": greeting, **USUAL}
    overtaken: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        while (line := await reader.readline()) and line != b"DATA\r\n":
            writer.write(answers[line[:4].decode().upper()].encode() + b"\r\n")
        if not line:
            return
        if with_the_welcome:
            plug = writer.get_extra_info("socket")
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            writer.write(b"354 go\r\n")
            writer.write_eof()
            overtaken.append(len(await reader.read()))
        else:
            writer.write(b"354 go\r\n")
            overtaken.append(len(await reader.read(1)))

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except OSError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], overtaken
    finally:
        server.close()
        await server.wait_closed()


class TestHangUpBehindTheWelcome:
    """Who hangs up behind 354 leaves us in doubt only if our whole letter was on its way by then."""

    def test_an_end_that_comes_with_the_354_lets_no_body_leave(self, greeting: str) -> None:
        async def case() -> None:
            async with leaving_server(greeting, with_the_welcome=True) as (port, overtaken):
                channel = make_channel(port, connections=1)
                for _ in range(20):
                    outcome = await send_one(channel, make_envelope("a@example.com"))
                    assert outcome.kind is OutcomeKind.NOT_SENT
                    assert outcome.content is None
                await channel.close()
            if "PIPELINING" in greeting:  # singly, the body may leave; its dot never does
                assert overtaken == [0] * 20

        run(case())

    def test_a_short_letter_that_was_on_its_way_with_its_dot_is_in_doubt(self) -> None:
        """The server has read one octet and will never tell: it might as well have taken the letter."""

        async def case() -> None:
            async with leaving_server(GREETINGS["pipelined"], with_the_welcome=False) as (port, overtaken):
                channel = make_channel(port, connections=1)
                outcome = await send_one(channel, make_envelope("a@example.com"))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.UNKNOWN, "smtp_no_reply")
                assert outcome.content is not None
                await channel.close()
            assert overtaken == [1]

        run(case())

    def test_a_long_letter_whose_dot_had_not_left_is_due_again(self, greeting: str) -> None:
        async def case() -> None:
            async with leaving_server(greeting, with_the_welcome=False) as (port, overtaken):
                channel = make_channel(port, connections=1)
                envelope = make_envelope("a@example.com", text="x" * 70 + "\n", html=None)
                outcome = await send_one(channel, replace(envelope, text=envelope.text * 120_000))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "smtp_body_incomplete")
                assert outcome.content is None
                await channel.close()
            assert overtaken == [1]

        run(case())
