"""Writing what came of calls, in the transaction that records their outcomes.

What a person asked for by a key is only marked here as due: attempts and notices are locked already, and
whoever bans a number or withdraws a consent locks persons first (`dispatcher.delivery.calls.answers`).
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.voice.result import CallResult
from dispatcher.core.arrays import bytes_array, time_array, uuid_array

MOST_CHARACTERS: Final = 200  #: of words and names that come from outside

# What was asked for by a key stays due until it is done, even if a later call of the attempt says nothing.
_KEEP = text(
    """
    INSERT INTO attempt_call AS c (period, attempt_id, run_id, status, cause, reason, trunk, caller_id,
                                   call_id, ring_seconds, talk_seconds, heard_seconds, message_seconds,
                                   ended_by_them, answered_by, answered_because, reached,
                                   is_identity_confirmed, keys,
                                   collected, is_wrong_person, wants_no_calls, was_transferred, prompts,
                                   ended_at, answers_due_at)
    SELECT k.period, k.attempt_id, k.run_id, k.status, k.cause, k.reason, k.trunk, k.caller_id, k.call_id,
           k.ring_seconds, k.talk_seconds, k.heard_seconds, k.message_seconds, k.ended_by_them, k.answered_by,
           k.answered_because, k.reached, k.is_identity_confirmed, k.keys, k.collected, k.is_wrong_person,
           k.wants_no_calls, k.was_transferred, k.prompts, :now,
           CASE WHEN k.is_wrong_person OR k.wants_no_calls THEN CAST(:now AS timestamptz) END
    FROM jsonb_to_recordset(CAST(:calls AS jsonb))
         AS k(period date, attempt_id uuid, run_id uuid, status smallint, cause smallint, reason text,
              trunk text, caller_id text, call_id text, ring_seconds float8, talk_seconds float8,
              heard_seconds float8, message_seconds float8, ended_by_them boolean, answered_by text,
              answered_because text, reached text, is_identity_confirmed boolean, keys text, collected jsonb,
              is_wrong_person boolean, wants_no_calls boolean, was_transferred boolean, prompts text[])
    ORDER BY k.attempt_id
    ON CONFLICT (period, attempt_id) DO UPDATE
    SET status = excluded.status, cause = excluded.cause, reason = excluded.reason, trunk = excluded.trunk,
        caller_id = excluded.caller_id, call_id = excluded.call_id, ring_seconds = excluded.ring_seconds,
        talk_seconds = excluded.talk_seconds, heard_seconds = excluded.heard_seconds,
        message_seconds = excluded.message_seconds, ended_by_them = excluded.ended_by_them,
        answered_by = excluded.answered_by,
        answered_because = excluded.answered_because, reached = excluded.reached,
        is_identity_confirmed = excluded.is_identity_confirmed, keys = excluded.keys,
        collected = excluded.collected, is_wrong_person = excluded.is_wrong_person,
        wants_no_calls = excluded.wants_no_calls, was_transferred = excluded.was_transferred,
        prompts = excluded.prompts, ended_at = excluded.ended_at,
        answers_due_at = coalesce(excluded.answers_due_at, c.answers_due_at)
    """
)
_KEEP_RECORDINGS = text(
    """
    INSERT INTO call_recording (period, attempt_id, sealed, recorded_at)
    SELECT r.period, r.attempt_id, r.sealed, :now
    FROM unnest(CAST(:periods AS date[]), CAST(:attempts AS uuid[]), CAST(:sealed AS bytea[]))
         AS r(period, attempt_id, sealed)
    ON CONFLICT (period, attempt_id) DO UPDATE
    SET sealed = excluded.sealed, recorded_at = excluded.recorded_at
    """
)


class MadeCall(NamedTuple):
    """A call that was made, or tried, for an attempt. `recording` is encrypted."""

    period: date
    attempt_id: UUID
    run_id: UUID
    result: CallResult
    recording: bytes | None = None


def keep_calls(session: Session, calls: Sequence[MadeCall], now: datetime) -> None:
    """Keep what came of these calls; of several of one attempt the last counts."""
    if not calls:
        return
    last = list({call.attempt_id: call for call in calls}.values())
    session.execute(_KEEP, {"calls": json.dumps([_row(call) for call in last]), "now": now})
    recorded = [call for call in last if call.recording]
    if recorded:
        session.execute(
            _KEEP_RECORDINGS,
            {
                "now": now,
                "periods": time_array(call.period for call in recorded),
                "attempts": uuid_array(call.attempt_id for call in recorded),
                "sealed": bytes_array(call.recording for call in recorded),
            },
        )


def _row(call: MadeCall) -> dict[str, Any]:
    result, signalling = call.result, call.result.signalling
    return {
        "period": call.period.isoformat(),
        "attempt_id": str(call.attempt_id),
        "run_id": str(call.run_id),
        "status": signalling.status,
        "cause": signalling.cause,
        "reason": _short(signalling.reason),
        "trunk": signalling.trunk,
        "caller_id": signalling.caller_id,
        "call_id": _short(getattr(signalling, "call_id", "")),
        "ring_seconds": signalling.ring_seconds,
        "talk_seconds": signalling.talk_seconds,
        "heard_seconds": result.heard_seconds,
        "message_seconds": result.message_seconds,
        "ended_by_them": signalling.ended_by_them,
        "answered_by": result.answered_by.value,
        "answered_because": _short(result.answered_because),
        "reached": None if result.reached is None else result.reached.value,
        "is_identity_confirmed": result.is_identity_confirmed,
        "keys": result.keys[:MOST_CHARACTERS],
        "collected": dict(result.collected) or None,
        "is_wrong_person": result.is_wrong_person,
        "wants_no_calls": result.wants_no_calls,
        "was_transferred": result.was_transferred,
        "prompts": list(result.prompts),
    }


def _short(words: str) -> str:
    return words.replace("\0", "")[:MOST_CHARACTERS]
