"""One of the mail servers: its connections, and whether it is used now.

A server that cannot be reached, refuses our login or takes no connection is left out; what it would have
carried goes by the others. The time grows from ten seconds to five minutes; after it one connection probes.
"""

import asyncio
from typing import Final

import structlog

from channels.email.connection import SmtpConnection, TlsContext
from channels.email.errors import MailServerUnavailableError
from dispatcher.core.settings import MailServerSettings

log = structlog.get_logger(__name__)

FIRST_ABSENCE_SECONDS: Final = 10.0
LONGEST_ABSENCE_SECONDS: Final = 300.0


class MailServer:
    """What the pool knows of one server. Times are the loop's. One that is alone is never left out."""

    def __init__(self, settings: MailServerSettings, local_name: str, *, is_alone: bool) -> None:
        self.settings = settings
        self.name = settings.name
        self.weight = settings.weight or settings.connections
        self.idle: list[SmtpConnection] = []
        self.in_use = 0  #: connections lent or being opened
        self.slow_openings = 0  #: connections being opened that took too long to be waited for
        self.credit = 0.0  #: for taking turns by weight
        self.fault: MailServerUnavailableError | None = None  #: why it is left out, or was the last time
        self.failed_at = float("-inf")
        self.away_until = float("-inf")
        self.rests_until = float("-inf")  #: its limit allows no message before
        self._absence = 0.0
        self._is_alone = is_alone
        self._tls = TlsContext(settings)
        self._local_name = local_name

    async def open(self) -> SmtpConnection:
        """A new connection. Raises `MailServerUnavailableError`, and remembers how it went."""
        if not self.settings.host:
            raise MailServerUnavailableError(
                "smtp_not_configured", "no mail server is configured: set DISPATCHER_SMTP__HOST"
            )
        begun = asyncio.get_running_loop().time()
        connection = SmtpConnection(self.settings, self._tls, self._local_name)
        try:
            await connection.open()
        except MailServerUnavailableError as error:
            # A failure since then means that another connection has met the same fault meanwhile.
            if not self._is_alone and begun >= self.failed_at:
                self.leave_out(error)
            raise
        if self._absence:
            log.info("email.server_back", server=self.name)
        self._absence = 0.0
        return connection

    def leave_out(self, fault: MailServerUnavailableError) -> None:
        """Use it no more for a while: longer each time, until a connection succeeds."""
        for connection in self.idle:
            connection.abort()
        self.idle.clear()
        self.fault = fault
        self.failed_at = asyncio.get_running_loop().time()
        if self.failed_at < self.away_until:
            return  # tried before its time, because all are away: that says nothing new
        self._absence = min(max(self._absence * 2, FIRST_ABSENCE_SECONDS), LONGEST_ABSENCE_SECONDS)
        self.away_until = self.failed_at + self._absence
        log.warning(
            "email.server_left_out", server=self.name, reason=fault.reason, seconds=round(self._absence)
        )

    @property
    def is_well(self) -> bool:
        """Whether nothing is known against it."""
        return not self.is_away and self.slow_openings == 0

    @property
    def is_away(self) -> bool:
        """Whether it is left out."""
        return self._absence > 0.0

    @property
    def may_be_probed(self) -> bool:
        """Whether its time is over and nobody looks yet whether it is back."""
        is_over = asyncio.get_running_loop().time() >= self.away_until
        return self.is_away and is_over and self.in_use == 0

    def pop_idle(self) -> tuple[SmtpConnection | None, list[SmtpConnection]]:
        """A connection that may be used, and those that were found worn on the way: to be closed."""
        worn: list[SmtpConnection] = []
        while self.idle:
            connection = self.idle.pop()  # the one used last, so that spare ones grow old and close
            if connection.is_usable():
                return connection, worn
            worn.append(connection)
        return None, worn

    async def close(self) -> None:
        """Close the idle connections."""
        idle, self.idle = self.idle, []
        await asyncio.gather(*(connection.close() for connection in idle))
