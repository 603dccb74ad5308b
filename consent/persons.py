"""What staff say about a person: it stands against every list that comes later.

A person changed by hand is not changed by lists any more (`staff_changed_at`); a confirmed contact point
is the preferred one of its kind, and no list removes it (requirement 53: contact data are made current at
every contact).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.errors import UnknownContactError, UnknownPersonError
from dispatcher.core.audit import record_action

CHANGEABLE = ("full_name", "customer_group", "is_vulnerable", "preferred_channel", "language")

_LOCK = text("SELECT id FROM person WHERE id = :person FOR NO KEY UPDATE")
_CHANGE = text(
    """
    UPDATE person SET full_name = coalesce(:full_name, full_name),
        customer_group = coalesce(:customer_group, customer_group),
        is_vulnerable = coalesce(:is_vulnerable, is_vulnerable),
        preferred_channel = coalesce(:preferred_channel, preferred_channel),
        language = coalesce(:language, language), staff_changed_at = :now, updated_at = :now
    WHERE id = :person
    """
)
_CONFIRM = text("UPDATE contact_point SET confirmed_at = :now WHERE id = :contact RETURNING person_id")


def change_person(
    session: Session, person: UUID, changes: Mapping[str, Any], *, actor: str, now: datetime
) -> None:
    """Change fields of a person (`CHANGEABLE`) by hand; raises `UnknownPersonError`."""
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise ValueError(f"not fields of a person that may be changed: {sorted(unknown)}")
    if session.execute(_LOCK, {"person": person}).first() is None:
        raise UnknownPersonError("there is no such person")
    values = dict.fromkeys(CHANGEABLE) | dict(changes)
    session.execute(_CHANGE, {**values, "person": person, "now": now})
    record_action(
        session,
        at=now,
        actor=actor,
        action="person.changed",
        subject_type="person",
        subject_id=person,
        after={"fields": sorted(changes)},
    )


def confirm_contact(session: Session, contact: UUID, *, actor: str, now: datetime) -> None:
    """The person confirmed this address to staff; raises `UnknownContactError`."""
    if session.execute(_CONFIRM, {"contact": contact, "now": now}).first() is None:
        raise UnknownContactError("there is no such contact point: it may have been removed")
    record_action(
        session,
        at=now,
        actor=actor,
        action="contact.confirmed",
        subject_type="contact_point",
        subject_id=contact,
    )
