"""What lists leave behind that is personal data and needed for a while only (promise P10).

The rejected rows of an import stand in the database as they stood in the file, so that staff can get them
back and mend them. After some weeks nobody will: they are deleted; the report, which holds no values, stays.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action

SLICE: Final = 5000

_OLD = text(
    """
    SELECT id FROM recipient_list
    WHERE created_at < :before AND rejected_count > 0 AND rejected_purged_at IS NULL AND state <> 'importing'
    ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    """
)
_DELETE = text(
    """
    DELETE FROM recipient_list_rejected_row
    WHERE list_id = :list AND number IN (
        SELECT number FROM recipient_list_rejected_row WHERE list_id = :list ORDER BY number LIMIT :slice)
    """
)
_DONE = text("UPDATE recipient_list SET rejected_purged_at = :now WHERE id = :list")


def purge_rejected_rows(session: Session, now: datetime, *, days: int) -> int:
    """Delete a slice of the rejected rows of one list older than `days`; 0 when there is none."""
    found = session.execute(_OLD, {"before": now - timedelta(days=days)}).scalar_one_or_none()
    if found is None:
        return 0
    deleted: int = session.execute(_DELETE, {"list": found, "slice": SLICE}).rowcount  # type: ignore[attr-defined]
    if deleted < SLICE:
        session.execute(_DONE, {"list": found, "now": now})
        record_action(
            session,
            at=now,
            actor="system",
            action="list.rejected_purged",
            subject_type="recipient_list",
            subject_id=found,
            after={"days": days},
        )
    return 1
