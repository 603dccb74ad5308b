"""Writing the consent ledger: who agreed to what, when, by which source; and withdrawal.

Whoever writes here first locks the persons and then the contact points, as the claim does: after the
transaction commits, nothing can be claimed for that address on the strength of the older entry. Of several
the persons come first, all in the order of their ids, so that two who meet wait and do not deadlock.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.errors import BadConsentError, UnknownContactError
from consent.purposes import Purpose
from consent.sources import REFERENCES, STATED, Action, Basis, Source
from consent.standing import EVERY_PURPOSE, YES, LedgerEntry
from dispatcher.core.arrays import uuid_array
from dispatcher.core.ids import new_id

CHANNELS: Final = {"email": ("email",), "phone": ("sms", "voice")}  #: by kind of contact point

_LOCK_PERSONS = text(
    """
    SELECT p.id FROM person p
    WHERE p.id IN (SELECT person_id FROM contact_point WHERE id = ANY(CAST(:contacts AS uuid[])))
    ORDER BY p.id FOR NO KEY UPDATE
    """
)
_LOCK_CONTACTS = text(
    """
    SELECT id FROM contact_point WHERE id = ANY(CAST(:contacts AS uuid[])) ORDER BY id FOR NO KEY UPDATE
    """
)
_LOCK_PERSON = text("SELECT id FROM person WHERE id = :person FOR NO KEY UPDATE")
_OF_PERSON = text("SELECT id FROM contact_point WHERE person_id = :person ORDER BY id")
_KIND = text("SELECT kind FROM contact_point WHERE id = :contact")
_ADD = text(
    """
    INSERT INTO consent_event (id, contact_point_id, channel, purpose, action, basis, source,
                               source_reference, text_version, recorded_by, valid_from, valid_until,
                               recorded_at)
    VALUES (:id, :contact, :channel, :purpose, :action, :basis, :source, :source_reference, :text_version,
            :recorded_by, :valid_from, :valid_until, :now)
    """
)
_HISTORY = text(
    """
    SELECT contact_point_id, sequence, channel, purpose, action, basis, source, source_reference,
           text_version, recorded_by, valid_from, valid_until, recorded_at
    FROM consent_event WHERE contact_point_id = ANY(CAST(:contacts AS uuid[]))
    ORDER BY contact_point_id, sequence
    """
)
_FIND = text("SELECT id FROM contact_point WHERE kind = :kind AND address = :address ORDER BY id")


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One entry to write. `purpose` is a purpose or `*` for every one; `valid_from` None is from now on."""

    channel: str
    purpose: str
    action: str
    source: str
    recorded_by: str
    basis: str = "consent"
    source_reference: str | None = None
    text_version: str | None = None
    valid_until: datetime | None = None
    valid_from: datetime | None = None


def lock_contact(session: Session, contact: UUID) -> None:
    """Take the locks that a claim respects; raises `UnknownContactError` when there is none such."""
    if contact not in lock_contacts(session, [contact]):
        raise UnknownContactError("there is no such contact point: it may have been removed")


def lock_contacts(session: Session, contacts: Collection[UUID]) -> frozenset[UUID]:
    """Take the locks that a claim respects; returns those of them that there are."""
    values = {"contacts": uuid_array(contacts)}
    session.execute(_LOCK_PERSONS, values)
    return frozenset(session.execute(_LOCK_CONTACTS, values).scalars())


def lock_all_of(session: Session, person: UUID) -> Sequence[UUID]:
    """Lock a person, then every contact point that the person has by then; returns these."""
    session.execute(_LOCK_PERSON, {"person": person})
    contacts = session.execute(_OF_PERSON, {"person": person}).scalars().all()
    lock_contacts(session, contacts)
    return contacts


def record_consent(session: Session, contact: UUID, entry: ConsentEntry, now: datetime) -> None:
    """Append an entry under the lock that the claim respects.

    Raises `UnknownContactError` when there is no such contact point, `BadConsentError` when the entry is
    none that there can be.
    """
    check_entry(entry, now)
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
            "valid_from": entry.valid_from or now,
            "valid_until": entry.valid_until,
            "now": now,
        },
    )


def check_entry(entry: ConsentEntry, now: datetime) -> None:
    """Raise `BadConsentError` for an entry that says nothing clear."""
    _check_word(entry.action, Action, "action")
    _check_word(entry.basis, Basis, "legal basis")
    _check_word(entry.source, Source, "source")
    if entry.valid_until is None:
        return
    if entry.action not in YES and entry.action != Action.PENDING:
        raise BadConsentError("only a permission has an end", code="consent_end_of_no")
    if entry.valid_until <= (entry.valid_from or now):
        raise BadConsentError("the permission would end before it begins", code="consent_end_before_begin")


def _check_word(word: str, allowed: type[StrEnum], name: str) -> None:
    if word not in set(allowed):
        raise BadConsentError(
            f"there is no such {name}; there are: {', '.join(allowed)}",
            code="consent_word",
            allowed=", ".join(allowed),
        )


def check_purpose(purpose: str) -> None:
    """Raise `BadConsentError` for a purpose that there is not: nothing would ever ask about it."""
    if purpose != EVERY_PURPOSE:
        _check_word(purpose, Purpose, "purpose")


def check_stated(entry: ConsentEntry) -> None:
    """What staff and other systems must add to a "yes": a source of theirs and its document.

    Raises `BadConsentError`. A withdrawal is taken without one: nobody is written to against their will for
    want of a number.
    """
    check_purpose(entry.purpose)
    if entry.source not in STATED:
        raise BadConsentError(
            f"a statement comes by one of: {', '.join(STATED)}", code="consent_source_not_stated"
        )
    if entry.action in YES and not (entry.source_reference or "").strip():
        wanted = REFERENCES[Source(entry.source)]
        raise BadConsentError(f"name {wanted}", code="consent_reference", source=entry.source)


def check_channel(session: Session, contact: UUID, channel: str) -> None:
    """Raise `BadConsentError` unless this kind of contact point can be reached over the channel."""
    kind = session.execute(_KIND, {"contact": contact}).scalar_one_or_none()
    if kind is not None and channel not in CHANNELS[kind]:
        raise BadConsentError(
            "an e-mail address is reached by email, a telephone number by sms and voice",
            code="consent_channel",
        )


def list_history(session: Session, contact: UUID) -> Sequence[LedgerEntry]:
    """Every entry of a contact point, in the order of writing."""
    return list_histories(session, [contact])[contact]


def list_histories(session: Session, contacts: Collection[UUID]) -> dict[UUID, list[LedgerEntry]]:
    """The same of several contact points."""
    found: dict[UUID, list[LedgerEntry]] = {contact: [] for contact in contacts}
    for contact, *values in session.execute(_HISTORY, {"contacts": uuid_array(contacts)}):
        found[contact].append(LedgerEntry(*values))
    return found


def find_contacts(session: Session, *, kind: str, address: str) -> Sequence[UUID]:
    """The contact points with this address (several persons may share one)."""
    return list(session.execute(_FIND, {"kind": kind, "address": address}).scalars())
