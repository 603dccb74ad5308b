"""Frozen lists as campaigns use them: the newest complete version of a name, its zones.

A version that failed, or is still being read, stands in nobody's way: the newest complete one is taken, and
whoever takes it is told which one that is and which newer one was passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.errors import UnknownListError

_NEWEST_FROZEN = text(
    """
    SELECT id, recipient_count, version, fingerprint,
           (SELECT max(newer.version) FROM recipient_list newer
            WHERE newer.name = :name AND newer.version > l.version) AS passed_over
    FROM recipient_list l
    WHERE name = :name AND state = 'frozen' ORDER BY version DESC LIMIT 1
    """
)
_NEWEST_STATE = text("SELECT state FROM recipient_list WHERE name = :name ORDER BY version DESC LIMIT 1")
_VERSION = text("SELECT id, recipient_count, version, fingerprint FROM recipient_list WHERE id = :list")
_ZONES = text("SELECT DISTINCT time_zone, customer_group FROM recipient WHERE list_id = :list")


@dataclass(frozen=True, slots=True)
class FrozenList:
    """The version of a list that a run will work on."""

    id: UUID
    recipient_count: int
    version: int
    fingerprint: bytes
    passed_over: int | None = None  #: the newest version, where it is not complete


def newest_frozen(session: Session, name: str) -> FrozenList:
    """The newest complete version of a list; raises `UnknownListError` when there is none."""
    found = latest_usable(session, name)
    if found is not None:
        return found
    state = session.execute(_NEWEST_STATE, {"name": name}).scalar_one_or_none()
    if state is None:
        raise UnknownListError(f"there is no recipient list {name!r}: import it first")
    if state == "importing":
        raise UnknownListError(f"list {name!r} is still being imported: wait until it is complete")
    raise UnknownListError(f"no version of list {name!r} is complete: import it again")


def latest_usable(session: Session, name: str) -> FrozenList | None:
    """The newest complete version or None, whatever has been begun since."""
    row = session.execute(_NEWEST_FROZEN, {"name": name}).first()
    if row is None:
        return None
    return FrozenList(row.id, row.recipient_count, row.version, bytes(row.fingerprint), row.passed_over)


def frozen_version(session: Session, list_id: UUID) -> FrozenList:
    """One frozen version by its id, as a run names it."""
    row = session.execute(_VERSION, {"list": list_id}).one()
    return FrozenList(row.id, row.recipient_count, row.version, bytes(row.fingerprint))


def zones_of(session: Session, list_id: UUID) -> Sequence[tuple[str, int]]:
    """The time zones in which a list has people, with the customer groups that it has there."""
    rows = session.execute(_ZONES, {"list": list_id})
    return [(row.time_zone, row.customer_group) for row in rows]
