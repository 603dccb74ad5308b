"""The fields of a campaign, as the forms of single and of recurring campaigns share them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import permutations
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import Depends, Form, Request
from sqlalchemy.orm import Session

from campaigns.catalogue import BUILTIN
from campaigns.common_fields import MAX_CHARS
from campaigns.seeds import list_seeds
from campaigns.service import NewCampaign
from channels.port import ChannelKind
from consent.hours import parse_daily_time
from consent.profiles import all_profiles
from consent.sources import Basis
from dispatcher.bootstrap import configured_channels, require_channels
from dispatcher.core.settings import Settings
from dispatcher.web.pages.showing import one_line
from dispatcher.web.pages.typed import FormFaultError, read_moment, read_number, read_rate
from reports.lists import list_ready_names
from templates.bundled import builtin_template
from templates.notice_fields import NOTICE_FIELDS, NoticeField
from templates.rendering import compile_template

MOST_LISTS: Final = 200
MOST_FIRST: Final = 1_000_000
SLOWEST: Final = 0.01  #: messages per second
FASTEST: Final = 10_000.0
PRIORITIES: Final = ("bulk", "urgent")
COMMON: Final = "common_"  #: how the inputs of common fields are named


@dataclass(frozen=True, slots=True)
class PlainForm:
    """The fields that every campaign has, as they were typed; times are on the company's wall clock."""

    name: Annotated[str, Form(max_length=200)] = ""
    list_name: Annotated[str, Form(max_length=100)] = ""
    scenario: Annotated[str, Form(max_length=60)] = ""
    starts_at: Annotated[str, Form(max_length=30)] = ""
    ends_at: Annotated[str, Form(max_length=30)] = ""
    daily_from: Annotated[str, Form(max_length=8)] = ""
    daily_to: Annotated[str, Form(max_length=8)] = ""
    working_days: Annotated[str, Form(max_length=3)] = ""
    policy: Annotated[str, Form(max_length=60)] = ""
    priority: Annotated[str, Form(max_length=10)] = ""
    first_count: Annotated[str, Form(max_length=9)] = ""
    max_per_second: Annotated[str, Form(max_length=9)] = ""
    as_draft: Annotated[str, Form(max_length=3)] = ""
    needs_approval: Annotated[str, Form(max_length=3)] = ""
    basis: Annotated[str, Form(max_length=20)] = ""
    channels: Annotated[str, Form(max_length=40)] = ""  #: `sms`, or `email,sms`; empty: the scenario's own
    form_id: Annotated[str, Form(max_length=36)] = ""


@dataclass(frozen=True, slots=True)
class CampaignForm(PlainForm):
    """The same with what its scenario asks for: `common` is field → what all recipients share."""

    common: Mapping[str, str] = field(default_factory=dict)


async def typed_common_fields(request: Request) -> dict[str, str]:
    """What was typed once for all recipients; which fields of a scenario a form has is known only then."""
    sent = await request.form()
    return {
        name.removeprefix(COMMON): value[:MAX_CHARS]
        for name, value in sent.items()
        if name.startswith(COMMON) and isinstance(value, str) and value.strip()
    }


async def filled(request: Request, plain: Annotated[PlainForm, Depends()]) -> CampaignForm:
    """The form as it was sent."""
    common = await typed_common_fields(request)
    return CampaignForm(**{one.name: getattr(plain, one.name) for one in fields(PlainForm)}, common=common)


#: What an empty form proposes. A field that is sent empty is a fault, never silently this.
PROPOSED: Final = CampaignForm(daily_from="08:00", daily_to="17:00", working_days="yes")

Filled = Annotated[CampaignForm, Depends(filled)]


def new_campaign(
    form: CampaignForm, settings: Settings, *, starts_at: datetime, ends_at: datetime
) -> NewCampaign:
    """What the service is asked for; raises `FormFaultError`, `PolicyError` and `CampaignError`."""
    channels = read_channels(form.channels)
    require_channels(settings, channels)
    title = BUILTIN[form.scenario].title if form.scenario in BUILTIN else form.scenario
    list_name = one_line(form.list_name)
    return NewCampaign(
        name=one_line(form.name) or f"{title}: {list_name}",
        scenario=one_line(form.scenario),
        list_name=list_name,
        starts_at=starts_at,
        ends_at=ends_at,
        daily_from=parse_daily_time(form.daily_from),
        daily_to=parse_daily_time(form.daily_to),
        working_days_only=bool(form.working_days),
        policy_profile=one_line(form.policy) or None,
        priority=form.priority or None,
        max_per_second=read_rate(form.max_per_second, SLOWEST, FASTEST),
        first_count=read_number(form.first_count, 1, MOST_FIRST),
        as_draft=bool(form.as_draft),
        needs_approval=bool(form.needs_approval),
        basis=one_line(form.basis) or None,
        common_fields=form.common,
        channels=channels,
    )


def read_campaign(form: CampaignForm, settings: Settings, now: datetime) -> NewCampaign:
    """The campaign with its window as it was typed; without a start it begins now."""
    zone = ZoneInfo(settings.time_zone)
    starts_at = read_moment(form.starts_at, zone) if form.starts_at.strip() else now
    return new_campaign(form, settings, starts_at=starts_at, ends_at=read_moment(form.ends_at, zone))


def channel_choices(settings: Settings) -> list[str]:
    """What a campaign may say instead of its scenario: each channel alone, or two in either order."""
    here = sorted(configured_channels(settings))
    return [",".join(one) for length in (1, 2) for one in permutations(here, length)]


def read_channels(typed: str) -> tuple[ChannelKind, ...] | None:
    """The channels that were chosen; None: none. Raises `FormFaultError`."""
    try:
        return tuple(ChannelKind(name) for name in typed.split(",")) if typed.strip() else None
    except ValueError as error:
        raise FormFaultError("no such channel", code="choice") from error


def common_fields_of(scenario: str) -> Sequence[tuple[NoticeField, bool]]:
    """What a scenario's text speaks of besides what every list has, and whether it must be said."""
    builtin = BUILTIN.get(scenario)
    if builtin is None:
        return ()
    template = compile_template(builtin_template(builtin.name, builtin.language), builtin.language)
    used = template.required_fields() | template.optional_fields()
    found = [(one, one.name in builtin.mandatory) for one in NOTICE_FIELDS.values() if one.name in used]
    return sorted(found, key=lambda pair: not pair[1])


def campaign_choices(session: Session) -> Mapping[str, Any]:
    """What the form offers."""
    return {
        "lists": list_ready_names(session, limit=MOST_LISTS),
        "scenarios": list(BUILTIN.values()),
        "policies": list(all_profiles(session)),
        "priorities": PRIORITIES,
        "bases": list(Basis),
        "seed_count": len(list_seeds(session)),
    }
