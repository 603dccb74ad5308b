"""What providers report later: stored raw first, then applied through the transition table (promise P7).

Storing and applying are two transactions. A receipt that is stored is never lost: one that could not be
applied at once is picked up by the sweep.
"""

from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from channels.port import ChannelKind, Receipt, ReceiptKind
from channels.voice.script import Counts
from dispatcher.core.ids import new_id
from dispatcher.delivery.prices import keep_prices
from dispatcher.delivery.provider_messages import PATIENCE, KnownMessage, find_message, note_part
from dispatcher.delivery.refusal_answers import note_report
from dispatcher.delivery.returns.noting import COMPLAINT, note_complaint
from dispatcher.delivery.states import AttemptState, Trigger
from dispatcher.delivery.transitions import Change, apply_changes

SLICE: Final = 200
RAW_LIMIT_BYTES: Final = 256 * 1024

_TRIGGERS: Final = MappingProxyType(
    {
        ReceiptKind.DELIVERED: Trigger.DELIVER,
        ReceiptKind.FAILED: Trigger.BOUNCE,
        # Who still tries has it: what was in doubt has left. Otherwise this changes nothing.
        ReceiptKind.DELAYED: Trigger.FOUND,
    }
)

_ENSURE_PERIOD = text("SELECT ensure_period(:period)")
_HAS_PERIOD = text("SELECT to_regclass('receipt_p' || to_char(CAST(:period AS date), 'YYYYMM')) IS NOT NULL")
# What comes for a month whose answers were purged is applied, and its words are not kept: retention does
# not come back there.
_IS_PURGED = text(
    """
    SELECT EXISTS (SELECT 1 FROM purge WHERE kind = 'answers' AND finished_at IS NOT NULL
                   AND subject = CAST(CAST(:period AS date) AS text))
    """
)
_STORE = text(
    """
    INSERT INTO receipt (period, id, attempt_id, channel, kind, reason, raw, received_at, provider_message)
    VALUES (:period, :id, :attempt,
            coalesce((SELECT a.channel FROM attempt a WHERE a.period = CAST(:period AS date)
                      AND a.id = CAST(:attempt AS uuid)), :channel),
            :kind, :reason, :raw, :now, :message)
    """
)
# One that names a message nobody has recorded yet waits on, and holds nothing else up.
_WAITING = text(
    """
    SELECT period, id, attempt_id, channel, kind, reason, provider_message FROM receipt
    WHERE effect IS NULL
      AND (provider_message IS NULL OR attempt_id IS NOT NULL OR received_at < :given_up
           OR EXISTS (SELECT 1 FROM provider_message m WHERE m.name = receipt.provider_message))
    ORDER BY id LIMIT :slice FOR NO KEY UPDATE SKIP LOCKED
    """
)
# The row moves to the month of its attempt, where everybody looks for it.
_MATCH = text(
    """
    UPDATE receipt SET period = :of_attempt, attempt_id = :attempt, kind = :kind
    WHERE period = :period AND id = :id
    """
)
_LOCK = text("SELECT channel, state FROM attempt WHERE period = :period AND id = :id FOR NO KEY UPDATE")
# After the lock, in a statement of its own: whatever has failed the attempt was stored before that.
_OVERRULED = text(
    "SELECT 1 FROM receipt WHERE period = :period AND attempt_id = :id AND kind = :stronger LIMIT 1"
)
_MARK = text("UPDATE receipt SET effect = :effect WHERE period = :period AND id = :id")


def store_receipt(session: Session, channel: ChannelKind, receipt: Receipt, now: datetime) -> UUID:
    """Keep a report as it came, also for an id we do not know; without words if its month was purged."""
    period = receipt.attempt.period if receipt.attempt else date(now.year, now.month, 1)
    if period.day != 1 or not session.execute(_HAS_PERIOD, {"period": period}).scalar_one():
        # An id that names no month, or one we never sent in, cannot be ours; keep the report under this one.
        period = date(now.year, now.month, 1)
        session.execute(_ENSURE_PERIOD, {"period": period})
    is_purged = session.execute(_IS_PURGED, {"period": period}).scalar_one()
    receipt_id = new_id()
    session.execute(
        _STORE,
        {
            "period": period,
            "id": receipt_id,
            "attempt": receipt.attempt.attempt_id if receipt.attempt else None,
            "channel": channel.value,
            "kind": receipt.kind.value,
            "reason": receipt.reason,
            "raw": b"" if is_purged else receipt.raw[:RAW_LIMIT_BYTES],
            "now": now,
            "message": None if receipt.attempt else receipt.provider_message,
        },
    )
    if receipt.attempt and receipt.price:
        keep_prices(session, [(period, receipt.attempt.attempt_id, receipt.price)], now)
    return receipt_id


