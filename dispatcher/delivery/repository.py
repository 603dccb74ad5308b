"""The SQL of notices and attempts. Every statement works on a set, sorted by id, so that two
transactions that meet on the same rows wait for each other instead of deadlocking."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.arrays import bytes_array, number_array, text_array, time_array, uuid_array
from dispatcher.core.db import fetch
from dispatcher.core.ids import new_ids
from dispatcher.delivery.content import SentContent
from dispatcher.delivery.states import AttemptState, NoticeState, Trigger
from dispatcher.delivery.step_plan import StepPlan

#: What `attempt_row` reads.
SELECT_ATTEMPTS: Final = """
    SELECT a.state, a.period, a.id, a.notice_id, a.run_id, a.person_id, a.contact_point_id, a.channel, a.step,
           a.number, a.reason, a.due_at, a.claim_token, a.provider_id, a.hold_reason, a.truth_until
    FROM attempt a
"""
_LOCK_ATTEMPTS = text(
    f"""{SELECT_ATTEMPTS}
    JOIN unnest(CAST(:periods AS date[]), CAST(:ids AS uuid[])) AS w(period, id)
      ON a.period = w.period AND a.id = w.id
    ORDER BY a.id FOR NO KEY UPDATE OF a
    """
)
_STATES: Final = MappingProxyType({state.value: state for state in AttemptState})
_STEP_PLANS = text("SELECT id, step_plan FROM run WHERE id = ANY(:runs)")
_LOCK_NOTICES = text(
    """
    SELECT n.period, n.id, n.run_id, n.state, n.strength, n.reason, n.first_step
    FROM notice n
    JOIN unnest(CAST(:periods AS date[]), CAST(:ids AS uuid[])) AS w(period, id)
      ON n.period = w.period AND n.id = w.id
    ORDER BY n.id FOR NO KEY UPDATE OF n
    """
)
# A new statement after the notices are locked: it sees attempts that others have just planned.
_SIBLINGS = text(
    """
    SELECT a.notice_id, a.id, a.step, a.number, a.state, a.reason
    FROM attempt a
    JOIN unnest(CAST(:periods AS date[]), CAST(:ids AS uuid[])) AS w(period, id)
      ON a.period = w.period AND a.notice_id = w.id
    """
)
_UPDATE_ATTEMPTS = text(
    """
    UPDATE attempt a
    SET state = u.state, reason = u.reason, due_at = coalesce(u.due_at, a.due_at),
        hold_reason = u.hold_reason, claim_token = u.claim_token, review_at = u.review_at,
        provider_id = u.provider_id,
        lease_until = CASE WHEN u.state = 'sending'
                           THEN clock_timestamp() + make_interval(secs => CAST(:lease AS float8)) END,
        sending_at = CASE WHEN u.state = 'sending' THEN CAST(:now AS timestamptz) ELSE a.sending_at END
    FROM unnest(CAST(:periods AS date[]), CAST(:ids AS uuid[]), CAST(:states AS text[]),
                CAST(:reasons AS text[]), CAST(:dues AS timestamptz[]), CAST(:holds AS text[]),
                CAST(:tokens AS uuid[]), CAST(:reviews AS timestamptz[]), CAST(:providers AS text[]))
         AS u(period, id, state, reason, due_at, hold_reason, claim_token, review_at, provider_id)
    WHERE a.period = u.period AND a.id = u.id
    """
)
_UPDATE_NOTICES = text(
    """
    UPDATE notice n
    SET state = u.state, strength = u.strength, reason = u.reason,
        closed_at = coalesce(n.closed_at, u.closed_at), amended_at = coalesce(u.amended_at, n.amended_at)
    FROM unnest(CAST(:periods AS date[]), CAST(:ids AS uuid[]), CAST(:states AS text[]),
                CAST(:strengths AS text[]), CAST(:reasons AS text[]),
                CAST(:closed AS timestamptz[]), CAST(:amended AS timestamptz[]))
         AS u(period, id, state, strength, reason, closed_at, amended_at)
    WHERE n.period = u.period AND n.id = u.id
    """
)
_ADD_ATTEMPTS = text(
    """
    INSERT INTO attempt (period, id, notice_id, run_id, person_id, contact_point_id, channel, step, number,
                         state, due_at, created_at)
    SELECT n.period, w.id, n.id, n.run_id, n.person_id,
           CASE WHEN w.channel = 'email' THEN r.email_contact_id ELSE r.phone_contact_id END,
           w.channel, w.step, w.number, 'planned', w.due_at, :now
    FROM unnest(CAST(:periods AS date[]), CAST(:ids AS uuid[]), CAST(:notices AS uuid[]),
                CAST(:channels AS text[]), CAST(:steps AS smallint[]), CAST(:numbers AS smallint[]),
                CAST(:dues AS timestamptz[]))
         AS w(period, id, notice_id, channel, step, number, due_at)
    JOIN notice n ON n.period = w.period AND n.id = w.notice_id
    JOIN recipient r ON r.id = n.recipient_id
    """
)
_ADD_EVENTS = text(
    """
    INSERT INTO attempt_event (period, id, attempt_id, at, trigger, from_state, to_state, reason,
                               content_hash)
    SELECT e.period, e.id, e.attempt_id, :now, e.trigger, e.from_state, e.to_state, e.reason, e.content_hash
    FROM unnest(CAST(:periods AS date[]), CAST(:ids AS uuid[]), CAST(:attempts AS uuid[]),
                CAST(:triggers AS text[]), CAST(:from_states AS text[]), CAST(:to_states AS text[]),
                CAST(:reasons AS text[]), CAST(:hashes AS bytea[]))
         AS e(period, id, attempt_id, trigger, from_state, to_state, reason, content_hash)
    """
)
# A second outcome of the same attempt (a late answer) replaces what was known less well.
_ADD_CONTENTS = text(
    """
    INSERT INTO attempt_content (period, attempt_id, salt, content, address, reply)
    SELECT * FROM unnest(CAST(:periods AS date[]), CAST(:attempts AS uuid[]), CAST(:salts AS bytea[]),
                         CAST(:contents AS bytea[]), CAST(:addresses AS text[]), CAST(:replies AS text[]))
    ON CONFLICT (period, attempt_id) DO UPDATE
    SET salt = excluded.salt, content = excluded.content, address = excluded.address, reply = excluded.reply
    """
)


class AttemptRow(NamedTuple):
    """An attempt as it stood when it was locked, in the order of `SELECT_ATTEMPTS`."""

    state: AttemptState
    period: date
    id: UUID
    notice_id: UUID
    run_id: UUID
    person_id: UUID
    contact_point_id: UUID | None
    channel: str
    step: int
    number: int
    reason: str | None
    due_at: datetime
    claim_token: UUID | None
    provider_id: str | None
    hold_reason: str | None = None  #: of a planned one that has to wait
    truth_until: datetime | None = None


@dataclass(slots=True)
class NoticeRow:
    """A locked notice; changed in memory, then written once."""

    period: date
    id: UUID
    run_id: UUID
    state: NoticeState
    strength: str | None
    reason: str | None
    first_step: int = 0  #: the step with which it began: the person's preferred channel


@dataclass(frozen=True, slots=True)
class Sibling:
    """One of the attempts of a notice."""

    id: UUID
    step: int
    number: int
    state: AttemptState
    reason: str | None = None


class AttemptUpdate(NamedTuple):
    """The new values of an attempt. `due_at` None: as it was."""

    period: date
    id: UUID
    state: AttemptState
    reason: str | None
    due_at: datetime | None
    hold_reason: str | None
    claim_token: UUID | None
    review_at: datetime | None
    provider_id: str | None


@dataclass(frozen=True, slots=True)
class NoticeUpdate:
    """The new values of a notice."""

    period: date
    id: UUID
    state: NoticeState
    strength: str | None
    reason: str | None
    closed_at: datetime | None
    amended_at: datetime | None

    @classmethod
    def of(cls, notice: NoticeRow, now: datetime, *, was_open: bool) -> "NoticeUpdate":
        """The values to write; a notice that was closed before counts as amended."""
        is_open = notice.state is NoticeState.OPEN
        return cls(
            notice.period,
            notice.id,
            notice.state,
            notice.strength,
            notice.reason,
            None if is_open else now,
            None if was_open else now,
        )


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """An attempt to plan; its address is the recipient's contact point for the channel."""

    period: date
    id: UUID
    notice_id: UUID
    channel: str
    step: int
    number: int
    due_at: datetime


