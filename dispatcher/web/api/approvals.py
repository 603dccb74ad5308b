"""The second pair of eyes: approving and rejecting runs (decision 0014).

A person decides, never a program: the key is bound to a member of the staff and makes nothing itself, so
nobody can approve with it what the same key has made or submitted.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from campaigns.approval import approve_run, extend_approved_run, reject_run
from campaigns.errors import NotAnApproverError
from dispatcher.core.api_keys import Scope
from dispatcher.core.staff import StaffMember
from dispatcher.web.api.calls import ApiCall, Changes, Made
from dispatcher.web.api.problems import answers
from dispatcher.web.api.run_actions import NewEndIn, NewEndOut, RunStateOut, state_out
from dispatcher.web.api.values import Body, example, json_bytes

router = APIRouter(prefix="/runs/{run_id}", tags=["approval"])

Approver = Annotated[ApiCall, Depends(Changes(Scope.CAMPAIGNS_APPROVE))]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]+$")
]


class ApprovalIn(Body):
    """What was looked at."""

    model_config = example({"generation": 2})
    generation: int = Field(
        ge=1, le=2**31 - 1, description="As GET /runs/{run_id} said: a run that has changed since is refused."
    )


class RejectionIn(Body):
    """Why not."""

    model_config = example({"reason": "Суммы не сверены с биллингом"})
    reason: Reason = Field(description="Staff see it.")


@router.post("/approve", response_model=RunStateOut, responses=answers(404, 409))
def approve(call: Approver, run_id: UUID, looked_at: ApprovalIn) -> object:
    """Agree to a run as it stands; it starts by itself. Never by who made, changed or submitted it."""

    def decide(session: Session, now: datetime) -> Made:
        approver = _approver(call)
        approve_run(session, run_id, approver=approver, now=now, generation=looked_at.generation)
        return Made(state_out(session, run_id))

    return call.change(decide, request=json_bytes(looked_at))


@router.post("/reject", response_model=RunStateOut, responses=answers(404, 409))
def reject(call: Approver, run_id: UUID, said: RejectionIn) -> object:
    """Refuse a run for good: it never begins, nobody is told."""

    def decide(session: Session, now: datetime) -> Made:
        reject_run(session, run_id, approver=_approver(call), reason=said.reason, now=now)
        return Made(state_out(session, run_id))

    return call.change(decide, request=json_bytes(said))


@router.post("/extend-approved", response_model=NewEndOut, responses=answers(404, 409))
def extend_approved(call: Approver, run_id: UUID, wanted: NewEndIn) -> object:
    """Move the end of a run whose window was approved."""

    def move(session: Session, now: datetime) -> Made:
        extend_approved_run(session, run_id, wanted.ends_at, approver=_approver(call), now=now)
        return Made(NewEndOut(run_id=run_id, ends_at=wanted.ends_at))

    return call.change(move, request=json_bytes(wanted))


def _approver(call: ApiCall) -> StaffMember:
    if call.client.approver is None:
        raise NotAnApproverError("this key is bound to nobody: make one with --approver LOGIN")
    return call.client.approver
