"""Campaigns that go again by a schedule: made, looked at, paused, resumed, ended."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, NaiveDatetime, StringConstraints
from sqlalchemy.orm import Session

from campaigns.recurrence import (
    NewRecurrence,
    create_recurrence,
    end_recurrence,
    pause_recurrence,
    resume_recurrence,
)
from dispatcher.core.api_keys import Scope
from dispatcher.core.settings import Settings
from dispatcher.web.api.calls import ApiCall, Changes, Limit, Made, Makes, Reads
from dispatcher.web.api.campaigns import SUBJECT
from dispatcher.web.api.new_campaigns import CampaignIn, new_campaign
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Cursor, Moment, Page, example, json_bytes
from dispatcher.web.errors import NotFoundError
from reports.recurrences import RecurrenceLine, get_recurrence, list_occurrences, list_recurrences

router = APIRouter(prefix="/recurrences", tags=["recurrences"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CAMPAIGNS_READ))]
Maker = Annotated[ApiCall, Depends(Makes(Scope.CAMPAIGNS_WRITE))]
Controller = Annotated[ApiCall, Depends(Changes(Scope.CAMPAIGNS_WRITE))]

MAX_WINDOW_HOURS: Final = 62 * 24
_CAMPAIGN_ID: Final = "01936f41-0b7e-7a11-8f02-2d3c4b5a6978"
_RECURRENCE: Final = {
    "campaign_id": _CAMPAIGN_ID,
    "name": "Долги каждый месяц",
    "state": "active",
    "cron": "0 9 1 * *",
    "time_zone": "Europe/Moscow",
    "list": "november",
    "window_hours": 80.0,
    "until": None,
    "max_count": None,
    "made_count": 3,
    "next_at": "2026-12-01T06:00:00Z",
    "created_by": "api:billing",
    "created_at": "2026-08-20T06:00:00Z",
}
_OCCURRENCE: Final = {
    "at": "2026-11-01T09:00:00",
    "due_at": "2026-11-01T06:00:00Z",
    "result": "made",
    "reason": None,
    "run_id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40",
    "decided_at": "2026-11-01T06:00:01Z",
}


class NewRecurrenceIn(CampaignIn):
    """A campaign and when it goes again; each run takes the newest complete version of the list."""

    model_config = example(
        {
            "name": "Долги каждый месяц",
            "scenario": "debt_reminder",
            "list": "november",
            "cron": "0 9 1 * *",
            "window_hours": 80,
            "daily_from": "08:00",
            "daily_to": "17:00",
            "working_days_only": True,
        }
    )
    cron: Annotated[str, StringConstraints(min_length=9, max_length=100, pattern=r"^[\x20-\x7e]+$")] = Field(
        description="Minute, hour, day, month, day of the week, on the company's wall; at most once an hour."
    )
    window_hours: float = Field(ge=0.1, le=MAX_WINDOW_HOURS, description="How long each run may send.")
    until: Moment | None = Field(default=None, description="No run begins from here on.")
    max_count: int | None = Field(default=None, ge=1, le=100_000, description="End after so many runs.")
    allows_unchanged: bool = Field(default=False, description="Also when the list is the same as last time.")


class RecurrenceMadeOut(BaseModel):
    """The campaign and its first time."""

    model_config = example(
        {
            "campaign_id": _CAMPAIGN_ID,
            "next_at": "2026-12-01T06:00:00Z",
            "in_words": "1 числа в 09:00; ближайшие: 01.12.2026 09:00, … (Europe/Moscow)",
        }
    )
    campaign_id: UUID
    next_at: datetime
    in_words: str


class RecurrenceOut(BaseModel):
    """One campaign that repeats."""

    model_config = example(_RECURRENCE)
    campaign_id: UUID
    name: str
    state: str = Field(description="active, paused or ended.")
    cron: str
    time_zone: str
    list: str
    window_hours: float
    until: datetime | None
    max_count: int | None
    made_count: int
    next_at: datetime | None = Field(description="null when nothing more will come.")
    created_by: str
    created_at: datetime


class OccurrenceOut(BaseModel):
    """What became of one time."""

    model_config = example(_OCCURRENCE)
    at: str = Field(description="On the company's wall, without an offset.")
    due_at: datetime
    result: str = Field(description="made, missed or skipped.")
    reason: str | None
    run_id: UUID | None
    decided_at: datetime


class RecurrencePage(Page[RecurrenceOut]):
    """Campaigns that repeat."""

    model_config = example({"items": [_RECURRENCE], "next": None})


class OccurrencePage(Page[OccurrenceOut]):
    """Times, the latest first."""

    model_config = example({"items": [_OCCURRENCE], "next": None})


@router.post("", status_code=201, response_model=RecurrenceMadeOut, responses=answers(409))
def make_recurrence(call: Maker, wanted: NewRecurrenceIn) -> object:
    """Make a campaign that repeats: once for each time on the wall, whatever daylight saving does."""

    def make(session: Session, now: datetime) -> Made:
        settings = call.services.settings
        made = create_recurrence(
            session,
            _recurrence(wanted, now, call.services.settings),
            delivery=settings.delivery,
            time_zone=settings.time_zone,
            country=settings.country,
            actor=call.client.actor,
            now=now,
        )
        call.name_subject(session, SUBJECT, wanted.external_id, made.campaign_id, now)
        body = RecurrenceMadeOut(campaign_id=made.campaign_id, next_at=made.next_at, in_words=made.in_words)
        return Made(body, 201, {"Location": f"/api/v1/recurrences/{made.campaign_id}"})

    return call.change(make, request=json_bytes(wanted))


@router.get("", responses=answers())
def show_recurrences(call: Reader, limit: Limit = 100, cursor: Cursor = None) -> RecurrencePage:
    """Campaigns that repeat, the newest first."""
    found = call.read(lambda session: list_recurrences(session, limit=limit + 1, before=cursor))
    items = [_recurrence_out(one) for one in found[:limit]]
    return RecurrencePage(items=items, next=str(items[-1].campaign_id) if len(found) > limit else None)


@router.get("/{campaign_id}", responses=answers(404))
def show_recurrence(call: Reader, campaign_id: UUID) -> RecurrenceOut:
    """One campaign that repeats."""
    return call.read(lambda session: _known(session, campaign_id))


@router.get("/{campaign_id}/occurrences", responses=answers(404))
def show_occurrences(
    call: Reader,
    campaign_id: UUID,
    limit: Limit = 100,
    cursor: Annotated[NaiveDatetime | None, Query(description="`next` of the page before.")] = None,
) -> OccurrencePage:
    """What became of each time: made, missed or skipped, and why. The latest first."""

    def read(session: Session) -> OccurrencePage:
        _known(session, campaign_id)
        found = list_occurrences(session, campaign_id, limit=limit + 1, before=cursor)
        items = [
            OccurrenceOut(
                at=one.wall.isoformat(),
                due_at=one.due_at,
                result=one.result,
                reason=one.reason,
                run_id=one.run_id,
                decided_at=one.decided_at,
            )
            for one in found[:limit]
        ]
        return OccurrencePage(items=items, next=items[-1].at if len(found) > limit else None)

    return call.read(read)


@router.post("/{campaign_id}/pause", response_model=RecurrenceOut, responses=answers(404, 409))
def pause(call: Controller, campaign_id: UUID) -> object:
    """Make no more runs until it is resumed; runs that exist go on."""
    return _change(call, campaign_id, pause_recurrence)


@router.post("/{campaign_id}/resume", response_model=RecurrenceOut, responses=answers(404, 409))
def resume(call: Controller, campaign_id: UUID) -> object:
    """Go on with the next time from now."""
    return _change(call, campaign_id, resume_recurrence)


@router.post("/{campaign_id}/end", response_model=RecurrenceOut, responses=answers(404, 409))
def end(call: Controller, campaign_id: UUID) -> object:
    """Never make a run again; runs that exist go on."""
    return _change(call, campaign_id, end_recurrence)


def _recurrence(wanted: NewRecurrenceIn, now: datetime, settings: Settings) -> NewRecurrence:
    window = timedelta(hours=wanted.window_hours)
    # The service sets the window of each run anew, so only its length counts.
    campaign = new_campaign(
        wanted,
        now,
        ends_at=(wanted.starts_at or now) + window,
        as_draft=False,
        settings=settings,
    )
    return NewRecurrence(
        campaign, wanted.cron, window, wanted.until, wanted.max_count, wanted.allows_unchanged
    )


def _change(call: ApiCall, campaign_id: UUID, change: Callable[..., Any]) -> object:
    def do(session: Session, now: datetime) -> Made:
        change(session, campaign_id, actor=call.client.actor, now=now)
        return Made(_known(session, campaign_id))

    return call.change(do, request=b"")


def _known(session: Session, campaign_id: UUID) -> RecurrenceOut:
    found = get_recurrence(session, campaign_id)
    if found is None:
        raise NotFoundError("there is no such recurring campaign")
    return _recurrence_out(found)


def _recurrence_out(one: RecurrenceLine) -> RecurrenceOut:
    return RecurrenceOut(
        campaign_id=one.campaign_id,
        name=one.name,
        state=one.state,
        cron=one.cron,
        time_zone=one.time_zone,
        list=one.list_name,
        window_hours=one.window_seconds / 3600,
        until=one.until,
        max_count=one.max_count,
        made_count=one.made_count,
        next_at=one.next_at,
        created_by=one.created_by,
        created_at=one.created_at,
    )
