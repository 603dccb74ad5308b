"""What a list says about dates and empty fields, for `campaigns.conditions`."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# One pass; a list has few different days, however many recipients.
_BY_DAY = text(
    """
    SELECT coalesce(btrim(fields ->> :field), '') AS day, count(*) AS recipients FROM recipient
    WHERE list_id = :list GROUP BY 1
    """
)
_EMPTY = text(
    """
    SELECT line FROM recipient
    WHERE list_id = :list AND coalesce(btrim(fields ->> :field), '') = '' ORDER BY position LIMIT :shown
    """
)
_RUN = text(
    """
    SELECT r.kind, r.list_id, r.recipient_count, r.purpose, r.step_plan, r.common_fields, r.starts_at,
           s.name AS scenario
    FROM run r JOIN campaign c ON c.id = r.campaign_id
    JOIN scenario_version v ON v.id = c.scenario_version_id JOIN scenario s ON s.id = v.scenario_id
    WHERE r.id = :run
    """
)


def get_run(session: Session, run: UUID) -> Mapping[str, Any] | None:
    """A run with the name of its scenario."""
    row = session.execute(_RUN, {"run": run}).mappings().first()
    return None if row is None else dict(row)


def count_by_day(session: Session, list_id: UUID, field: str) -> dict[str, int]:
    """What stands in a field → recipients; an empty text where nothing does."""
    return {row.day: row.recipients for row in session.execute(_BY_DAY, {"list": list_id, "field": field})}


def first_lines(session: Session, list_id: UUID, field: str, shown: int) -> Sequence[int]:
    """Lines of the file in which a field is empty, the first few."""
    values = {"list": list_id, "field": field, "shown": shown}
    return session.execute(_EMPTY, values).scalars().all()
