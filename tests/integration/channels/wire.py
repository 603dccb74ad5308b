"""A mail server that a test writes line by line."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from channels.email import verp
from channels.email.channel import EmailChannel
from tests.integration.channels.mail_peers import make_channel

GREETING: Final = "250-x\r\n250-PIPELINING\r\n250 8BITMIME"
ONE_CONNECTION: Final[dict[str, Any]] = {"connections": 1}


@dataclass
class Wire:
    """A server that reads lines and answers as `answer` says; None: it falls silent for good."""

    answer: Callable[[str, "Wire"], str | None]
    cut_after: int | None = None  #: octets from the client after which the connection is cut, once
    is_lost_when_cut: bool = False  #: with the cut the whole server is lost
    greeting: str = "220 x"  #: empty: it says nothing
    lines: list[str] = field(default_factory=list)  #: commands as they came; bodies as `BODY n`
    taken: list[str] = field(default_factory=list)  #: attempts whose body came with its dot
    connections: int = 0
    read: int = 0
    held: str | None = None
    is_silent: bool = False
    is_lost: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.is_lost:
            return
        if self.greeting:
            writer.write(self.greeting.encode() + b"\r\n")
        sender = ""
        body: list[bytes] | None = None
        while line := await self._read_line(reader):
            if body is None:
                verb = line[:4].decode().upper()
                self.lines.append(verb)
                if verb == "MAIL":
                    sender = line.decode().partition("<")[2].partition(">")[0]
                answer = self.answer(verb, self)
                body = [] if answer is not None and answer.startswith("354") else None
            elif line != b".\r\n":
                body.append(line)
                continue
            else:
                self.lines.append(f"BODY {len(body)}")
                if body:
                    reference = verp.read_unchecked(sender)
                    assert reference is not None
                    self.taken.append(str(reference.attempt_id))
                body = None
                answer = self.answer("DOT", self)
            self._say(writer, answer)

    def _say(self, writer: asyncio.StreamWriter, answer: str | None) -> None:
        """An answer that is held back goes out with the next one."""
        self.is_silent = self.is_silent or answer is None
        if answer is None or self.is_silent:
            return
        if answer == "hold":
            self.held = "250 ok"
            return
        held, self.held = self.held, None
        text = answer if held is None else f"{held}\r\n{answer}"
        if not writer.transport.is_closing():
            writer.write(text.encode() + b"\r\n")

    async def _read_line(self, reader: asyncio.StreamReader) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            if self.read == self.cut_after:
                self.cut_after, self.is_lost = None, self.is_lost_when_cut
                return b""
            octet = await reader.read(1)
            if not octet:
                return b""
            self.read += 1
            line += octet
        return line


def usual(verb: str, _wire: Wire) -> str:
    return {"EHLO": GREETING, "DATA": "354 go"}.get(verb, "250 ok")


@asynccontextmanager
async def served(wire: Wire) -> AsyncIterator[int]:
    """The port on which `wire` listens."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await wire.serve(reader, writer)
        except OSError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0)


@asynccontextmanager
async def wired(wire: Wire, **settings: Any) -> AsyncIterator[EmailChannel]:
    """A channel to it."""
    async with served(wire) as port:
        channel = make_channel(port, **(ONE_CONNECTION | settings))
        try:
            yield channel
        finally:
            await channel.close()
