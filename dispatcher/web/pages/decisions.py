"""The second pair of eyes: handing a run over, looking at what would happen, agreeing, refusing."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from campaigns.approval import approve_run, reject_run, submit_run
from campaigns.dry_run import dry_run_of
from campaigns.dry_run_result import DryRun
from dispatcher.web.auth import Controller, Services, require_csrf
from dispatcher.web.pages.actions import decide
from dispatcher.web.pages.showing import LETTER_POLICY, fault, one_line, show
from dispatcher.web.pages.typed import FormFaultError
from dispatcher.web.services import load_run

router = APIRouter(prefix="/runs/{run}")

NOT_SHOWN: Final = -1  #: the generation of no run: who approves must have been shown something
MOST_REASON: Final = 300  #: characters


@router.get("/check")
def check(request: Request, services: Services, signed_in: Controller, run: UUID) -> Response:
    """What the run would do if it began as it stands; who approves must see it. The look is on record."""
    live = load_run(services, run)

    def try_out(session: Session) -> DryRun:
        now = services.clock.refresh(session)
        tools = services.dry_run_tools(session)
        return dry_run_of(session, run, tools=tools, actor=signed_in.member.actor, now=now)

    values = {"live": live, "result": services.completed(services.database.run(try_out))}
    return show(request, signed_in, "run_check.html", values, headers=LETTER_POLICY)


@router.post("/submit", dependencies=[Depends(require_csrf)])
def submit(services: Services, signed_in: Controller, run: UUID) -> Response:
    """Let a draft go: for approval, or to its start."""

    def change(session: Session) -> None:
        delivery, now = services.settings.delivery, services.clock.refresh(session)
        submit_run(session, run, delivery=delivery, actor=signed_in.member.actor, now=now)

    return decide(services, run, "submitted", change)


@router.post("/approve", dependencies=[Depends(require_csrf)])
def approve(
    services: Services,
    signed_in: Controller,
    run: UUID,
    generation: Annotated[int, Form(ge=NOT_SHOWN, le=2**31 - 1)] = NOT_SHOWN,
) -> Response:
    """Agree as the second person to what was shown (`generation`); raises `NotAnApproverError`."""

    def change(session: Session) -> None:
        now = services.clock.refresh(session)
        approve_run(session, run, approver=signed_in.member, now=now, generation=generation)

    return decide(services, run, "approved", change)


@router.get("/reject")
def show_reject(request: Request, services: Services, signed_in: Controller, run: UUID) -> Response:
    """The form that asks why."""
    return show(request, signed_in, "reject.html", {"live": load_run(services, run), "problem": ""})


@router.post("/reject", dependencies=[Depends(require_csrf)])
def reject(
    request: Request,
    services: Services,
    signed_in: Controller,
    run: UUID,
    reason: Annotated[str, Form(max_length=MOST_REASON)] = "",
) -> Response:
    """Refuse for good as the second person, with a reason that staff see; raises what `approve` raises."""
    said = one_line(reason)
    if not said:
        problem = fault(request, FormFaultError("say why", code="reason_needed"))
        values = {"live": load_run(services, run), "problem": problem}
        return show(request, signed_in, "reject.html", values, 422)

    def change(session: Session) -> None:
        now = services.clock.refresh(session)
        reject_run(session, run, approver=signed_in.member, reason=said, now=now)

    return decide(services, run, "rejected", change)
