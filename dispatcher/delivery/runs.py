"""Making runs and steering them: pause, resume, stop, extend (promises P8 and P11).

Handing a run over for approval and changing it before its start is in `run_approval`.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.ids import new_id
from dispatcher.delivery.errors import RunStateError
from dispatcher.delivery.run_change import (
    HonestAnswer,
    LockedRun,
    attempt_totals,
    change_state,
    lock_run,
    next_run_state,
    tell,
)
from dispatcher.delivery.run_states import OVER, RunAction, RunState
from dispatcher.delivery.step_plan import StepPlan

__all__ = [
    "FIRST_SENT",
    "OVER",
    "HonestAnswer",
    "NewRun",
    "RunKind",
    "RunState",
    "add_run",
    "attempt_totals",
    "extend_run",
    "pause_run",
    "resume_run",
    "stop_run",
]

#: Why a run pauses by itself once its first N have been sent.
FIRST_SENT: Final = "first_sent"


class RunKind(StrEnum):
    """What a run is for."""

    #: the campaign's own
    MAIN = "main"
    #: once more to those whom the parent did not reach
    RESEND = "resend"
    #: another text to everybody whom the parent told
    CORRECTION = "correction"
    #: the parent's text to our own staff
    SEED = "seed"


_ENSURE_PERIOD = text("SELECT ensure_period(:period)")
_ADD = text(
    """
    INSERT INTO run (id, campaign_id, number, period, list_id, state, priority, purpose, purpose_group,
                     starts_at, ends_at, hours, caps, policies, step_plan, max_per_second, recipient_count,
                     created_at, kind, parent_run_id, first_count, needs_approval, created_by,
                     common_fields)
    SELECT :id, :campaign, coalesce(max(number), 0) + 1, :period, :list, :state, :priority, :purpose,
           :purpose_group, :starts_at, :ends_at, CAST(:hours AS jsonb), CAST(:caps AS jsonb),
           CAST(:policies AS jsonb),
           CAST(:step_plan AS jsonb), :max_per_second, :recipient_count, :now,
           :kind, :parent, :first_count, :needs_approval, :created_by, CAST(:common_fields AS jsonb)
    FROM run WHERE campaign_id = :campaign
    """
)
_RELEASE = text("UPDATE run SET first_released_at = :now WHERE id = :run")
_SET_END = text("UPDATE run SET ends_at = :ends_at, generation = generation + 1 WHERE id = :run")


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
    state: RunState = RunState.SCHEDULED
    kind: RunKind = RunKind.MAIN
    parent_run_id: UUID | None = None
    first_count: int | None = None  #: send so many, then wait for staff
    needs_approval: bool = False
    created_by: str | None = None  #: who must not approve it
    policies: Mapping[str, Any] | None = None  #: by customer group; None: `hours` and `caps` are everybody's
    common_fields: Mapping[str, str] = field(default_factory=dict)  #: what all its recipients share


def add_run(session: Session, run: NewRun, now: datetime) -> UUID:
    """Keep a new run; the partitions of its month are made if need be."""
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
            "state": run.state.value,
            "priority": run.priority,
            "purpose": run.purpose,
            "purpose_group": run.purpose_group,
            "starts_at": run.starts_at,
            "ends_at": run.ends_at,
            "hours": json.dumps(run.hours),
            "caps": json.dumps(list(run.caps)),
            "policies": None if run.policies is None else json.dumps(run.policies),
            "step_plan": json.dumps(run.plan.to_json()),
            "max_per_second": run.max_per_second,
            "recipient_count": run.recipient_count,
            "kind": run.kind.value,
            "parent": run.parent_run_id,
            "first_count": run.first_count,
            "needs_approval": run.needs_approval,
            "created_by": run.created_by,
            "common_fields": json.dumps(dict(run.common_fields), ensure_ascii=False),
            "now": now,
        },
    )
    return run_id


def pause_run(session: Session, run: UUID, *, actor: str, reason: str, now: datetime) -> HonestAnswer:
    """Claim nothing more until it is resumed; raises `RunStateError` when it is over or paused already."""
    return _steer(session, run, lock_run(session, run), RunAction.PAUSE, "run.paused", actor, reason, now)


def resume_run(session: Session, run: UUID, *, actor: str, now: datetime) -> HonestAnswer:
    """Go on inside the window; the error limit is judged anew from here.

    A run that was paused before its start waits for its start again. A run that waits because its first N
    were sent is released: the rest of the list is planned.
    """
    locked = lock_run(session, run)
    action = RunAction.WAIT_AGAIN if locked.started_at is None else RunAction.RESUME
    answer = _steer(session, run, locked, action, "run.resumed", actor, None, now)
    if locked.state_reason == FIRST_SENT:
        session.execute(_RELEASE, {"run": run, "now": now})
    return answer


def stop_run(session: Session, run: UUID, *, actor: str, reason: str, now: datetime) -> HonestAnswer:
    """End the run for good: what has not left never will; what is out is waited for."""
    return _steer(session, run, lock_run(session, run), RunAction.STOP, "run.stopped", actor, reason, now)


def extend_run(
    session: Session, run: UUID, ends_at: datetime, *, actor: str, now: datetime, approver: str | None = None
) -> None:
    """Move the end of the window forward; raises `RunStateError`.

    An end that has passed stays: people have expired by it; send to them again instead. A run that had to
    be approved is extended only by a second person (`approver`), because its window was approved.
    """
    locked = lock_run(session, run)
    next_run_state(locked, RunAction.EXTEND)
    if locked.ends_at <= now:
        raise RunStateError(
            "the window has ended: send again to those who were not reached", code="extend_too_late"
        )
    if ends_at <= locked.ends_at:
        raise RunStateError(
            "the end can only be moved forward; to end earlier, stop the run", code="end_not_later"
        )
    if locked.needs_approval and approver is None:
        raise RunStateError(
            "this run was approved with its window: an approver must extend it", code="extend_needs_approver"
        )
    session.execute(_SET_END, {"run": run, "ends_at": ends_at})
    tell(
        session,
        run,
        "run.extended",
        actor=actor,
        before={"ends_at": locked.ends_at},
        after={"ends_at": ends_at},
        now=now,
    )


def _steer(
    session: Session,
    run_id: UUID,
    run: LockedRun,
    action: RunAction,
    event: str,
    actor: str,
    reason: str | None,
    now: datetime,
) -> HonestAnswer:
    answer = change_state(session, run_id, run, action, reason=reason, now=now)
    after = {"state": next_run_state(run, action), "reason": reason}
    counts = {"left": answer.left, "in_flight": answer.in_flight}
    tell(session, run_id, event, actor=actor, before={"state": run.state}, after={**after, **counts}, now=now)
    return answer
