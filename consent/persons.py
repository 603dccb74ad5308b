"""What staff say about a person: it stands against every list that comes later.

A person changed by hand is not changed by lists any more (`staff_changed_at`); a confirmed contact point
is the preferred one of its kind, and no list removes it (requirement 53: contact data are made current at
every contact).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.erased import recall_refusals
from consent.errors import BadPersonValueError, UnknownContactError, UnknownPersonError
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id

CHANGEABLE: Final = ("full_name", "customer_group", "is_vulnerable", "preferred_channel", "language")
GROUPS: Final = frozenset({1, 2, 3})
CHANNELS: Final = frozenset({"email", "sms", "voice", None})  #: None: no wish
LANGUAGES: Final = frozenset({"ru", "uk", "en"})
MAX_NAME_CHARS: Final = 300
#: The audit says of a name only that it was changed: it is personal data (promise P10).
_ON_RECORD: Final = ("customer_group", "is_vulnerable", "preferred_channel", "language")

_LOCK = text(
    """
    SELECT customer_group, is_vulnerable, preferred_channel, language
    FROM person WHERE id = :person FOR NO KEY UPDATE
    """
)
_CHANGE = text(
    """
    UPDATE person SET
        full_name = CASE WHEN 'full_name' = ANY(:fields) THEN :full_name ELSE full_name END,
        customer_group = CASE WHEN 'customer_group' = ANY(:fields)
                              THEN CAST(:customer_group AS smallint) ELSE customer_group END,
        is_vulnerable = CASE WHEN 'is_vulnerable' = ANY(:fields)
                             THEN CAST(:is_vulnerable AS boolean) ELSE is_vulnerable END,
        preferred_channel = CASE WHEN 'preferred_channel' = ANY(:fields)
                                 THEN :preferred_channel ELSE preferred_channel END,
        language = CASE WHEN 'language' = ANY(:fields) THEN :language ELSE language END,
        staff_changed_at = :now, updated_at = :now
    WHERE id = :person
    """
)
_CONFIRM = text("UPDATE contact_point SET confirmed_at = :now WHERE id = :contact RETURNING person_id")
_UNCONFIRM = text("UPDATE contact_point SET confirmed_at = NULL WHERE id = :contact")
_ADD_CONTACT = text(
    """
    INSERT INTO contact_point (id, person_id, kind, address, confirmed_at, created_at)
    VALUES (:id, :person, :kind, :address, :now, :now)
    ON CONFLICT (person_id, kind, address) DO UPDATE SET confirmed_at = excluded.confirmed_at
    RETURNING id
    """
)


def change_person(
    session: Session, person: UUID, changes: Mapping[str, Any], *, actor: str, now: datetime
) -> None:
    """Change fields of a person (`CHANGEABLE`) by hand; no preferred channel is None.

    Raises `UnknownPersonError`, and `BadPersonValueError` when a value is none of those there are.
    """
    _check(changes)
    before = session.execute(_LOCK, {"person": person}).mappings().first()
    if before is None:
        raise UnknownPersonError("there is no such person")
    fields = sorted(changes)
    values = dict.fromkeys(CHANGEABLE) | dict(changes)
    session.execute(_CHANGE, {**values, "fields": fields, "person": person, "now": now})
    record_action(
        session,
        at=now,
        actor=actor,
        action="person.changed",
        subject_type="person",
        subject_id=person,
        before={name: before[name] for name in fields if name in _ON_RECORD},
        after={"fields": fields, **{name: changes[name] for name in fields if name in _ON_RECORD}},
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


def replace_contact(
    session: Session, contact: UUID, *, person: UUID, kind: str, address: str, now: datetime
) -> UUID:
    """The person gave this address instead of `contact`, which is confirmed no longer; returns the new one.

    The new one is the preferred one of its kind from now on. Permission is the ledger's matter.
    """
    session.execute(_UNCONFIRM, {"contact": contact})
    values = {"id": new_id(), "person": person, "kind": kind, "address": address, "now": now}
    found: UUID = session.execute(_ADD_CONTACT, values).scalar_one()
    recall_refusals(session, {found: (kind, address)}, now)
    return found


def _check(changes: Mapping[str, Any]) -> None:
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise ValueError(f"not fields of a person that may be changed: {sorted(unknown)}")
    if not changes:
        raise BadPersonValueError("say what to change: name, group, vulnerable, channel or language")
    name = changes.get("full_name", "-")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= MAX_NAME_CHARS:
        raise BadPersonValueError(f"a name has 1 to {MAX_NAME_CHARS} characters")
    if changes.get("customer_group", 1) not in GROUPS:
        raise BadPersonValueError(
            "the customer group is 1 (household), 2 (provider of utilities) or 3 (company)"
        )
    if not isinstance(changes.get("is_vulnerable", False), bool):
        raise BadPersonValueError("vulnerable is yes or no")
    if changes.get("preferred_channel") not in CHANNELS:
        raise BadPersonValueError("the preferred channel is email, sms, voice, or none")
    if changes.get("language", "ru") not in LANGUAGES:
        raise BadPersonValueError("the language is ru, uk or en")
