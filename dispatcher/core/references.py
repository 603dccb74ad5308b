"""What a client calls our things: its own ids, each unique with the client and the kind of thing."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.errors import DispatcherError

_ADD = text(
    """
    INSERT INTO external_reference (client, subject_type, external_id, subject_id, created_at)
    VALUES (:client, :type, :external, :subject, :now)
    ON CONFLICT (client, subject_type, external_id) DO NOTHING
    """
)
_FIND = text(
    """
    SELECT subject_id FROM external_reference
    WHERE client = :client AND subject_type = :type AND external_id = :external
    """
)
_NAMES = text(
    """
    SELECT subject_id, external_id FROM external_reference
    WHERE client = :client AND subject_type = :type AND subject_id = ANY(:subjects)
    """
)


class ExternalIdTakenError(DispatcherError):
    """Raised when the client has something else under this id already."""


def add_reference(
    session: Session, *, client: str, subject_type: str, external_id: str, subject: UUID, now: datetime
) -> None:
    """Keep the client's name of a thing; raises `ExternalIdTakenError`."""
    values = {"client": client, "type": subject_type, "external": external_id, "subject": subject}
    if not session.execute(_ADD, {**values, "now": now}).rowcount:  # type: ignore[attr-defined]
        raise ExternalIdTakenError("another one has this external_id already: look it up, or choose a new id")


def find_reference(session: Session, *, client: str, subject_type: str, external_id: str) -> UUID | None:
    """What the client calls so, or None."""
    values = {"client": client, "type": subject_type, "external": external_id}
    found: UUID | None = session.execute(_FIND, values).scalar_one_or_none()
    return found


def names_of(
    session: Session, *, client: str, subject_type: str, subjects: Collection[UUID]
) -> Mapping[UUID, str]:
    """How the client calls these things, where it does."""
    values = {"client": client, "type": subject_type, "subjects": list(subjects)}
    return {row.subject_id: row.external_id for row in session.execute(_NAMES, values)}
