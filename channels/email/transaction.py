"""One SMTP transaction, command by command, on a connection that aiosmtplib opened.

The in-doubt rules (design: section 5.6) need to know whether the final dot may have left, which
`aiosmtplib.data()` hides. So MAIL, RCPT and DATA go as single commands, and then:

* the body is handed to the transport without its dot, and the dot only when the body has left our
  buffer and nobody has objected; up to that moment any fault means NOT_SENT;
* from the write of the dot on, no reply means UNKNOWN. (Under TLS a little of the body may still stand
  in the lower buffer; the error is then on the side of UNKNOWN, never of a second sending.)

This is the way of servers that offer no PIPELINING; `channels.email.pipeline` is the other one.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import aiosmtplib

from channels.email.connection import SmtpConnection
from channels.email.replies import Stage, Verdict, judge
from channels.port import Envelope, OutcomeKind

DRAIN_POLL_SECONDS = 0.005  # only for bodies larger than the socket's buffer
TICK_SECONDS: Final = 0.5  #: how often who waits for an answer looks whether it still may begin
#: A server that owes the answer to MAIL for so long is slow, not merely overtaken by the end of a batch.
SLOW_SECONDS: Final = 1.0
SERVICE_CLOSING = 421  # the server goes away after this reply
LOST_EARLY = Verdict(OutcomeKind.NOT_SENT, "smtp_connection_lost")  # no 354 yet
SILENT_EARLY = Verdict(OutcomeKind.NOT_SENT, "smtp_timeout", is_silent=True)
#: Announced, unanswered, and too late to begin: others need not wait until the server's time is over.
SLOW_EARLY = Verdict(OutcomeKind.NOT_SENT, "smtp_slow", is_silent=True)
LOST_BEFORE_DOT = Verdict(OutcomeKind.NOT_SENT, "smtp_body_incomplete")
LOST_AFTER_DOT = Verdict(OutcomeKind.UNKNOWN, "smtp_no_reply", is_body_sent=True)
SILENT_AFTER_DOT = Verdict(OutcomeKind.UNKNOWN, "smtp_no_reply", is_body_sent=True, is_silent=True)
BROKEN_OFF = Verdict(OutcomeKind.UNKNOWN, "broken_off")  # by ourselves, nobody knows where


@dataclass(slots=True)  # one is made for each message: freezing would take four times as long
class Request:
    """One message and its envelope. `content` ends with CR LF and is not dot-stuffed."""

    sender: str
    recipient: str
    content: bytes
    mail_options: tuple[str, ...] = ()
    rcpt_options: tuple[str, ...] = ()

    def announcement(self) -> bytes:
        """MAIL and RCPT as one group of commands."""
        mail = " ".join((f"MAIL FROM:<{self.sender}>", *self.mail_options))
        rcpt = " ".join((f"RCPT TO:<{self.recipient}>", *self.rcpt_options))
        return f"{mail}\r\n{rcpt}\r\n".encode()


@dataclass(slots=True)  # one is made for each message: freezing would take four times as long
class Letter:
    """An envelope with what goes over the wire for it.

    `server` is the name of the mail server it goes to. `is_first_use`: nothing was begun on its connection
    before, so the connection is not one that had died unseen while it was kept.
    """

    envelope: Envelope
    request: Request
    server: str
    is_first_use: bool


class LetterSource(Protocol):
    """Where a connection gets its letters from, and says what became of each: exactly once."""

    def take(self, connection: SmtpConnection) -> Letter | None:
        """The next letter for this connection; None when there is none or none may be begun."""
        ...

    def must_stop(self) -> bool:
        """Whether no body may be begun any more."""
        ...

    def settle(self, letter: Letter, verdict: Verdict) -> None:
        """This came of the letter."""
        ...

    def put_back(self, letter: Letter) -> None:
        """Nothing of its body has left and nothing will."""
        ...


async def send_singly(connection: SmtpConnection, source: LetterSource) -> None:
    """Send the source's letters one after the other, until there are none or the connection is lost."""
    while (letter := source.take(connection)) is not None:
        verdict: Verdict | None = BROKEN_OFF
        try:
            verdict = await deliver(connection, letter.request, source.must_stop)
        finally:
            if verdict is None:
                source.put_back(letter)
            else:
                source.settle(letter, verdict)


async def deliver(
    connection: SmtpConnection, request: Request, must_stop: Callable[[], bool]
) -> Verdict | None:
    """Send one message; never raises for what the server does. None: no body may begin any more.

    Afterwards the connection is either ready for the next envelope or closed.
    """
    connection.begun += 1
    with _watched(connection, must_stop) as watch:
        refusal = await _announce(connection, request)
    if watch.has_given_up:
        return SLOW_EARLY if watch.is_slow else None
    if refusal is not None:
        await _reset(connection)
        return refusal
    if must_stop():  # the window may have closed while the server kept us waiting
        connection.abort()
        return None
    return await _send_body(connection, request.content)


