"""Pipelined SMTP transactions (RFC 2920) on a connection that aiosmtplib opened.

One round trip a message: MAIL, RCPT and DATA of the next envelope leave in one write with the body of the
one before. A session takes the transport over for as long as there are letters, then gives it back.

The in-doubt rules (design: section 5.6) need to know at every moment what may have left:

* announced (MAIL, RCPT, DATA): no body has left, so any fault means NOT_SENT;
* a small body goes with its dot in one write: from then on, no reply means UNKNOWN;
* a body too big for the socket's buffer goes first, its dot only when it has left: until then NOT_SENT;
* the recipient was refused, yet DATA was welcomed: a lone dot ends the transaction, never the body;
* the sender was refused, yet recipient and DATA were welcomed: the connection goes, and no dot is written.

`channels.email.chunking` does the same with BDAT.

Written on a bare protocol, because futures and tasks per message would cost more than the message.
"""

import asyncio
from collections import deque
from enum import Enum, auto
from typing import Final

from channels.email.connection import SmtpConnection
from channels.email.replies import Stage, Verdict, judge
from channels.email.reply_reader import BrokenReplyError, ReplyReader
from channels.email.transaction import (
    LOST_AFTER_DOT,
    LOST_BEFORE_DOT,
    LOST_EARLY,
    SERVICE_CLOSING,
    SILENT_AFTER_DOT,
    SILENT_EARLY,
    SLOW_EARLY,
    SLOW_SECONDS,
    TICK_SECONDS,
    Letter,
    LetterSource,
    Request,
    stuff_dots,
)

#: Bodies up to this size go with their dot; they fit into the socket's buffer, so nothing is left to learn.
SMALL_BODY_OCTETS: Final = 32_768


class Expected(Enum):
    """What the next reply answers."""

    RSET = auto()
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    CHUNK = auto()  #: a part of the body that is not the last (BDAT)
    DOT = auto()  #: or the last chunk
    LONE_DOT = auto()  #: ends a transaction that DATA opened without a recipient


_STAGES: Final = {Expected.MAIL: Stage.MAIL, Expected.RCPT: Stage.RCPT, Expected.DATA: Stage.DATA}


