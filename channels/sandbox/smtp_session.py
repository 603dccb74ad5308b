"""One client's conversation with the sandbox's mail server (RFC 5321).

Written on a bare asyncio protocol, because the sandbox must fall silent or hang up at exact points that
no server library offers. Commands may be pipelined (RFC 2920); answers go out in one write.
"""

import asyncio
import base64
import binascii
import re
import socket
from collections.abc import Callable
from typing import cast

from channels.sandbox.directives import ACCEPT, Directive, Fate
from channels.sandbox.journal import JournalVerdict
from channels.sandbox.mail_host import MAX_MESSAGE_OCTETS, MailHost, ReceivedMail
from channels.sandbox.smtp_chunks import Chunks

MAX_LINE_OCTETS = 8192
_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>]*)>(.*)", re.IGNORECASE)


class SmtpSession(asyncio.Protocol):
    """The protocol of one connection."""

    def __init__(self, host: MailHost) -> None:
        self._host = host
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._answers: list[bytes] = []
        self._is_advancing = False
        self._is_waiting = False  # an answer is due later; what comes meanwhile stays in the buffer
        self._in_body = False
        self._chunks = Chunks()
        self._login: Callable[[bytes], None] | None = None  # the next line belongs to AUTH
        self._is_signed_in = False
        self._mail: ReceivedMail | None = None
        self._directive = ACCEPT
        self._searched = 0
        self._upgrade: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)
        self._say("220 sandbox ESMTP")
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the client."""
        self._transport = None
        self._host.forget(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes and answer what is complete."""
        self._buffer += data
        if len(self._buffer) > MAX_MESSAGE_OCTETS * 2:
            self.hang_up()
            return
        self._advance()

    def hang_up(self) -> None:
        """Close at once, without a word."""
        if self._transport is not None:
            self._transport.abort()

    def _advance(self) -> None:
        self._is_advancing = True
        while not self._is_waiting and self._transport is not None:
            if self._in_body or self._chunks.is_awaited:
                if not (self._take_body() if self._in_body else self._take_chunk()):
                    break
                continue
            line = self._take_line()
            if line is None:
                break
            if self._login is not None:
                handle, self._login = self._login, None
                handle(line)
            else:
                self._obey(line.decode("utf-8", "replace").strip())
        self._is_advancing = False
        self._flush()

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > MAX_LINE_OCTETS:
                self.hang_up()
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.rstrip(b"\r")

    def _obey(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        handler = self._HANDLERS.get(verb.upper())
        if handler is None:
            self._say("500 5.5.2 unknown command")
        else:
            handler(self, rest)

    def _on_ehlo(self, rest: str) -> None:  # noqa: ARG002 - one signature for all commands
        self._clear()
        is_secure = self._transport is not None and self._transport.get_extra_info("sslcontext") is not None
        lines = ["sandbox", *self._host.extensions(is_secure=is_secure)]
        for line in lines[:-1]:
            self._say(f"250-{line}")
        self._say(f"250 {lines[-1]}")

    def _on_helo(self, rest: str) -> None:  # noqa: ARG002
        self._clear()
        self._say("250 sandbox")

    def _on_mail(self, rest: str) -> None:
        match = _PATH.fullmatch(rest)
        if self._host.needs_login() and not self._is_signed_in:
            self._say("530 5.7.0 authentication required")
        elif match is None:
            self._say("501 5.5.4 MAIL FROM:<address> expected")
        elif self._mail is not None:
            self._say("503 5.5.1 nested MAIL")
        else:
            self._mail = ReceivedMail(match[1], tuple(match[2].split()))
            self._say("250 2.1.0 Ok")

    def _on_rcpt(self, rest: str) -> None:
        match = _PATH.fullmatch(rest)
        if self._mail is None:
            self._say("503 5.5.1 MAIL first")
            return
        if match is None or "@" not in match[1]:
            self._say("501 5.1.3 bad recipient address")
            return
        directive = self._host.fate_of(match[1])
        if directive.fate in (Fate.REJECT, Fate.DEFER, Fate.THROTTLE):
            self._refuse(directive)
            return
        self._mail.recipients.append(match[1])
        self._mail.rcpt_options = tuple(match[2].split())
        if directive.fate is not Fate.ACCEPT:
            self._directive = directive
        self._say("250 2.1.5 Ok")

    def _on_data(self, rest: str) -> None:  # noqa: ARG002
        if self._mail is None or not self._mail.recipients:
            self._say("503 5.5.1 no valid recipients")
            return
        if self._directive.fate is Fate.DROP_START:
            self._leave(self._mail, self._welcome_and_close)
            return
        self._say("354 go on")
        self._in_body, self._searched = True, 0

    def _leave(self, mail: ReceivedMail, go: Callable[[], None]) -> None:
        """Go away from this letter once the journal says so."""
        self._is_waiting = True
        self._host.note_hang_up(mail, lambda _is_safe: go())

    def _welcome_and_close(self) -> None:
        """Welcome and end of the connection in one packet: else a quick body would come in between."""
        plug = None if self._transport is None else self._transport.get_extra_info("socket")
        if plug is not None:
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self._say("354 go on")
        self._flush()
        if self._transport is not None and self._transport.can_write_eof():  # not so under TLS
            self._transport.write_eof()
        self._say_and_close()

    def _take_body(self) -> bool:
        """Take the body when it is whole; True when it was."""
        if self._directive.fate is Fate.DROP and self._buffer and self._mail is not None:
            self._leave(self._mail, self.hang_up)
            return False
        if self._buffer.startswith(b".\r\n"):
            end, begin_of_next = 0, 3
        else:
            end = self._buffer.find(b"\r\n.\r\n", self._searched)
            if end < 0:
                self._searched = max(0, len(self._buffer) - 4)
                return False
            end, begin_of_next = end + 2, end + 5
        content = bytes(self._buffer[:end])
        del self._buffer[:begin_of_next]
        self._in_body = False
        content = content[1:] if content.startswith(b"..") else content
        self._receive(content.replace(b"\r\n..", b"\r\n."))
        return True

    def _on_bdat(self, rest: str) -> None:
        if not self._chunks.announce(rest):
            self._say("501 5.5.4 BDAT size [LAST] expected")
            self._say_and_close()  # where the next command begins is lost
        elif self._directive.fate in (Fate.DROP, Fate.DROP_START) and self._mail is not None:
            self._leave(self._mail, self.hang_up)

    def _take_chunk(self) -> bool:
        """Take one chunk when it is whole; True when it was."""
        if not self._chunks.take_from(self._buffer):
            return False
        if self._mail is None or not self._mail.recipients:
            self._chunks.clear()
            self._say("503 5.5.1 no valid recipients")
            return True
        content = self._chunks.whole()
        if content is None:
            self._say("250 2.0.0 Ok: go on")
        else:
            self._receive(content)
        return True

    def _receive(self, content: bytes) -> None:
        """The whole message is here, as it was written."""
        mail, directive = self._mail, self._directive
        self._clear()
        if mail is None:
            return
        mail.content = content
        verdict = JournalVerdict.ACCEPTED
        if directive.fate is Fate.REJECT_DATA:
            verdict = JournalVerdict.DEFERRED if directive.code < 500 else JournalVerdict.REFUSED
        self._is_waiting = True
        self._host.store(mail, verdict, lambda is_safe: self._answer_body(mail, directive, is_safe=is_safe))

    def _answer_body(self, mail: ReceivedMail, directive: Directive, *, is_safe: bool) -> None:
        """The journal has it: answer, or not, as the directive says."""
        if not is_safe:
            self._say("452 4.3.1 the journal cannot be written")
            self._go_on()
        elif directive.fate is Fate.SLOW:
            asyncio.get_running_loop().call_later(directive.delay_ms / 1000, self._answer_late)
        elif directive.fate is Fate.HANG_DROP:
            self.hang_up()
        elif directive.fate is not Fate.HANG:
            if directive.fate is Fate.REJECT_DATA:
                self._refuse(directive)
            else:
                self._say(f"250 2.0.0 Ok: queued as {self._host.queue_id()}")
            if directive.fate is Fate.BOUNCE:
                self._host.bounce(mail, directive.status or "5.0.0")
            self._go_on()

    def _answer_late(self) -> None:
        self._say(f"250 2.0.0 Ok: queued as {self._host.queue_id()}")
        self._go_on()

    def _go_on(self) -> None:
        self._is_waiting = False
        if not self._is_advancing:  # else the loop there goes on by itself
            self._advance()

    def _refuse(self, directive: Directive) -> None:
        words = {
            Fate.THROTTLE: "too many messages, slow down",
            Fate.DEFER: "try again later",
            Fate.REJECT: "refused as the address asks",
        }.get(directive.fate, "refused after the body, as the address asks")
        status = f"{directive.status} " if directive.status else ""
        self._say(f"{directive.code} {status}{words}")
        if directive.code == 421:
            self._say_and_close()

    def _on_rset(self, rest: str) -> None:  # noqa: ARG002
        self._clear()
        self._say("250 2.0.0 Ok")

    def _on_noop(self, rest: str) -> None:  # noqa: ARG002
        self._say("250 2.0.0 Ok")

    def _on_quit(self, rest: str) -> None:  # noqa: ARG002
        self._say("221 2.0.0 bye")
        self._say_and_close()

    def _on_starttls(self, rest: str) -> None:  # noqa: ARG002
        if "STARTTLS" not in self._host.extensions(is_secure=False) or self._transport is None:
            self._say("502 5.5.1 no TLS here")
            return
        self._say("220 2.0.0 go ahead")
        self._flush()
        # Nothing may be read between this answer and the handshake; what was pipelined behind is refused.
        self._transport.pause_reading()
        self._buffer.clear()
        self._is_waiting = True
        self._upgrade = asyncio.get_running_loop().create_task(self._secure(self._transport))

    async def _secure(self, transport: asyncio.Transport) -> None:
        try:
            self._transport = await self._host.start_tls(transport, self)
        except OSError:  # the client went away or did not trust us: that is what it is for
            transport.abort()
            return
        self._clear()
        self._go_on()  # its EHLO may be here already

    def _on_auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() == "PLAIN":
            self._expect(initial, self._on_plain, "")
        elif mechanism.upper() == "LOGIN":
            self._expect(initial, self._on_login_name, "VXNlcm5hbWU6")
        else:
            self._say("504 5.5.4 unknown mechanism")

    def _expect(self, initial: str, handler: Callable[[bytes], None], prompt: str) -> None:
        if initial:
            handler(initial.encode())
            return
        self._login = handler
        self._say(f"334 {prompt}")

    def _on_plain(self, line: bytes) -> None:
        parts = _decode(line).split("\0")
        self._sign_in(*(parts[-2:] if len(parts) == 3 else ("", "")))

    def _on_login_name(self, line: bytes) -> None:
        name = _decode(line)
        self._expect("", lambda password: self._sign_in(name, _decode(password)), "UGFzc3dvcmQ6")

    def _sign_in(self, username: str, password: str) -> None:
        self._is_signed_in = self._host.accepts_login(username, password)
        self._say("235 2.7.0 welcome" if self._is_signed_in else "535 5.7.8 wrong name or password")

    def _clear(self) -> None:
        self._mail, self._directive = None, ACCEPT
        self._chunks.clear()

    def _say(self, line: str) -> None:
        self._answers.append(line.encode() + b"\r\n")

    def _flush(self) -> None:
        if self._answers and self._transport is not None:
            self._transport.write(b"".join(self._answers))
        self._answers.clear()

    def _say_and_close(self) -> None:
        self._flush()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    _HANDLERS: "dict[str, Callable[[SmtpSession, str], None]]" = {  # noqa: RUF012 - never changed
        "EHLO": _on_ehlo,
        "HELO": _on_helo,
        "MAIL": _on_mail,
        "RCPT": _on_rcpt,
        "DATA": _on_data,
        "BDAT": _on_bdat,
        "RSET": _on_rset,
        "NOOP": _on_noop,
        "QUIT": _on_quit,
        "STARTTLS": _on_starttls,
        "AUTH": _on_auth,
    }


def _decode(line: bytes) -> str:
    try:
        return base64.b64decode(line, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return ""
