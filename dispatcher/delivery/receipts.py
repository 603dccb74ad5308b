"""What providers report later: stored raw first, then applied through the transition table (promise P7).

Storing and applying are two transactions. A receipt that is stored is never lost: one that could not be
applied at once is picked up by the sweep.
"""

from datetime import date, datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.port import ChannelKind, Receipt, ReceiptKind
from dispatcher.core.ids import new_id
from dispatcher.delivery.prices import keep_prices
from dispatcher.delivery.returns.noting import COMPLAINT, note_complaint
from dispatcher.delivery.states import Trigger
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
    INSERT INTO receipt (period, id, attempt_id, channel, kind, reason, raw, received_at)
    VALUES (:period, :id, :attempt, :channel, :kind, :reason, :raw, :now)
    """
)
_WAITING = text(
    """
    SELECT period, id, attempt_id, channel, kind, reason FROM receipt
    WHERE effect IS NULL ORDER BY id LIMIT :slice FOR NO KEY UPDATE SKIP LOCKED
    """
)
_LOCK = text("SELECT 1 FROM attempt WHERE period = :period AND id = :id FOR NO KEY UPDATE")
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
        },
    )
    if receipt.attempt and receipt.price:
        keep_prices(session, [(period, receipt.attempt.attempt_id, receipt.price)], now)
    return receipt_id


def apply_stored(session: Session, now: datetime) -> int:
    """Apply receipts that wait, oldest first; returns how many were looked at."""
    waiting = session.execute(_WAITING, {"slice": SLICE}).all()
    # In the order of attempts, as everybody locks them; receipts of one attempt stay in their own order.
    for row in sorted(waiting, key=lambda row: (str(row.attempt_id), row.id)):
        effect = _apply(
            session, row.channel, row.period, row.attempt_id, ReceiptKind(row.kind), row.reason, now
        )
        session.execute(_MARK, {"effect": effect, "period": row.period, "id": row.id})
    return len(waiting)


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
    if attempt is None or session.execute(_LOCK, {"period": period, "id": attempt}).first() is None:
        return "unknown_attempt"
    if reason == COMPLAINT:
        note_complaint(session, period, attempt, now)
        return "applied"
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
