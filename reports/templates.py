"""Versions of templates for the API, in pages and without their texts. Read-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# Ids are UUIDv7: their order is that of saving, so they serve as the cursor.
_LIST = text(
    """
    SELECT v.id, t.name, t.language, v.version, v.origin, v.created_by, v.created_at
    FROM template_version v JOIN template t ON t.id = v.template_id
    WHERE (CAST(:before AS uuid) IS NULL OR v.id < :before)
      AND (CAST(:name AS text) IS NULL OR t.name = :name)
      AND (CAST(:language AS text) IS NULL OR t.language = :language)
    ORDER BY v.id DESC LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class TemplateVersionLine:
    """One version; `origin` is builtin or staff."""

    id: UUID
    name: str
    language: str
    version: int
    origin: str
    created_by: str
    created_at: datetime


def list_template_versions(
    session: Session,
    *,
    limit: int,
    before: UUID | None = None,
    name: str | None = None,
    language: str | None = None,
) -> Sequence[TemplateVersionLine]:
    """The newest first; `before` is the last id of the page before."""
    values = {"limit": limit, "before": before, "name": name, "language": language}
    return [TemplateVersionLine(*row) for row in session.execute(_LIST, values)]
