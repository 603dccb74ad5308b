"""Kept connections: at most so many, each lent to one user at a time, renewed when worn."""

import asyncio

from channels.email.connection import SmtpConnection, TlsContext
from channels.email.errors import MailServerUnavailableError
from dispatcher.core.settings import SmtpSettings


class ConnectionPool:
    """Lends connections; the one used last is lent first, so that spare ones grow old and close."""

    def __init__(self, settings: SmtpSettings, local_name: str) -> None:
        self._settings = settings
        self._local_name = local_name
        self._tls = TlsContext(settings)
        self._places = asyncio.Semaphore(settings.connections)
        self._idle: list[SmtpConnection] = []

    async def open(self) -> SmtpConnection:
        """A new connection, outside the count. Raises `MailServerUnavailableError`."""
        if not self._settings.host:
            raise MailServerUnavailableError(
                "smtp_not_configured", "no mail server is configured: set DISPATCHER_SMTP__HOST"
            )
        connection = SmtpConnection(self._settings, self._tls, self._local_name)
        await connection.open()
        return connection

    async def take_place(self) -> None:
        """Wait until fewer than `connections` users are at work; each then calls `leave_place`."""
        await self._places.acquire()

    def leave_place(self) -> None:
        """End of the work begun by `take_place`."""
        self._places.release()

    async def take(self) -> SmtpConnection:
        """An idle connection that still lives, or a new one. Raises `MailServerUnavailableError`."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable():
                return connection
            await connection.close()
        return await self.open()

    async def give_back(self, connection: SmtpConnection) -> None:
        """Keep the connection for the next user, or close it when it is worn or dead."""
        if connection.is_usable():
            self._idle.append(connection)
        else:
            await connection.close()

    async def close(self) -> None:
        """Close the idle connections; lent ones are closed by their users' end."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.close() for connection in idle))
