"""Recurring campaigns and what became of their times, in pages, for the API. Read-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_COLUMNS = """
    SELECT r.campaign_id, c.name, r.state, r.cron, r.time_zone, r.list_name, r.window_seconds, r.until,
           r.max_count, r.made_count, r.next_at, r.created_by, r.created_at
    FROM recurrence r JOIN campaign c ON c.id = r.campaign_id
"""
# Ids are UUIDv7: their order is that of making, so they serve as the cursor.
_LIST = text(
    f"""{_COLUMNS} WHERE CAST(:before AS uuid) IS NULL OR r.campaign_id < :before
    ORDER BY r.campaign_id DESC LIMIT :limit"""
)
_ONE = text(f"{_COLUMNS} WHERE r.campaign_id = :campaign")
# By the time on the wall, which is the key: two of them may fall due at one moment, where daylight saving
# jumps over an hour.
_OCCURRENCES = text(
    """
    SELECT wall, due_at, result, reason, run_id, decided_at FROM occurrence
    WHERE campaign_id = :campaign AND (CAST(:before AS timestamp) IS NULL OR wall < :before)
    ORDER BY wall DESC LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class RecurrenceLine:
    """One campaign that repeats; `next_at` is None when nothing more will come."""

    campaign_id: UUID
    name: str
    state: str
    cron: str
    time_zone: str
    list_name: str
    window_seconds: int
    until: datetime | None
    max_count: int | None
    made_count: int
    next_at: datetime | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OccurrenceLine:
    """What became of one time; `wall` is naive, for it is read off the company's wall."""

    wall: datetime
    due_at: datetime
    result: str
    reason: str | None
    run_id: UUID | None
    decided_at: datetime


def list_recurrences(session: Session, *, limit: int, before: UUID | None = None) -> Sequence[RecurrenceLine]:
    """The newest first; `before` is the last id of the page before."""
    return [RecurrenceLine(*row) for row in session.execute(_LIST, {"limit": limit, "before": before})]


def get_recurrence(session: Session, campaign: UUID) -> RecurrenceLine | None:
    """One campaign that repeats, or None."""
    row = session.execute(_ONE, {"campaign": campaign}).first()
    return None if row is None else RecurrenceLine(*row)


def list_occurrences(
    session: Session, campaign: UUID, *, limit: int, before: datetime | None = None
) -> Sequence[OccurrenceLine]:
    """The latest time first; `before` is the last one of the page before (naive)."""
    values = {"campaign": campaign, "limit": limit, "before": before}
    return [OccurrenceLine(*row) for row in session.execute(_OCCURRENCES, values)]
