"""What people asked for by a key while they were called: "not me" and "no more calls".

Both hold for the number: who answers it may stop what comes to it, also where several people gave the same
one. They are done in the transaction that records the call (promise P5): nobody can claim the person between
the two. The scheduler does what stands open all the same: of reports that came another way. Persons are
locked before contact points, as a claim and a withdrawal lock them: from the commit on nothing enters
`sending`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger import find_contacts
from consent.sources import Source
from consent.suppression import NewSuppression, SuppressionReason, lock_addresses, suppress
from dispatcher.core.arrays import time_array, uuid_array
from dispatcher.delivery.wishes import RECIPIENT
from dispatcher.delivery.withdrawal import withdraw_consent

log = structlog.get_logger(__name__)

SLICE: Final = 100
VOICE: Final = "voice"
#: Over what a number is banned whose owner is somebody else.
_OF_NUMBERS: Final = ("sms", VOICE)
# Skipped where locked, so two who follow never wait for each other. Attempts are locked before persons by
# whoever records and by whoever claims; both pass over attempts that another holds.
_DUE = text(
    """
    SELECT k.period, k.attempt_id, k.is_wrong_person, k.wants_no_calls, r.purpose, c.address
    FROM attempt_call k
    JOIN attempt a ON a.period = k.period AND a.id = k.attempt_id
    JOIN run r ON r.id = a.run_id
    LEFT JOIN contact_point c ON c.id = a.contact_point_id
    WHERE k.answers_due_at <= :now
    ORDER BY k.attempt_id LIMIT :slice FOR NO KEY UPDATE OF k SKIP LOCKED
    """
)
_DONE = text(
    """
    UPDATE attempt_call k SET answers_due_at = NULL
    FROM unnest(CAST(:periods AS date[]), CAST(:attempts AS uuid[])) AS d(period, attempt_id)
    WHERE k.period = d.period AND k.attempt_id = d.attempt_id
    """
)


class _Answer(NamedTuple):
    period: date
    attempt_id: UUID
    is_wrong_person: bool
    wants_no_calls: bool
    purpose: str
    address: str | None  #: None: erased meanwhile


def follow_answers(session: Session, now: datetime) -> int:
    """Do what was asked for by keys; returns how many calls were looked at."""
    answers = [_Answer(*row) for row in session.execute(_DUE, {"now": now, "slice": SLICE})]
    if not answers:
        return 0
    lock_addresses(session, {one.address for one in answers if one.address})
    suppress(session, _bans(answers), actor=RECIPIENT, now=now)
    for one in answers:
        if one.wants_no_calls and one.address:
            _withdraw(session, one, one.address, now)
    keys = {
        "periods": time_array(one.period for one in answers),
        "attempts": uuid_array(one.attempt_id for one in answers),
    }
    session.execute(_DONE, keys)
    log.info("call.answers_followed", count=len(answers))
    return len(answers)


def _bans(answers: Sequence[_Answer]) -> list[NewSuppression]:
    return [
        NewSuppression(
            channel,
            one.address,
            SuppressionReason.WRONG_PERSON,
            Source.VOICE_KEY.value,
            source_period=one.period,
            source_attempt_id=one.attempt_id,
        )
        for one in answers
        if one.is_wrong_person and one.address
        for channel in _OF_NUMBERS
    ]


def _withdraw(session: Session, one: _Answer, address: str, now: datetime) -> None:
    for contact in find_contacts(session, kind="phone", address=address):
        withdraw_consent(
            session,
            contact,
            channel=VOICE,
            purpose=one.purpose,
            source=Source.VOICE_KEY,
            recorded_by=RECIPIENT,
            now=now,
            source_reference=str(one.attempt_id),
        )
