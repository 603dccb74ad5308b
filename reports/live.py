"""The live view of a run, and the list of runs: read-only, and as dear for a million as for a thousand.

Everything comes from the run's own row and from the sharded counters (promise P12). One reading is one
snapshot of the database, so that the sum shown to staff always holds (promise P1):
planned = the terminal states + open + not yet fanned out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.spent import CAP_REASONS
from dispatcher.delivery.channel_pause import PausedChannel, list_paused
from dispatcher.delivery.progress import Count, read_progress
from dispatcher.delivery.runs import RunState
from dispatcher.delivery.states import AttemptState, NoticeState
from reports.waiting import CapWindow, profiles_of, read_cap_window

#: Attempts that have not had their turn yet.
_AHEAD: Final = frozenset({AttemptState.PLANNED, AttemptState.SENDING})
#: Attempts that reached the provider, or may have.
_MADE: Final = frozenset(
    {AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.FAILED, AttemptState.UNKNOWN}
)

# The counters and the run's row must be of one moment, or the sum would flicker.
_ONE_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_RUN = text(
    """
    SELECT r.id, r.number, r.state, r.state_reason, r.priority, r.purpose, r.starts_at, r.ends_at,
           r.started_at, r.closed_at, r.recipient_count, r.planned_position, r.kind, r.parent_run_id,
           r.first_count, r.needs_approval, r.generation, r.created_by,
           coalesce(r.step_plan ->> 'basis', 'consent') AS basis,
           c.name AS campaign, l.name AS list_name,
           r.period, r.policies
    FROM run r JOIN campaign c ON c.id = r.campaign_id JOIN recipient_list l ON l.id = r.list_id
    WHERE r.id = :run
    """
)
# Ids are UUIDv7: their order is that of making, so they serve as the cursor.
_LIST = text(
    """
    SELECT r.id, r.number, r.state, r.state_reason, r.starts_at, r.ends_at, r.recipient_count, r.kind,
           r.parent_run_id, r.first_count, c.name AS campaign, coalesce(p.decided, 0)::bigint AS decided,
           coalesce(p.notified, 0)::bigint AS notified
    FROM run r JOIN campaign c ON c.id = r.campaign_id
    LEFT JOIN LATERAL (
        SELECT sum(count) FILTER (WHERE state <> 'open') AS decided,
               sum(count) FILTER (WHERE state IN ('notified', 'partly_notified')) AS notified
        FROM progress WHERE run_id = r.id AND kind = 'notice'
    ) p ON true
    WHERE CAST(:before AS uuid) IS NULL OR r.id < :before
    ORDER BY r.id DESC LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the run's row says."""

    id: UUID
    number: int
    state: str
    state_reason: str | None
    priority: str
    purpose: str
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    closed_at: datetime | None
    recipient_count: int
    planned_position: int
    campaign: str
    list_name: str
    kind: str = "main"  #: main, resend, correction, seed
    parent_run_id: UUID | None = None
    first_count: int | None = None  #: send so many, then wait for staff
    needs_approval: bool = False
    generation: int = 1  #: grows with every change; an approver says which one was looked at
    created_by: str | None = None
    basis: str = "consent"  #: by contract or legal_duty: who cannot be reached is told by hand


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run at one moment. `rate_per_minute` and `expected_finish` are filled by `Pace`."""

    facts: RunFacts
    counts: tuple[Count, ...]
    pauses: tuple[PausedChannel, ...]
    read_at: datetime
    rate_per_minute: float | None = None
    expected_finish: datetime | None = None
    cap_window: CapWindow | None = None  #: when those who wait for a frequency cap may be spoken to
    profiles: Mapping[str, list[str]] = field(default_factory=dict)  #: by customer group, with versions
    notices_by_state: Mapping[str, int] = field(init=False)
    attempts_by_state: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "notices_by_state", _by_state(self.counts, "notice"))
        object.__setattr__(self, "attempts_by_state", _by_state(self.counts, "attempt"))

    @property
    def planned(self) -> int:
        """Everybody on the list."""
        return self.facts.recipient_count

    @property
    def fanned_out(self) -> int:
        """Recipients who have their notice."""
        return self.facts.planned_position

    @property
    def not_fanned_out(self) -> int:
        """Recipients whose notice is still to be made."""
        return self.planned - self.fanned_out

    @property
    def open(self) -> int:
        """Notices not decided yet."""
        return self.notices_by_state.get(NoticeState.OPEN, 0)

    @property
    def decided(self) -> int:
        """Notices in a terminal state."""
        return sum(self.notices_by_state.values()) - self.open

    @property
    def in_flight(self) -> int:
        """Attempts that are being sent at this moment."""
        return self.attempts_by_state.get(AttemptState.SENDING, 0)

    @property
    def waiting(self) -> dict[str, int]:
        """Planned attempts that were put off, by what they wait for: the hours, a frequency cap, …

        When its time has come an attempt still counts here until its turn, which the next claim gives it.
        """
        found: Counter[str] = Counter()
        for one in self.counts:
            if one.kind == "attempt" and one.state == AttemptState.PLANNED and one.reason:
                found[one.reason] += one.count
        return dict(found)

    @property
    def capped(self) -> int:
        """How many wait for a frequency cap."""
        return sum(self.waiting.get(reason, 0) for reason in CAP_REASONS)

    @property
    def processed(self) -> int:
        """Attempts that have had their turn, whatever came of it."""
        return sum(count for state, count in self.attempts_by_state.items() if state not in _AHEAD)

    @property
    def ahead(self) -> int:
        """Attempts still to be made, as far as is known now; a refusal may add more."""
        return self.not_fanned_out + sum(self.attempts_by_state.get(state, 0) for state in _AHEAD)

    @property
    def is_balanced(self) -> bool:
        """Whether planned = terminal states + open + not yet fanned out (promise P1)."""
        return self.planned == self.decided + self.open + self.not_fanned_out

    @property
    def is_late(self) -> bool:
        """Whether sending is expected to reach past the window's end."""
        return self.expected_finish is not None and self.expected_finish > self.facts.ends_at

    def notices_by_reason(self) -> list[tuple[str, str, int]]:
        """(state, reason, count) of notices, the largest first."""
        rows = [(one.state, one.reason, one.count) for one in self.counts if one.kind == "notice"]
        return sorted(rows, key=lambda row: (-row[2], row))

    def attempts_by_channel(self) -> dict[str, list[Count]]:
        """The counts of attempts of each channel, the largest first."""
        channels: dict[str, list[Count]] = {}
        for one in sorted(self.counts, key=lambda one: (one.channel, -one.count, one.state, one.reason)):
            if one.kind == "attempt":
                channels.setdefault(one.channel, []).append(one)
        return channels

    def call_outcomes(self) -> dict[str, int]:
        """How many calls ended how, the most frequent first."""
        found: Counter[str] = Counter()
        for one in self.attempts_by_channel().get("voice", ()):
            if one.state in _MADE and one.reason:
                found[one.reason] += one.count
        return dict(found.most_common())

    def to_json(self) -> dict[str, Any]:
        """Plain values for the API, for events and for logs; no personal data."""
        return {
            "run": _plain(asdict(self.facts)),
            "read_at": self.read_at.isoformat(),
            "planned": self.planned,
            "fanned_out": self.fanned_out,
            "not_fanned_out": self.not_fanned_out,
            "open": self.open,
            "decided": self.decided,
            "is_balanced": self.is_balanced,
            "in_flight": self.in_flight,
            "ahead": self.ahead,
            "waiting": self.waiting,
            "cap_window": None if self.cap_window is None else _plain(asdict(self.cap_window)),
            "profiles": dict(self.profiles),
            "notices": dict(self.notices_by_state),
            "notice_reasons": [
                {"state": state, "reason": reason, "count": count}
                for state, reason, count in self.notices_by_reason()
            ],
            "attempts": {
                channel: [{"state": one.state, "reason": one.reason, "count": one.count} for one in counts]
                for channel, counts in self.attempts_by_channel().items()
            },
            "rate_per_minute": self.rate_per_minute,
            "expected_finish": self.expected_finish.isoformat() if self.expected_finish else None,
            "is_late": self.is_late,
            "channel_pauses": [_plain(asdict(pause)) for pause in self.pauses],
        }


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of the list of runs."""

    id: UUID
    number: int
    state: str
    state_reason: str | None
    starts_at: datetime
    ends_at: datetime
    recipient_count: int
    campaign: str
    decided: int
    notified: int
    kind: str = "main"
    parent_run_id: UUID | None = None
    first_count: int | None = None


def read_run(session: Session, run: UUID, now: datetime) -> LiveRun | None:
    """The run as it stands, or None; must be the first statement of its transaction, which is read-only.

    The rate is the average since the start; `Pace` makes it follow the last minute.
    """
    session.execute(_ONE_SNAPSHOT)
    row = session.execute(_RUN, {"run": run}).first()
    if row is None:
        return None
    counts = tuple(read_progress(session, run))
    channels = {one.channel for one in counts}
    pauses = tuple(one for one in list_paused(session) if one.channel in channels and one.paused_until > now)
    values = row._asdict()
    period, policies = values.pop("period"), values.pop("policies")
    live = LiveRun(RunFacts(**values), counts, pauses, now, profiles=profiles_of(policies))
    window = read_cap_window(session, run, period) if live.capped else None
    return Pace().apply(replace(live, cap_window=window))


def list_runs(session: Session, *, limit: int, before: UUID | None = None) -> Sequence[RunSummary]:
    """The newest runs first; `before` is the id of the last one of the page before."""
    rows = session.execute(_LIST, {"limit": limit, "before": before})
    return [RunSummary(**row._asdict()) for row in rows]


class Pace:
    """The rate of a run from successive readings of one poller, and what follows from it.

    Until there are readings enough it is the average since the start. One object per run and poller.
    """

    LOOK_BACK: Final = timedelta(seconds=60)
    LEAST: Final = timedelta(seconds=3)

    def __init__(self) -> None:
        self._readings: list[tuple[datetime, int]] = []

    def apply(self, live: LiveRun) -> LiveRun:
        """The view with its rate and expected finish; remembers the reading."""
        self._remember(live.read_at, live.processed)
        if live.facts.state != RunState.RUNNING:
            return live
        rate = self._recent_rate()
        if rate is None:
            rate = _average_rate(live)
        return replace(live, rate_per_minute=rate, expected_finish=_expected_finish(live, rate))

    def _remember(self, at: datetime, processed: int) -> None:
        # The product's clock may be moved back in the sandbox: readings from "later" would mislead.
        self._readings = [
            one for one in self._readings if at - self.LOOK_BACK <= one[0] < at and one[1] <= processed
        ]
        self._readings.append((at, processed))

    def _recent_rate(self) -> float | None:
        first, last = self._readings[0], self._readings[-1]
        span = last[0] - first[0]
        if span < self.LEAST:
            return None
        return (last[1] - first[1]) * 60 / span.total_seconds()


def _average_rate(live: LiveRun) -> float | None:
    started = live.facts.started_at
    if started is None or live.read_at <= started or not live.processed:
        return None
    return live.processed * 60 / (live.read_at - started).total_seconds()


def _expected_finish(live: LiveRun, rate: float | None) -> datetime | None:
    if not rate or not live.ahead:
        return None
    minutes = live.ahead / rate
    # Farther than a year means "never" and would overflow.
    return live.read_at + timedelta(minutes=minutes) if minutes < 525_600 else None


def _by_state(counts: Iterable[Count], kind: str) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for one in counts:
        if one.kind == kind:
            totals[one.state] += one.count
    return dict(totals)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value if isinstance(value, int | str | None) else str(value) for key, value in values.items()
    }
