"""Saved column mappings: which column of a source's files is which field (source: a billing system).

What staff correct once is used at the next import of the same source. Titles that are absent from a file
are passed over, so that one mapping serves all lists of a source.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.errors import UnknownMappingError
from campaigns.list_header import check_fields
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id

_COLUMNS = "SELECT id, source, columns, created_by, created_at, updated_at FROM list_mapping"
_GET = text(_COLUMNS + " WHERE source = :source")
_LOCK = text(_COLUMNS + " WHERE source = :source FOR UPDATE")
_LIST = text(_COLUMNS + " ORDER BY source")
_SAVE = text(
    """
    INSERT INTO list_mapping (id, source, columns, created_by, created_at, updated_at)
    VALUES (:id, :source, CAST(:columns AS jsonb), :by, :now, :now)
    ON CONFLICT (source) DO UPDATE SET columns = excluded.columns, updated_at = :now
    RETURNING id
    """
)
_DELETE = text("DELETE FROM list_mapping WHERE id = :id")


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """The mapping of one source: title in the file → field, "" to leave out, "*" to keep as it is."""

    id: UUID
    source: str
    columns: Mapping[str, str]
    created_by: str
    created_at: datetime
    updated_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "source": self.source,
            "columns": dict(self.columns),
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }


def save_mapping(
    session: Session, *, source: str, columns: Mapping[str, str], actor: str, now: datetime
) -> None:
    """Save or replace; raises `ListFileError` for a field that does not exist."""
    check_fields(columns)
    before = session.execute(_LOCK, {"source": source}).first()
    values = {"id": new_id(), "source": source, "columns": json.dumps(dict(columns), ensure_ascii=False)}
    saved: UUID = session.execute(_SAVE, {**values, "by": actor, "now": now}).scalar_one()
    record_action(
        session,
        at=now,
        actor=actor,
        action="mapping.saved",
        subject_type="list_mapping",
        subject_id=saved,
        before=None if before is None else {"columns": before.columns},
        after={"source": source, "columns": dict(columns)},
    )


def get_mapping(session: Session, source: str) -> SavedMapping | None:
    """The mapping of a source, or None."""
    row = session.execute(_GET, {"source": source}).first()
    return None if row is None else SavedMapping(*row)


def list_mappings(session: Session) -> Sequence[SavedMapping]:
    """All of them, by source."""
    return [SavedMapping(*row) for row in session.execute(_LIST)]


def delete_mapping(session: Session, *, source: str, actor: str, now: datetime) -> None:
    """Forget a mapping; raises `UnknownMappingError`."""
    row = session.execute(_LOCK, {"source": source}).first()
    if row is None:
        raise UnknownMappingError(
            f"Для источника «{source}» сопоставление не сохранено.", code="unknown_mapping", source=source
        )
    session.execute(_DELETE, {"id": row.id})
    record_action(
        session,
        at=now,
        actor=actor,
        action="mapping.deleted",
        subject_type="list_mapping",
        subject_id=row.id,
        before={"source": source, "columns": row.columns},
    )
