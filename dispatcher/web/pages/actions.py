"""Pausing, resuming and stopping a run, with the honest answer (promise P8), and moving its end."""

from collections.abc import Callable
from typing import Annotated, Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from campaigns.approval import extend_approved_run
from campaigns.errors import OwnCampaignError
from campaigns.findings import CampaignRefusedError
from dispatcher.core.errors import DispatcherError
from dispatcher.delivery.errors import RunStateError
from dispatcher.delivery.runs import HonestAnswer, extend_run, pause_run, resume_run, stop_run
from dispatcher.web.auth import Controller, Services, SignedIn, require_csrf
from dispatcher.web.flash import Flash
from dispatcher.web.pages.showing import fault, go_on, refusal, show
from dispatcher.web.pages.typed import FormFaultError, read_moment, wall_time
from dispatcher.web.services import WebServices, load_run

router = APIRouter(prefix="/runs/{run}")

#: Why a run is held or ended when a person asked for it.
REASON: Final = "staff"


class _Action(Protocol):
    def __call__(self, session: Session, actor: str) -> HonestAnswer: ...


@router.post("/pause", dependencies=[Depends(require_csrf)])
def pause(services: Services, signed_in: Controller, run: UUID) -> Response:
    """Claim nothing more until it is resumed."""

    def act(session: Session, actor: str) -> HonestAnswer:
        now = services.clock.refresh(session)
        return pause_run(session, run, actor=actor, reason=REASON, now=now)

    return _do(services, signed_in.member.actor, run, "paused", act)


@router.post("/resume", dependencies=[Depends(require_csrf)])
def resume(services: Services, signed_in: Controller, run: UUID) -> Response:
    """Go on inside the window; a run that waits after its first N goes on to all the others."""

    def act(session: Session, actor: str) -> HonestAnswer:
        return resume_run(session, run, actor=actor, now=services.clock.refresh(session))

    return _do(services, signed_in.member.actor, run, "resumed", act)


@router.get("/stop")
def confirm_stop(request: Request, services: Services, signed_in: Controller, run: UUID) -> Response:
    """Ask first: a stop cannot be undone. A page, so that it works without scripts."""
    return show(request, signed_in, "stop.html", {"live": load_run(services, run)})


@router.post("/stop", dependencies=[Depends(require_csrf)])
def stop(services: Services, signed_in: Controller, run: UUID) -> Response:
    """End it for good."""

    def act(session: Session, actor: str) -> HonestAnswer:
        return stop_run(session, run, actor=actor, reason=REASON, now=services.clock.refresh(session))

    return _do(services, signed_in.member.actor, run, "stopped", act)


@router.get("/extend")
def show_extend(request: Request, services: Services, signed_in: Controller, run: UUID) -> Response:
    """The form for a new end."""
    return _extend_form(request, services, signed_in, run)


@router.post("/extend", dependencies=[Depends(require_csrf)])
def extend(
    request: Request,
    services: Services,
    signed_in: Controller,
    run: UUID,
    ends_at: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """Move the end of the window forward; where the window was approved, only an approver may."""

    def move(session: Session) -> None:
        now = services.clock.refresh(session)
        end = read_moment(ends_at, ZoneInfo(services.settings.time_zone))
        if live.facts.needs_approval:
            extend_approved_run(session, run, end, approver=signed_in.member, now=now)
        else:
            extend_run(session, run, end, actor=signed_in.member.actor, now=now)

    live = load_run(services, run)
    try:
        services.database.run(move)
    except (RunStateError, OwnCampaignError, FormFaultError) as error:
        return _extend_form(request, services, signed_in, run, typed=ends_at, problem=error)
    return go_on(services, f"/runs/{run}", Flash("extended"))


def _extend_form(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    run: UUID,
    *,
    typed: str | None = None,
    problem: DispatcherError | None = None,
) -> Response:
    live = load_run(services, run)
    end = wall_time(live.facts.ends_at, ZoneInfo(services.settings.time_zone))
    values = {
        "live": live,
        "typed": end if typed is None else typed,
        "problem": fault(request, problem) if problem else "",
    }
    return show(request, signed_in, "extend.html", values, 422 if problem else 200)


def _do(services: WebServices, actor: str, run: UUID, answer: str, act: _Action) -> Response:
    """One transaction, then back to the run's page with what it answered."""
    try:
        honest = services.database.run(lambda session: act(session, actor))
    except RunStateError as error:
        flash = refusal(error)
    else:
        flash = Flash(answer, honest.left, honest.in_flight, honest.waiting)
    return go_on(services, f"/runs/{run}", flash)


def decide(services: WebServices, run: UUID, answer: str, change: Callable[[Session], None]) -> Response:
    """One decision about a run, then back to its page with the answer."""
    try:
        services.database.run(change)
    except (OwnCampaignError, CampaignRefusedError, RunStateError) as error:
        return go_on(services, f"/runs/{run}", refusal(error))
    return go_on(services, f"/runs/{run}", Flash(answer))
