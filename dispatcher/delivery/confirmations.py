"""Sending the letter or the code of a double opt-in: claim, commit, send, record (promise P3).

The code of a short message is made in the moment of sending and kept as a keyed hash only. What was in
flight when a worker vanished stays unknown and is never sent again: the person may ask once more.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.port import AttemptReference, Channel, Envelope, Outcome, OutcomeKind
from consent.confirmations import CODE_DIGITS, CODE_MINUTES, ConfirmationState, ConfirmationTokens
from consent.ledger import lock_contacts
from consent.permission import ask_permission
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.ids import new_id
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.confirmation_texts import confirmation_text

BATCH: Final = 20
LEASE_SECONDS: Final = 60.0
WAIT: Final = timedelta(seconds=30)  #: before the next try of what has not left
MOST_SENDS: Final = 4
_AGAIN: Final = frozenset({OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED, OutcomeKind.TRANSIENT})

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
            attempt=AttemptReference(_period(row.requested_at), row.id),
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
    envelopes = database.run(
        lambda session: _claim(session, channel.kind.value, token, writer, clock.refresh(session))
    )
    if not envelopes:
        return 0
    for group in bridge.groups(lambda: channel.send(envelopes), size=BATCH, wait_seconds=0.2):
        database.run(lambda session, group=group: _record(session, group, token, clock))  # type: ignore[misc]
    return len(envelopes)


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


def _record(session: Session, outcomes: Sequence[Outcome], token: UUID, clock: Clock) -> None:
    now = clock.refresh(session)
    for outcome in outcomes:
        state = _state_of(outcome.kind)
        session.execute(
            _RECORD,
            {
                "id": outcome.attempt.attempt_id,
                "token": token,
                "state": state.value,
                "reason": outcome.reason or None,
                "due_at": now + (timedelta(0) if outcome.reason == "stopped" else WAIT),
                "sent_at": now if state is ConfirmationState.SENT else None,
            },
        )


def _state_of(kind: OutcomeKind) -> ConfirmationState:
    if kind is OutcomeKind.ACCEPTED:
        return ConfirmationState.SENT
    if kind is OutcomeKind.UNKNOWN:
        return ConfirmationState.UNKNOWN
    return ConfirmationState.WAITING if kind in _AGAIN else ConfirmationState.FAILED


def _period(at: datetime) -> date:
    return at.date().replace(day=1)
