"""Frozen lists as campaigns use them: the newest version of a name, its zones."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.errors import UnknownListError

_NEWEST = text(
    """
    SELECT id, state, recipient_count, version, fingerprint FROM recipient_list
    WHERE name = :name ORDER BY version DESC LIMIT 1
    """
)
_NEWEST_FROZEN = text(
    """
    SELECT id, recipient_count, version, fingerprint FROM recipient_list
    WHERE name = :name AND state = 'frozen' ORDER BY version DESC LIMIT 1
    """
)
_ZONES = text("SELECT DISTINCT time_zone FROM recipient WHERE list_id = :list")


@dataclass(frozen=True, slots=True)
class FrozenList:
    """The version of a list that a run will work on."""

    id: UUID
    recipient_count: int
    version: int
    fingerprint: bytes


def newest_frozen(session: Session, name: str) -> FrozenList:
    """The newest version of a list; raises `UnknownListError` when there is none or it is not complete."""
    row = session.execute(_NEWEST, {"name": name}).first()
    if row is None:
        raise UnknownListError(f"there is no recipient list {name!r}: import it first")
    if row.state != "frozen":
        raise UnknownListError(f"the newest version of list {name!r} is not complete: import it again")
    return FrozenList(row.id, row.recipient_count, row.version, bytes(row.fingerprint))


def latest_usable(session: Session, name: str) -> FrozenList | None:
    """The newest frozen version, whatever has been begun since: for runs that nobody is there to watch."""
    row = session.execute(_NEWEST_FROZEN, {"name": name}).first()
    return (
        None if row is None else FrozenList(row.id, row.recipient_count, row.version, bytes(row.fingerprint))
    )


def zones_of(session: Session, list_id: UUID) -> Sequence[str]:
    """The time zones in which a list has people."""
    return session.execute(_ZONES, {"list": list_id}).scalars().all()