class NewEvent(NamedTuple):
    """An entry of the append-only record."""

    period: date
    attempt_id: UUID
    trigger: Trigger
    from_state: AttemptState
    to_state: AttemptState
    reason: str | None
    content_hash: bytes | None


def lock_attempts(session: Session, keys: Sequence[tuple[date, UUID]]) -> list[AttemptRow]:
    """Lock these attempts in id order."""
    if not keys:
        return []
    return [attempt_row(row) for row in fetch(session, _LOCK_ATTEMPTS, _keys(keys))]


def step_plans(session: Session, runs: Collection[UUID]) -> dict[UUID, StepPlan]:
    """The pinned step plan of each run."""
    if not runs:
        return {}
    return {run: StepPlan.from_json(plan) for run, plan in fetch(session, _STEP_PLANS, {"runs": list(runs)})}


def lock_notices(session: Session, keys: Collection[tuple[date, UUID]]) -> dict[UUID, NoticeRow]:
    """Lock these notices in id order."""
    if not keys:
        return {}
    rows = fetch(session, _LOCK_NOTICES, _keys(list(keys)))
    return {row[1]: _notice_row(row) for row in rows}


def list_attempts_of(session: Session, notices: Mapping[UUID, NoticeRow]) -> dict[UUID, list[Sibling]]:
    """Every attempt of each of these notices."""
    siblings: dict[UUID, list[Sibling]] = {notice: [] for notice in notices}
    if notices:
        keys = [(notice.period, notice.id) for notice in notices.values()]
        for notice_id, attempt, step, number, state, reason in fetch(session, _SIBLINGS, _keys(keys)):
            siblings[notice_id].append(Sibling(attempt, step, number, AttemptState(state), reason))
    return siblings


