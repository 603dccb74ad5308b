"""What a client says to have a campaign made, once or again and again, and what it is answered."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from campaigns.common_fields import MAX_CHARS, MAX_FIELDS
from campaigns.service import CreatedCampaign, NewCampaign
from channels.port import ChannelKind
from consent.hours import parse_daily_time
from dispatcher.bootstrap import require_channels
from dispatcher.core.settings import Settings
from dispatcher.web.api.values import (
    Body,
    ClockTime,
    FirstCount,
    Line,
    ListName,
    MaxPerSecond,
    Moment,
    example,
)

FieldName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
FieldValue = Annotated[str, StringConstraints(max_length=MAX_CHARS, pattern=r"^[^\x00]*$")]
CommonFields = Annotated[
    dict[FieldName, FieldValue],
    Field(
        max_length=MAX_FIELDS,
        description="What all recipients share (date and reason of an outage); a row's own value wins.",
    ),
]
ChannelNames = list[Literal["email", "sms"]]


class CampaignIn(Body):
    """What is to be told, to whom, and at which hours."""

    name: Line
    scenario: Line = Field(description="See GET /scenarios.")
    list: ListName = Field(description="Its newest complete version is taken; the answer says which.")
    starts_at: Moment | None = Field(default=None, description="Default: now.")
    daily_from: ClockTime = "00:00"
    daily_to: ClockTime = "24:00"
    working_days_only: bool = False
    policy_profile: Line | None = Field(default=None, description="Default: the scenario's own.")
    priority: Literal["bulk", "urgent"] | None = Field(
        default=None, description="Default: the scenario's own."
    )
    common_fields: CommonFields = Field(default={})
    max_per_second: MaxPerSecond = None
    first_count: FirstCount = None
    basis: Literal["consent", "contract", "legal_duty"] | None = Field(
        default=None,
        description="On what it rests. By contract or law: who cannot be reached becomes a manual task."
        " Default: the scenario's own.",
    )
    channels: ChannelNames | None = Field(
        default=None,
        min_length=1,
        max_length=3,
        description="In the order in which they are tried. Default: the scenario's own.",
    )
    needs_approval: bool = Field(default=False, description="A second person of the staff must agree.")
    external_id: Line | None = Field(default=None, description="Your own id; unique with the key.")


class NewCampaignIn(CampaignIn):
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
    ends_at: Moment
    as_draft: bool = Field(default=False, description="Nothing happens until it is submitted.")


class FindingOut(BaseModel):
    """Something that a rule says about a campaign."""

    model_config = ConfigDict(from_attributes=True)
    code: str
    count: int
    message: str


class CreatedOut(BaseModel):
    """A campaign with the run that was made."""

    model_config = example(
        {
            "campaign_id": "01936f41-0b7e-7a11-8f02-2d3c4b5a6978",
            "run_id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40",
            "recipients": 1998,
            "state": "scheduled",
            "list_version": 3,
            "passed_over_version": None,
            "warnings": [],
        }
    )
    campaign_id: UUID
    run_id: UUID
    recipients: int
    state: str = Field(description="draft, awaiting_approval or scheduled.")
    list_version: int | None = Field(description="The version of the list; null: derived from a run.")
    passed_over_version: int | None = Field(description="A newer version that is not complete.")
    warnings: list[FindingOut] = Field(default=[], description="What staff should know of it.")


def new_campaign(
    wanted: CampaignIn, now: datetime, *, ends_at: datetime, as_draft: bool, settings: Settings
) -> NewCampaign:
    """What the service is asked for; raises `CampaignError` for a channel that this installation lacks."""
    channels = None if wanted.channels is None else tuple(map(ChannelKind, wanted.channels))
    require_channels(settings, channels)
    return NewCampaign(
        name=wanted.name,
        scenario=wanted.scenario,
        list_name=wanted.list,
        starts_at=wanted.starts_at or now,
        ends_at=ends_at,
        daily_from=parse_daily_time(wanted.daily_from),
        daily_to=parse_daily_time(wanted.daily_to),
        working_days_only=wanted.working_days_only,
        policy_profile=wanted.policy_profile,
        priority=wanted.priority,
        max_per_second=wanted.max_per_second,
        first_count=wanted.first_count,
        as_draft=as_draft,
        needs_approval=wanted.needs_approval,
        basis=wanted.basis,
        common_fields=wanted.common_fields,
        channels=channels,
    )


def single_campaign(wanted: NewCampaignIn, now: datetime, settings: Settings) -> NewCampaign:
    """A campaign that goes once; raises what `new_campaign` raises."""
    return new_campaign(wanted, now, ends_at=wanted.ends_at, as_draft=wanted.as_draft, settings=settings)


def created_out(made: CreatedCampaign) -> CreatedOut:
    """The answer to whoever asked for it."""
    return CreatedOut(
        campaign_id=made.campaign_id,
        run_id=made.run_id,
        recipients=made.recipient_count,
        state=made.state,
        list_version=made.list_version,
        passed_over_version=made.passed_over_version,
        warnings=[FindingOut.model_validate(one) for one in made.findings],
    )
