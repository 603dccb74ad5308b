"""Pausing, resuming and stopping a run, with the honest answer (promise P8)."""

from collections.abc import Callable
from typing import Final, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from campaigns.approval import approve_run, reject_run, submit_run
from campaigns.errors import OwnCampaignError
from dispatcher.delivery.errors import RunStateError
from dispatcher.delivery.runs import HonestAnswer, pause_run, resume_run, stop_run
from dispatcher.web.auth import Controller, Services, require_csrf
from dispatcher.web.flash import Flash, keep_flash
from dispatcher.web.services import WebServices, load_run

router = APIRouter()

#: Why a run is held or ended when a person asked for it.
REASON: Final = "staff"


class _Action(Protocol):
    def __call__(self, session: Session, actor: str) -> HonestAnswer: ...


@router.post("/runs/{run}/pause", dependencies=[Depends(require_csrf)])
def pause(services: Services, signed_in: Controller, run: UUID) -> Response:
    """Claim nothing more until it is resumed."""

    def act(session: Session, actor: str) -> HonestAnswer:
        now = services.clock.refresh(session)
        return pause_run(session, run, actor=actor, reason=REASON, now=now)

    return _do(services, signed_in.member.actor, run, "paused", act)


@router.post("/runs/{run}/resume", dependencies=[Depends(require_csrf)])
def resume(services: Services, signed_in: Controller, run: UUID) -> Response:
    """Go on inside the window."""

    def act(session: Session, actor: str) -> HonestAnswer:
        return resume_run(session, run, actor=actor, now=services.clock.refresh(session))

    return _do(services, signed_in.member.actor, run, "resumed", act)


@router.get("/runs/{run}/stop")
def confirm_stop(request: Request, services: Services, signed_in: Controller, run: UUID) -> Response:
    """Ask first: a stop cannot be undone. A page, so that it works without scripts."""
    values = {
        "member": signed_in.member,
        "csrf_token": signed_in.csrf_token,
        "live": load_run(services, run),
    }
    return request.app.state.renderer.page(request, "stop.html", values)  # type: ignore[no-any-return]


@router.post("/runs/{run}/stop", dependencies=[Depends(require_csrf)])
def stop(services: Services, signed_in: Controller, run: UUID) -> Response:
    """End it for good."""

    def act(session: Session, actor: str) -> HonestAnswer:
        return stop_run(session, run, actor=actor, reason=REASON, now=services.clock.refresh(session))

    return _do(services, signed_in.member.actor, run, "stopped", act)


@router.post("/runs/{run}/approve", dependencies=[Depends(require_csrf)])
def approve(services: Services, signed_in: Controller, run: UUID) -> Response:
    """Agree as the second person; raises `NotAnApproverError` and `OwnCampaignError`."""

    def decide(session: Session) -> None:
        now = services.clock.refresh(session)
        approve_run(session, run, approver=signed_in.member, now=now)

    return _decide(services, run, "approved", decide)


@router.post("/runs/{run}/reject", dependencies=[Depends(require_csrf)])
def reject(services: Services, signed_in: Controller, run: UUID) -> Response:
    """Refuse for good as the second person; raises what `approve` raises."""

    def decide(session: Session) -> None:
        now = services.clock.refresh(session)
        reject_run(session, run, approver=signed_in.member, reason=REASON, now=now)

    return _decide(services, run, "rejected", decide)


@router.post("/runs/{run}/submit", dependencies=[Depends(require_csrf)])
def submit(services: Services, signed_in: Controller, run: UUID) -> Response:
    """Let a draft go: for approval, or to its start."""

    def decide(session: Session) -> None:
        delivery, now = services.settings.delivery, services.clock.refresh(session)
        submit_run(session, run, delivery=delivery, actor=signed_in.member.actor, now=now)

    return _decide(services, run, "submitted", decide)


def _decide(services: WebServices, run: UUID, answer: str, decide: Callable[[Session], None]) -> Response:
    try:
        services.database.run(decide)
    except OwnCampaignError:
        answer = "own_campaign"
    except RunStateError:
        answer = "refused"
    response = RedirectResponse(f"/runs/{run}", 303)
    is_secure = services.settings.web.secure_cookies
    keep_flash(response, services.secret_key, run, Flash(answer), is_secure=is_secure)
    return response


def _do(services: WebServices, actor: str, run: UUID, answer: str, act: _Action) -> Response:
    """One transaction, then back to the run's page with what it answered."""
    try:
        honest = services.database.run(lambda session: act(session, actor))
    except RunStateError:
        flash = Flash("refused")
    else:
        flash = Flash(answer, honest.left, honest.in_flight, honest.waiting)
    response = RedirectResponse(f"/runs/{run}", 303)
    keep_flash(response, services.secret_key, run, flash, is_secure=services.settings.web.secure_cookies)
    return response
