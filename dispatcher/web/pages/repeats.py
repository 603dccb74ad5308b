"""Campaigns that repeat by a schedule: the list, one with what became of each time, and making one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from campaigns.catalogue import BUILTIN
from campaigns.errors import RecurrenceError
from campaigns.recurrence import (
    CreatedRecurrence,
    NewRecurrence,
    create_recurrence,
    end_recurrence,
    pause_recurrence,
    resume_recurrence,
)
from campaigns.recurrence_repository import list_occurrences, list_recurrences
from dispatcher.core.errors import DispatcherError
from dispatcher.core.settings import Settings
from dispatcher.web.auth import Controller, Services, SignedIn, Staff, require_csrf
from dispatcher.web.errors import NotFoundError
from dispatcher.web.flash import Flash
from dispatcher.web.pages.campaign_fields import (
    PROPOSED,
    CampaignForm,
    Filled,
    campaign_choices,
    channel_choices,
    common_fields_of,
    new_campaign,
)
from dispatcher.web.pages.campaigns import REFUSALS
from dispatcher.web.pages.showing import fault, go_on, one_line, refusal, show
from dispatcher.web.pages.typed import FormFaultError, read_moment, read_number
from dispatcher.web.services import WebServices

router = APIRouter(prefix="/repeats")

LONGEST_HOURS: Final = 62 * 24
MOST_RUNS: Final = 10_000
#: Schedules that most campaigns need; anything else is typed as cron.
USUAL_CRONS: Final = ("0 9 1 * *", "0 9 1,15 * *", "0 9 * * 1", "0 9 * * 1-5", "0 9 * * *")
USUAL_HOURS: Final = "8"
_DO: Final[dict[str, tuple[Callable[..., Any], str]]] = {
    "pause": (pause_recurrence, "repeat_paused"),
    "resume": (resume_recurrence, "repeat_resumed"),
    "end": (end_recurrence, "repeat_ended"),
}


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """When a campaign goes again, as it was typed."""

    usual: Annotated[str, Form(max_length=40)] = ""
    cron: Annotated[str, Form(max_length=60)] = ""
    window_hours: Annotated[str, Form(max_length=5)] = ""
    until: Annotated[str, Form(max_length=30)] = ""
    max_count: Annotated[str, Form(max_length=6)] = ""
    unchanged: Annotated[str, Form(max_length=3)] = ""


Schedule = Annotated[ScheduleForm, Depends()]


@router.get("")
def show_repeats(request: Request, services: Services, signed_in: Staff) -> Response:
    """Every campaign that repeats, the newest first."""
    found = services.database.run(list_recurrences)
    return show(request, signed_in, "repeats.html", {"repeats": found})


@router.get("/new")
def show_form(request: Request, services: Services, signed_in: Controller) -> Response:
    """The empty form."""
    return _form(request, services, signed_in, PROPOSED, ScheduleForm(window_hours=USUAL_HOURS))


@router.post("", dependencies=[Depends(require_csrf)])
def create(
    request: Request, services: Services, signed_in: Controller, form: Filled, schedule: Schedule
) -> Response:
    """Make a campaign that repeats; each run takes the newest version of the list."""
    zone = ZoneInfo(services.settings.time_zone)

    def make(session: Session) -> CreatedRecurrence:
        now = services.clock.refresh(session)
        return create_recurrence(
            session,
            _wanted(form, schedule, services.settings, now),
            delivery=services.settings.delivery,
            time_zone=zone.key,
            country=services.settings.country,
            actor=signed_in.member.actor,
            now=now,
        )

    try:
        made = services.database.run(make)
    except REFUSALS as error:
        return _form(request, services, signed_in, form, schedule, problem=error)
    return go_on(services, f"/repeats/{made.campaign_id}", Flash("repeat_made"))


@router.get("/{campaign}")
def show_repeat(request: Request, services: Services, signed_in: Staff, campaign: UUID) -> Response:
    """One of them, with what became of each time."""
    with services.database.transaction() as session:
        found = next((one for one in list_recurrences(session) if one.campaign_id == campaign), None)
        occurrences = list_occurrences(session, campaign)
    if found is None:
        raise NotFoundError("there is no such recurring campaign")
    return show(request, signed_in, "repeat.html", {"repeat": found, "occurrences": occurrences})


@router.post("/{campaign}/{action}", dependencies=[Depends(require_csrf)])
def change(services: Services, signed_in: Controller, campaign: UUID, action: str) -> Response:
    """Pause, resume or end it; runs that exist go on."""
    if action not in _DO:
        raise NotFoundError("there is no such action")
    work, answer = _DO[action]
    try:
        services.database.run(
            lambda session: work(
                session, campaign, actor=signed_in.member.actor, now=services.clock.refresh(session)
            )
        )
    except RecurrenceError as error:
        if error.code == "unknown_recurrence":
            raise NotFoundError("there is no such recurring campaign") from error
        return go_on(services, f"/repeats/{campaign}", refusal(error))
    return go_on(services, f"/repeats/{campaign}", Flash(answer))


def _wanted(form: CampaignForm, schedule: ScheduleForm, settings: Settings, now: datetime) -> NewRecurrence:
    zone = ZoneInfo(settings.time_zone)
    hours = read_number(schedule.window_hours, 1, LONGEST_HOURS)
    if hours is None:
        raise FormFaultError("no window", code="window_length")
    window = timedelta(hours=hours)
    start = read_moment(form.starts_at, zone) if form.starts_at.strip() else now
    return NewRecurrence(
        campaign=new_campaign(form, settings, starts_at=start, ends_at=start + window),
        cron=one_line(schedule.cron) or one_line(schedule.usual),
        window=window,
        until=read_moment(schedule.until, zone) if schedule.until.strip() else None,
        max_count=read_number(schedule.max_count, 1, MOST_RUNS),
        allows_unchanged=bool(schedule.unchanged),
    )


def _form(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    form: CampaignForm,
    schedule: ScheduleForm,
    *,
    problem: DispatcherError | None = None,
) -> Response:
    values = {
        **services.database.run(campaign_choices),
        "common_fields": common_fields_of(form.scenario or next(iter(BUILTIN))),
        "channel_choices": channel_choices(services.settings),
        "form": form,
        "schedule": schedule,
        "usual_crons": USUAL_CRONS,
        "problem": fault(request, problem) if problem else "",
        "approval_required": services.settings.delivery.approval_required,
    }
    return show(request, signed_in, "repeat_form.html", values, 422 if problem else 200)
