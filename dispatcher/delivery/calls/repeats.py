"""When a repeat by rule is due: in the recipient's day, and only while the run lasts."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.delivery.consequences import NextAttempt
from dispatcher.delivery.retry_rules import repeat_at

_PLACE = text(
    """
    SELECT r.time_zone, run.ends_at FROM notice n
    JOIN recipient r ON r.id = n.recipient_id JOIN run ON run.id = n.run_id
    WHERE n.period = :period AND n.id = :notice
    """
)


def repeat_due_at(
    session: Session, period: date, notice: UUID, following: NextAttempt, now: datetime
) -> datetime | None:
    """When the repeat may be made; None: the run has ended by then."""
    place = session.execute(_PLACE, {"period": period, "notice": notice}).one()
    due_at = repeat_at(now, following.wait_seconds, following.shift, place.time_zone)
    return due_at if due_at < place.ends_at else None
