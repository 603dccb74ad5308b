"""The calls of a run: what came of each, and the digits that people entered (meter readings)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# By the notices of the run in the order of the attempts' ids, which rise with time.
_CALLS = text(
    """
    SELECT k.attempt_id, a.notice_id, o.number AS account_number, r.full_name, a.state, a.reason, k.ended_at,
           k.status, k.cause, k.reason AS words, k.trunk, k.caller_id, k.ring_seconds, k.talk_seconds,
           k.heard_seconds, k.message_seconds, k.answered_by, k.answered_because, k.reached,
           k.is_identity_confirmed, k.keys,
           coalesce(k.collected, '{}'::jsonb) AS collected, k.is_wrong_person, k.wants_no_calls,
           k.was_transferred, k.prompts
    FROM attempt_call k
    JOIN attempt a ON a.period = k.period AND a.id = k.attempt_id
    JOIN notice n ON n.period = a.period AND n.id = a.notice_id
    JOIN recipient r ON r.id = n.recipient_id
    JOIN account o ON o.id = r.account_id
    WHERE k.run_id = :run AND (NOT :only_collected OR k.collected IS NOT NULL)
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


def list_calls(
    session: Session, run: UUID, *, limit: int, after: UUID | None = None, only_collected: bool = False
) -> list[MadeCallView]:
    """The calls of a run, the oldest attempt first; `only_collected`: those in which digits were entered."""
    values = {"run": run, "limit": limit, "after": after, "only_collected": only_collected}
    return [MadeCallView(*row) for row in session.execute(_CALLS, values)]
