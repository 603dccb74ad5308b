"""The engine under test: one scheduler, one lane worker, scripted channels, and a clock the test moves.

engine.start(run)            plan it
engine.work()                send what is due
engine.advance(hours=1)      time passes, the scheduler takes a turn
engine.notices(run)          {"person1@example.org": "notified:accepted", …}
engine.finish(run)           until the run is closed; then the counters are checked
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from channels.port import AttemptReference, ChannelKind, Receipt, ReceiptKind
from channels.registry import ChannelRegistry
from dispatcher.bootstrap import Application, build_lane_worker
from dispatcher.delivery.lane import LaneWorker
from dispatcher.delivery.lane_tools import Lane
from dispatcher.delivery.progress import Count, read_progress, recount
from dispatcher.delivery.receipts import apply_stored, store_receipt
from dispatcher.scheduler import Scheduler
from tests.factories import NOON
from tests.scripted_channel import ScriptedChannel

WORK_SECONDS = 30.0
TURNS_TO_FINISH = 60
CLOCKS_DIFFER = timedelta(seconds=2)

_ATTEMPTS = text(
    """
    SELECT a.period, a.id, a.run_id, c.address, a.channel, a.step, a.number, a.state, a.reason, a.hold_reason,
           a.due_at, a.review_at, a.claim_token, a.sending_at
    FROM attempt a LEFT JOIN contact_point c ON c.id = a.contact_point_id
    WHERE a.run_id = :run ORDER BY c.address, a.step, a.number
    """
)
_NOTICES = text(
    """
    SELECT r.fields ->> 'debt' AS debt, r.position, c.address, n.state, n.strength, n.reason, n.amended_at
    FROM notice n JOIN recipient r ON r.id = n.recipient_id
    LEFT JOIN contact_point c ON c.id = coalesce(r.email_contact_id, r.phone_contact_id)
    WHERE n.run_id = :run ORDER BY r.position
    """
)
_RUN = text("SELECT * FROM run WHERE id = :run")


@dataclass
class Engine:
    """See the module's docstring."""

    application: Application
    channels: dict[ChannelKind, ScriptedChannel]
    worker: LaneWorker
    scheduler: Scheduler

    @classmethod
    @contextmanager
    def over(cls, application: Application, now: datetime = NOON) -> Iterator["Engine"]:
        """An engine at `now`; ends its threads at the end."""
        channels = {kind: ScriptedChannel(kind) for kind in ChannelKind}
        worker = build_lane_worker(application, registry_of(channels))
        engine = cls(application, channels, worker, Scheduler(application))
        engine.set_time(now)
        try:
            yield engine
        finally:
            for channel in channels.values():
                channel.gate.set()
            worker.tools.bridge.close()

    @property
    def email(self) -> ScriptedChannel:
        return self.channels[ChannelKind.EMAIL]

    @property
    def sms(self) -> ScriptedChannel:
        return self.channels[ChannelKind.SMS]

    def another_worker(self) -> LaneWorker:
        """A worker as another process would have it, over the same channels. The caller closes its bridge."""
        return build_lane_worker(self.application, registry_of(self.channels))

    def set_time(self, moment: datetime) -> None:
        """Move every clock to `moment`."""
        clock = self.application.clock
        with self.application.database.transaction() as session:
            session.execute(text("DELETE FROM setting WHERE key = 'clock_shift'"))
            real = session.execute(text("SELECT clock_timestamp()")).scalar_one()
            clock.move(session, moment - real)
            clock.refresh(session, force=True)

    def now(self) -> datetime:
        return self.application.clock.now()

    def advance(self, **by: float) -> None:
        """Time passes; then the scheduler takes a turn."""
        self.set_time(self.now() + timedelta(**by))
        self.round()

    def round(self) -> bool:
        return self.scheduler.round()

    def start(self, run: UUID) -> UUID:
        """Start the run when it is due and plan its people."""
        self.round()
        # A command asks the time for itself, and may be some milliseconds ahead of the scheduler.
        for _ in range(TURNS_TO_FINISH):
            row = self.run(run)
            if row.state != "scheduled" or row.starts_at > self.now() + CLOCKS_DIFFER:
                break
            self.round()
        return run

    def work(self, channel: ChannelKind = ChannelKind.EMAIL, priority: str = "bulk") -> int:
        """Send what is due; returns how many attempts were claimed."""
        return self.worker.work(Lane(channel, priority), WORK_SECONDS)

    def finish(self, run: UUID, *, hours: float = 2) -> Counter[str]:
        """Let time pass until the run is closed; returns notices by state after checking the counters."""
        for _ in range(TURNS_TO_FINISH):
            if self.run(run).state == "closed":
                break
            for kind in self.channels:
                for priority in ("urgent", "bulk"):
                    self.work(kind, priority)
            self.advance(hours=hours)
        assert self.run(run).state == "closed", self.notices(run)
        self.check_counters(run)
        states = Counter(row.state for row in self._all(_NOTICES, run=run))
        assert sum(states.values()) == self.run(run).recipient_count
        assert "open" not in states
        return states

    def run(self, run: UUID) -> Any:
        return self._all(_RUN, run=run)[0]

    def attempts(self, run: UUID) -> Sequence[Any]:
        return self._all(_ATTEMPTS, run=run)

    def states(self, run: UUID) -> Counter[str]:
        """Attempts by state."""
        return Counter(attempt.state for attempt in self.attempts(run))

    def notices(self, run: UUID) -> dict[str, str]:
        """State and strength or reason of each notice by the recipient's address (else the list position)."""
        return {
            row.address or str(row.position): f"{row.state}:{row.strength or row.reason or ''}".rstrip(":")
            for row in self._all(_NOTICES, run=run)
        }

    def check_counters(self, run: UUID) -> None:
        """The counters must equal a GROUP BY over the rows, at any moment (P12)."""
        with self.application.database.transaction() as session:
            kept, counted = read_progress(session, run), recount(session, run)
        assert as_counts(kept) == as_counts(counted)

    def receipt(
        self, attempt: AttemptReference | None, kind: ReceiptKind, *, reason: str = "", raw: bytes = b"report"
    ) -> None:
        """A provider reports; the report is stored and applied as the listener does it."""
        database, clock = self.application.database, self.application.clock
        report = Receipt(attempt, kind, reason, raw)
        database.run(lambda s: store_receipt(s, ChannelKind.EMAIL, report, clock.refresh(s)))
        database.run(lambda s: apply_stored(s, clock.refresh(s)))

    def reference(self, run: UUID, address: str, *, number: int = 1, step: int = 0) -> AttemptReference:
        """The name of an attempt."""
        (found,) = [
            one
            for one in self.attempts(run)
            if (one.address, one.number, one.step) == (address, number, step)
        ]
        return AttemptReference(found.period, found.id)

    def sql(self, statement: str, **values: Any) -> Sequence[Any]:
        """Look into the database."""
        return self._all(text(statement), **values)

    def _all(self, statement: Any, **values: Any) -> Sequence[Any]:
        with self.application.database.transaction() as session:
            result = session.execute(statement, values)
            return result.all() if result.returns_rows else []


def registry_of(channels: dict[ChannelKind, ScriptedChannel]) -> ChannelRegistry:
    """A registry of scripted channels."""
    registry = ChannelRegistry()
    for channel in channels.values():
        registry.register(channel)
    return registry


def as_counts(counts: Sequence[Count]) -> dict[tuple[str, str, str, str], int]:
    """Counts by what they count."""
    return {(one.kind, one.channel, one.state, one.reason): one.count for one in counts}
