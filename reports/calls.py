"""The calls of a run: what came of each, and the digits that people entered (meter readings)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

SLICE: Final = 1_000
# In the order of the attempts' ids, which rise with time, by an index of the run's calls. An outcome is
# sought among them in that order: a rare one costs a walk over the run's calls, once for each page.
_CALLS = text(
    """
    SELECT k.attempt_id, a.notice_id, o.number AS account_number, r.full_name, a.state, a.reason, k.ended_at,
           k.status, k.cause, k.reason AS words, k.trunk, k.caller_id, k.ring_seconds, k.talk_seconds,
           k.heard_seconds, k.message_seconds, k.answered_by, k.answered_because, k.reached,
           k.is_identity_confirmed, k.keys,
           coalesce(k.collected, '{}'::jsonb) AS collected, k.is_wrong_person, k.wants_no_calls,
           k.was_transferred, k.prompts, a.number AS attempt_number, c.address
    FROM attempt_call k
    JOIN attempt a ON a.period = k.period AND a.id = k.attempt_id
    JOIN notice n ON n.period = a.period AND n.id = a.notice_id
    JOIN recipient r ON r.id = n.recipient_id
    JOIN account o ON o.id = r.account_id
    LEFT JOIN contact_point c ON c.id = a.contact_point_id
    WHERE k.run_id = :run AND (NOT :only_collected OR k.collected IS NOT NULL)
      AND (CAST(:outcome AS text) IS NULL OR coalesce(a.reason, a.hold_reason) = :outcome)
      AND (CAST(:after AS uuid) IS NULL OR k.attempt_id > CAST(:after AS uuid))
    ORDER BY k.attempt_id LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class MadeCallView:
    """One call. `collected`: digits by the name of their question; `words` are the trunk's own."""

    attempt_id: UUID
    notice_id: UUID
    account_number: str
    full_name: str
    state: str
    reason: str | None
    ended_at: datetime
    status: int
    cause: int | None
    words: str
    trunk: str
    caller_id: str
    ring_seconds: float
    talk_seconds: float
    heard_seconds: float
    message_seconds: float
    answered_by: str
    answered_because: str
    reached: str | None
    is_identity_confirmed: bool
    keys: str
    collected: Mapping[str, Any]
    is_wrong_person: bool
    wants_no_calls: bool
    was_transferred: bool
    prompts: Sequence[str]
    attempt_number: int  #: within the step
    address: str | None  #: the called number; None: erased meanwhile


def list_calls(
    session: Session,
    run: UUID,
    *,
    limit: int,
    after: UUID | None = None,
    only_collected: bool = False,
    outcome: str | None = None,
) -> list[MadeCallView]:
    """The calls of a run, the oldest attempt first.

    `only_collected`: those in which digits were entered; `outcome`: whose attempt ended for it.
    """
    values = {
        "run": run,
        "limit": limit,
        "after": after,
        "only_collected": only_collected,
        "outcome": outcome,
    }
    return [MadeCallView(*row) for row in session.execute(_CALLS, values)]


def each_entered_call(session: Session, run: UUID) -> Iterator[MadeCallView]:
    """Every call of a run in which digits were entered, slice by slice."""
    after: UUID | None = None
    while found := list_calls(session, run, limit=SLICE, after=after, only_collected=True):
        yield from found
        after = found[-1].attempt_id
