"""Campaigns: making them, once however often the request comes, and looking at them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from campaigns.dry_run import dry_run
from campaigns.scenarios import BUILTIN
from campaigns.service import NewCampaign, create_campaign
from consent.hours import parse_daily_time
from consent.policy import PROFILES
from dispatcher.core.api_keys import Scope
from dispatcher.core.references import add_reference, find_reference, names_of
from dispatcher.web.api.calls import ApiCall, Limit, Made, Makes, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import (
    Body,
    ClockTime,
    Cursor,
    Line,
    ListName,
    Moment,
    Page,
    clock_time,
    end_time,
    example,
)
from dispatcher.web.errors import NotFoundError
from reports.campaigns import CampaignFacts, CampaignRun, get_campaign, list_campaigns, runs_of

router = APIRouter(tags=["campaigns"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CAMPAIGNS_READ))]
Maker = Annotated[ApiCall, Depends(Makes(Scope.CAMPAIGNS_WRITE))]

SUBJECT: Final = "campaign"
_RUN: Final = {
    "id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40",
    "number": 1,
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


class NewCampaignIn(Body):
    """What is to be told, to whom, and when it may leave."""

    model_config = example(
        {
            "name": "Долги за ноябрь",
            "scenario": "debt_reminder",
            "list": "november",
            "starts_at": "2026-11-23T08:00:00+03:00",
            "ends_at": "2026-11-27T17:00:00+03:00",
            "daily_from": "08:00",
            "daily_to": "17:00",
            "working_days_only": True,
            "external_id": "debt-2026-11",
        }
    )
    name: Line
    scenario: Line = Field(description="See GET /scenarios.")
    list: ListName = Field(description="Its newest complete version is taken; the answer says which.")
    starts_at: Moment | None = Field(default=None, description="Default: now.")
    ends_at: Moment
    daily_from: ClockTime = "00:00"
    daily_to: ClockTime = "24:00"
    working_days_only: bool = False
    policy_profile: Line | None = Field(default=None, description="Default: the scenario's own.")
    priority: Literal["bulk", "urgent"] = "bulk"
    max_per_second: float | None = Field(default=None, ge=0.01, le=10_000)
    first_count: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Send so many exactly, then wait for staff."
    )
    as_draft: bool = Field(default=False, description="Nothing happens until it is submitted.")
    needs_approval: bool = Field(default=False, description="A second person of the staff must agree.")
    external_id: Line | None = Field(default=None, description="Your own id; unique with the key.")


class CreatedOut(BaseModel):
    """A campaign with its first run."""

    model_config = example(
        {
            "campaign_id": _CAMPAIGN["id"],
            "run_id": _RUN["id"],
            "recipients": 1998,
            "state": "scheduled",
            "list_version": 3,
            "passed_over_version": None,
        }
    )
    campaign_id: UUID
    run_id: UUID
    recipients: int
    state: str = Field(description="draft, awaiting_approval or scheduled.")
    list_version: int | None = Field(description="The version of the list that was taken.")
    passed_over_version: int | None = Field(description="A newer version that is not complete.")


class WarningOut(BaseModel):
    """Something to know before the start."""

    model_config = ConfigDict(from_attributes=True)
    code: str
    count: int
    message: str


class DryRunOut(BaseModel):
    """What would happen: everybody is in `going` or under one reason of `not_going`."""

    model_config = example(
        {
            "list_version": 3,
            "passed_over_version": None,
            "recipients": 1998,
            "going": 1970,
            "by_channel": {"email": 1970},
            "not_going": {"no_consent": 28},
            "later": {"outside_hours": 1970},
            "starts_at": "2026-11-23T05:00:00Z",
            "ends_at": "2026-11-27T14:00:00Z",
            "expected_finish": "2026-11-23T05:21:19Z",
            "unsent_at_end": 0,
            "warnings": [],
        }
    )
    list_version: int = Field(description="The version of the list that would be taken.")
    passed_over_version: int | None = Field(description="A newer version that is not complete.")
    recipients: int
    going: int
    by_channel: dict[str, int] = Field(description="Channel → attempts.")
    not_going: dict[str, int] = Field(description="Reason → recipients.")
    later: dict[str, int] = Field(description="Of those going: why some have to wait.")
    starts_at: datetime
    ends_at: datetime
    expected_finish: datetime | None
    unsent_at_end: int
    warnings: list[WarningOut]


class RunOfCampaignOut(BaseModel):
    """One run of a campaign, in short."""

    model_config = example(_RUN)
    id: UUID
    number: int
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


class ScenarioOut(BaseModel):
    """What can be told."""

    name: str
    title: str
    purpose: str
    policy_profile: str


class ScenariosOut(BaseModel):
    """All scenarios and policy profiles."""

    model_config = example(
        {
            "scenarios": [
                {
                    "name": "debt_reminder",
                    "title": "Напоминание о задолженности",
                    "purpose": "debt",
                    "policy_profile": "service_standard",
                }
            ],
            "policy_profiles": ["always", "service_standard"],
        }
    )
    scenarios: list[ScenarioOut]
    policy_profiles: list[str]


@router.get("/scenarios", responses=answers())
def list_scenarios(call: Reader) -> ScenariosOut:  # noqa: ARG001 (its scope is what counts)
    """What can be told, and under which policies."""
    return ScenariosOut(
        scenarios=[
            ScenarioOut(
                name=one.name, title=one.title, purpose=one.purpose, policy_profile=one.policy_profile
            )
            for one in BUILTIN.values()
        ],
        policy_profiles=sorted(PROFILES),
    )


@router.post("/campaigns", status_code=201, response_model=CreatedOut, responses=answers(409))
def make_campaign(call: Maker, wanted: NewCampaignIn) -> object:
    """Make a campaign over the newest version of a list; it starts by itself at its start."""

    def make(session: Session, now: datetime) -> Made:
        made = create_campaign(
            session,
            new_campaign(wanted, now),
            delivery=call.services.settings.delivery,
            calendar=call.services.calendar.read(session),
            actor=call.client.actor,
            now=now,
        )
        if wanted.external_id is not None:
            add_reference(
                session,
                client=call.client_name,
                subject_type=SUBJECT,
                external_id=wanted.external_id,
                subject=made.campaign_id,
                now=now,
            )
        body = CreatedOut(
            campaign_id=made.campaign_id,
            run_id=made.run_id,
            recipients=made.recipient_count,
            state=made.state,
            list_version=made.list_version,
            passed_over_version=made.passed_over_version,
        )
        return Made(body, 201, {"Location": f"/api/v1/campaigns/{made.campaign_id}"})

    return call.change(make, request=wanted.model_dump_json().encode())


@router.post("/campaigns/dry-run", responses=answers())
def try_campaign(call: Reader, wanted: NewCampaignIn) -> DryRunOut:
    """What a campaign would do; nothing is sent and nothing is made. Samples stay with the staff."""

    def try_out(session: Session) -> DryRunOut:
        now = call.services.clock.refresh(session)
        result = dry_run(
            session,
            new_campaign(wanted, now),
            tools=call.services.dry_run_tools(session),
            actor=call.client.actor,
            now=now,
        )
        return DryRunOut.model_validate(result, from_attributes=True)

    return call.read(try_out)


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


def new_campaign(wanted: NewCampaignIn, now: datetime) -> NewCampaign:
    """What the service is asked for."""
    return NewCampaign(
        name=wanted.name,
        scenario=wanted.scenario,
        list_name=wanted.list,
        starts_at=wanted.starts_at or now,
        ends_at=wanted.ends_at,
        daily_from=parse_daily_time(wanted.daily_from),
        daily_to=parse_daily_time(wanted.daily_to),
        working_days_only=wanted.working_days_only,
        policy_profile=wanted.policy_profile,
        priority=wanted.priority,
        max_per_second=wanted.max_per_second,
        first_count=wanted.first_count,
        as_draft=wanted.as_draft,
        needs_approval=wanted.needs_approval,
    )


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
            RunOfCampaignOut(id=run.id, number=run.number, state=run.state, recipients=run.recipient_count)
            for run in runs
        ],
    )