class PipelinedSession(asyncio.Protocol):
    """Sends the letters of one source over one connection, until there are none or it is lost."""

    #: What announces a letter; the reply to the last one decides.
    announcement: tuple[Expected, ...] = (Expected.MAIL, Expected.RCPT, Expected.DATA)

    def __init__(self, connection: SmtpConnection, source: LetterSource) -> None:
        self._connection = connection
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._reader = ReplyReader()
        self._expected: deque[Expected] = deque()
        self._announced: Letter | None = None  # its body has not begun
        self._refusal: Verdict | None = None  # of the announced letter
        self._has_recipient = False  # its recipient was taken
        self._in_body: Letter | None = None  # its body leaves, its dot has not been written
        self._in_doubt: Letter | None = None  # its dot has been written
        self._is_given_back = False  # the announced letter was: nothing more goes over this connection
        self._is_suspected = False  # of having fallen silent
        self._heard_at = self._loop.time()
        self._transport: asyncio.WriteTransport | None = connection.write_transport()

    async def run(self) -> None:
        """Returns when the source has nothing more and every reply is in, or when the connection is lost.

        Never raises for what the server does; every letter taken is settled or put back.
        """
        transport, plain = self._transport, self._connection.client.protocol
        if transport is None or plain is None:
            return
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=0)  # tells when all has left
        self._timer = self._loop.call_later(self._tick_seconds, self._look_at_clock)
        try:
            self._begin_next()
            await self._ended
        finally:
            self._timer.cancel()
            if self._announced or self._in_body or self._in_doubt:  # cancelled
                self._break(is_silent=False)
            transport.set_write_buffer_limits()
            transport.set_protocol(plain)

    # What asyncio calls.

    def data_received(self, data: bytes) -> None:
        """Take replies and act on each that is complete."""
        self._heard_at = self._loop.time()
        try:
            for code, text in self._reader.feed(data):
                self._on_reply(code, text)
                if self._transport is None:
                    return
        except BrokenReplyError:
            self._break(is_silent=False)

    def resume_writing(self) -> None:
        """All that was written has left our buffer."""
        if self._in_body is not None:
            self._on_body_left(self._in_body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Settle what was under way."""
        self._break(is_silent=False)
        plain = self._connection.client.protocol
        if plain is not None:  # aiosmtplib must know as well
            plain.connection_lost(exc)

    # The conversation.

    def _begin_next(self) -> None:
        """Announce the next letter alone, or end."""
        commands = self._announce_next()
        if commands:
            self._write(commands)
        elif not self._expected:
            self._end()

    def _announce_next(self) -> bytes:
        """The commands that announce the next letter; empty when there is none to begin."""
        self._announced = self._source.take(self._connection)
        self._refusal = None
        if self._announced is None:
            return b""
        self._connection.begun += 1
        commands = self._commands(self._announced.request)
        if self._connection.needs_reset:
            self._connection.needs_reset = False
            self._expected.append(Expected.RSET)
            commands = b"RSET\r\n" + commands
        self._expected += self.announcement
        return commands

    def _commands(self, request: Request) -> bytes:
        return request.announcement() + b"DATA\r\n"

    def _on_reply(self, code: int, text: str) -> None:
        if self._in_body is not None:
            self._on_reply_in_body(self._in_body, code, text)
            return
        if not self._expected:  # nobody asked: it goes away, or it has lost count
            self._break(is_silent=False)
            return
        expected = self._expected.popleft()
        if expected is Expected.DOT:
            self._on_dot(code, text)
        elif expected in _STAGES:
            self._on_announced(expected, code, text)
        if self._transport is None:
            return
        if code == SERVICE_CLOSING or (self._is_given_back and self._in_doubt is None):
            self._break(is_silent=False)
        elif not self._expected and self._announced is None and self._in_body is None:
            self._begin_next()

    def _on_dot(self, code: int, text: str) -> None:
        letter, self._in_doubt = self._in_doubt, None
        if letter is not None:
            self._source.settle(letter, judge(Stage.DOT, code, text))

    def _on_announced(self, expected: Expected, code: int, text: str) -> None:
        letter = self._announced
        if letter is None:  # given back because it had waited too long: this transaction goes no further
            self._break(is_silent=False)
            return
        is_welcome = code == 354 if expected is Expected.DATA else 200 <= code < 300
        if not is_welcome and self._refusal is None:
            self._refusal = judge(_STAGES[expected], code, text)
        if expected is Expected.RCPT:
            self._has_recipient = is_welcome
        if expected is self.announcement[-1]:
            self._on_all_announced(letter, is_welcome=is_welcome)

    def _on_all_announced(self, letter: Letter, *, is_welcome: bool) -> None:
        refusal = self._refusal
        if refusal is None:
            self._send_body(letter)
            return
        self._announced = None
        self._source.settle(letter, refusal)
        if not (is_welcome and Expected.DATA in self.announcement):
            self._connection.needs_reset = True  # it may well be the next session that begins the next one
        elif self._has_recipient:
            # It took the recipient into an envelope that is not ours: a dot would send them an empty letter.
            self._break(is_silent=False)
        else:
            self._expected.append(Expected.LONE_DOT)
            self._write(b".\r\n")

    def _send_body(self, letter: Letter) -> None:
        # The window may have closed while the server kept us waiting, and it may have hung up behind its 354.
        if self._source.must_stop() or self._connection.has_server_left():
            self._break(is_silent=False)
            return
        self._announced = None
        self._write_body(letter)

    def _write_body(self, letter: Letter) -> None:
        content = stuff_dots(letter.request.content)
        if len(content) > SMALL_BODY_OCTETS:
            self._in_body = letter
            self._write(content)
            has_left = self._transport is not None and self._transport.get_write_buffer_size() == 0
            if has_left and self._in_body is letter:
                self._on_body_left(letter)
            return
        self._write_end(letter, content, b".\r\n")

    def _on_body_left(self, letter: Letter) -> None:
        self._write_end(letter, b".\r\n")

    def _write_end(self, letter: Letter, *parts: bytes) -> None:
        """Write what makes the message whole, and the next announcement: now the letter is in doubt."""
        self._in_body, self._in_doubt = None, letter
        self._expected.append(Expected.DOT)
        self._write(b"".join((*parts, self._announce_next())))

    def _on_reply_in_body(self, letter: Letter, code: int, text: str) -> None:
        """The server does not wait for the end. A yes to half a message is no yes."""
        is_refusal = 400 <= code < 600
        self._in_body = None
        self._source.settle(letter, judge(Stage.DATA, code, text) if is_refusal else LOST_BEFORE_DOT)
        self._break(is_silent=False)

    # Ends.

    def _look_at_clock(self) -> None:
        if self._transport is None:
            return
        wait = self._tick_seconds
        if self._loop.time() - self._heard_at < self._connection.timeout_seconds:
            self._is_suspected = False
        elif self._is_suspected:
            self._break(is_silent=True)
            return
        else:  # our own loop may have been busy: what has come meanwhile is read before the second look
            self._is_suspected, wait = True, 0.0
        if self._announced is not None and self._source.must_stop():
            self._give_back(self._announced)
        if not self._ended.done():
            self._timer = self._loop.call_later(wait, self._look_at_clock)

    def _give_back(self, letter: Letter) -> None:
        """Nothing of it has left, and it may not begin any more: nobody need wait for the server.

        Only an answer to the letter before is worth the rest of the server's time.
        """
        self._announced, self._is_given_back = None, True
        if self._in_doubt is None and self._loop.time() - self._heard_at >= SLOW_SECONDS:
            self._source.settle(letter, SLOW_EARLY)
        else:
            self._source.put_back(letter)
        if self._in_doubt is None:
            self._break(is_silent=False)

    @property
    def _tick_seconds(self) -> float:
        return min(TICK_SECONDS, self._connection.timeout_seconds / 4)

    def _write(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        if self._transport is not None:
            self._transport.write(data)

    def _break(self, *, is_silent: bool) -> None:
        """Drop the connection; each letter under way is settled by how far it had come."""
        self._transport = None
        self._connection.abort()
        announced, in_body, in_doubt = self._announced, self._in_body, self._in_doubt
        self._announced = self._in_body = self._in_doubt = None
        if in_doubt is not None:
            self._source.settle(in_doubt, SILENT_AFTER_DOT if is_silent else LOST_AFTER_DOT)
        if in_body is not None:
            self._source.settle(in_body, LOST_BEFORE_DOT)
        if announced is not None:
            self._give_up(announced, is_silent=is_silent)
        self._end()

    def _give_up(self, letter: Letter, *, is_silent: bool) -> None:
        if self._refusal is not None:
            self._source.settle(letter, self._refusal)
        elif self._source.must_stop():
            self._source.put_back(letter)
        else:
            self._source.settle(letter, SILENT_EARLY if is_silent else LOST_EARLY)

    def _end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)
