"""The mail server that takes the bounces.

It answers 250 only after the report has been stored, so a bounce is never lost: on any fault the other
server keeps it and comes again. One report may therefore come twice; storing must bear that.
"""

import asyncio
import errno
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import cast

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.email.addresses import ascii_domain
from channels.email.errors import ListenerError

MAX_OCTETS = 2 * 1024 * 1024
MAX_RECIPIENTS = 10
IDLE_SECONDS = 120.0

log = structlog.get_logger(__name__)

#: Gets the message and one envelope recipient; returns (or completes) when both are stored.
Handler = Callable[[bytes, str], Awaitable[None] | None]


class BounceListener:
    """Listens on the running loop; `handle` may be a coroutine function or a plain one (run in a thread).

    Mail for another domain than `domain` is refused with 550: this is no relay. When `handle` raises,
    the answer is 451.
    """

    def __init__(self, host: str, port: int, handle: Handler, *, domain: str) -> None:
        self._host = host
        self._wanted_port = port
        self._hooks = _Hooks(handle, ascii_domain(domain).lower())
        self._server: asyncio.Server | None = None
        self._sessions: set[_ListenerSession] = set()
        # aiosmtpd logs addresses, which must not stand in any log.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        logging.getLogger("mail.debug").setLevel(logging.CRITICAL)

    @property
    def port(self) -> int:
        """The port it listens on; raises `ListenerError` when it does not."""
        if self._server is None:
            raise ListenerError("the bounce listener is not running: start it first")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen. Raises `ListenerError` when the port is not to be had."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._open_session, self._host, self._wanted_port)
        except OSError as error:
            where = f"{self._host}:{self._wanted_port}"
            is_taken = error.errno == errno.EADDRINUSE
            why = "the port is taken, choose another (bounce_listener.port)" if is_taken else error.strerror
            raise ListenerError(f"the bounce listener cannot listen on {where}: {why}") from error

    async def stop(self) -> None:
        """Stop listening and drop the connections; a report not yet answered comes again."""
        if self._server is None:
            return
        self._server.close()
        for session in tuple(self._sessions):
            session.drop()
        await self._server.wait_closed()
        self._server = None

    def _open_session(self) -> "_ListenerSession":
        return _ListenerSession(self._hooks, self._sessions)


class _ListenerSession(SMTP):
    """One connection, known to the listener so that it can be dropped."""

    def __init__(self, hooks: "_Hooks", sessions: "set[_ListenerSession]") -> None:
        super().__init__(
            hooks,
            data_size_limit=MAX_OCTETS,
            enable_SMTPUTF8=True,
            hostname="bounces",
            ident="ready",
            timeout=IDLE_SECONDS,
            loop=asyncio.get_running_loop(),
        )
        self._all = sessions

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._all.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._all.discard(self)
        super().connection_lost(error)

    def drop(self) -> None:
        """Close at once."""
        if self.transport is not None:
            cast(asyncio.Transport, self.transport).abort()


class _Hooks:
    """What aiosmtpd calls; the names are its own."""

    def __init__(self, handle: Handler, domain: str) -> None:
        self._handle = handle
        self._domain = domain

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        """Take our own domain only."""
        if address.rpartition("@")[2].lower() != self._domain:
            return "550 5.7.1 this server takes non-delivery reports only"
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002
        """Store, then answer."""
        content = cast(bytes, envelope.content)  # it is decoded only where `decode_data` is asked for
        try:
            for recipient in envelope.rcpt_tos:
                stored = await asyncio.to_thread(self._handle, content, recipient)
                if inspect.isawaitable(stored):
                    await stored
        except Exception as error:  # noqa: BLE001 - whatever it was, the other side must keep the report
            log.warning("email.bounce_not_stored", error=type(error).__name__)
            return "451 4.3.0 cannot store it now, come again"
        return "250 2.0.0 stored"

    async def handle_exception(self, error: Exception) -> str:
        """A fault of the conversation itself."""
        log.warning("email.bounce_session_failed", error=type(error).__name__)
        return "451 4.3.0 cannot go on"
