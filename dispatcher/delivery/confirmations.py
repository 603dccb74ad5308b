"""Sending the letter or the code of a double opt-in: claim, commit, send, record (promise P3).

The code of a short message is made in the moment of sending and kept as a keyed hash only. What was in
flight when a worker vanished stays unknown and is never sent again: the person may ask once more.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.port import Channel, Envelope, Outcome
from consent.confirmations import CODE_DIGITS, CODE_MINUTES, ConfirmationTokens
from consent.ledger import lock_contacts
from consent.permission import ask_permission
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.ids import new_id
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.confirmation_texts import confirmation_text
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

_IS_DUE = text(
    """
    SELECT 1 FROM consent_confirmation
    WHERE state IN ('waiting', 'sending') AND channel = :channel AND due_at <= :now LIMIT 1
    """
)
_LOSE = text(
    """
    UPDATE consent_confirmation SET state = 'unknown', reason = 'worker_vanished'
    WHERE state = 'sending' AND channel = :channel AND lease_until < clock_timestamp()
    """
)
_DUE = text(
    """
    SELECT f.id, f.contact_point_id, f.requested_at, f.expires_at, f.sends, f.purposes,
           c.address, p.full_name, p.language,
           EXISTS (SELECT 1 FROM consent_event w
                   WHERE w.contact_point_id = f.contact_point_id AND w.channel = f.channel
                     AND w.action = 'withdrawn'
                     AND w.sequence > (SELECT max(e.sequence) FROM consent_event e
                                       WHERE e.contact_point_id = f.contact_point_id
                                         AND e.action = 'pending' AND e.source_reference = f.id::text))
               AS is_withdrawn_since
    FROM consent_confirmation f
    JOIN contact_point c ON c.id = f.contact_point_id JOIN person p ON p.id = c.person_id
    WHERE f.state = 'waiting' AND f.channel = :channel AND f.due_at <= :now
    ORDER BY f.due_at, f.id LIMIT :batch FOR NO KEY UPDATE OF f SKIP LOCKED
    """
)
_CLAIM = text(
    """
    UPDATE consent_confirmation
    SET state = 'sending', claim_token = :token, sends = sends + 1, code_hash = :code_hash,
        lease_until = clock_timestamp() + make_interval(secs => CAST(:lease AS float8))
    WHERE id = :id
    """
)
_END = text("UPDATE consent_confirmation SET state = 'failed', reason = :reason WHERE id = :id")
_RECORD = text(
    """
    UPDATE consent_confirmation
    SET state = :state, reason = :reason, due_at = :due_at, sent_at = coalesce(:sent_at, sent_at),
        lease_until = NULL
    WHERE id = :id AND state IN ('sending', 'unknown') AND claim_token = :token
    """
)


@dataclass(frozen=True, slots=True)
class ConfirmationWriter:
    """What a confirmation's message is made of."""

    company_name: str
    company_phone: str
    public_url: str
    tokens: ConfirmationTokens

    def envelope(self, row: Any, channel: str, code: str) -> Envelope:
        """The one letter or short message of a request."""
        link = f"{self.public_url.rstrip('/')}/c/{self.tokens.make(row.id)}"
        subject, body = confirmation_text(
            channel,
            row.language,
            company=self.company_name,
            phone=self.company_phone,
            link=link,
            code=code,
            minutes=CODE_MINUTES,
        )
        return Envelope(
            attempt=reference_of(row.id, row.requested_at),
            notice_key=f"{row.id.hex}.0",
            address=row.address,
            recipient_name=row.full_name,
            subject=subject,
            text=body,
        )


def is_any_due(session: Session, channel: str, now: datetime) -> bool:
    """Whether a worker of this channel has a confirmation to send."""
    return session.execute(_IS_DUE, {"channel": channel, "now": now}).first() is not None


def send_due(
    database: Database, clock: Clock, bridge: Bridge, channel: Channel, writer: ConfirmationWriter
) -> int:
    """Send what is due over this channel; returns how many were claimed."""
    token = new_id()
    return send_own(
        database,
        clock,
        bridge,
        channel,
        lambda session, now: _claim(session, channel.kind.value, token, writer, now),
        lambda session, outcomes, now: _record(session, outcomes, token, now),
    )


def _claim(
    session: Session, channel: str, token: UUID, writer: ConfirmationWriter, now: datetime
) -> list[Envelope]:
    session.execute(_LOSE, {"channel": channel})
    values = {"channel": channel, "now": now, "batch": BATCH}
    due = session.execute(_DUE, values).all()
    if not due:
        return []
    contacts = [row.contact_point_id for row in due]
    lock_contacts(session, contacts)
    # Asked again under the locks that a withdrawal takes too (promise P5).
    due = session.execute(_DUE, values).all()
    asked = ask_permission(session, contacts, channel=channel, purpose="*", now=now)
    envelopes = []
    for row in due:
        if row.contact_point_id not in asked:
            continue
        reason = _refusal(row, asked[row.contact_point_id].is_suppressed, now)
        if reason is not None:
            session.execute(_END, {"id": row.id, "reason": reason})
            continue
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}" if channel == "sms" else ""
        kept = writer.tokens.hash_code(row.id, code) if code else None
        session.execute(_CLAIM, {"id": row.id, "token": token, "code_hash": kept, "lease": LEASE_SECONDS})
        envelopes.append(writer.envelope(row, channel, code))
    return envelopes


def _refusal(row: Any, is_suppressed: bool, now: datetime) -> str | None:
    if is_suppressed:
        return "suppressed"
    if row.is_withdrawn_since:
        return "consent_withdrawn"
    if row.expires_at <= now:
        return "window_ended"
    return "not_sent_in_time" if row.sends >= MOST_SENDS else None


def _record(session: Session, outcomes: Sequence[Outcome], token: UUID, now: datetime) -> None:
    for outcome in outcomes:
        state = state_after(outcome.kind)
        session.execute(
            _RECORD,
            {
                "id": outcome.attempt.attempt_id,
                "token": token,
                "state": state.value,
                "reason": outcome.reason or None,
                "due_at": due_after(outcome, now),
                "sent_at": now if state is OwnState.SENT else None,
            },
        )
