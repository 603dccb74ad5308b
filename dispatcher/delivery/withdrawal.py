"""Withdrawing consent, with the honest answer what was in flight at that moment (promise P5)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger import ConsentEntry, record_consent
from dispatcher.core.audit import record_action

# Asked after the lock is ours: every claim of this address has committed before or will see the entry.
_IN_FLIGHT = text(
    """
    SELECT count(*) FROM attempt
    WHERE contact_point_id = :contact AND channel = :channel AND state = 'sending'
    """
)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The answer to a withdrawal: from its commit on nothing enters `sending`."""

    contact_point_id: UUID
    in_flight: int  #: attempts that could not be called back


def withdraw_consent(
    session: Session,
    contact: UUID,
    *,
    channel: str,
    purpose: str,
    source: str,
    recorded_by: str,
    now: datetime,
) -> Withdrawal:
    """Record the withdrawal under the claim's locks; raises `UnknownContactError`."""
    entry = ConsentEntry(
        channel=channel, purpose=purpose, action="withdrawn", source=source, recorded_by=recorded_by
    )
    record_consent(session, contact, entry, now)
    in_flight = session.execute(_IN_FLIGHT, {"contact": contact, "channel": channel}).scalar_one()
    record_action(
        session,
        at=now,
        actor=recorded_by,
        action="consent.withdrawn",
        subject_type="contact_point",
        subject_id=contact,
        after={"channel": channel, "purpose": purpose, "source": source, "in_flight": in_flight},
    )
    return Withdrawal(contact, in_flight)
