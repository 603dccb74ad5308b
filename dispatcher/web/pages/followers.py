"""Runs made from a run that is over: once more to those not reached, and a correction to those told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from campaigns.catalogue import BUILTIN
from campaigns.linked_runs import NOT_REACHED, TOLD, NewLinkedRun, correct_run, resend_run
from campaigns.service import CreatedCampaign
from dispatcher.bootstrap import require_channels
from dispatcher.core.errors import DispatcherError
from dispatcher.delivery.states import NoticeState
from dispatcher.web.auth import Controller, Services, SignedIn, require_csrf
from dispatcher.web.flash import Flash
from dispatcher.web.pages.campaign_fields import MOST_FIRST, channel_choices, read_channels
from dispatcher.web.pages.campaigns import REFUSALS
from dispatcher.web.pages.showing import fault, go_on, show
from dispatcher.web.pages.typed import read_moment, read_number, usual_end
from dispatcher.web.services import WebServices, load_run

router = APIRouter(prefix="/runs/{run}")


@dataclass(frozen=True, slots=True)
class FollowerForm:
    """The fields as they were typed; times are on the company's wall clock."""

    starts_at: Annotated[str, Form(max_length=30)] = ""
    ends_at: Annotated[str, Form(max_length=30)] = ""
    first_count: Annotated[str, Form(max_length=9)] = ""
    unknown: Annotated[str, Form(max_length=3)] = ""
    blocked: Annotated[str, Form(max_length=3)] = ""
    scenario: Annotated[str, Form(max_length=60)] = "correction"
    channels: Annotated[str, Form(max_length=40)] = ""  #: as in a campaign's form
    as_draft: Annotated[str, Form(max_length=3)] = ""
    needs_approval: Annotated[str, Form(max_length=3)] = ""


Filled = Annotated[FollowerForm, Depends()]


@router.get("/resend")
def show_resend(request: Request, services: Services, signed_in: Controller, run: UUID) -> Response:
    """Whom a resend would take, and its window."""
    return _form(request, services, signed_in, run, "resend")


@router.post("/resend", dependencies=[Depends(require_csrf)])
def resend(request: Request, services: Services, signed_in: Controller, run: UUID, form: Filled) -> Response:
    """Send the same text once more to exactly those whom the run did not reach."""
    choices = {"include_unknown": bool(form.unknown), "include_blocked": bool(form.blocked)}
    return _make(request, services, signed_in, run, form, "resend", resend_run, choices)


@router.get("/correct")
def show_correct(request: Request, services: Services, signed_in: Controller, run: UUID) -> Response:
    """Whom a correction would take, its text and its window."""
    return _form(request, services, signed_in, run, "correct")


@router.post("/correct", dependencies=[Depends(require_csrf)])
def correct(request: Request, services: Services, signed_in: Controller, run: UUID, form: Filled) -> Response:
    """Send another text to everybody whom the run has told, or may have told."""
    choices = {"scenario": form.scenario}
    return _make(request, services, signed_in, run, form, "correct", correct_run, choices)


def _make(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    run: UUID,
    form: FollowerForm,
    kind: str,
    make: Callable[..., CreatedCampaign],
    choices: dict[str, Any],
) -> Response:
    zone = ZoneInfo(services.settings.time_zone)

    def work(session: Session) -> CreatedCampaign:
        now = services.clock.refresh(session)
        channels = read_channels(form.channels)
        require_channels(services.settings, channels)
        wanted = NewLinkedRun(
            starts_at=read_moment(form.starts_at, zone) if form.starts_at.strip() else now,
            ends_at=read_moment(form.ends_at, zone),
            first_count=read_number(form.first_count, 1, MOST_FIRST),
            as_draft=bool(form.as_draft),
            needs_approval=bool(form.needs_approval),
            channels=channels,
        )
        delivery, calendar = services.settings.delivery, services.calendar.read(session)
        actor = signed_in.member.actor
        return make(
            session, run, wanted, delivery=delivery, calendar=calendar, actor=actor, now=now, **choices
        )

    try:
        made = services.database.run(work)
    except REFUSALS as error:
        return _form(request, services, signed_in, run, kind, form=form, problem=error)
    return go_on(services, f"/runs/{made.run_id}", Flash("made"))


def _form(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    run: UUID,
    kind: str,
    *,
    form: FollowerForm | None = None,
    problem: DispatcherError | None = None,
) -> Response:
    live = load_run(services, run)
    counts = live.notices_by_state
    states = NOT_REACHED if kind == "resend" else TOLD
    zone = ZoneInfo(services.settings.time_zone)
    values = {
        "live": live,
        "kind": kind,
        "form": form or FollowerForm(ends_at=usual_end(services.clock.now(), zone)),
        "taken": {state: counts[state] for state in sorted(states) if counts.get(state)},
        "unknown": counts.get(NoticeState.UNKNOWN, 0),
        "blocked": counts.get(NoticeState.BLOCKED, 0),
        "scenarios": list(BUILTIN.values()),
        "channel_choices": channel_choices(services.settings),
        "approval_required": live.facts.needs_approval or services.settings.delivery.approval_required,
        "problem": fault(request, problem) if problem else "",
    }
    return show(request, signed_in, "follower.html", values, 422 if problem else 200)