def update_attempts(
    session: Session, updates: Sequence[AttemptUpdate], now: datetime, lease_seconds: float | None
) -> None:
    """Write the new values of locked attempts."""
    if not updates:
        return
    periods, ids, states, reasons, dues, holds, tokens, reviews, providers = zip(*updates, strict=True)
    fetch(
        session,
        _UPDATE_ATTEMPTS,
        {
            "now": now,
            "lease": lease_seconds,
            "periods": time_array(periods),
            "ids": uuid_array(ids),
            "states": text_array(states),
            "reasons": text_array(reasons),
            "dues": time_array(dues),
            "holds": text_array(holds),
            "tokens": uuid_array(tokens),
            "reviews": time_array(reviews),
            "providers": text_array(providers),
        },
    )


def update_notices(session: Session, updates: Sequence[NoticeUpdate]) -> None:
    """Write the new values of locked notices; of several for one notice the last counts."""
    if not updates:
        return
    last = list({item.id: item for item in updates}.values())
    session.execute(
        _UPDATE_NOTICES,
        {
            "periods": time_array(item.period for item in last),
            "ids": uuid_array(item.id for item in last),
            "states": text_array(item.state.value for item in last),
            "strengths": text_array(item.strength for item in last),
            "reasons": text_array(item.reason for item in last),
            "closed": time_array(item.closed_at for item in last),
            "amended": time_array(item.amended_at for item in last),
        },
    )


def add_attempts(session: Session, attempts: Sequence[NewAttempt], now: datetime) -> None:
    """Plan further attempts. The unique key refuses a second one for the same notice, step and number."""
    if not attempts:
        return
    session.execute(
        _ADD_ATTEMPTS,
        {
            "now": now,
            "periods": time_array(item.period for item in attempts),
            "ids": uuid_array(item.id for item in attempts),
            "notices": uuid_array(item.notice_id for item in attempts),
            "channels": text_array(item.channel for item in attempts),
            "steps": number_array(item.step for item in attempts),
            "numbers": number_array(item.number for item in attempts),
            "dues": time_array(item.due_at for item in attempts),
        },
    )


def add_events(session: Session, events: Sequence[NewEvent], now: datetime) -> None:
    """Append to the record."""
    if not events:
        return
    periods, attempts, triggers, from_states, to_states, reasons, hashes = zip(*events, strict=True)
    fetch(
        session,
        _ADD_EVENTS,
        {
            "now": now,
            "periods": time_array(periods),
            "ids": uuid_array(new_ids(len(events))),
            "attempts": uuid_array(attempts),
            "triggers": text_array(triggers),
            "from_states": text_array(from_states),
            "to_states": text_array(to_states),
            "reasons": text_array(reasons),
            "hashes": bytes_array(hashes),
        },
    )


def add_contents(session: Session, contents: Sequence[tuple[date, UUID, SentContent]]) -> None:
    """Keep what was sent."""
    if not contents:
        return
    fetch(
        session,
        _ADD_CONTENTS,
        {
            "periods": time_array(period for period, _, _ in contents),
            "attempts": uuid_array(attempt for _, attempt, _ in contents),
            "salts": bytes_array(content.salt for _, _, content in contents),
            "contents": bytes_array(content.compressed for _, _, content in contents),
            "addresses": text_array(content.address for _, _, content in contents),
            "replies": text_array(content.reply for _, _, content in contents),
        },
    )


def _keys(keys: Sequence[tuple[date, UUID]]) -> dict[str, Any]:
    return {"periods": time_array(period for period, _ in keys), "ids": uuid_array(id_ for _, id_ in keys)}


def attempt_row(row: tuple[Any, ...]) -> AttemptRow:
    """A locked row of `SELECT_ATTEMPTS`."""
    return AttemptRow(_STATES[row[0]], *row[1:])


def _notice_row(row: tuple[Any, ...]) -> NoticeRow:
    values = list(row)
    values[3] = NoticeState(values[3])
    return NoticeRow(*values)
