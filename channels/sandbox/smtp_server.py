"""A real SMTP server that takes everything, and whose answers follow the recipient's address.

The demo, the tests and trainees send to it instead of the world. See `directives` for the addresses and
`journal` for what it writes down.
"""

import asyncio
import errno
import hmac
import ssl
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import structlog

from channels.email import verp
from channels.sandbox.bouncing import Bouncer, make_report
from channels.sandbox.certificate import make_certificate
from channels.sandbox.directives import ACCEPT, Directive, Fate, RandomFaults, read_directive
from channels.sandbox.errors import SandboxError
from channels.sandbox.journal import Journal, JournalEntry, JournalVerdict, now
from channels.sandbox.mail_host import MAX_MESSAGE_OCTETS, ReceivedMail
from channels.sandbox.smtp_session import SmtpSession

log = structlog.get_logger(__name__)

#: What happens to an address the first time it is seen; afterwards it is accepted.
_ONCE = {Fate.DEFER_ONCE: Fate.DEFER, Fate.DROP_START_ONCE: Fate.DROP_START}


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """How the sandbox listens. With a username, MAIL needs that login; port 0 takes any free port."""

    host: str = "127.0.0.1"
    port: int = 0
    security: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password: str = ""
    bounce_host: str = "127.0.0.1"  #: where reports go
    bounce_port: int | None = None  #: None: none are sent


class SandboxSmtpServer:
    """The server, on the running loop. `on_message` sees each whole body before it is answered."""

    def __init__(
        self,
        options: SandboxOptions | None = None,
        *,
        journal: Journal | None = None,
        faults: RandomFaults | None = None,
        on_message: Callable[[ReceivedMail], None] | None = None,
    ) -> None:
        self._options = options or SandboxOptions()
        self._journal = journal
        self._faults = faults
        self._on_message = on_message
        self._server: asyncio.Server | None = None
        self._sessions: set[SmtpSession] = set()
        self._seen_once: set[str] = set()
        self._unsynced: list[tuple[JournalEntry, Callable[[bool], None]]] = []
        self._bouncer: Bouncer | None = None
        self._bounces = 0
        self._queued = 0
        self._tls: ssl.SSLContext | None = None
        self._cleanup = ExitStack()
        self.certificate_file: Path | None = None  #: the authority to trust, with TLS, while it runs
        self.connections = 0  #: opened so far

    @property
    def port(self) -> int:
        """The port it listens on; raises `SandboxError` when it does not."""
        if self._server is None:
            raise SandboxError("the sandbox is not running: start it first")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen. Raises `SandboxError` when the port is taken or TLS is not to be had."""
        if self._options.security != "none":
            self._prepare_tls()
        if self._options.bounce_port is not None:
            self._bouncer = Bouncer(self._options.bounce_host, self._options.bounce_port)
            self._bouncer.start()
        try:
            self._server = await asyncio.get_running_loop().create_server(
                self._open_session,
                self._options.host,
                self._options.port,
                ssl=self._tls if self._options.security == "tls" else None,
            )
        except OSError as error:
            await self.stop()
            raise SandboxError(_why_not(error, self._options)) from error

    async def stop(self) -> None:
        """Stop listening and drop every client."""
        if self._server is not None:
            self._server.close()
            for session in tuple(self._sessions):
                session.hang_up()
            await self._server.wait_closed()
            self._server = None
        if self._bouncer is not None:
            await self._bouncer.stop()
        self._cleanup.close()

    def fate_of(self, recipient: str) -> Directive:
        """See `MailHost`."""
        directive = read_directive(recipient)
        if directive is ACCEPT and self._faults is not None:
            return self._faults.draw(recipient)
        fate = _ONCE.get(directive.fate)
        if fate is None:
            return directive
        if recipient in self._seen_once:
            return ACCEPT
        self._seen_once.add(recipient)
        return replace(directive, fate=fate)

    def store(self, mail: ReceivedMail, verdict: JournalVerdict, then: Callable[[bool], None]) -> None:
        """See `MailHost`. With fsync, all bodies of one turn of the loop share one sync."""
        if self._on_message is not None:
            self._on_message(mail)
        self._enter(mail, verdict, then)

    def note_hang_up(self, mail: ReceivedMail, then: Callable[[bool], None]) -> None:
        """See `MailHost`."""
        self._enter(mail, JournalVerdict.UNANSWERED, then)

    def _enter(self, mail: ReceivedMail, verdict: JournalVerdict, then: Callable[[bool], None]) -> None:
        if self._journal is None:
            then(True)
            return
        self._unsynced.append((JournalEntry(verp.read_unchecked(mail.sender), verdict, now()), then))
        if not self._journal.fsync:
            self._write_journal(self._journal)
        elif len(self._unsynced) == 1:
            asyncio.get_running_loop().call_soon(self._write_journal, self._journal)

    def queue_id(self) -> str:
        """See `MailHost`."""
        self._queued += 1
        return f"{self._queued:08X}"

    def bounce(self, mail: ReceivedMail, status: str) -> None:
        """See `MailHost`."""
        if self._bouncer is None or not mail.sender:
            return
        self._bounces += 1
        self._bouncer.add(mail.sender, make_report(mail, status, date=now(), number=self._bounces))

    def extensions(self, *, is_secure: bool) -> list[str]:
        """See `MailHost`."""
        offered = [f"SIZE {MAX_MESSAGE_OCTETS}", "8BITMIME", "SMTPUTF8", "DSN", "PIPELINING", "CHUNKING"]
        if self._options.security == "starttls" and not is_secure:
            offered.append("STARTTLS")
        elif self._options.username is not None:
            offered.append("AUTH PLAIN LOGIN")
        return [*offered, "ENHANCEDSTATUSCODES"]

    def accepts_login(self, username: str, password: str) -> bool:
        """See `MailHost`."""
        expected = f"{self._options.username}\0{self._options.password}"
        return hmac.compare_digest(expected.encode(), f"{username}\0{password}".encode())

    def needs_login(self) -> bool:
        """See `MailHost`."""
        return self._options.username is not None

    async def start_tls(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> asyncio.Transport:
        """See `MailHost`."""
        if self._tls is None:
            raise ConnectionError("TLS is off")
        loop = asyncio.get_running_loop()
        secured = await loop.start_tls(transport, protocol, self._tls, server_side=True)
        if secured is None:
            raise ConnectionError("the client went away during the handshake")
        return secured

    def forget(self, session: asyncio.Protocol) -> None:
        """See `MailHost`."""
        if isinstance(session, SmtpSession):
            self._sessions.discard(session)

    def _open_session(self) -> SmtpSession:
        session = SmtpSession(self)
        self._sessions.add(session)
        self.connections += 1
        return session

    def _write_journal(self, journal: Journal) -> None:
        batch, self._unsynced = self._unsynced, []
        try:
            journal.append(entry for entry, _ in batch)
            is_safe = True
        except SandboxError as error:
            log.error("sandbox.journal_failed", problem=str(error))  # noqa: TRY400 - the words say it all
            is_safe = False
        for _, then in batch:
            then(is_safe)

    def _prepare_tls(self) -> None:
        directory = self._cleanup.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-tls-"))
        self.certificate_file, key = make_certificate(Path(directory))
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(self.certificate_file, key)


def _why_not(error: OSError, options: SandboxOptions) -> str:
    where = f"{options.host}:{options.port}"
    if error.errno == errno.EADDRINUSE:
        return f"the sandbox cannot listen on {where}: the port is taken; stop its owner or choose another"
    return f"the sandbox cannot listen on {where}: {error.strerror or error}"
