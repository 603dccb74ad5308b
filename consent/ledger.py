"""Writing the consent ledger: who agreed to what, when, by which source; and withdrawal.

Whoever writes here first locks the person and the contact point, in that order, as the claim does: after
the transaction commits, nothing can be claimed for that address on the strength of the older entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.errors import UnknownContactError
from dispatcher.core.ids import new_id

_LOCK_PERSON = text(
    """
    SELECT p.id FROM person p JOIN contact_point c ON c.person_id = p.id
    WHERE c.id = :contact FOR NO KEY UPDATE OF p
    """
)
_LOCK_CONTACT = text("SELECT id FROM contact_point WHERE id = :contact FOR NO KEY UPDATE")
_ADD = text(
    """
    INSERT INTO consent_event (id, contact_point_id, channel, purpose, action, basis, source,
                               source_reference, text_version, recorded_by, valid_from, valid_until,
                               recorded_at)
    VALUES (:id, :contact, :channel, :purpose, :action, :basis, :source, :source_reference, :text_version,
            :recorded_by, :now, :valid_until, :now)
    """
)
_HISTORY = text(
    """
    SELECT channel, purpose, action, basis, source, source_reference, recorded_by, recorded_at
    FROM consent_event WHERE contact_point_id = :contact ORDER BY sequence
    """
)
_FIND = text("SELECT id FROM contact_point WHERE kind = :kind AND address = :address ORDER BY id")


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One entry to write. `purpose` is a purpose or `*` for every one."""

    channel: str
    purpose: str
    action: str
    source: str
    recorded_by: str
    basis: str = "consent"
    source_reference: str | None = None
    text_version: str | None = None
    valid_until: datetime | None = None


def lock_contact(session: Session, contact: UUID) -> None:
    """Take the locks that a claim respects; raises `UnknownContactError` when there is none such."""
    if session.execute(_LOCK_PERSON, {"contact": contact}).first() is None:
        raise UnknownContactError("there is no such contact point: it may have been removed")
    session.execute(_LOCK_CONTACT, {"contact": contact})


def record_consent(session: Session, contact: UUID, entry: ConsentEntry, now: datetime) -> None:
    """Append an entry under the lock that the claim respects.

    Raises `UnknownContactError` when there is no such contact point.
    """
    lock_contact(session, contact)
    session.execute(
        _ADD,
        {
            "id": new_id(),
            "contact": contact,
            "channel": entry.channel,
            "purpose": entry.purpose,
            "action": entry.action,
            "basis": entry.basis,
            "source": entry.source,
            "source_reference": entry.source_reference,
            "text_version": entry.text_version,
            "recorded_by": entry.recorded_by,
            "valid_until": entry.valid_until,
            "now": now,
        },
    )


def list_history(session: Session, contact: UUID) -> Sequence[tuple[object, ...]]:
    """Every entry of a contact point, oldest first."""
    return [tuple(row) for row in session.execute(_HISTORY, {"contact": contact})]


def find_contacts(session: Session, *, kind: str, address: str) -> Sequence[UUID]:
    """The contact points with this address (several persons may share one)."""
    return list(session.execute(_FIND, {"kind": kind, "address": address}).scalars())
