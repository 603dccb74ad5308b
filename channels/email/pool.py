"""Kept connections to the mail servers: so many to each, each lent to one user at a time.

Who asks gets a connection to the server whose turn it is: servers share by weight, a server that is away
gets none, and one that takes long to answer costs its asker a moment only. Where all are away, the one
that is due first is tried all the same, once: with a single server, each asker tries for itself. Only when
that fails is the mail service unavailable.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Final

from channels.email.connection import SmtpConnection
from channels.email.errors import MailServerUnavailableError
from channels.email.gate import OpenGate, ServerGate
from channels.email.server import MailServer
from dispatcher.core.settings import SmtpSettings

#: So long an asker waits for a server's greeting before it turns to another one.
PATIENCE_SECONDS: Final = 1.0
TICK_SECONDS: Final = 0.5  #: how often those who wait for a place look whether they must stop
REST_SECONDS: Final = 0.2  #: between two questions whether a limit has room again
ALLOWED_AT_ONCE: Final = 16  #: messages that one connection asks a server's limit for


class ConnectionPool:
    """Lends connections. `gate` holds the limits of single servers, where there are several."""

    def __init__(self, settings: SmtpSettings, local_name: str, gate: ServerGate | None = None) -> None:
        configured = settings.all_servers()
        self.servers: Sequence[MailServer] = [
            MailServer(server, local_name, is_alone=len(configured) == 1) for server in configured
        ]
        self._by_name = {server.name: server for server in self.servers}
        self._gate = gate or OpenGate()
        self._changed = asyncio.Event()  # pulsed whenever somebody who waits may have better luck
        self._openings: set[asyncio.Task[SmtpConnection]] = set()
        self._background: set[asyncio.Task[None]] = set()

    @property
    def has_several(self) -> bool:
        """Whether one server can stand in for another."""
        return len(self.servers) > 1

    def places(self) -> int:
        """How many connections may be at work now."""
        return max(1, sum(self._share(server) for server in self.servers if server.is_well))

    async def take(
        self, must_stop: Callable[[], bool], suits: Callable[[str], bool] = lambda _name: True
    ) -> SmtpConnection | None:
        """A connection that lives, to a server whose name suits the asker; None once it must stop.

        Raises `MailServerUnavailableError` when no server can be reached.
        """
        begun = asyncio.get_running_loop().time()
        while not must_stop():
            suitable = [server for server in self.servers if suits(server.name)]
            server = self._next_server(suitable, begun)
            if server is None:
                await self._wait_for_change(suitable, begun)
                continue
            connection = await self._connect(server)
            if connection is None:
                continue
            if await self._allow(server, connection):
                return connection
            await self.give_back(connection)
        return None

    async def give_back(self, connection: SmtpConnection) -> None:
        """Keep the connection for the next user, or close it when it is worn or dead."""
        server = self._by_name[connection.server]
        unused, connection.allowance = connection.allowance, None
        if connection.is_usable() and not server.is_away:
            server.idle.append(connection)
        else:
            self._close_behind(connection)
        self._free_place(server)
        if unused:
            await self._gate.give_back(server.settings, unused)

    def slow_down(self, name: str, reason: str) -> None:
        """The server itself asked us to slow down: by its limit, or else by leaving it out for a while."""
        server = self._by_name[name]
        if not self.has_several:
            return  # whoever hands the messages out knows its limit
        if server.settings.max_per_second is not None:
            self._in_background(self._gate.slow_down(server.settings))
        elif server.is_well:
            problem = f"the mail server {name} asks us to slow down"
            server.leave_out(MailServerUnavailableError(reason, problem, is_throttled=True))

    def leave_out_silent(self, name: str, reason: str) -> None:
        """The server did not answer in time: where there are others, they carry on alone for a while."""
        server = self._by_name[name]
        if self.has_several and server.is_well:
            problem = f"the mail server {name} does not answer"
            server.leave_out(MailServerUnavailableError(reason, problem))

    async def close(self) -> None:
        """Close the idle connections; lent ones are closed by their users' end."""
        for opening in self._openings:
            opening.cancel()
        await asyncio.gather(*self._openings, *self._background, return_exceptions=True)
        await asyncio.gather(*(server.close() for server in self.servers))

    # Whose turn it is.

    def _next_server(self, suitable: Sequence[MailServer], begun: float) -> MailServer | None:
        """The server to ask now; None: somebody must come back first, or all have failed."""
        if not self.has_several:
            (only,) = suitable
            return only if only.in_use < only.settings.connections else None
        now = asyncio.get_running_loop().time()
        free = [
            server
            for server in suitable
            if now >= server.rests_until
            and (server.in_use < self._share(server) if server.is_well else server.may_be_probed)
        ]
        if free:
            return _by_turn(free)
        if any(server.is_well or server.in_use for server in suitable):
            return None
        # All are away, and nobody is looking. Those who came after the last look take one of their own.
        untried = [server for server in suitable if server.failed_at < begun]
        return min(untried, key=lambda server: server.away_until, default=None)

    def _share(self, server: MailServer) -> int:
        """How many connections this one may have now, so that those that are well keep to their weights."""
        if not self.has_several:
            return server.settings.connections
        well = [other for other in self.servers if other.is_well]
        weights = sum(other.weight for other in well)
        if not well or not server.is_well:
            return 1
        together = min(other.settings.connections * weights / other.weight for other in well)
        # A hair more, for what division loses.
        return max(1, math.floor(together * server.weight / weights + 1e-6))

    async def _wait_for_change(self, suitable: Sequence[MailServer], begun: float) -> None:
        """Until a place is free or a server's state differs; raises when nothing is left to wait for."""
        if not any(server.is_well or server.in_use for server in suitable):
            faults = [server.fault for server in suitable if server.fault and server.failed_at >= begun]
            raise faults[-1]
        now = asyncio.get_running_loop().time()
        rests = [server.rests_until - now for server in suitable if server.rests_until > now]
        with suppress(TimeoutError):  # a limit may have room again, or the asker must stop
            async with asyncio.timeout(min(rests, default=TICK_SECONDS)):
                await self._changed.wait()

    # Connections.

    async def _connect(self, server: MailServer) -> SmtpConnection | None:
        """A connection to this server; None: it is away, or slow, and another one should be asked."""
        connection, worn = server.pop_idle()
        for old in worn:
            self._close_behind(old)
        server.in_use += 1
        if connection is None:
            connection = await self._open(server)
        return connection

    async def _open(self, server: MailServer) -> SmtpConnection | None:
        opening = asyncio.create_task(server.open())
        self._openings.add(opening)
        opening.add_done_callback(self._openings.discard)
        try:
            has_alternative = any(other.is_well for other in self.servers if other is not server)
            await asyncio.wait({opening}, timeout=PATIENCE_SECONDS if has_alternative else None)
        except asyncio.CancelledError:
            self._leave_to_itself(server, opening, is_slow=False)
            raise
        if not opening.done():
            self._leave_to_itself(server, opening, is_slow=True)
            return None
        try:
            return opening.result()
        except BaseException as error:
            self._free_place(server)
            if self.has_several and isinstance(error, MailServerUnavailableError):
                return None
            raise

    def _leave_to_itself(
        self, server: MailServer, opening: "asyncio.Task[SmtpConnection]", *, is_slow: bool
    ) -> None:
        """Nobody waits for it any more: what comes of it is kept all the same.

        One that took too long speaks against its server; one that nobody needs any more does not.
        """
        server.slow_openings += is_slow

        def keep(opened: "asyncio.Task[SmtpConnection]") -> None:
            server.slow_openings -= is_slow
            if not opened.cancelled() and opened.exception() is None:
                server.idle.append(opened.result())
            self._free_place(server)

        opening.add_done_callback(keep)

    async def _allow(self, server: MailServer, connection: SmtpConnection) -> bool:
        """Get room for some messages from the server's own limit, if it has one."""
        if not self.has_several or server.settings.max_per_second is None:
            return True
        try:
            connection.allowance = await self._gate.take(server.settings, ALLOWED_AT_ONCE)
        except BaseException:
            connection.abort()
            self._free_place(server)
            raise
        if connection.allowance == 0:
            server.rests_until = asyncio.get_running_loop().time() + REST_SECONDS
        return connection.allowance > 0

    def _close_behind(self, connection: SmtpConnection) -> None:
        """Close it politely; nobody waits for that."""
        self._in_background(connection.close())

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _free_place(self, server: MailServer) -> None:
        server.in_use -= 1
        self._changed.set()
        self._changed.clear()


def _by_turn(servers: Sequence[MailServer]) -> MailServer:
    """Smooth weighted turns: 3 to 1 makes a a b a, never a a a b."""
    for server in servers:
        server.credit += server.weight
    chosen = max(servers, key=lambda server: server.credit)
    chosen.credit -= sum(server.weight for server in servers)
    return chosen
