"""The one locked function through which a run changes its state (promises P7, P8 and P11).

It holds the run alone, so every change falls between two claims: once it has committed, nothing more is
claimed on the strength of the older state. The answer counts what had already left in that same moment.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.core.outbox import publish
from dispatcher.delivery.errors import RunStateError, UnknownRunError
from dispatcher.delivery.progress import Count, read_progress
from dispatcher.delivery.run_lock import hold_alone
from dispatcher.delivery.run_states import RUN_TRANSITIONS, RunAction, RunState, states_allowing
from dispatcher.delivery.states import AttemptState

_READ = text(
    """
    SELECT state, state_reason, generation, starts_at, ends_at, started_at, list_id, recipient_count,
           planned_position, first_count, needs_approval, approved_by, created_by, changed_by,
           submitted_by
    FROM run WHERE id = :run
    """
)
_WRITE = text(
    """
    UPDATE run
    SET state = :state, state_reason = :reason, generation = generation + 1,
        error_base = CAST(:error_base AS jsonb),
        started_at = CASE WHEN :starts THEN :now ELSE started_at END,
        closed_at = CASE WHEN :ends THEN :now ELSE closed_at END
    WHERE id = :run
    """
)


@dataclass(frozen=True, slots=True)
class LockedRun:
    """A run that nobody else can change until this transaction ends."""

    state: RunState
    state_reason: str | None
    generation: int
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    list_id: UUID
    recipient_count: int
    planned_position: int
    first_count: int | None
    needs_approval: bool
    approved_by: str | None
    created_by: str | None
    changed_by: str | None
    submitted_by: str | None


@dataclass(frozen=True, slots=True)
class HonestAnswer:
    """What a pause or a stop could not call back, counted when it took effect."""

    left: int  #: taken by a provider or in doubt
    in_flight: int  #: being sent at that moment
    waiting: int  #: held back by this action


def lock_run(session: Session, run: UUID) -> LockedRun:
    """Hold the run alone and read it; raises `UnknownRunError`."""
    hold_alone(session, run)
    row = session.execute(_READ, {"run": run}).first()
    if row is None:
        raise UnknownRunError("there is no such run", code="unknown_run")
    return LockedRun(**{**row._asdict(), "state": RunState(row.state)})


def next_run_state(run: LockedRun, action: RunAction) -> RunState:
    """What the table says; raises `RunStateError` naming the states in which the action is possible."""
    state = RUN_TRANSITIONS.get((run.state, action))
    if state is None:
        allowed = ", ".join(sorted(states_allowing(action)))
        raise RunStateError(
            f"the run is {run.state}: this is possible only when it is {allowed}",
            code="run_state",
            state=run.state.value,
        )
    return state


def change_state(
    session: Session, run_id: UUID, run: LockedRun, action: RunAction, *, reason: str | None, now: datetime
) -> HonestAnswer:
    """Do `action` to a run that `lock_run` has locked; raises `RunStateError`.

    Records nothing: who calls it says why. Every change begins a new judgement by the error limit.
    """
    state = next_run_state(run, action)
    counts = read_progress(session, run_id)
    session.execute(
        _WRITE,
        {
            "run": run_id,
            "state": state.value,
            "reason": reason,
            "error_base": json.dumps(attempt_totals(counts)),
            "starts": action is RunAction.START,
            "ends": action is RunAction.CLOSE,
            "now": now,
        },
    )
    return _honest_answer(counts, run.recipient_count - run.planned_position)


def tell(
    session: Session,
    run_id: UUID,
    event: str,
    *,
    actor: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: datetime,
) -> None:
    """Put a change on record and announce it."""
    record_action(
        session,
        at=now,
        actor=actor,
        action=event,
        subject_type="run",
        subject_id=run_id,
        before=before,
        after=after,
    )
    publish(session, event, {"run_id": str(run_id)})


def _honest_answer(counts: Collection[Count], not_planned: int) -> HonestAnswer:
    totals = attempt_totals(counts)
    left = (AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.UNKNOWN)
    return HonestAnswer(
        left=sum(totals.get(state, 0) for state in left),
        in_flight=totals.get(AttemptState.SENDING, 0),
        waiting=totals.get(AttemptState.PLANNED, 0) + not_planned,
    )


def attempt_totals(counts: Collection[Count]) -> dict[str, int]:
    """Attempts by state, over channels and reasons."""
    totals: dict[str, int] = {}
    for count in counts:
        if count.kind == "attempt":
            totals[count.state] = totals.get(count.state, 0) + count.count
    return totals
