"""Campaigns: making them, once however often the request comes, and looking at them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from campaigns.service import create_campaign
from dispatcher.core.api_keys import Scope
from dispatcher.core.references import find_reference, names_of
from dispatcher.web.api.calls import ApiCall, Limit, Made, Makes, Reads
from dispatcher.web.api.new_campaigns import CreatedOut, NewCampaignIn, created_out, single_campaign
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Cursor, Line, Page, clock_time, end_time, example, json_bytes
from dispatcher.web.errors import NotFoundError
from reports.campaigns import CampaignFacts, CampaignRun, get_campaign, list_campaigns, runs_of

router = APIRouter(tags=["campaigns"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CAMPAIGNS_READ))]
Maker = Annotated[ApiCall, Depends(Makes(Scope.CAMPAIGNS_WRITE))]

SUBJECT: Final = "campaign"
_RUN: Final = {
    "id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40",
    "number": 1,
    "kind": "main",
    "parent_run_id": None,
    "first_count": None,
    "state": "running",
    "recipients": 1998,
}
_CAMPAIGN: Final = {
    "id": "01936f41-0b7e-7a11-8f02-2d3c4b5a6978",
    "external_id": "debt-2026-11",
    "name": "Долги за ноябрь",
    "scenario": "debt_reminder",
    "policy_profile": "service_standard",
    "priority": "bulk",
    "starts_at": "2026-11-23T05:00:00Z",
    "ends_at": "2026-11-27T14:00:00Z",
    "daily_from": "08:00",
    "daily_to": "17:00",
    "working_days_only": True,
    "created_by": "api:billing",
    "created_at": "2026-11-20T06:10:00Z",
    "runs": [_RUN],
}


class RunOfCampaignOut(BaseModel):
    """One run of a campaign, in short."""

    model_config = example(_RUN)
    id: UUID
    number: int
    kind: str = Field(description="main, resend, correction, or seed: to our own staff.")
    parent_run_id: UUID | None
    first_count: int | None
    state: str
    recipients: int


class CampaignOut(BaseModel):
    """A campaign with its runs."""

    model_config = example(_CAMPAIGN)
    id: UUID
    external_id: str | None = Field(description="Your own id, if it was you who gave one.")
    name: str
    scenario: str
    policy_profile: str
    priority: str
    starts_at: datetime
    ends_at: datetime
    daily_from: str
    daily_to: str
    working_days_only: bool
    created_by: str
    created_at: datetime
    runs: list[RunOfCampaignOut]


class CampaignPage(Page[CampaignOut]):
    """Campaigns."""

    model_config = example({"items": [_CAMPAIGN], "next": None})


@router.post("/campaigns", status_code=201, response_model=CreatedOut, responses=answers(409))
def make_campaign(call: Maker, wanted: NewCampaignIn) -> object:
    """Make a campaign over the newest complete version of a list; it starts by itself at its start."""

    def make(session: Session, now: datetime) -> Made:
        made = create_campaign(
            session,
            single_campaign(wanted, now, call.services.settings),
            delivery=call.services.settings.delivery,
            calendar=call.services.calendar.read(session),
            actor=call.client.actor,
            now=now,
        )
        call.name_subject(session, SUBJECT, wanted.external_id, made.campaign_id, now)
        return Made(created_out(made), 201, {"Location": f"/api/v1/campaigns/{made.campaign_id}"})

    return call.change(make, request=json_bytes(wanted))


@router.get("/campaigns", responses=answers())
def show_campaigns(
    call: Reader,
    external_id: Annotated[Line | None, Query(description="Only the one that you call so.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> CampaignPage:
    """Campaigns, the newest first."""

    def read(session: Session) -> CampaignPage:
        found = (
            list_campaigns(session, limit=limit + 1, before=cursor)
            if external_id is None
            else _called(session, call, external_id)
        )
        items = _campaigns_out(session, call, found[:limit])
        return CampaignPage(items=items, next=str(items[-1].id) if len(found) > limit else None)

    return call.read(read)


@router.get("/campaigns/{campaign_id}", responses=answers(404))
def show_campaign(call: Reader, campaign_id: UUID) -> CampaignOut:
    """One campaign with its runs."""

    def read(session: Session) -> CampaignOut:
        found = get_campaign(session, campaign_id)
        if found is None:
            raise NotFoundError("there is no such campaign")
        return _campaigns_out(session, call, [found])[0]

    return call.read(read)


def _called(session: Session, call: ApiCall, external_id: str) -> Sequence[CampaignFacts]:
    subject = find_reference(session, client=call.client_name, subject_type=SUBJECT, external_id=external_id)
    found = None if subject is None else get_campaign(session, subject)
    return [] if found is None else [found]


def _campaigns_out(session: Session, call: ApiCall, found: Sequence[CampaignFacts]) -> list[CampaignOut]:
    ids = [one.id for one in found]
    names = names_of(session, client=call.client_name, subject_type=SUBJECT, subjects=ids)
    runs = runs_of(session, ids)
    return [_campaign_out(one, names.get(one.id), runs[one.id]) for one in found]


def _campaign_out(one: CampaignFacts, external_id: str | None, runs: Sequence[CampaignRun]) -> CampaignOut:
    return CampaignOut(
        id=one.id,
        external_id=external_id,
        name=one.name,
        scenario=one.scenario,
        policy_profile=one.policy_profile,
        priority=one.priority,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        daily_from=clock_time(one.daily_from),
        daily_to=end_time(one.daily_to),
        working_days_only=one.working_days_only,
        created_by=one.created_by,
        created_at=one.created_at,
        runs=[
            RunOfCampaignOut(
                id=run.id,
                number=run.number,
                kind=run.kind,
                parent_run_id=run.parent_run_id,
                first_count=run.first_count,
                state=run.state,
                recipients=run.recipient_count,
            )
            for run in runs
        ],
    )
