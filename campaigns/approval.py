"""The second pair of eyes: handing a run over, approving, rejecting, changing it before its start.

An approver is an active member of the staff with the role approver or administrator, and never the one
who made the campaign or changed it last, whichever way that person came in (the page or the command
line). What was approved is what starts: any change of window or list sends the run back.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.conditions import judge_run
from campaigns.errors import NotAnApproverError, OwnCampaignError
from campaigns.findings import require_none
from campaigns.frozen_list_repository import newest_frozen
from dispatcher.core.settings import DeliverySettings
from dispatcher.core.staff import StaffMember, StaffRole
from dispatcher.delivery import run_approval
from dispatcher.delivery.errors import RunStateError
from dispatcher.delivery.run_approval import RunContent
from dispatcher.delivery.run_change import LockedRun, lock_run
from dispatcher.delivery.runs import extend_run

MAY_APPROVE: Final = frozenset({StaffRole.APPROVER, StaffRole.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class RunEdit:
    """What to change before the start; None leaves it. A list's name takes its newest frozen version."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    list_name: str | None = None


def submit_run(
    session: Session, run_id: UUID, *, delivery: DeliverySettings, actor: str, now: datetime
) -> None:
    """Let a draft go: for approval where the campaign or the company demands it, else to its start.

    Raises `UnknownRunError`, `CampaignRefusedError` when it may not start any more, and `RunStateError`
    when it is no draft or its window has ended.
    """
    run = lock_run(session, run_id)
    require_none(judge_run(session, run_id, now))
    needs_approval = run.needs_approval or delivery.approval_required
    run_approval.submit(session, run_id, run, needs_approval=needs_approval, actor=actor, now=now)


def approve_run(
    session: Session, run_id: UUID, *, approver: StaffMember, now: datetime, generation: int | None = None
) -> None:
    """Agree to a run as it stands; it starts by itself.

    `generation` is what the approver was shown: a run that has changed since is refused. Raises
    `NotAnApproverError`, `OwnCampaignError`, `UnknownRunError`, and `RunStateError` when somebody was
    quicker, the run was stopped, or its window has passed.
    """
    run = _for_decision(session, run_id, approver)
    if generation is not None and generation != run.generation:
        raise RunStateError("the run has changed since you looked at it: look again", code="run_changed")
    require_none(judge_run(session, run_id, now))
    run_approval.approve(session, run_id, run, actor=approver.actor, now=now)


def reject_run(session: Session, run_id: UUID, *, approver: StaffMember, reason: str, now: datetime) -> None:
    """Refuse for good, with a reason that staff see; raises what `approve_run` raises."""
    if not reason.strip():
        raise RunStateError("say why the run is rejected", code="reason_needed")
    run = _for_decision(session, run_id, approver)
    run_approval.reject(session, run_id, run, reason=reason.strip(), actor=approver.actor, now=now)


def edit_run(session: Session, run_id: UUID, change: RunEdit, *, actor: str, now: datetime) -> None:
    """Change the window or the list of a run that has not started; an approval that was given is void.

    Raises `UnknownListError`, `UnknownRunError` and `RunStateError`.
    """
    run = lock_run(session, run_id)
    content = RunContent(
        starts_at=change.starts_at or run.starts_at,
        ends_at=change.ends_at or run.ends_at,
        list_id=run.list_id,
        recipient_count=run.recipient_count,
    )
    if change.list_name is not None:
        found = newest_frozen(session, change.list_name)
        content = RunContent(content.starts_at, content.ends_at, found.id, found.recipient_count)
    require_none(judge_run(session, run_id, now, content=content))
    run_approval.edit(session, run_id, run, content, actor=actor, now=now)


def extend_approved_run(
    session: Session, run_id: UUID, ends_at: datetime, *, approver: StaffMember, now: datetime
) -> None:
    """Move the end of a run whose window was approved; raises what `approve_run` and `extend_run` raise."""
    _for_decision(session, run_id, approver)
    extend_run(session, run_id, ends_at, actor=approver.actor, now=now, approver=approver.actor)


def _for_decision(session: Session, run_id: UUID, approver: StaffMember) -> LockedRun:
    if not approver.is_active or approver.role not in MAY_APPROVE:
        raise NotAnApproverError(
            "only an approver or an administrator may decide about a campaign", code="not_an_approver"
        )
    run = lock_run(session, run_id)
    if _name_of(approver.actor) in map(_name_of, (run.created_by, run.changed_by, run.submitted_by)):
        raise OwnCampaignError(
            "who made, changed or handed over a campaign cannot approve it: ask somebody else",
            code="own_campaign",
        )
    return run


def _name_of(actor: str | None) -> str | None:
    """`staff:anna` and `cli:anna` are one person."""
    return None if actor is None else actor.rpartition(":")[2].casefold()
