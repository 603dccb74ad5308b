"""Counters of a run (promise P12): a dashboard costs the same however big the run is.

Deltas derive from the locked old rows in the transaction that changes them, so the counters always equal
a GROUP BY over the rows. A planned attempt that was put off is counted under what it waits for. The counters
are spread over shards, by thread, so that workers do not queue up on one row; a shard may be negative, only
the sum means something.
"""

import secrets
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.arrays import number_array, text_array, uuid_array
from dispatcher.core.db import fetch

#: Many more than threads, so that two of them hardly ever share one; only those in use have rows.
SHARDS: Final = 1024

# In key order: two transactions that touch the same rows of a shard wait instead of deadlocking.
_ADD = text(
    """
    INSERT INTO progress (run_id, kind, channel, state, reason, shard, count)
    SELECT run_id, kind, channel, state, reason, :shard, delta
    FROM unnest(CAST(:runs AS uuid[]), CAST(:kinds AS text[]), CAST(:channels AS text[]),
                CAST(:states AS text[]), CAST(:reasons AS text[]), CAST(:deltas AS bigint[]))
         AS d(run_id, kind, channel, state, reason, delta)
    ORDER BY run_id, kind, channel, state, reason
    ON CONFLICT (run_id, kind, channel, state, reason, shard)
    DO UPDATE SET count = progress.count + excluded.count
    """
)
_READ = text(
    """
    SELECT kind, channel, state, reason, sum(count)::bigint
    FROM progress WHERE run_id = :run GROUP BY kind, channel, state, reason HAVING sum(count) <> 0
    """
)
# What the counters must equal at any moment; for tests and the chaos runs.
_RECOUNT = text(
    """
    SELECT 'notice', '', state, coalesce(reason, strength, ''), count(*)
    FROM notice WHERE run_id = :run GROUP BY 3, 4
    UNION ALL
    SELECT 'attempt', channel, state, coalesce(reason, hold_reason, ''), count(*)
    FROM attempt WHERE run_id = :run GROUP BY 2, 3, 4
    """
)

_place = threading.local()


def own_shard() -> int:
    """The shard of this thread: two threads that write twice in a transaction must not meet."""
    if not hasattr(_place, "shard"):
        # Not by process id: workers that start together have neighbouring ones, and their threads met.
        _place.shard = secrets.randbelow(SHARDS)
    return int(_place.shard)


CounterKey = tuple[UUID, str, str, str, str]
MoveKey = tuple[UUID, str, tuple[str, str], tuple[str, str]]


@dataclass(slots=True)
class ProgressDeltas:
    """Changes of counters collected during one transaction."""

    _deltas: Counter[CounterKey] = field(default_factory=Counter)
    #: the same by way of both ends: of a group nearly all go one way, and one look-up will do
    _moves: Counter[MoveKey] = field(default_factory=Counter)

    def notice(self, run: UUID, state: str, reason: str, by: int) -> None:
        """Count notices in `state` up or down."""
        self._deltas[(run, "notice", "", state, reason)] += by

    def attempt(self, run: UUID, channel: str, state: str, reason: str, by: int) -> None:
        """Count attempts in `state` up or down."""
        self._deltas[(run, "attempt", channel, state, reason)] += by

    def moved(self, run: UUID, channel: str, before: tuple[str, str], after: tuple[str, str]) -> None:
        """Count one attempt over from one state and reason to another."""
        self._moves[(run, channel, before, after)] += 1

    def write(self, session: Session) -> None:
        """Add the deltas to this thread's shard."""
        for (run, channel, before, after), count in self._moves.items():
            self.attempt(run, channel, *before, -count)
            self.attempt(run, channel, *after, count)
        self._moves.clear()
        changed = [(key, delta) for key, delta in self._deltas.items() if delta]
        self._deltas.clear()
        if not changed:
            return
        runs, kinds, channels, states, reasons = zip(*(key for key, _ in changed), strict=True)
        fetch(
            session,
            _ADD,
            {
                "shard": own_shard(),
                "runs": uuid_array(runs),
                "kinds": text_array(kinds),
                "channels": text_array(channels),
                "states": text_array(states),
                "reasons": text_array(reasons),
                "deltas": number_array(delta for _, delta in changed),
            },
        )


@dataclass(frozen=True, slots=True)
class Count:
    """How many notices or attempts stand in one state for one reason."""

    kind: str
    channel: str
    state: str
    reason: str
    count: int


def read_progress(session: Session, run: UUID) -> Sequence[Count]:
    """The counters of a run; some tens of rows whatever the size of the run."""
    return [Count(*row) for row in session.execute(_READ, {"run": run})]


def recount(session: Session, run: UUID) -> Sequence[Count]:
    """The same figures counted from the rows themselves: slow, for checks only."""
    return [Count(*row) for row in session.execute(_RECOUNT, {"run": run})]
