"""The outbox: what other systems and processes must hear once a transaction has committed.

Writing here happens in the transaction that changes the data, so an event exists exactly when the change
does. The relay hands events on at least once; receivers are told the event's id to recognise a repeat.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

RELAY_BATCH: Final = 200

_ADD = text("INSERT INTO outbox (topic, payload) VALUES (:topic, CAST(:payload AS jsonb))")
# SKIP LOCKED: two relays share the work instead of waiting for each other.
_WAITING = text(
    """
    SELECT id, topic, payload FROM outbox
    WHERE relayed_at IS NULL ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED
    """
)
_RELAYED = text("UPDATE outbox SET relayed_at = clock_timestamp() WHERE id = ANY(:ids)")
_FORGET = text("DELETE FROM outbox WHERE relayed_at < clock_timestamp() - interval '7 days'")


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One event: its number, topic (`run.closed`) and ids."""

    id: int
    topic: str
    payload: Mapping[str, Any]


def publish(session: Session, topic: str, payload: Mapping[str, Any]) -> None:
    """Write an event into the current transaction; `payload` holds ids and counts only (promise P10)."""
    session.execute(_ADD, {"topic": topic, "payload": json.dumps(payload, default=str)})


def relay(session: Session, deliver: Callable[[OutboxEvent], None]) -> int:
    """Hand waiting events to `deliver` in order and mark them; returns how many.

    Raises what `deliver` raises: the transaction then rolls back and the events stay waiting.
    """
    events = [OutboxEvent(*row) for row in session.execute(_WAITING, {"batch": RELAY_BATCH})]
    for event in events:
        deliver(event)
    if events:
        session.execute(_RELAYED, {"ids": [event.id for event in events]})
    return len(events)


def forget_relayed(session: Session) -> None:
    """Drop events that were handed on more than a week ago."""
    session.execute(_FORGET)
