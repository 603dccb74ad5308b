"""Live readings of runs: one poller per run in this process, however many people watch (design: section 10).

A poller lives while somebody watches. Viewers always get the newest reading and skip what they were too
slow for, so a slow browser costs nothing. When the database is away the poller says so and goes on asking.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

import anyio
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dispatcher.core.clock import Clock
from dispatcher.core.db import Database, is_database_gone
from dispatcher.delivery.runs import RunState
from reports.live import LiveRun, Pace, read_run
from reports.words import Language

POLL_SECONDS: Final = 1.0
POLL_CLOSED_SECONDS: Final = 10.0  #: late receipts may still amend a closed run
HEARTBEAT_SECONDS: Final = 15.0
POLLERS_AT_ONCE: Final = 4  #: threads that pollers may hold while a database does not answer

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The last reading, and whether the database answers. Renderings are kept for all viewers."""

    live: LiveRun | None
    is_connected: bool
    _rendered: dict[tuple[str, Language], str] = field(default_factory=dict, compare=False)

    def rendered(self, template: str, language: Language, render: Callable[[], str]) -> str:
        """What `render` makes, made once per template and language."""
        key = (template, language)
        if key not in self._rendered:
            self._rendered[key] = render()
        return self._rendered[key]


class LiveHub:
    """The pollers of one process. Used from the event loop only, but for reading."""

    def __init__(self, database: Database, clock: Clock, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._pollers: dict[UUID, _Poller] = {}
        self._limiter = anyio.CapacityLimiter(POLLERS_AT_ONCE)
        self._is_closed = False

    @property
    def poller_count(self) -> int:
        """How many runs are being polled."""
        return len(self._pollers)

    async def watch(self, run: UUID) -> AsyncGenerator[Snapshot | None, None]:
        """Readings as they come; None is a heartbeat. Ends when the process stops or the run is gone."""
        poller = self._join(run)
        seen: Snapshot | None = None
        try:
            while not (self._is_closed or poller.is_over):
                changed = poller.changed
                if poller.snapshot is not None and poller.snapshot is not seen:
                    seen = poller.snapshot
                    yield seen
                elif not await _happens(changed, HEARTBEAT_SECONDS):
                    yield None
        finally:
            self._leave(run, poller)

    def close(self) -> None:
        """End every stream at once: an open page must not hold up a stop."""
        self._is_closed = True
        for poller in self._pollers.values():
            poller.changed.set()

    def _join(self, run: UUID) -> "_Poller":
        poller = self._pollers.get(run)
        if poller is None:
            poller = self._pollers[run] = _Poller()
            poller.task = asyncio.create_task(self._poll(run, poller))
        poller.viewers += 1
        return poller

    def _leave(self, run: UUID, poller: "_Poller") -> None:
        poller.viewers -= 1
        if poller.viewers == 0:
            if poller.task is not None:
                poller.task.cancel()
            if self._pollers.get(run) is poller:
                del self._pollers[run]

    async def _poll(self, run: UUID, poller: "_Poller") -> None:
        pace = Pace()
        while not self._is_closed:
            try:
                # Abandoned at a stop: a database that does not answer must not hold it up.
                reading = await anyio.to_thread.run_sync(
                    self._read, run, pace, limiter=self._limiter, abandon_on_cancel=True
                )
                poller.take(reading)
            except Exception:
                log.exception("web.poll_failed", run_id=str(run))
                poller.lose()
            if poller.is_over:
                return
            await asyncio.sleep(POLL_CLOSED_SECONDS if poller.is_run_closed else self._poll_seconds)

    def _read(self, run: UUID, pace: Pace) -> "_Reading":
        try:
            with self._database.transaction() as session:
                live = read_run(session, run, self._clock.now())
                self._clock.refresh(session)
        except PoolTimeoutError:
            return _Reading(None, is_connected=False)
        except DBAPIError as error:
            if not is_database_gone(error):
                raise
            return _Reading(None, is_connected=False)
        return _Reading(pace.apply(live) if live else None, is_connected=True)


@dataclass(frozen=True, slots=True)
class _Reading:
    live: LiveRun | None
    is_connected: bool


class _Poller:
    """One run's newest snapshot and the event that tells its viewers of the next one."""

    def __init__(self) -> None:
        self.viewers = 0
        self.task: asyncio.Task[None] | None = None
        self.snapshot: Snapshot | None = None
        self.changed = asyncio.Event()
        self.is_over = False

    @property
    def is_run_closed(self) -> bool:
        live = self.snapshot.live if self.snapshot else None
        return live is not None and live.facts.state == RunState.CLOSED

    def take(self, reading: _Reading) -> None:
        """Publish a reading; a run that does not exist ends the watching."""
        if not reading.is_connected:
            self.lose()
            return
        self.is_over = reading.live is None
        self._publish(Snapshot(reading.live, is_connected=True))

    def lose(self) -> None:
        """Tell that the database is away, once; the last figures stay."""
        if self.snapshot is None:
            self._publish(Snapshot(None, is_connected=False))
        elif self.snapshot.is_connected:
            self._publish(replace(self.snapshot, is_connected=False, _rendered={}))

    def _publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        told, self.changed = self.changed, asyncio.Event()
        told.set()


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
