"""Correcting an address: the person gave another one, and nothing is sent to the wrong one from now on.

The wrong address may be a stranger's, so its permissions are withdrawn under the claim's locks, as if the
person had asked for it (promise P5). The right one is permitted only what a document of staff says: an
address that was not given voluntarily carries nothing (requirements 12 and 13).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.errors import BadPersonValueError
from consent.ledger import CHANNELS, ConsentEntry, lock_contact, record_consent
from consent.permission import EVERY_PURPOSE
from consent.persons import replace_contact
from dispatcher.core.audit import record_action
from dispatcher.delivery.withdrawal import withdraw_consent

_WRONG = text("SELECT person_id, kind, address FROM contact_point WHERE id = :contact")
# What the ledger permits now, in its own order, and what it excepts from a permission for every purpose.
_GIVEN = text(
    """
    WITH latest AS (
        SELECT DISTINCT ON (channel, purpose) channel, purpose, action, valid_until, sequence,
               action IN ('given', 'confirmed') AND (valid_until IS NULL OR valid_until > :now) AS is_given
        FROM consent_event
        WHERE contact_point_id = :contact AND action NOT IN ('pending', 'expired')
          AND (valid_from <= :now OR valid_from <= recorded_at)
        ORDER BY channel, purpose, sequence DESC
    )
    SELECT own.channel, own.purpose, own.is_given, own.valid_until
    FROM latest own LEFT JOIN latest every ON every.channel = own.channel AND every.purpose = '*'
    WHERE CASE WHEN own.is_given
               THEN every.is_given OR every.sequence < own.sequence OR every.sequence IS NULL
               ELSE every.is_given AND every.sequence < own.sequence END
    ORDER BY own.sequence
    """
)


@dataclass(frozen=True, slots=True)
class Correction:
    """What became of it. `consents`: how many permissions the new address took over."""

    contact_point_id: UUID
    consents: int
    in_flight: int  #: attempts to the wrong address that could not be called back


def correct_contact(
    session: Session, contact: UUID, address: str, *, reference: str | None, actor: str, now: datetime
) -> Correction:
    """Put `address` (already checked and normalised) in the place of a wrong one.

    With `reference`, the document by which the person agreed, the new address takes over the permissions
    of the old one; without, nothing is sent to it until consent is given. Raises `UnknownContactError`, and
    `BadPersonValueError` when it is the same address or of another kind.
    """
    lock_contact(session, contact)
    wrong = session.execute(_WRONG, {"contact": contact}).one()
    if (wrong.kind == "email") is not ("@" in address):
        raise BadPersonValueError("an e-mail address replaces an e-mail address, a number replaces a number")
    if wrong.address == address:
        raise BadPersonValueError("this is the address that is there: confirm it instead")
    given = session.execute(_GIVEN, {"contact": contact, "now": now}).all() if reference else []
    in_flight = sum(
        withdraw_consent(
            session,
            contact,
            channel=channel,
            purpose=EVERY_PURPOSE,
            source="correction",
            recorded_by=actor,
            now=now,
        ).in_flight
        for channel in CHANNELS[wrong.kind]
    )
    fresh = replace_contact(
        session, contact, person=wrong.person_id, kind=wrong.kind, address=address, now=now
    )
    for one in given:
        action = "given" if one.is_given else "withdrawn"
        entry = ConsentEntry(one.channel, one.purpose, action, "staff", actor, source_reference=reference)
        record_consent(session, fresh, replace(entry, valid_until=one.valid_until), now)
    consents = sum(1 for one in given if one.is_given)
    _record(session, contact, fresh, consents, actor, now)
    return Correction(fresh, consents, in_flight)


def _record(session: Session, old: UUID, new: UUID, consents: int, actor: str, now: datetime) -> None:
    record_action(
        session,
        at=now,
        actor=actor,
        action="contact.corrected",
        subject_type="contact_point",
        subject_id=new,
        before={"contact_point": old},
        after={"contact_point": new, "consents": consents},
    )
