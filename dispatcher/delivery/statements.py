"""What a person said about an address, however it reached us: staff, command line or another system.

A statement about an address concerns everybody who has it: whoever reads a shared mailbox reads it for all.
A statement about a contact point concerns that person's use of the address alone, as the link in a letter
does (decision 19).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.errors import UnknownContactError
from consent.ledger import (
    CHANNELS,
    ConsentEntry,
    check_channel,
    check_purpose,
    check_stated,
    find_contacts,
    list_histories,
    lock_contacts,
    record_consent,
)
from consent.purposes import Purpose
from consent.standing import LedgerEntry, Standing, stand_all
from dispatcher.core.arrays import uuid_array
from dispatcher.core.audit import record_action
from dispatcher.delivery.withdrawal import Withdrawal, stop_contacts, withdraw_consent

_CONTACTS = text(
    """
    SELECT id, person_id, kind FROM contact_point WHERE id = ANY(CAST(:contacts AS uuid[])) ORDER BY id
    """
)


@dataclass(frozen=True, slots=True)
class ContactLedger:
    """What the ledger holds and says about one contact point; `standings`: every channel and purpose."""

    contact_point_id: UUID
    person_id: UUID
    kind: str
    entries: Sequence[LedgerEntry]
    standings: Sequence[Standing]


def contacts_at(session: Session, address: str) -> Sequence[UUID]:
    """The contact points with an e-mail address or a number (+7…); raises `UnknownContactError`."""
    kind = "email" if "@" in address else "phone"
    found = find_contacts(session, kind=kind, address=address.strip())
    if not found:
        raise UnknownContactError("nobody in the database has this address: import a list with it first")
    return found


def read_ledgers(
    session: Session, contacts: Sequence[UUID], *, at: datetime, known_at: datetime | None = None
) -> list[ContactLedger]:
    """The whole ledger of these contact points, and what holds at `at` as it was known at `known_at`."""
    histories = list_histories(session, contacts)
    rows = session.execute(_CONTACTS, {"contacts": uuid_array(contacts)})
    return [
        ContactLedger(
            row.id,
            row.person_id,
            row.kind,
            histories[row.id],
            stand_all(histories[row.id], CHANNELS[row.kind], Purpose, at=at, known_at=known_at),
        )
        for row in rows
    ]


def give_consent(session: Session, address: str, entry: ConsentEntry, *, now: datetime) -> int:
    """Record a consent for everybody who has this address; returns for how many.

    Raises `UnknownContactError`, and `BadConsentError` without the document that its source needs.
    """
    contacts = contacts_at(session, address)
    lock_contacts(session, contacts)
    for contact in contacts:
        give_for_contact(session, contact, entry, now=now)
    return len(contacts)


def give_for_contact(session: Session, contact: UUID, entry: ConsentEntry, *, now: datetime) -> None:
    """Record a consent for one contact point; raises as `give_consent` does."""
    check_stated(entry)
    check_channel(session, contact, entry.channel)
    record_consent(session, contact, entry, now)
    record_action(
        session,
        at=now,
        actor=entry.recorded_by,
        action=f"consent.{entry.action}",
        subject_type="contact_point",
        subject_id=contact,
        after={
            "channel": entry.channel,
            "purpose": entry.purpose,
            "basis": entry.basis,
            "source": entry.source,
            "reference": entry.source_reference,
            "valid_from": entry.valid_from,
            "valid_until": entry.valid_until,
        },
    )


def withdraw_at(
    session: Session,
    address: str,
    *,
    channel: str,
    purpose: str,
    source: str,
    recorded_by: str,
    now: datetime,
    source_reference: str | None = None,
    valid_from: datetime | None = None,
) -> list[Withdrawal]:
    """Withdraw for everybody who has this address; the answers say what was in flight.

    Raises `UnknownContactError` and `BadConsentError`.
    """
    check_purpose(purpose)
    contacts = contacts_at(session, address)
    lock_contacts(session, contacts)
    return [
        withdraw_consent(
            session,
            contact,
            channel=channel,
            purpose=purpose,
            source=source,
            recorded_by=recorded_by,
            now=now,
            source_reference=source_reference,
            valid_from=valid_from,
        )
        for contact in contacts
    ]


def stop_address(
    session: Session,
    address: str,
    *,
    source: str,
    recorded_by: str,
    now: datetime,
    source_reference: str | None = None,
) -> list[Withdrawal]:
    """Withdraw everything over every channel for everybody who has this address."""
    return stop_contacts(
        session,
        contacts_at(session, address),
        source=source,
        recorded_by=recorded_by,
        now=now,
        source_reference=source_reference,
    )


def in_flight_of(withdrawals: Sequence[Withdrawal]) -> int:
    """How many attempts could not be called back."""
    return sum(one.in_flight for one in withdrawals)
