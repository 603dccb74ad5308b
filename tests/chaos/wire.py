"""A wire between the product and its mail server that breaks at an octet of its choice.

It understands just enough of SMTP to know where in the conversation an octet stands: inside an envelope,
inside a body (DATA or BDAT), behind its end. Once armed it breaks each connection after some letters, at each
of these places in turn, and remembers the attempts of which the product cannot know: those whose body the
server had welcomed and whose answer the product had not got.
"""

import asyncio
import random
import threading
from collections import Counter, deque
from contextlib import suppress
from enum import StrEnum
from typing import Final
from uuid import UUID

from channels.email import verp

CHUNK: Final = 1 << 16
LETTERS_BEFORE_CUT: Final = (5, 40)
END: Final = b"\r\n.\r\n"


class Place(StrEnum):
    """Where a connection breaks."""

    ENVELOPE = "inside the envelope"
    BODY = "inside the body"
    ANSWER = "behind the end, before the answer"


class Wire:
    """Listens on a port of its own and forwards to `server_port`; lives on a thread of its own."""

    def __init__(self, seed: int) -> None:
        self.server_port = 0
        self.port = 0
        self.cuts: Counter[Place] = Counter()
        self.doubted: set[UUID] = set()
        self.is_armed = False
        self.chance = random.Random(seed)
        self._places = deque(Place)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()

    def arm(self) -> None:
        """From now on connections break."""
        self.cuts.clear()
        self.doubted.clear()
        self.is_armed = True

    def close(self) -> None:
        """End every connection."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def next_place(self) -> Place:
        """Each place as often as the others."""
        self._places.rotate(-1)
        return self._places[0]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0.05))  # transports close in the loop's next rounds
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Conversation(self, reader, writer).run()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


class _Conversation:
    """One connection: commands are followed one by one, answers are counted."""

    def __init__(self, wire: Wire, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self._wire = wire
        self._client, self._to_client = client, to_client
        self._asked: deque[str] = deque(["greeting"])
        self._welcome = asyncio.Event()  # DATA was answered
        self._is_welcome = False
        self._letter: UUID | None = None  # announced last
        self._open: set[UUID] = set()  # welcomed, and not answered
        self._ending: deque[UUID | None] = deque()
        self._left = self._letters_left()
        self._place = Place.ENVELOPE

    def _letters_left(self) -> int:
        return self._wire.chance.randint(*LETTERS_BEFORE_CUT)

    async def run(self) -> None:
        server, self._to_server = await asyncio.open_connection("127.0.0.1", self._wire.server_port)
        answers = asyncio.create_task(self._forward_answers(server))
        try:
            while line := await self._client.readline():
                if not await self._on_line(line):
                    return
                await self._to_server.drain()
        finally:
            answers.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await answers
            self._to_server.close()  # what was forwarded still arrives

    async def _on_line(self, line: bytes) -> bool:
        """Forward one command with what follows it; False: the wire is broken."""
        verb = line[:4].upper().decode("ascii", "replace")
        if verb == "MAIL":
            self._begin_letter(line)
        if verb in ("MAIL", "RCPT", "DATA") and self._is_cut_at(Place.ENVELOPE):
            self._to_server.write(line[: self._wire.chance.randrange(len(line))])
            return self._cut()
        if verb == "BDAT":
            return await self._chunk(line)
        self._asked.append(verb)
        self._to_server.write(line)
        return await self._data() if verb == "DATA" else True

    def _begin_letter(self, line: bytes) -> None:
        reference = verp.read_unchecked(line.decode().partition("<")[2].partition(">")[0])
        self._letter = None if reference is None else reference.attempt_id
        self._left -= 1
        if self._left == 0:
            self._place = self._wire.next_place()

    def _is_cut_at(self, place: Place) -> bool:
        return self._wire.is_armed and self._left <= 0 and self._place is place

    def _cut(self) -> bool:
        self._wire.cuts[self._place] += 1
        self._wire.doubted |= self._open
        return False

    async def _data(self) -> bool:
        self._welcome.clear()
        self._is_welcome = False
        await self._to_server.drain()
        await self._welcome.wait()
        if not self._is_welcome:
            return True
        body = b""
        while not (body.endswith(END) or body == b".\r\n"):
            line = await self._client.readline()
            if not line:
                return False
            body += line
        if body == b".\r\n":  # nobody was taken as a recipient: no body ever left
            self._asked.append("lone")
            if self._letter is not None:
                self._open.discard(self._letter)
            self._to_server.write(body)
            return True
        return self._body(b"", body)

    async def _chunk(self, line: bytes) -> bool:
        _, size, *last = line.split()
        content = await self._client.readexactly(int(size))
        if not last:
            self._asked.append("chunk")
            self._to_server.write(line + content)
            return True
        if self._letter is not None:
            self._open.add(self._letter)
        return self._body(line, content)

    def _body(self, head: bytes, body: bytes) -> bool:
        if self._is_cut_at(Place.BODY):
            self._to_server.write(head + body[: self._wire.chance.randrange(len(body))])
            return self._cut()
        self._ending.append(self._letter)
        self._asked.append("end")
        self._to_server.write(head + body)
        return True

    async def _forward_answers(self, server: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while line := await server.readline():
                is_last = line[3:4] != b"-"
                asked = self._asked[0] if self._asked else ""
                if is_last and asked == "end" and self._is_cut_at(Place.ANSWER):
                    self._cut()
                    break
                if is_last and self._asked:
                    self._on_answer(self._asked.popleft(), line)
                self._to_client.write(line)
                await self._to_client.drain()
        self._to_client.close()  # what was said before still arrives
        self._welcome.set()

    def _on_answer(self, asked: str, line: bytes) -> None:
        if asked == "DATA":
            self._is_welcome = line.startswith(b"354")
            if self._is_welcome and self._letter is not None:
                self._open.add(self._letter)
            self._welcome.set()
        elif asked == "end" and (letter := self._ending.popleft()) is not None:
            self._open.discard(letter)
