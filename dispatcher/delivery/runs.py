"""Making runs and changing their state: start, pause, resume, stop, extend (promises P8 and P11).

Every change holds the run alone, so it falls between two claims: once it has committed, nothing more is
claimed on the strength of the older state. The answer counts what had already left, in that same moment.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id
from dispatcher.core.outbox import publish
from dispatcher.delivery.errors import RunStateError, UnknownRunError
from dispatcher.delivery.progress import Count, read_progress
from dispatcher.delivery.run_lock import hold_alone
from dispatcher.delivery.states import AttemptState
from dispatcher.delivery.step_plan import StepPlan


class RunState(StrEnum):
    """Where a run stands."""

    #: waits for its start
    SCHEDULED = "scheduled"
    #: sends inside its window
    RUNNING = "running"
    #: staff, or the error limit, holds it back
    PAUSED = "paused"
    #: staff ended it; what was out is being waited for
    STOPPING = "stopping"
    #: every recipient is in a terminal state
    CLOSED = "closed"


_ENSURE_PERIOD = text("SELECT ensure_period(:period)")
_ADD = text(
    """
    INSERT INTO run (id, campaign_id, number, period, list_id, state, priority, purpose, purpose_group,
                     starts_at, ends_at, hours, caps, step_plan, max_per_second, recipient_count, created_at)
    SELECT :id, :campaign, coalesce(max(number), 0) + 1, :period, :list, 'scheduled', :priority, :purpose,
           :purpose_group, :starts_at, :ends_at, CAST(:hours AS jsonb), CAST(:caps AS jsonb),
           CAST(:step_plan AS jsonb), :max_per_second, :recipient_count, :now
    FROM run WHERE campaign_id = :campaign
    """
)
_STATE = text("SELECT state, state_reason, ends_at FROM run WHERE id = :run")
_STARTED = text("SELECT started_at FROM run WHERE id = :run")
_SET_STATE = text(
    """
    UPDATE run SET state = :state, state_reason = :reason, generation = generation + 1,
                   error_base = CAST(:error_base AS jsonb)
    WHERE id = :run
    """
)
_SET_END = text("UPDATE run SET ends_at = :ends_at, generation = generation + 1 WHERE id = :run")
_WAITING = text("SELECT recipient_count - planned_position FROM run WHERE id = :run")


@dataclass(frozen=True, slots=True)
class NewRun:
    """What `campaigns` hands over: everything the engine needs, compiled."""

    campaign_id: UUID
    list_id: UUID
    recipient_count: int
    priority: str
    purpose: str
    purpose_group: str
    starts_at: datetime
    ends_at: datetime
    hours: Mapping[str, Any]
    caps: Collection[Mapping[str, Any]]
    plan: StepPlan
    max_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class HonestAnswer:
    """What a pause or a stop could not call back, counted when it took effect."""

    left: int  #: taken by a provider or in doubt
    in_flight: int  #: being sent at that moment
    waiting: int  #: held back by this action


def add_run(session: Session, run: NewRun, now: datetime) -> UUID:
    """Keep a new run, scheduled; the partitions of its month are made if need be."""
    period = date(now.year, now.month, 1)
    session.execute(_ENSURE_PERIOD, {"period": period})
    run_id = new_id()
    session.execute(
        _ADD,
        {
            "id": run_id,
            "campaign": run.campaign_id,
            "period": period,
            "list": run.list_id,
            "priority": run.priority,
            "purpose": run.purpose,
            "purpose_group": run.purpose_group,
            "starts_at": run.starts_at,
            "ends_at": run.ends_at,
            "hours": json.dumps(run.hours),
            "caps": json.dumps(list(run.caps)),
            "step_plan": json.dumps(run.plan.to_json()),
            "max_per_second": run.max_per_second,
            "recipient_count": run.recipient_count,
            "now": now,
        },
    )
    return run_id


def pause_run(session: Session, run: UUID, *, actor: str, reason: str, now: datetime) -> HonestAnswer:
    """Claim nothing more until it is resumed; raises `RunStateError` when it is over or paused already."""
    allowed = {RunState.SCHEDULED, RunState.RUNNING}
    return _change(session, run, RunState.PAUSED, allowed, "run.paused", actor, reason, now)


def resume_run(session: Session, run: UUID, *, actor: str, now: datetime) -> HonestAnswer:
    """Go on inside the window; the error limit is judged anew from here.

    A run that was paused before its start waits for its start again.
    """
    wanted = RunState.RUNNING if _has_started(session, run) else RunState.SCHEDULED
    return _change(session, run, wanted, {RunState.PAUSED}, "run.resumed", actor, None, now)


def stop_run(session: Session, run: UUID, *, actor: str, reason: str, now: datetime) -> HonestAnswer:
    """End the run for good: what has not left never will; what is out is waited for."""
    allowed = {RunState.SCHEDULED, RunState.RUNNING, RunState.PAUSED}
    return _change(session, run, RunState.STOPPING, allowed, "run.stopped", actor, reason, now)


def extend_run(session: Session, run: UUID, ends_at: datetime, *, actor: str, now: datetime) -> None:
    """Move the end of the window of a run that is not over; the new end must be in the future."""
    hold_alone(session, run)
    state, before = _current(session, run)
    if state in {RunState.STOPPING, RunState.CLOSED} or ends_at <= now:
        raise RunStateError("only a run that is not over can be extended, and only into the future")
    session.execute(_SET_END, {"run": run, "ends_at": ends_at})
    record_action(
        session,
        at=now,
        actor=actor,
        action="run.extended",
        subject_type="run",
        subject_id=run,
        before={"ends_at": before},
        after={"ends_at": ends_at},
    )


def _change(
    session: Session,
    run: UUID,
    wanted: RunState,
    allowed: Collection[RunState],
    action: str,
    actor: str,
    reason: str | None,
    now: datetime,
) -> HonestAnswer:
    hold_alone(session, run)
    state, _ = _current(session, run)
    if state not in allowed:
        raise RunStateError(
            f"the run is {state}: this is possible only when it is {', '.join(sorted(allowed))}"
        )
    counts = read_progress(session, run)
    base = json.dumps(attempt_totals(counts))
    session.execute(_SET_STATE, {"run": run, "state": wanted, "reason": reason, "error_base": base})
    answer = _honest_answer(counts, session.execute(_WAITING, {"run": run}).scalar_one())
    record_action(
        session,
        at=now,
        actor=actor,
        action=action,
        subject_type="run",
        subject_id=run,
        before={"state": state},
        after={"state": wanted, "reason": reason, "left": answer.left, "in_flight": answer.in_flight},
    )
    publish(session, action, {"run_id": str(run)})
    return answer


def _current(session: Session, run: UUID) -> tuple[RunState, datetime]:
    row = session.execute(_STATE, {"run": run}).first()
    if row is None:
        raise UnknownRunError("there is no such run")
    return RunState(row.state), row.ends_at


def _has_started(session: Session, run: UUID) -> bool:
    return session.execute(_STARTED, {"run": run}).scalar_one_or_none() is not None


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
