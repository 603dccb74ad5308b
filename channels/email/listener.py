"""The mail server that takes what comes back: over SMTP, or over LMTP behind a mail server of the company's.

It answers 250 only after the message has been stored, so nothing is lost: on any fault the other server
keeps it and comes again. One message may therefore come twice; storing must bear that.
"""

import asyncio
import errno
import inspect
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.email.addresses import ascii_domain
from channels.email.errors import ListenerError

MAX_OCTETS = 2 * 1024 * 1024
MAX_RECIPIENTS = 10
MAX_CONNECTIONS = 100
IDLE_SECONDS = 120.0

log = structlog.get_logger(__name__)

#: Gets the message and one envelope recipient; returns (or completes) when both are stored.
Handler = Callable[[bytes, str], Awaitable[None] | None]


class BounceListener:
    """Listens on the running loop; `handle` may be a coroutine function or a plain one (run in a thread).

    Mail for another domain than `domain` is refused with 550: this is no relay. When `handle` raises,
    the answer is 451. With `socket` it listens there instead of on host and port; `lmtp` speaks RFC 2033.
    """

    def __init__(
        self,
        host: str,
        port: int,
        handle: Handler,
        *,
        domain: str,
        lmtp: bool = False,
        socket: Path | None = None,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self._host = host
        self._wanted_port = port
        self._socket = socket
        self._session = _LmtpSession if lmtp else _ListenerSession
        self._max_connections = max_connections
        self._hooks = _Hooks(handle, ascii_domain(domain).lower(), answers_each=lmtp)
        self._server: asyncio.Server | None = None
        self._sessions: set[SMTP] = set()
        # aiosmtpd logs addresses, which must not stand in any log.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        logging.getLogger("mail.debug").setLevel(logging.CRITICAL)

    @property
    def port(self) -> int:
        """The port it listens on; raises `ListenerError` when it does not, or listens on a socket."""
        if self._server is None or self._socket is not None:
            raise ListenerError("the bounce listener is not running on a port: start it first")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen. Raises `ListenerError` when the place is not to be had."""
        loop = asyncio.get_running_loop()
        try:
            if self._socket is None:
                self._server = await loop.create_server(self._open_session, self._host, self._wanted_port)
            else:
                self._server = await loop.create_unix_server(self._open_session, self._socket)
                self._socket.chmod(0o660)  # the company's mail server gets in by its group
        except OSError as error:
            where = self._socket or f"{self._host}:{self._wanted_port}"
            is_taken = error.errno == errno.EADDRINUSE
            why = "the place is taken, choose another (bounce_listener)" if is_taken else error.strerror
            if is_taken and self._socket is None:
                why = "the port is taken, choose another (bounce_listener.port)"
            raise ListenerError(f"the bounce listener cannot listen on {where}: {why}") from error

    async def stop(self) -> None:
        """Stop listening and drop the connections; a message not yet answered comes again."""
        if self._server is None:
            return
        self._server.close()
        for session in tuple(self._sessions):
            _drop(session)
        await self._server.wait_closed()
        self._server = None
        if self._socket is not None:
            self._socket.unlink(missing_ok=True)

    def _open_session(self) -> SMTP:
        return self._session(self._hooks, self._sessions, self._max_connections)


class _ListenerSession(SMTP):
    """One connection, known to the listener so that it can be dropped; too many are sent away."""

    def __init__(self, hooks: "_Hooks", sessions: set[SMTP], max_connections: int) -> None:
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
        self._max_connections = max_connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self._all) >= self._max_connections:
            cast(asyncio.Transport, transport).write(b"421 4.3.2 too many connections, come again\r\n")
            transport.close()
            return
        self._all.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._all:
            self._all.discard(self)
            super().connection_lost(error)


class _LmtpSession(_ListenerSession, LMTP):
    """RFC 2033."""


def _drop(session: SMTP) -> None:
    if session.transport is not None:
        cast(asyncio.Transport, session.transport).abort()


class _Hooks:
    """What aiosmtpd calls; the names are its own. `answers_each`: one answer for each recipient (LMTP)."""

    def __init__(self, handle: Handler, domain: str, *, answers_each: bool) -> None:
        self._handle = handle
        self._domain = domain
        self._answers_each = answers_each

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
        replies = [await self._store(content, recipient) for recipient in envelope.rcpt_tos]
        if self._answers_each:
            return "\r\n".join(replies)
        return max(replies)  # 451 before 250: one that was not stored makes all of it come again

    async def _store(self, content: bytes, recipient: Any) -> str:
        try:
            stored = await asyncio.to_thread(self._handle, content, recipient)
            if inspect.isawaitable(stored):
                await stored
        except Exception as error:  # noqa: BLE001 - whatever it was, the other side must keep the message
            log.warning("email.bounce_not_stored", error=type(error).__name__)
            return "451 4.3.0 cannot store it now, come again"
        return "250 2.0.0 stored"

    async def handle_exception(self, error: Exception) -> str:
        """A fault of the conversation itself."""
        log.warning("email.bounce_session_failed", error=type(error).__name__)
        return "451 4.3.0 cannot go on"
