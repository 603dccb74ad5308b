"""Where the bills of a run stand, for staff: counts, reasons, and the lines of the list to look at.

Counted from the rows themselves: it is asked for by hand, not by a dashboard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.delivery.bills.repository import count_states
from dispatcher.delivery.errors import UnknownRunError

LINES: Final = 20

_RUN = text("SELECT 1 FROM run WHERE id = :run")
_BY_STATE = text(
    "SELECT state, count(*) AS bills FROM bill WHERE run_id = :run GROUP BY state ORDER BY state"
)
_NEXT_TRY = text("SELECT min(next_try_at) FROM bill WHERE run_id = :run AND state = 'waiting'")
_FAULTS = text(
    """
    SELECT b.state, b.fault, count(*) AS count,
           (array_agg(r.line ORDER BY r.line))[1 : :lines] AS lines
    FROM bill b JOIN recipient r ON r.id = b.recipient_id
    WHERE b.run_id = :run AND b.fault IS NOT NULL AND b.state IN ('waiting', 'failed')
    GROUP BY b.state, b.fault ORDER BY count(*) DESC, b.fault
    """
)


@dataclass(frozen=True, slots=True)
class BillFaultCount:
    """One reason of one state: how many bills, and the first lines of the file that name them."""

    state: str
    fault: str
    count: int
    lines: Sequence[int]


@dataclass(frozen=True, slots=True)
class RunBills:
    """The bills that a run's list names by URL, each URL once."""

    by_state: Mapping[str, int]
    faults: Sequence[BillFaultCount]
    next_try_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """Plain values without personal data."""
        return asdict(self)


def read_run_bills(session: Session, run: UUID) -> RunBills:
    """Where the bills of a run stand; all empty for a run without bills by URL.

    Raises `UnknownRunError`.
    """
    if session.execute(_RUN, {"run": run}).first() is None:
        raise UnknownRunError("there is no such run", code="unknown_run")
    faults = [
        BillFaultCount(**row) for row in session.execute(_FAULTS, {"run": run, "lines": LINES}).mappings()
    ]
    return RunBills(count_states(session, run), faults, session.execute(_NEXT_TRY, {"run": run}).scalar_one())
