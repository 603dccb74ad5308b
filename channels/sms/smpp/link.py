"""A bind that is kept: lost, it is made again, with growing pauses, at the next host in turn."""

import asyncio
import itertools

import structlog

from channels.sms.smpp.errors import BindRefusedError, NotBoundError
from channels.sms.smpp.pdu import Command
from channels.sms.smpp.session import MessageSink, Session, open_session
from dispatcher.core.settings import SmppSettings

log = structlog.get_logger(__name__)


class Link:
    """Keeps one bind from `start` to `close`."""

    def __init__(self, settings: SmppSettings, command: Command, sink: MessageSink) -> None:
        self._settings = settings
        self._command = command
        self._sink = sink
        self._tried = asyncio.Event()  #: set while it is known whether it can be bound
        self._problem = NotBoundError("smpp_not_bound", f"{settings.name} is not connected")
        self._task: asyncio.Task[None] | None = None
        self.session: Session | None = None

    @property
    def in_flight(self) -> int:
        """Packets without an answer; of a link that does not stand, more than any has."""
        is_standing = self.session is not None and self.session.is_open
        return self.session.in_flight if self.session and is_standing else 1_000_000

    def start(self) -> None:
        """Begin to keep it; again is the same."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep())

    async def bound(self) -> Session:
        """The bind, awaited while the first try runs; raises `NotBoundError` when it does not stand."""
        self.start()
        await self._tried.wait()
        if self.session is None or not self.session.is_open:
            raise self._problem
        return self.session

    async def close(self) -> None:
        """Say goodbye and keep it no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self.session is not None:
            await self.session.close()

    async def _keep(self) -> None:
        hosts = itertools.cycle(self._settings.hosts)
        failures = 0
        while True:
            host = next(hosts)
            try:
                session = await open_session(self._settings, host, self._command, self._sink)
            except (NotBoundError, BindRefusedError) as error:
                log.warning("sms.not_bound", provider=self._settings.name, host=host, reason=error.reason)
                self._problem = NotBoundError(error.reason, f"{self._settings.name}: {error}")
                self._tried.set()
                failures += 1
            else:
                self.session, failures = session, 0
                self._tried.set()
                await session.wait_closed()
                self._problem = NotBoundError("smpp_not_bound", f"{self._settings.name} broke off")
                failures = 1
            waits = self._settings.reconnect_seconds
            await asyncio.sleep(waits[min(failures, len(waits)) - 1])
