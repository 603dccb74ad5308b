"""Dry runs: what a campaign would do, before it is made or before its run starts. Nothing is sent.

Figures are for everybody who may see campaigns; samples are notices of real people, so they need the scope
for personal data. Every dry run goes on record.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from campaigns.dry_run import dry_run, dry_run_of
from campaigns.dry_run_result import DryRun
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Reads
from dispatcher.web.api.new_campaigns import NewCampaignIn, single_campaign
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import example

router = APIRouter(tags=["dry runs"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CAMPAIGNS_READ))]
PersonalReader = Annotated[ApiCall, Depends(Reads(Scope.RECIPIENTS_READ))]

_FIGURES: Final[dict[str, Any]] = {
    "list_version": 3,
    "passed_over_version": None,
    "recipients": 1998,
    "going": 1970,
    "by_channel": {"email": 1970},
    "not_going": {"no_consent": 28},
    "by_hand": 0,
    "later": {"outside_hours": 1970},
    "missing_fields": {},
    "starts_at": "2026-11-23T05:00:00Z",
    "ends_at": "2026-11-27T14:00:00Z",
    "rates": {"email": {"per_second": 10.0, "basis": "assumed"}},
    "expected_finish": "2026-11-23T05:21:19Z",
    "unsent_at_end": 0,
    "zone_unknown": 0,
    "bills": {"to_fetch": 0},
    "warnings": [],
    "refusals": [],
    "sms": None,
}
_SAMPLE: Final = {
    "line": 2,
    "channel": "email",
    "address": "a…@example.org",
    "subject": "Задолженность по счёту 0012345",
    "text": "Анна Андреевна! Ваш долг 1 250,40 ₽.",
    "html": None,
}


class WarningOut(BaseModel):
    """Something to know before the start."""

    model_config = ConfigDict(from_attributes=True)
    code: str
    count: int
    message: str


class RateOut(BaseModel):
    """How fast a channel can be expected to send."""

    model_config = ConfigDict(from_attributes=True)
    per_second: float
    basis: str = Field(description="provider_limit, run_limit, lines, measured or assumed.")


class SmsOut(BaseModel):
    """The short messages: how many parts they have, and what they may cost."""

    model_config = ConfigDict(from_attributes=True)
    messages: int
    parts: int
    most_parts: int = Field(description="Of the longest.")
    price: Decimal | None = Field(
        description="At the provider's own prices, else by `sms.price_per_part`; null: neither is known."
    )
    priced_by_provider: int = Field(
        description="Of the messages: at the price that the provider says for numbers that begin so."
    )
    by_alphabet: dict[str, int] = Field(description="gsm7 or ucs2 → messages.")
    foreign: list[str] = Field(description="The first characters that make texts UCS-2.")


class DryRunOut(BaseModel):
    """What would happen: everybody is in `going` or under one reason of `not_going`."""

    model_config = example(_FIGURES)
    list_version: int = Field(description="The version of the list that would be taken.")
    passed_over_version: int | None = Field(description="A newer version that is not complete.")
    recipients: int
    going: int
    by_channel: dict[str, int] = Field(description="Channel → attempts.")
    not_going: dict[str, int] = Field(description="Reason → recipients.")
    by_hand: int = Field(
        description="Recipients who would become manual tasks: of a campaign on contract or legal duty."
    )
    later: dict[str, int] = Field(description="Of those going: why some have to wait.")
    missing_fields: dict[str, int] = Field(description="Field of the text → recipients who lack it.")
    starts_at: datetime
    ends_at: datetime
    rates: dict[str, RateOut] = Field(description="By channel.")
    expected_finish: datetime | None
    unsent_at_end: int
    zone_unknown: int = Field(description="Recipients who get the company's time zone.")
    bills: dict[str, int] = Field(
        description="`to_fetch`: recipients whose bill is named by a link; of a run that began, its bills."
    )
    warnings: list[WarningOut]
    refusals: list[WarningOut] = Field(description="Why it would not be made; empty: it would.")
    sms: SmsOut | None = Field(default=None, description="null: no short message goes.")
    sms_later: SmsOut | None = Field(
        default=None, description="What comes on top at most, if every earlier channel fails."
    )


class SampleOut(BaseModel):
    """One notice as its recipient would get it: personal data."""

    model_config = example(_SAMPLE)
    line: int = Field(description="Line of the list's file.")
    channel: str
    address: str = Field(description="Masked.")
    subject: str
    text: str
    html: str | None


class DryRunWithSamplesOut(DryRunOut):
    """What would happen, with the first few notices."""

    model_config = example({**_FIGURES, "samples": [_SAMPLE]})
    samples: list[SampleOut]


Answer = TypeVar("Answer", bound=DryRunOut)


@router.post("/campaigns/dry-run", responses=answers())
def try_campaign(call: Reader, wanted: NewCampaignIn) -> DryRunOut:
    """What a campaign would do; nothing is sent and nothing is made."""
    return _answer(call, DryRunOut, _of_new(call, wanted))


@router.post("/campaigns/dry-run/samples", responses=answers())
def try_campaign_with_samples(call: PersonalReader, wanted: NewCampaignIn) -> DryRunWithSamplesOut:
    """The same with the first few notices."""
    return _answer(call, DryRunWithSamplesOut, _of_new(call, wanted))


@router.post("/runs/{run_id}/dry-run", responses=answers(404))
def try_run(call: Reader, run_id: UUID) -> DryRunOut:
    """What a run that was made would do: what an approver looks at."""
    return _answer(call, DryRunOut, _of_run(call, run_id))


@router.post("/runs/{run_id}/dry-run/samples", responses=answers(404))
def try_run_with_samples(call: PersonalReader, run_id: UUID) -> DryRunWithSamplesOut:
    """The same with the first few notices."""
    return _answer(call, DryRunWithSamplesOut, _of_run(call, run_id))


def _of_new(call: ApiCall, wanted: NewCampaignIn) -> Callable[[Session, datetime], DryRun]:
    return lambda session, now: dry_run(
        session,
        single_campaign(wanted, now, call.services.settings),
        tools=call.services.dry_run_tools(session),
        actor=call.client.actor,
        now=now,
    )


def _of_run(call: ApiCall, run_id: UUID) -> Callable[[Session, datetime], DryRun]:
    return lambda session, now: dry_run_of(
        session, run_id, tools=call.services.dry_run_tools(session), actor=call.client.actor, now=now
    )


def _answer(call: ApiCall, form: type[Answer], try_out: Callable[[Session, datetime], DryRun]) -> Answer:
    result = call.read(lambda session: try_out(session, call.services.clock.refresh(session)))
    return form.model_validate(call.services.completed(result), from_attributes=True)