class _Watch:
    """Drops a connection whose server keeps an announced letter waiting until it may not begin any more."""

    def __init__(self, connection: SmtpConnection, must_stop: Callable[[], bool]) -> None:
        self._connection = connection
        self._must_stop = must_stop
        self._loop = asyncio.get_running_loop()
        self._begun_at = self._loop.time()
        self.has_given_up = False
        self.is_slow = False
        self.timer = self._loop.call_later(TICK_SECONDS, self._look)

    def _look(self) -> None:
        if not self._must_stop():
            self.timer = self._loop.call_later(TICK_SECONDS, self._look)
            return
        self.has_given_up = True
        self.is_slow = self._loop.time() - self._begun_at >= SLOW_SECONDS
        self._connection.abort()


@contextmanager
def _watched(connection: SmtpConnection, must_stop: Callable[[], bool]) -> Iterator[_Watch]:
    watch = _Watch(connection, must_stop)
    try:
        yield watch
    finally:
        watch.timer.cancel()


async def _announce(connection: SmtpConnection, request: Request) -> Verdict | None:
    """MAIL, RCPT, DATA: None when the server waits for the body, else what it said."""
    commands = (
        (Stage.MAIL, (f"MAIL FROM:<{request.sender}>", *request.mail_options), range(200, 300)),
        (Stage.RCPT, (f"RCPT TO:<{request.recipient}>", *request.rcpt_options), range(200, 300)),
        (Stage.DATA, ("DATA",), range(354, 355)),
    )
    for stage, words, welcome in commands:
        try:
            reply = await connection.client.execute_command(*(word.encode() for word in words))
        except (aiosmtplib.SMTPException, OSError) as error:
            connection.abort()
            return SILENT_EARLY if isinstance(error, TimeoutError) else LOST_EARLY
        if reply.code not in welcome:
            return judge(stage, reply.code, reply.message)
    return None


async def _send_body(connection: SmtpConnection, content: bytes) -> Verdict:
    protocol, transport = connection.client.protocol, connection.write_transport()
    if protocol is None or transport is None:
        return LOST_EARLY
    # The reply is awaited from before the first byte: a server may refuse in the middle of the body,
    # and aiosmtplib throws away what comes while nobody waits.
    reply = asyncio.ensure_future(protocol.read_response())
    is_dot_written = False
    try:
        async with asyncio.timeout(connection.timeout_seconds) as limit:
            transport.write(stuff_dots(content))
            await _drain(transport, reply)
            # A connection that broke empties its buffer a moment before it says so: no dot leaves over it.
            if not reply.done() and not transport.is_closing():
                is_dot_written = True
                transport.write(b".\r\n")
            code, text = await reply
    except (aiosmtplib.SMTPException, OSError):  # TimeoutError is one
        if not is_dot_written:
            return LOST_BEFORE_DOT
        return SILENT_AFTER_DOT if limit.expired() else LOST_AFTER_DOT
    else:
        if code == SERVICE_CLOSING:
            connection.abort()
        return _judge_reply(code, text, is_dot_written=is_dot_written)
    finally:
        if not is_dot_written or not _is_answered(reply):
            connection.abort()
        reply.cancel()


async def _drain(transport: asyncio.WriteTransport, reply: "asyncio.Future[aiosmtplib.SMTPResponse]") -> None:
    """Wait until the body has left our buffer, or the server spoke or went away."""
    await asyncio.sleep(0)  # lets the loop see that the connection is gone
    while transport.get_write_buffer_size() > 0 and not reply.done():
        await asyncio.sleep(DRAIN_POLL_SECONDS)


def _judge_reply(code: int, text: str, *, is_dot_written: bool) -> Verdict:
    if is_dot_written:
        return judge(Stage.DOT, code, text)
    if 400 <= code < 600:
        return judge(Stage.DATA, code, text)
    return LOST_BEFORE_DOT  # a yes to half a message is no yes


def _is_answered(reply: "asyncio.Future[aiosmtplib.SMTPResponse]") -> bool:
    return reply.done() and not reply.cancelled() and reply.exception() is None


def stuff_dots(content: bytes) -> bytes:
    """RFC 5321 4.5.2. A message begins with a header, so its first line needs no look."""
    return content.replace(b"\r\n.", b"\r\n..")


async def _reset(connection: SmtpConnection) -> None:
    """Clear the refused envelope, so that the next one does not inherit it."""
    if not connection.client.is_connected:
        return
    try:
        await connection.client.rset()
    except (aiosmtplib.SMTPException, OSError):
        connection.abort()
