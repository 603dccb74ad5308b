"""The one answer to a refusal by short message: «СМС этого вида больше не пришлём» (decision 37).

No consent permits it, since it was withdrawn a moment ago; what permits it is that very withdrawal. It is
ordered in the transaction that records the refusal, only when that changed something, and once per refusal.
The claim takes the locks that withdrawals take and asks the opposite of what every other claim asks: the
withdrawal must still stand, or the words would be false. Suppressed addresses get none, nor does whoever
wrote too long ago.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.port import Channel, ChannelKind, Envelope, Outcome, ReceiptKind
from consent.ledger import lock_contacts
from consent.permission import ask_permission
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.ids import new_id
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.own_messages import (
    BATCH,
    LEASE_SECONDS,
    MOST_SENDS,
    OwnState,
    due_after,
    reference_of,
    send_own,
    state_after,
)
from dispatcher.delivery.refusal_answer_texts import refusal_answer_text

SMS: Final = ChannelKind.SMS.value
#: An answer that comes later than this is no answer any more, but one more message.
FRESH: Final = timedelta(hours=1)
#: What the operator still tries then comes at night for nothing; SMSC cannot be told less than an hour.
HELD: Final = timedelta(minutes=65)

_ORDER = text(
    """
    INSERT INTO refusal_answer (id, letter_id, contact_point_id, purpose, is_for_all, requested_at,
                                expires_at, state, due_at, sends)
    VALUES (:id, :letter, :contact, :purpose, :is_for_all, :now, :expires_at, 'waiting', :now, 0)
    ON CONFLICT (letter_id) DO NOTHING
    """
)
_IS_DUE = text(
    "SELECT 1 FROM refusal_answer WHERE state IN ('waiting', 'sending') AND due_at <= :now LIMIT 1"
)
_LOSE = text(
    """
    UPDATE refusal_answer SET state = 'unknown', reason = 'worker_vanished', lease_until = NULL
    WHERE state = 'sending' AND lease_until < clock_timestamp()
    """
)
_DUE = text(
    """
    SELECT r.id, r.contact_point_id, r.purpose, r.is_for_all, r.requested_at, r.expires_at, r.sends,
           c.address, p.full_name, p.language
    FROM refusal_answer r
    JOIN contact_point c ON c.id = r.contact_point_id JOIN person p ON p.id = c.person_id
    WHERE r.state = 'waiting' AND r.due_at <= :now
    ORDER BY r.due_at, r.id LIMIT :batch FOR NO KEY UPDATE OF r SKIP LOCKED
    """
)
_CLAIM = text(
    """
    UPDATE refusal_answer
    SET state = 'sending', claim_token = :token, sends = sends + 1, text = :text,
        lease_until = clock_timestamp() + make_interval(secs => CAST(:lease AS float8))
    WHERE id = :id
    """
)
_END = text("UPDATE refusal_answer SET state = 'failed', reason = :reason WHERE id = :id")
_RECORD = text(
    """
    UPDATE refusal_answer
    SET state = :state, reason = :reason, due_at = :due_at, sent_at = coalesce(:sent_at, sent_at),
        provider_id = coalesce(:provider_id, provider_id), parts = coalesce(:parts, parts),
        amount = coalesce(CAST(:amount AS numeric), amount), lease_until = NULL
    WHERE id = :id AND state IN ('sending', 'unknown') AND claim_token = :token
    """
)
# It may come before the answer to the request, so it has a column of its own. Reported is sent.
_REPORT = text(
    """
    UPDATE refusal_answer
    SET report = CASE WHEN report = 'delivered' THEN report ELSE :kind END,
        state = CASE WHEN state = 'unknown' THEN 'sent' ELSE state END
    WHERE id = :id AND sends > 0 RETURNING id
    """
)


@dataclass(frozen=True, slots=True)
class RefusalAnswerWriter:
    """What an answer is made of. `is_on`: the company wants refusals to be answered."""

    company_name: str
    company_phone: str
    is_on: bool

    def envelope(self, row: Any, now: datetime) -> Envelope:
        """The one short message."""
        words = refusal_answer_text(
            row.language, company=self.company_name, phone=self.company_phone, is_for_all=row.is_for_all
        )
        return Envelope(
            attempt=reference_of(row.id, row.requested_at),
            notice_key=f"{row.id.hex}.0",
            address=row.address,
            recipient_name=row.full_name,
            subject="",
            text=words,
            deliver_until=now + HELD,
        )


def order_answer(
    session: Session, letter: UUID, contact: UUID, *, purpose: str, is_for_all: bool, now: datetime
) -> None:
    """Have a refusal answered, in the transaction that records it. The contact point must be locked."""
    session.execute(
        _ORDER,
        {
            "id": new_id(),
            "letter": letter,
            "contact": contact,
            "purpose": purpose,
            "is_for_all": is_for_all,
            "now": now,
            "expires_at": now + FRESH,
        },
    )


def is_any_due(session: Session, now: datetime) -> bool:
    """Whether a worker has a refusal to answer."""
    return session.execute(_IS_DUE, {"now": now}).first() is not None


def answer_due(
    database: Database, clock: Clock, bridge: Bridge, channel: Channel, writer: RefusalAnswerWriter
) -> int:
    """Answer what is due; returns how many were claimed."""
    token = new_id()
    return send_own(
        database,
        clock,
        bridge,
        channel,
        lambda session, now: _claim(session, token, writer, now),
        lambda session, outcomes, now: _record(session, outcomes, token, now),
    )


def note_report(session: Session, message: UUID, kind: ReceiptKind) -> bool:
    """Note what the provider reports of an answer; False when it is of none."""
    return session.execute(_REPORT, {"id": message, "kind": kind.value}).first() is not None


def _claim(session: Session, token: UUID, writer: RefusalAnswerWriter, now: datetime) -> list[Envelope]:
    session.execute(_LOSE)
    values = {"now": now, "batch": BATCH}
    contacts = [row.contact_point_id for row in session.execute(_DUE, values)]
    if not contacts:
        return []
    lock_contacts(session, contacts)
    # Asked again under the locks that a new consent takes too.
    due = session.execute(_DUE, values).all()
    envelopes = []
    for row in due:
        if row.contact_point_id not in contacts:
            continue
        reason = _why_not(session, row, writer, now)
        if reason is not None:
            session.execute(_END, {"id": row.id, "reason": reason})
            continue
        envelope = writer.envelope(row, now)
        claimed = {"id": row.id, "token": token, "text": envelope.text, "lease": LEASE_SECONDS}
        session.execute(_CLAIM, claimed)
        envelopes.append(envelope)
    return envelopes


def _why_not(session: Session, row: Any, writer: RefusalAnswerWriter, now: datetime) -> str | None:
    if not writer.is_on:
        return "switched_off"
    if row.expires_at <= now:
        return "window_ended"
    if row.sends >= MOST_SENDS:
        return "not_sent_in_time"
    asked = ask_permission(session, [row.contact_point_id], channel=SMS, purpose=row.purpose, now=now)
    permission = asked.get(row.contact_point_id)
    if permission is None or not row.address.startswith("+"):  # erased
        return "no_address"
    if permission.is_suppressed:
        return "suppressed"
    return None if permission.is_withdrawn else "consent_given_again"


def _record(session: Session, outcomes: Sequence[Outcome], token: UUID, now: datetime) -> None:
    for outcome in outcomes:
        state, price = state_after(outcome.kind), outcome.price
        session.execute(
            _RECORD,
            {
                "id": outcome.attempt.attempt_id,
                "token": token,
                "state": state.value,
                "reason": outcome.reason or None,
                "due_at": due_after(outcome, now),
                "sent_at": now if state is OwnState.SENT else None,
                "provider_id": outcome.provider_id,
                "parts": None if price is None else price.parts,
                "amount": None if price is None or price.amount is None else str(price.amount),
            },
        )
