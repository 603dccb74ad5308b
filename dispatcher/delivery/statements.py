"""What a person said about an address, however it reached us: staff, command line or another system."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consent.errors import UnknownContactError
from consent.ledger import ConsentEntry, find_contacts, record_consent
from dispatcher.core.audit import record_action
from dispatcher.delivery.withdrawal import withdraw_consent


def contacts_at(session: Session, address: str) -> Sequence[UUID]:
    """The contact points with an e-mail address or a number (+7…); raises `UnknownContactError`."""
    kind = "email" if "@" in address else "phone"
    found = find_contacts(session, kind=kind, address=address.strip())
    if not found:
        raise UnknownContactError("nobody in the database has this address: import a list with it first")
    return found


def give_consent(session: Session, address: str, entry: ConsentEntry, *, now: datetime) -> int:
    """Record a consent for everybody who has this address; returns for how many."""
    contacts = contacts_at(session, address)
    for contact in contacts:
        record_consent(session, contact, entry, now)
        record_action(
            session,
            at=now,
            actor=entry.recorded_by,
            action="consent.given",
            subject_type="contact_point",
            subject_id=contact,
            after={
                "channel": entry.channel,
                "purpose": entry.purpose,
                "reference": entry.source_reference,
            },
        )
    return len(contacts)


def withdraw_at(
    session: Session,
    address: str,
    *,
    channel: str,
    purpose: str,
    source: str,
    recorded_by: str,
    now: datetime,
) -> int:
    """Withdraw for everybody who has this address; returns how many attempts were in flight."""
    return sum(
        withdraw_consent(
            session,
            contact,
            channel=channel,
            purpose=purpose,
            source=source,
            recorded_by=recorded_by,
            now=now,
        ).in_flight
        for contact in contacts_at(session, address)
    )
