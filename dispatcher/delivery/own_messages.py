"""Messages that belong to no run: what asks for a confirmation, what answers a refusal.

They go the same road as every other (promise P3): claimed in a transaction, committed, sent, recorded. What
was in flight when a worker vanished is unknown, and never sent again by itself.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from channels.port import AttemptReference, Channel, Envelope, Outcome, OutcomeKind
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.delivery.bridge import Bridge

BATCH: Final = 20
LEASE_SECONDS: Final = 60.0
WAIT: Final = timedelta(seconds=30)  #: before the next try of what has not left
MOST_SENDS: Final = 4
_AGAIN: Final = frozenset({OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED, OutcomeKind.TRANSIENT})

ClaimOwn = Callable[[Session, datetime], Sequence[Envelope]]
RecordOwn = Callable[[Session, Sequence[Outcome], datetime], None]


class OwnState(StrEnum):
    """Where such a message is."""

    #: due, or due again
    WAITING = "waiting"
    #: claimed
    SENDING = "sending"
    #: the provider took it
    SENT = "sent"
    #: nobody knows
    UNKNOWN = "unknown"
    #: refused, or too late
    FAILED = "failed"


def send_own(
    database: Database, clock: Clock, bridge: Bridge, channel: Channel, claim: ClaimOwn, record: RecordOwn
) -> int:
    """Claim, commit, send, record; returns how many were claimed."""
    envelopes = database.run(lambda session: claim(session, clock.refresh(session)))
    if not envelopes:
        return 0
    for group in bridge.groups(lambda: channel.send(envelopes), size=BATCH, wait_seconds=0.2):
        database.run(lambda session, group=group: record(session, group, clock.refresh(session)))  # type: ignore[misc]
    return len(envelopes)


def state_after(kind: OutcomeKind) -> OwnState:
    """What an outcome makes of the message."""
    if kind is OutcomeKind.ACCEPTED:
        return OwnState.SENT
    if kind is OutcomeKind.UNKNOWN:
        return OwnState.UNKNOWN
    return OwnState.WAITING if kind in _AGAIN else OwnState.FAILED


def due_after(outcome: Outcome, now: datetime) -> datetime:
    """When to try again what has not left."""
    return now + (timedelta(0) if outcome.reason == "stopped" else WAIT)


def reference_of(message: UUID, requested_at: datetime) -> AttemptReference:
    """The name under which it travels; it is no attempt of any run."""
    return AttemptReference(date(requested_at.year, requested_at.month, 1), message)
