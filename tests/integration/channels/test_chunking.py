"""Bodies by BDAT (RFC 3030): off unless asked for; then the same rules of doubt as for the dot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from channels.email import verp
from channels.port import OutcomeKind
from channels.sandbox import JournalVerdict, RandomFaults, read_journal
from tests.integration.channels.channel_contract import (
    ChannelContract,
    Peer,
    make_envelope,
    run,
    send_all,
    send_one,
)
from tests.integration.channels.mail_peers import mail_peer, make_channel

LONG = ("да" * 30 + "\n") * 3_000  # more than goes in one chunk


class TestChunkedChannelContract(ChannelContract):
    def start_peer(self) -> AbstractAsyncContextManager[Peer]:
        return self._start()

    @asynccontextmanager
    async def _start(self) -> AsyncIterator[Peer]:
        async with mail_peer() as peer:
            yield Peer(
                channel=peer.channel(connections=4, chunking=True),
                slow_address="slow-100.anna@example.com",
                addresses={
                    OutcomeKind.ACCEPTED: "anna@example.com",
                    OutcomeKind.THROTTLED: "throttle-421.anna@example.com",
                    OutcomeKind.TRANSIENT: "defer-451-4.3.0.anna@example.com",
                    OutcomeKind.PERMANENT: "reject-550-5.1.1.anna@example.com",
                    OutcomeKind.SENDER_FAULT: "reject-550-5.7.1.anna@example.com",
                    OutcomeKind.UNKNOWN: "hangdrop.anna@example.com",
                },
            )


@dataclass
class ChunkWire:
    """A server that takes BDAT, answers as it is told and is cut off behind any octet."""

    answers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    has_pipelining: bool = True
    lines: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    read: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        sender, body, is_refused = "", b"", False
        while line := await self._read(reader, until=b"\n"):
            words = line.decode().split()
            verb = " ".join(words[:1] + words[2:]) if words[0] == "BDAT" else words[0]
            self.lines.append(verb)
            if verb == "EHLO":
                self._say(writer, "250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 8BITMIME")
                continue
            if verb == "MAIL":
                sender, body, is_refused = line.decode().partition("<")[2].partition(">")[0], b"", False
            if words[0] == "BDAT":
                chunk = await self._read(reader, octets=int(words[1]))
                if len(chunk) < int(words[1]):
                    return
                body += chunk
            answer = self.answers.get(verb, "250 ok")
            is_refused = is_refused or answer[0] in "45"
            if verb == "BDAT LAST":
                self.bodies.append(body)
                if not is_refused:
                    self.taken.append(str(verp.read_unchecked(sender).attempt_id))  # type: ignore[union-attr]
            if answer == "hang up":
                return
            self._say(writer, answer)

    def _say(self, writer: asyncio.StreamWriter, answer: str) -> None:
        if not writer.transport.is_closing():
            writer.write(answer.encode() + b"\r\n")

    async def _read(self, reader: asyncio.StreamReader, *, until: bytes = b"", octets: int = -1) -> bytes:
        got = b""
        while len(got) != octets and not (until and got.endswith(until)):
            left = None if self.cut_after is None else self.cut_after - self.read
            if left == 0:
                self.cut_after = None
                return b""
            most = 1 if until else octets - len(got)
            part = await reader.read(most if left is None else min(most, left))
            if not part:
                return b""
            self.read += len(part)
            got += part
        return got


@asynccontextmanager
async def chunked(wire: ChunkWire, **settings: Any) -> AsyncIterator[Any]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await wire.serve(reader, writer)
        except OSError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    fields = {"connections": 1, "chunking": True} | settings
    channel = make_channel(server.sockets[0].getsockname()[1], **fields)
    try:
        yield channel
    finally:
        await channel.close()
        server.close()
        await asyncio.sleep(0)


class TestWire:
    def test_it_is_off_unless_asked_for(self) -> None:
        async def case() -> None:
            wire = ChunkWire(answers={"DATA": "554 5.3.0 not here"})
            async with chunked(wire, chunking=False) as channel:
                await send_one(channel, make_envelope("a@example.com"))
            assert "DATA" in wire.lines
            assert "BDAT LAST" not in wire.lines

        run(case())

    def test_the_next_envelope_leaves_behind_the_chunk(self) -> None:
        async def case() -> None:
            wire = ChunkWire()
            async with chunked(wire) as channel:
                outcomes = await send_all(channel, *(make_envelope("a@example.com") for _ in range(3)))
            assert {one.kind for one in outcomes} == {OutcomeKind.ACCEPTED}
            assert wire.bodies == [one.content for one in outcomes]
            assert wire.lines[1:10] == ["MAIL", "RCPT", "BDAT LAST"] * 3

        run(case())

    @pytest.mark.parametrize(
        "text", ["x\n", ".\n..\n.\n", LONG, "я\n"], ids=["short", "dots", "long", "8bit"]
    )
    def test_what_arrives_is_byte_for_byte_what_was_sent(self, text: str) -> None:
        async def case() -> None:
            async with mail_peer() as peer:
                outcome = await send_one(
                    peer.channel(chunking=True), make_envelope("a@example.com", text=text)
                )
                assert outcome.kind is OutcomeKind.ACCEPTED
                assert outcome.content == peer.received[0].content

        run(case())

    @pytest.mark.parametrize("refused", ["MAIL", "RCPT"])
    def test_the_body_never_leaves_for_a_refused_recipient(self, refused: str) -> None:
        async def case() -> None:
            wire = ChunkWire(answers={refused: "550 5.1.1 gone"})
            async with chunked(wire) as channel:
                outcomes = await send_all(channel, *(make_envelope("a@example.com") for _ in range(2)))
            assert len(outcomes) == 2
            assert wire.bodies == []
            assert "RSET" in wire.lines

        run(case())

    def test_a_refusal_of_the_first_chunk_is_the_answer_and_the_rest_stays_here(self) -> None:
        async def case() -> None:
            wire = ChunkWire(answers={"BDAT": "552 5.3.4 too big"})
            async with chunked(wire) as channel:
                outcome = await send_one(channel, make_envelope("a@example.com", text=LONG))
            assert (outcome.kind, outcome.reason) == (OutcomeKind.PERMANENT, "smtp_552_5.3.4")
            assert wire.bodies == []

        run(case())

    @pytest.mark.parametrize(
        ("answers", "text", "kind"),
        [
            ({"BDAT LAST": "hang up"}, "x\n", OutcomeKind.UNKNOWN),
            ({"BDAT LAST": "hang up"}, LONG, OutcomeKind.UNKNOWN),
            ({"BDAT": "hang up"}, LONG, OutcomeKind.NOT_SENT),
            ({"BDAT LAST": "451 4.3.0 disk full"}, "x\n", OutcomeKind.TRANSIENT),
            ({"RCPT": "hang up"}, "x\n", OutcomeKind.NOT_SENT),
        ],
        ids=str,
    )
    def test_the_last_chunk_is_where_doubt_begins(
        self, answers: dict[str, str], text: str, kind: OutcomeKind
    ) -> None:
        async def case() -> None:
            wire = ChunkWire(answers=answers)
            async with chunked(wire) as channel:
                outcome = await send_one(channel, make_envelope("a@example.com", text=text))
            assert outcome.kind is kind
            assert (outcome.content is not None) == (kind is not OutcomeKind.NOT_SENT)

        run(case())


class TestCuts:
    @pytest.mark.parametrize("text", ["Долг 1 ₽", LONG], ids=["one chunk", "two chunks"])
    def test_behind_any_octet_each_envelope_has_one_truthful_outcome(self, text: str) -> None:
        async def case() -> None:
            whole, _ = await self._cut(None, text)
            edge = whole.read // 2
            near = range(max(0, edge - 600), edge + 600, 67)
            positions = sorted({*range(0, 700, 53), *near, *range(0, whole.read, whole.read // 9 + 1)})
            for position in positions:
                wire, outcomes = await self._cut(position, text)
                for outcome in outcomes:
                    copies = wire.taken.count(str(outcome.attempt.attempt_id))
                    if outcome.kind is OutcomeKind.ACCEPTED:
                        assert copies == 1, position
                    elif outcome.kind is OutcomeKind.UNKNOWN:
                        assert copies <= 1, position
                    else:
                        assert (outcome.kind, copies) == (OutcomeKind.NOT_SENT, 0), position

        asyncio.run(case())

    async def _cut(self, position: int | None, text: str) -> tuple[ChunkWire, list[Any]]:
        wire = ChunkWire(cut_after=position)
        sent = [make_envelope(f"a{number}@example.com", text=text) for number in range(2)]
        async with chunked(wire) as channel:
            outcomes = await send_all(channel, *sent)
        assert sorted(str(o.attempt.attempt_id) for o in outcomes) == sorted(
            str(e.attempt.attempt_id) for e in sent
        )
        return wire, outcomes


class TestRandomFaults:
    def test_the_journal_agrees_with_the_outcomes(self, tmp_path: Any) -> None:
        async def case() -> None:
            shares = {"hangdrop": 0.2, "defer-451-4.3.0": 0.2, "rejectdata-554-5.6.0": 0.2, "drop": 0.1}
            path = tmp_path / "journal"
            async with mail_peer(journal=path, fsync=True, faults=RandomFaults(1, shares)) as peer:
                envelopes = [make_envelope(f"a{number}@example.com") for number in range(200)]
                outcomes = await send_all(peer.channel(chunking=True), *envelopes)
            taken = {e.attempt for e in read_journal(path) if e.verdict is JournalVerdict.ACCEPTED}
            by_kind = {kind: {o.attempt for o in outcomes if o.kind is kind} for kind in OutcomeKind}
            assert len(outcomes) == 200
            assert by_kind[OutcomeKind.ACCEPTED] <= taken
            assert taken <= by_kind[OutcomeKind.ACCEPTED] | by_kind[OutcomeKind.UNKNOWN]
            assert by_kind[OutcomeKind.UNKNOWN]

        run(case())
