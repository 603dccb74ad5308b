"""What the runs of a period came to: planned = the terminal states + what is still going on (promise P1).

All of it comes from the runs' own rows and from their counters, so a report costs the same however big the
runs were (promise P12). Only where one customer group is asked about are the notices themselves counted:
counters do not know whose they are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from dispatcher.core.arrays import uuid_array
from dispatcher.delivery.progress import Count
from dispatcher.delivery.states import AttemptState, NoticeState
from reports.management.asked import ReportAsked

#: Colleagues who receive a sample are no customers; what was never begun has told nobody.
_OF_CUSTOMERS: Final = "r.kind <> 'seed' AND r.state NOT IN ('draft', 'awaiting_approval', 'rejected')"
#: A run belongs to the day on which it began, or was to begin.
_RUNS = text(
    f"""
    SELECT r.id, r.number, r.kind, r.state, c.name AS campaign, s.name AS scenario, r.purpose,
           coalesce(r.started_at, r.starts_at) AS began_at, r.closed_at, r.recipient_count AS planned
    FROM run r JOIN campaign c ON c.id = r.campaign_id
    JOIN scenario_version v ON v.id = c.scenario_version_id JOIN scenario s ON s.id = v.scenario_id
    WHERE {_OF_CUSTOMERS}
      AND coalesce(r.started_at, r.starts_at) >= :begins AND coalesce(r.started_at, r.starts_at) < :ends
      AND (CAST(:purpose AS text) IS NULL OR r.purpose = :purpose)
      AND (CAST(:scenario AS text) IS NULL OR s.name = :scenario)
    ORDER BY r.id DESC
    """  # noqa: S608 - our own text
)
_COUNTERS = text(
    """
    SELECT run_id, kind, channel, state, reason, sum(count)::bigint FROM progress
    WHERE run_id = ANY(CAST(:runs AS uuid[]))
    GROUP BY run_id, kind, channel, state, reason HAVING sum(count) <> 0
    """
)
_COSTS = text(
    """
    SELECT run_id, channel, sum(attempts)::bigint, sum(parts)::bigint, sum(amount) FROM run_cost
    WHERE run_id = ANY(CAST(:runs AS uuid[])) GROUP BY run_id, channel
    """
)
# Of one customer group there are no counters: the rows themselves, by the runs' own partitions.
_COUNTED = text(
    """
    SELECT n.run_id, 'notice', '', n.state, coalesce(n.reason, n.strength, ''), count(*)
    FROM run u JOIN notice n ON n.period = u.period AND n.run_id = u.id
    JOIN recipient p ON p.id = n.recipient_id AND p.customer_group = :customer_group
    WHERE u.id = ANY(CAST(:runs AS uuid[])) GROUP BY 1, 4, 5
    UNION ALL
    SELECT a.run_id, 'attempt', a.channel, a.state, coalesce(a.reason, a.hold_reason, ''), count(*)
    FROM run u JOIN attempt a ON a.period = u.period AND a.run_id = u.id
    JOIN notice n ON n.period = a.period AND n.id = a.notice_id
    JOIN recipient p ON p.id = n.recipient_id AND p.customer_group = :customer_group
    WHERE u.id = ANY(CAST(:runs AS uuid[])) GROUP BY 1, 3, 4, 5
    """
)
_COUNTED_COSTS = text(
    """
    SELECT a.run_id, a.channel, count(k.amount), sum(k.parts)::bigint, coalesce(sum(k.amount), 0)
    FROM run u JOIN attempt a ON a.period = u.period AND a.run_id = u.id
    JOIN attempt_price k ON k.period = a.period AND k.attempt_id = a.id
    JOIN notice n ON n.period = a.period AND n.id = a.notice_id
    JOIN recipient p ON p.id = n.recipient_id AND p.customer_group = :customer_group
    WHERE u.id = ANY(CAST(:runs AS uuid[])) GROUP BY 1, 2
    """
)
_COUNTED_PLANNED = text(
    """
    SELECT u.id, count(*) FROM run u
    JOIN recipient p ON p.list_id = u.list_id AND p.customer_group = :customer_group
    WHERE u.id = ANY(CAST(:runs AS uuid[])) GROUP BY u.id
    """
)
#: The terminal states in the order in which they are shown; with `going_on` they add up to planned.
TERMINAL: Final = tuple(state for state in NoticeState if state is not NoticeState.OPEN)
TOLD: Final = frozenset({NoticeState.NOTIFIED, NoticeState.PARTLY_NOTIFIED})


@dataclass(frozen=True, slots=True)
class Cost:
    """What attempts cost as far as the provider named a price: how many, their parts, and the money."""

    priced: int = 0
    parts: int = 0  #: of short messages
    amount: Decimal = Decimal(0)

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.priced + other.priced, self.parts + other.parts, self.amount + other.amount)


@dataclass(frozen=True, slots=True)
class Figures:
    """Planned, and what became of it: a part for each terminal state, `going_on` for the rest."""

    planned: int
    notices: Counter[str]
    cost: Cost

    @property
    def going_on(self) -> int:
        """Still open, or not fanned out yet."""
        return self.planned - sum(self.notices[state] for state in TERMINAL)


@dataclass(frozen=True, slots=True)
class ReportedRun:
    """One run with its figures."""

    id: UUID
    number: int
    kind: str
    state: str
    campaign: str
    scenario: str
    purpose: str
    began_at: datetime
    closed_at: datetime | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class ChannelFigures:
    """What one channel did: attempts by what became of them, and their cost as far as providers name it."""

    channel: str
    delivered: int
    accepted: int
    failed: int
    unknown: int
    cost: Cost


@dataclass(frozen=True, slots=True)
class RunsReport:
    """The runs of a period, the newest first, and their counters and costs added up."""

    runs: Sequence[ReportedRun]
    counts: Counter[tuple[str, str, str, str]]  #: kind, channel, state, reason
    costs: dict[str, Cost]  #: by channel

    @property
    def total(self) -> Figures:
        """All runs together."""
        return added(self.runs)

    def by_scenario(self) -> list[tuple[str, str, int, Figures]]:
        """(purpose, scenario, runs, figures)."""
        groups: dict[tuple[str, str], list[ReportedRun]] = {}
        for run in self.runs:
            groups.setdefault((run.purpose, run.scenario), []).append(run)
        return [(*key, len(runs), added(runs)) for key, runs in sorted(groups.items())]

    def by_channel(self) -> list[ChannelFigures]:
        """What each channel did."""
        states: dict[str, Counter[str]] = {}
        for (kind, channel, state, _), count in self.counts.items():
            if kind == "attempt":
                states.setdefault(channel, Counter())[state] += count
        return [
            ChannelFigures(
                channel,
                delivered=found[AttemptState.DELIVERED],
                accepted=found[AttemptState.ACCEPTED],
                failed=found[AttemptState.FAILED],
                unknown=found[AttemptState.UNKNOWN],
                cost=self.costs.get(channel, Cost()),
            )
            for channel, found in sorted(states.items())
        ]

    def reasons(self) -> list[tuple[str, str, int]]:
        """(state, strength or reason, notices), in the order of states, the most frequent first."""
        found = [
            (state, reason, count)
            for (kind, _, state, reason), count in self.counts.items()
            if kind == "notice" and state != NoticeState.OPEN and count
        ]
        order = {state.value: place for place, state in enumerate(TERMINAL)}
        return sorted(found, key=lambda one: (order[one[0]], -one[2], one[1]))


def read_runs(session: Session, asked: ReportAsked, now: datetime) -> RunsReport:
    """The runs that began in the period, with their figures."""
    rows = session.execute(_RUNS, asked.values(now)).all()
    is_of_group = asked.customer_group is not None
    values = {"runs": uuid_array(row.id for row in rows), "customer_group": asked.customer_group}
    planned = {row.id: 0 if is_of_group else row.planned for row in rows}
    if is_of_group:
        planned.update((run, count) for run, count in session.execute(_COUNTED_PLANNED, values))
    notices = {row.id: Counter[str]() for row in rows}
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for run, *found in session.execute(_COUNTED if is_of_group else _COUNTERS, values):
        one = Count(*found)
        counts[(one.kind, one.channel, one.state, one.reason)] += one.count
        if one.kind == "notice":
            notices[run][one.state] += one.count
    of_runs, of_channels = _costs(session, _COUNTED_COSTS if is_of_group else _COSTS, values)
    runs = [
        _reported(row, Figures(planned[row.id], notices[row.id], of_runs.get(row.id, Cost()))) for row in rows
    ]
    return RunsReport([run for run in runs if run.figures.planned or not is_of_group], counts, of_channels)


def added(runs: Iterable[ReportedRun]) -> Figures:
    """The figures of several runs as one."""
    planned, notices, cost = 0, Counter[str](), Cost()
    for run in runs:
        planned += run.figures.planned
        notices.update(run.figures.notices)
        cost += run.figures.cost
    return Figures(planned, notices, cost)


def _costs(
    session: Session, statement: TextClause, values: Mapping[str, Any]
) -> tuple[dict[UUID, Cost], dict[str, Cost]]:
    of_runs: dict[UUID, Cost] = {}
    of_channels: dict[str, Cost] = {}
    for run, channel, *found in session.execute(statement, values):
        cost = Cost(*found)
        of_runs[run] = of_runs.get(run, Cost()) + cost
        of_channels[channel] = of_channels.get(channel, Cost()) + cost
    return of_runs, of_channels


def _reported(row: Any, figures: Figures) -> ReportedRun:
    return ReportedRun(
        row.id,
        row.number,
        row.kind,
        row.state,
        row.campaign,
        row.scenario,
        row.purpose,
        row.began_at,
        row.closed_at,
        figures,
    )
