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


def _own_shard() -> int:
    """The shard of this thread: two threads that write twice in a transaction must not meet."""
    if not hasattr(_place, "shard"):
        # Not by process id: workers that start together have neighbouring ones, and their threads met.
        _place.shard = secrets.randbelow(SHARDS)
    return int(_place.shard)


CounterKey = tuple[UUID, str, str, str, str]


@dataclass(slots=True)
class ProgressDeltas:
    """Changes of counters collected during one transaction."""

    _deltas: Counter[CounterKey] = field(default_factory=Counter)

    def notice(self, run: UUID, state: str, reason: str, by: int) -> None:
        """Count notices in `state` up or down."""
        self._deltas[(run, "notice", "", state, reason)] += by

    def attempt(self, run: UUID, channel: str, state: str, reason: str, by: int) -> None:
        """Count attempts in `state` up or down."""
        self._deltas[(run, "attempt", channel, state, reason)] += by

    def write(self, session: Session) -> None:
        """Add the deltas to this thread's shard."""
        changed = [(key, delta) for key, delta in self._deltas.items() if delta]
        if not changed:
            return
        session.execute(
            _ADD,
            {
                "shard": _own_shard(),
                "runs": [key[0] for key, _ in changed],
                "kinds": [key[1] for key, _ in changed],
                "channels": [key[2] for key, _ in changed],
                "states": [key[3] for key, _ in changed],
                "reasons": [key[4] for key, _ in changed],
                "deltas": [delta for _, delta in changed],
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
