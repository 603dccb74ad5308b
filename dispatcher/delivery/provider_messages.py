"""Which attempt a provider's own id of a message means, for providers that know no name of ours (SMPP).

The ids are kept in the transaction that records the sending. A report may come before that: it waits,
stored, until its message is known, or until nobody can expect that any more. A long text has an id for
each part; it is delivered when all its parts are, and failed when one is. Where a part never got an id (its
row has an empty one) reports of the others are kept with the attempt, and settle nothing but a failure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.port import ReceiptKind
from dispatcher.core.arrays import number_array, text_array, time_array, uuid_array

#: How long a report may wait for the record of its message. A worker's hold ends after a minute.
PATIENCE: Final = timedelta(hours=1)
#: Nothing is reported so long after its sending; the ids are then of no use.
KEPT: Final = timedelta(days=30)

_KEEP = text(
    """
    INSERT INTO provider_message (period, attempt_id, part, name, kept_at)
    SELECT m.period, m.attempt_id, m.part, m.name, :now
    FROM unnest(CAST(:periods AS date[]), CAST(:attempts AS uuid[]), CAST(:parts AS int[]),
                CAST(:names AS text[])) AS m(period, attempt_id, part, name)
    ORDER BY attempt_id, part
    ON CONFLICT (period, attempt_id, part) DO NOTHING
    """
)
# Providers begin to count anew one day: the latest message of that id is meant.
_FIND = text(
    """
    SELECT period, attempt_id, part FROM provider_message
    WHERE name = :name ORDER BY kept_at DESC, attempt_id DESC LIMIT 1
    """
)
# Of the part's reports the telephone's own word counts most; one that is under way takes nothing back.
_NOTE = text(
    """
    UPDATE provider_message SET kind = :kind
    WHERE period = :period AND attempt_id = :attempt AND part = :part
      AND (kind IS NULL OR kind = 'delayed' OR :kind = 'delivered')
    """
)
_IS_WHOLE = text(
    """
    SELECT bool_and(kind IS NOT DISTINCT FROM 'delivered') AS is_whole, bool_or(name = '') AS is_broken
    FROM provider_message
    WHERE period = :period AND attempt_id = :attempt
    """
)
_FORGET = text(
    """
    DELETE FROM provider_message WHERE (period, attempt_id, part) IN (
        SELECT period, attempt_id, part FROM provider_message WHERE kept_at < :until
        ORDER BY kept_at LIMIT :slice)
    """
)


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """The part of an attempt that an id means."""

    period: date
    attempt_id: UUID
    part: int


def keep_messages(
    session: Session, messages: Sequence[tuple[date, UUID, tuple[str, ...]]], now: datetime
) -> None:
    """Keep the ids of each attempt's parts, in their order."""
    rows = [
        (period, attempt, part, name)
        for period, attempt, names in messages
        for part, name in enumerate(names, start=1)
    ]
    if not rows:
        return
    session.execute(
        _KEEP,
        {
            "now": now,
            "periods": time_array(row[0] for row in rows),
            "attempts": uuid_array(row[1] for row in rows),
            "parts": number_array(row[2] for row in rows),
            "names": text_array(row[3] for row in rows),
        },
    )


def find_message(session: Session, name: str) -> KnownMessage | None:
    """What the id means; None while nobody has recorded it."""
    row = session.execute(_FIND, {"name": name}).first() if name else None
    return None if row is None else KnownMessage(row.period, row.attempt_id, row.part)


def note_part(session: Session, message: KnownMessage, kind: ReceiptKind) -> ReceiptKind:
    """Note a part's report and return what it says of the whole. The attempt must be locked."""
    attempt = {"period": message.period, "attempt": message.attempt_id}
    session.execute(_NOTE, {**attempt, "part": message.part, "kind": kind.value})
    if kind not in {ReceiptKind.DELIVERED, ReceiptKind.DELAYED}:
        return kind
    found = session.execute(_IS_WHOLE, attempt).one()
    if found.is_broken:
        return ReceiptKind.UNKNOWN
    return kind if found.is_whole else ReceiptKind.DELAYED


def forget_messages(session: Session, until: datetime, slice_size: int) -> int:
    """Remove ids kept before `until`; returns how many."""
    found = session.execute(_FORGET, {"until": until, "slice": slice_size})
    return found.rowcount  # type: ignore[attr-defined,no-any-return]
