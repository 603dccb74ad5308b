"""A SIP answerer whose behaviour follows the number that is called (see `call_numbers`).

It plays the far end of a trunk over UDP, TCP and TLS: rings, refuses, answers, listens, presses keys, hangs
up. Every call that it answered is in the journal before its 200 leaves. The attempt comes in the header
`X-Attempt`; who does not send it (others' telephones) has journal lines without an attempt.
"""

import asyncio
import errno
import hashlib
import ssl
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from channels.sandbox.call_numbers import CAUSES, CallDirective, CallFate, Manner, read_called_number
from channels.sandbox.errors import SandboxError
from channels.sandbox.g711 import tone
from channels.sandbox.journal import Journal, JournalEntry, JournalVerdict, now
from channels.sandbox.sip_call import SandboxCall, Wire
from channels.sandbox.sip_digest import Digest
from channels.sandbox.sip_media import SoundLine, read_offer
from channels.sandbox.sip_message import SipMessage, read_message, write_answer
from channels.sandbox.sip_people import behave
from channels.sandbox.sip_wires import StreamWire, UdpWires
from channels.sms.reference import read_name

log = structlog.get_logger(__name__)

ATTEMPT_HEADER: Final = "x-attempt"
LONG_RING_SECONDS: Final = 3.0
MOST_CALLS_KEPT: Final = 1000
_ALLOW: Final = (("allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, INFO, NOTIFY, REGISTER"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class SipSandboxOptions:
    """How it listens, over UDP and TCP on the same port; port 0 takes any free one.

    With `user` calls must prove it and `password` by a digest. `lines`: more calls at once are answered 503.
    `ring_seconds` is the longest time of ringing; the number and `seed` say how much of it.
    """

    host: str = "127.0.0.1"
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    lines: int = 1000
    ring_seconds: float = 0.3
    seed: int = 0
    keeps_sound: bool = False  #: what callers say, for tests that listen to it
    tls: ssl.SSLContext | None = None  #: then its port takes TLS instead of TCP


class SandboxSipServer:
    """The answerer, on the running loop."""

    def __init__(self, options: SipSandboxOptions | None = None, *, journal: Journal | None = None) -> None:
        self._options = options or SipSandboxOptions()
        self._journal = journal
        self._digest = Digest(self._options.user, self._options.password) if self._options.user else None
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._streams: set[StreamWire] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen_once: set[str] = set()
        self._open: dict[str, SandboxCall] = {}
        self._lines_taken = 0
        self.calls: deque[SandboxCall] = deque(maxlen=MOST_CALLS_KEPT)  #: the last ones, oldest first
        self.port = 0

    @property
    def address(self) -> str:
        """Where a telephone finds it: `host:port`."""
        return f"{self._options.host}:{self.port}"

    @property
    def open_calls(self) -> int:
        """How many calls ring or talk now."""
        return len(self._open)

    async def start(self) -> None:
        """Listen. Raises `SandboxError` when the port is taken."""
        options, loop = self._options, asyncio.get_running_loop()
        try:
            self._tcp = await asyncio.start_server(
                self._serve_stream, options.host, options.port, ssl=options.tls
            )
            self.port = self._tcp.sockets[0].getsockname()[1]
            self._udp, _ = await loop.create_datagram_endpoint(
                lambda: UdpWires(self._take), local_addr=(options.host, self.port)
            )
        except OSError as error:
            await self.stop()
            words = "the port is taken" if error.errno == errno.EADDRINUSE else error.strerror
            raise SandboxError(
                f"the SIP sandbox cannot listen on {options.host}:{options.port}: {words}"
            ) from error

    async def stop(self) -> None:
        """Stop listening and forget every call; nobody is told."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._udp is not None:
            self._udp.close()
        for stream in list(self._streams):
            stream.abort()
        if self._tcp is not None:
            self._tcp.close()

    async def _serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = StreamWire(writer, is_secure=self._options.tls is not None)
        self._streams.add(wire)
        with suppress(
            EOFError, ValueError, asyncio.LimitOverrunError, SandboxError, OSError, asyncio.CancelledError
        ):
            while True:
                self._take(await wire.read_one(reader), wire)
        self._streams.discard(wire)
        wire.abort()

    def _take(self, data: bytes, wire: Wire) -> None:
        if not data.strip():
            return  # a keep-alive (RFC 5626)
        try:
            message = read_message(data)
            number, method = message.sequence
        except (SandboxError, ValueError):
            log.warning("sandbox.sip_unreadable")
            return
        call = self._open.get(message.get("call-id"))
        if call is not None and call.is_gone:
            return
        if message.status:
            if call is not None and method == "BYE":
                call.take_answer()
        elif message.method == "INVITE":
            self._invite(message, call, wire, number)
        else:
            self._other(message, call, wire)

    def _invite(self, message: SipMessage, call: SandboxCall | None, wire: Wire, number: int) -> None:
        if call is not None:
            if number == call.invite.sequence[0]:
                call.repeat()
            elif call.line is not None:  # a new offer within the call
                body = call.line.answer(self._options.host)
                headers = (("contact", f"<sip:sandbox@{wire.local}>"), ("content-type", "application/sdp"))
                wire.send(write_answer(message, 200, headers=headers, body=body))
            return
        if not self._is_known(message):
            challenge = (("www-authenticate", self._challenge()),)
            wire.send(write_answer(message, 401, to_tag="unknown", headers=challenge))
            return
        directive = read_called_number(message.user)
        if directive.fate is CallFate.SILENT:
            return
        call = SandboxCall(message, wire)
        call.has_line = self._lines_taken < self._options.lines
        self._lines_taken += call.has_line
        self._open[call.call_id] = call
        self.calls.append(call)
        call.task = self._later(self._run(call, directive))

    def _other(self, message: SipMessage, call: SandboxCall | None, wire: Wire) -> None:
        match message.method, call:
            case "ACK", None:
                pass
            case "ACK", SandboxCall():
                call.acknowledge()
            case "OPTIONS" | "REGISTER", _:
                self._sign_in(message, wire)
            case _, None:
                wire.send(write_answer(message, 481, to_tag="unknown"))
            case "CANCEL", SandboxCall():
                wire.send(write_answer(message, 200, to_tag=call.tag))
                call.cancel()
            case "BYE", SandboxCall():
                wire.send(write_answer(message, 200))
                call.end()
            case "REFER", SandboxCall():
                wire.send(write_answer(message, 202))
                call.notify_transfer()
            case "INFO" | "NOTIFY" | "UPDATE", _:
                wire.send(write_answer(message, 200))
            case _:
                wire.send(write_answer(message, 501))

    def _sign_in(self, message: SipMessage, wire: Wire) -> None:
        if message.method == "REGISTER" and not self._is_known(message):
            challenge = (("www-authenticate", self._challenge()),)
            wire.send(write_answer(message, 401, to_tag="sandbox", headers=challenge))
            return
        kept = tuple((name, value) for name, value in message.headers if name in {"contact", "expires"})
        wire.send(write_answer(message, 200, to_tag="sandbox", headers=(*_ALLOW, *kept)))

    def _is_known(self, message: SipMessage) -> bool:
        proof = message.get("authorization") or message.get("proxy-authorization")
        return self._digest is None or self._digest.is_right(proof, message.method)

    def _challenge(self) -> str:
        return "" if self._digest is None else self._digest.challenge()

    async def _run(self, call: SandboxCall, directive: CallDirective) -> None:
        playing = asyncio.create_task(self._play(call, directive))
        over = asyncio.create_task(call.over.wait())
        try:
            await asyncio.wait({playing, over}, return_when=asyncio.FIRST_COMPLETED)
            playing.cancel()
            await asyncio.wait({playing})
            if not playing.cancelled():
                playing.result()
        finally:
            over.cancel()
            playing.cancel()
            if call.line is not None:
                call.line.close()
            self._open.pop(call.call_id, None)
            self._lines_taken -= call.has_line

    async def _play(self, call: SandboxCall, directive: CallDirective) -> None:
        call.answer(100)
        status = self._refusal(call, directive)
        if status is None and directive.fate is CallFate.ANSWER:
            await self._ring_and_answer(call, directive)
        elif status is None:
            await self._ring(call, directive)
        else:
            cause = CAUSES.get(status)
            reason = () if cause is None else (("reason", f"Q.850;cause={cause}"),)
            call.answer(status, reason)
            await call.until_acknowledged()

    def _refusal(self, call: SandboxCall, directive: CallDirective) -> int | None:
        number = call.invite.user
        if not call.has_line:
            return 503
        if directive.fails_once and number not in self._seen_once:
            self._seen_once.add(number)
            return 503
        return directive.status if directive.fate is CallFate.REFUSE else None

    async def _ring(self, call: SandboxCall, directive: CallDirective) -> None:
        if directive.has_early_media:
            line = await self._open_line(call, directive)
            call.answer(183, body=line.answer(self._options.host))
            line.say(tone(425, 1.0))
        else:
            call.answer(180)
        await call.over.wait()

    async def _ring_and_answer(self, call: SandboxCall, directive: CallDirective) -> None:
        call.answer(180)
        await asyncio.sleep(LONG_RING_SECONDS if directive.rings_long else self._ring_seconds(call))
        try:
            line = await self._open_line(call, directive)
        except SandboxError:
            call.answer(488)
            await call.until_acknowledged()
            return
        self._note(call)
        call.answer(200, _ALLOW, line.answer(self._options.host))
        if not await call.until_acknowledged():
            return
        call.is_gone = directive.manner is Manner.GONE
        await behave(line, directive)
        await call.hang_up()

    async def _open_line(self, call: SandboxCall, directive: CallDirective) -> SoundLine:
        line = SoundLine(read_offer(call.invite.body), keeps_sound=self._options.keeps_sound)
        await line.open(self._options.host, sends=directive.manner not in {Manner.MUTE, Manner.GONE})
        call.line = line
        return line

    def _ring_seconds(self, call: SandboxCall) -> float:
        lot = hashlib.sha256(f"{self._options.seed}|{call.invite.user}".encode()).digest()[0] / 255
        return self._options.ring_seconds * lot

    def _note(self, call: SandboxCall) -> None:
        if self._journal is not None:
            attempt = read_name(call.invite.get(ATTEMPT_HEADER))
            self._journal.append([JournalEntry(attempt, JournalVerdict.ACCEPTED, now())])

    def _later(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
