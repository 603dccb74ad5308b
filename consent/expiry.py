"""Permissions whose time is over, put on record; by themselves they permit nothing from their end on."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger import ConsentEntry, lock_contacts, record_consent
from consent.sources import Action, Source

SLICE: Final = 500
#: What ended longer ago was entered late, with its end: it needs no second entry that says so.
LOOK_BACK: Final = timedelta(days=90)

# The last word about this very purpose is a permission that has ended. Served by ix_consent_event_end.
_ENDED = text(
    """
    SELECT e.contact_point_id, e.channel, e.purpose, e.basis, e.id, e.valid_until
    FROM consent_event e
    WHERE e.valid_until IS NOT NULL AND e.valid_until <= :now AND e.valid_until > :since
      AND e.action IN ('given', 'confirmed')
      AND NOT EXISTS (SELECT 1 FROM consent_event later
                      WHERE later.contact_point_id = e.contact_point_id AND later.channel = e.channel
                        AND later.purpose = e.purpose AND later.sequence > e.sequence
                        AND later.action <> 'pending')
    ORDER BY e.valid_until, e.id LIMIT :slice
    """
)


def record_expired(session: Session, now: datetime) -> int:
    """Write an `expired` entry for each of the next permissions that have ended; returns how many."""
    values = {"now": now, "since": now - LOOK_BACK, "slice": SLICE}
    contacts = {row.contact_point_id for row in session.execute(_ENDED, values)}
    if not contacts:
        return 0
    lock_contacts(session, contacts)
    written = 0
    # Asked again under the locks: somebody may have renewed one in this very moment.
    for row in session.execute(_ENDED, values).all():
        if row.contact_point_id not in contacts:
            continue
        entry = ConsentEntry(
            row.channel,
            row.purpose,
            Action.EXPIRED,
            Source.SYSTEM,
            "system",
            basis=row.basis,
            source_reference=str(row.id),
            valid_from=row.valid_until,
        )
        record_consent(session, row.contact_point_id, entry, now)
        written += 1
    return written