def apply_stored(session: Session, now: datetime) -> int:
    """Apply receipts that wait, oldest first; returns how many were looked at."""
    rows = session.execute(_WAITING, {"slice": SLICE, "given_up": now - PATIENCE}).all()
    waiting = [_Waiting.of(row, _meant(session, row.attempt_id, row.provider_message)) for row in rows]
    # In the order of attempts, as everybody locks them; receipts of one attempt stay in their own order.
    for one in sorted(waiting, key=lambda one: (str(one.attempt), one.id)):
        kind, period = one.kind, one.period
        if one.message is not None:
            kind, period = _match(session, one, one.message), one.message.period
        effect = _apply(session, one.channel, period, one.attempt, kind, one.reason, now)
        session.execute(_MARK, {"effect": effect, "period": period, "id": one.id})
    return len(waiting)


class _Waiting(NamedTuple):
    """A stored receipt, with what the provider's id in it means where it names no attempt."""

    period: date
    id: UUID
    attempt: UUID | None
    channel: str
    kind: ReceiptKind
    reason: str
    message: KnownMessage | None

    @classmethod
    def of(cls, row: Row[Any], message: KnownMessage | None) -> "_Waiting":
        attempt = message.attempt_id if message else row.attempt_id
        return cls(row.period, row.id, attempt, row.channel, ReceiptKind(row.kind), row.reason, message)


def _meant(session: Session, attempt: UUID | None, name: str | None) -> KnownMessage | None:
    return None if attempt is not None or name is None else find_message(session, name)


def _match(session: Session, waiting: _Waiting, message: KnownMessage) -> ReceiptKind:
    """Give the receipt to its attempt; returns what it says of the whole message."""
    session.execute(_LOCK, {"period": message.period, "id": message.attempt_id})
    kind = note_part(session, message, waiting.kind)
    matched = {"of_attempt": message.period, "attempt": message.attempt_id, "kind": kind.value}
    session.execute(_MATCH, {**matched, "period": waiting.period, "id": waiting.id})
    return kind


def overruled_by(channel: str, kind: ReceiptKind) -> ReceiptKind | None:
    """The kind of report that counts more than one of this kind; None: there is none.

    By e-mail the bad report counts: a server on the way had the message, the mailbox has not. A telephone
    confirms by itself, and nobody can take that back.
    """
    weaker, stronger = ReceiptKind.FAILED, ReceiptKind.DELIVERED
    if channel == ChannelKind.EMAIL:
        weaker, stronger = stronger, weaker
    return stronger if kind is weaker else None


def _apply(
    session: Session,
    channel: str,
    period: date,
    attempt: UUID | None,
    kind: ReceiptKind,
    reason: str,
    now: datetime,
) -> str:
    if attempt is None:
        return "unknown_attempt"
    locked = session.execute(_LOCK, {"period": period, "id": attempt}).first()
    if locked is None:
        return "applied" if note_report(session, attempt, kind) else "unknown_attempt"
    if reason == COMPLAINT:
        note_complaint(session, period, attempt, now)
        return "applied"
    if locked.channel == ChannelKind.VOICE:
        if locked.state == AttemptState.SENDING:
            # Whoever makes the call waits for its end and knows more of it; if they die, it is asked about.
            return "no_change"
        if kind is ReceiptKind.DELIVERED:
            reason = Counts.ANSWERED  # a provider says that somebody took the call, not what was heard
    if _is_overruled(session, channel, period, attempt, kind):
        return "no_change"
    trigger = _TRIGGERS.get(kind)
    if trigger is None:
        return "no_change"
    changed = apply_changes(session, [Change(period, attempt, trigger, reason or kind.value)], now)
    return "applied" if changed else "no_change"


def _is_overruled(session: Session, channel: str, period: date, attempt: UUID, kind: ReceiptKind) -> bool:
    """Whether another report of the attempt says the contrary and counts more, whichever came first."""
    stronger = overruled_by(channel, kind)
    if stronger is None:
        return False
    asked = {"period": period, "id": attempt, "stronger": stronger.value}
    return session.execute(_OVERRULED, asked).first() is not None
