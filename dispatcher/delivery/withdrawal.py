"""Withdrawing consent, with the honest answer what was in flight at that moment (promise P5).

Three roads: one address for one purpose or all; everything of everybody who has an address; everything of a
person. Each locks the persons and contact points first, asks what is in flight then, and answers with it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.errors import UnknownPersonError
from consent.ledger import CHANNELS, ConsentEntry, lock_all_of, lock_contacts, record_consent
from consent.permission import EVERY_PURPOSE
from dispatcher.core.arrays import uuid_array
from dispatcher.core.audit import record_action

# Asked after the lock is ours: every claim of this address has committed before or will see the entry.
_IN_FLIGHT = text(
    """
    SELECT a.id FROM attempt a JOIN run r ON r.id = a.run_id
    WHERE a.contact_point_id = :contact AND a.channel = :channel AND a.state = 'sending'
      AND (:purpose = '*' OR r.purpose = :purpose)
    ORDER BY a.id
    """
)
_KINDS = text("SELECT id, kind FROM contact_point WHERE id = ANY(CAST(:contacts AS uuid[])) ORDER BY id")
_PERSON = text("SELECT 1 FROM person WHERE id = :person")


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The answer to a withdrawal: from its commit on nothing enters `sending`.

    `attempts` could not be called back; nothing but them may still arrive.
    """

    contact_point_id: UUID
    attempts: tuple[UUID, ...] = ()

    @property
    def in_flight(self) -> int:
        """How many attempts could not be called back."""
        return len(self.attempts)


def withdraw_consent(
    session: Session,
    contact: UUID,
    *,
    channel: str,
    purpose: str,
    source: str,
    recorded_by: str,
    now: datetime,
    source_reference: str | None = None,
    valid_from: datetime | None = None,
) -> Withdrawal:
    """Record the withdrawal under the claim's locks; raises `UnknownContactError` and `BadConsentError`.

    `valid_from` is when the person said so, or from when on it is meant; None: now.
    """
    entry = ConsentEntry(
        channel=channel,
        purpose=purpose,
        action="withdrawn",
        source=source,
        recorded_by=recorded_by,
        source_reference=source_reference,
        valid_from=valid_from,
    )
    record_consent(session, contact, entry, now)
    values = {"contact": contact, "channel": channel, "purpose": purpose}
    attempts = tuple(session.execute(_IN_FLIGHT, values).scalars())
    record_action(
        session,
        at=now,
        actor=recorded_by,
        action="consent.withdrawn",
        subject_type="contact_point",
        subject_id=contact,
        after={"channel": channel, "purpose": purpose, "source": source, "in_flight": len(attempts)},
    )
    return Withdrawal(contact, attempts)


def stop_contacts(
    session: Session,
    contacts: Collection[UUID],
    *,
    source: str,
    recorded_by: str,
    now: datetime,
    source_reference: str | None = None,
) -> list[Withdrawal]:
    """Withdraw everything, over every channel, for these contact points; one answer per channel of each.

    All are locked before the first entry, so the whole is one moment.
    """
    lock_contacts(session, contacts)
    kinds = session.execute(_KINDS, {"contacts": uuid_array(contacts)}).all()
    return [
        withdraw_consent(
            session,
            contact,
            channel=channel,
            purpose=EVERY_PURPOSE,
            source=source,
            recorded_by=recorded_by,
            now=now,
            source_reference=source_reference,
        )
        for contact, kind in kinds
        for channel in CHANNELS[kind]
    ]


def stop_person(
    session: Session,
    person: UUID,
    *,
    source: str,
    recorded_by: str,
    now: datetime,
    source_reference: str | None = None,
) -> list[Withdrawal]:
    """Withdraw everything for every address of a person; raises `UnknownPersonError`."""
    if session.execute(_PERSON, {"person": person}).first() is None:
        raise UnknownPersonError("there is no such person")
    contacts: Sequence[UUID] = lock_all_of(session, person)
    return stop_contacts(
        session,
        contacts,
        source=source,
        recorded_by=recorded_by,
        now=now,
        source_reference=source_reference,
    )
