"""Policies: profiles of hours and caps with their versions, and which of them serve which purpose."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from consent.group_policy import ProfileVersion
from consent.hours import DayHours
from consent.policy import Cap, CapPeriod, ChannelGroup, PurposeGroup
from consent.profile_form import CLOSED, LIKE_WORKING, OWN_HOURS, days_off_of, read_profile
from consent.profiles import (
    SavedVersion,
    all_profiles,
    choose_profiles,
    list_versions,
    purpose_table,
    save_profile,
)
from consent.purposes import Purpose
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Changes, Made, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, ClockTime, Code, clock_time, end_time, example, json_bytes

router = APIRouter(tags=["policies"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.POLICY_READ))]
Writer = Annotated[ApiCall, Depends(Changes(Scope.POLICY_WRITE))]

_HOURS: Final = {"opens": "08:00", "closes": "22:00"}
_RULES: Final = {
    "hours": _HOURS,
    "days_off": {"opens": "09:00", "closes": "20:00"},
    "works_on_days_off": True,
    "follows_short_days": False,
    "caps": [{"channels": "text", "limit": 2, "period": "day"}],
    "purpose_group": "debt",
    "is_urgent": False,
}
_PROFILE: Final = {"name": "debtor_safe", "version": 1, **_RULES}
_TABLE: Final = {
    "1": ["service_standard", "debtor_safe"],
    "2": ["service_standard"],
    "3": ["service_standard"],
}


class HoursBody(Body):
    """Times of day on the recipient's wall."""

    model_config = example(_HOURS)
    opens: ClockTime
    closes: ClockTime


class CapBody(Body):
    """At most so many attempts per person, and per address."""

    model_config = example({"channels": "text", "limit": 2, "period": "day"})
    channels: ChannelGroup
    limit: int = Field(ge=1, le=1000)
    period: CapPeriod


class RulesIn(Body):
    """A profile as it shall be from now on."""

    model_config = example({"replaces": 1, **_RULES})
    replaces: int = Field(ge=0, description="The version that was looked at; 0 makes a new profile.")
    hours: HoursBody
    days_off: HoursBody | None = Field(default=None, description="Other hours for days off.")
    works_on_days_off: bool = True
    follows_short_days: bool = Field(default=False, description="An hour less on the eve of a holiday.")
    caps: list[CapBody] = Field(default=[], max_length=20)
    purpose_group: PurposeGroup | None = Field(
        default=None, description="Where attempts are counted; null: in the group of each purpose."
    )
    is_urgent: bool = False


class ProfileOut(BaseModel):
    """A version of a profile."""

    model_config = example(_PROFILE)
    name: str
    version: int
    hours: HoursBody
    days_off: HoursBody | None
    works_on_days_off: bool
    follows_short_days: bool
    caps: list[CapBody]
    purpose_group: str | None
    is_urgent: bool


class ProfilesOut(BaseModel):
    """Every profile in force."""

    model_config = example({"items": [_PROFILE]})
    items: list[ProfileOut]


class VersionOut(BaseModel):
    """A version with who saved it; the product's own was saved by nobody."""

    model_config = example({"profile": _PROFILE, "saved_by": None, "saved_at": None})
    profile: ProfileOut
    saved_by: str | None
    saved_at: datetime | None


class VersionsOut(BaseModel):
    """The past of a profile, the newest version first."""

    model_config = example({"items": [{"profile": _PROFILE, "saved_by": None, "saved_at": None}]})
    items: list[VersionOut]


class PurposesOut(BaseModel):
    """Purpose → customer group → the profiles that hold all at once."""

    model_config = example({"purposes": {"debt": _TABLE}})
    purposes: dict[str, dict[str, list[str]]]


class ChoiceIn(Body):
    """Customer group → profiles; groups that are left out stay as they are."""

    model_config = example({"profiles": _TABLE})
    profiles: dict[int, list[Code]] = Field(min_length=1, max_length=3)


class ChoiceOut(BaseModel):
    """What serves the purpose now."""

    model_config = example({"purpose": "debt", "profiles": _TABLE})
    purpose: str
    profiles: dict[str, list[str]]


@router.get("/policies", responses=answers())
def show_profiles(call: Reader) -> ProfilesOut:
    """The profiles in force."""
    return ProfilesOut(items=[_out(one) for one in call.read(all_profiles).values()])


@router.get("/policies/{name}/versions", responses=answers(404))
def show_versions(call: Reader, name: str) -> VersionsOut:
    """Every version of a profile; runs keep the one that they were made with."""

    def read(session: Session) -> list[SavedVersion]:
        return list(list_versions(session, name))

    return VersionsOut(
        items=[
            VersionOut(profile=_out(one.found), saved_by=one.saved_by, saved_at=one.saved_at)
            for one in call.read(read)
        ]
    )


@router.put("/policies/{name}", response_model=ProfileOut, responses=answers(404, 409))
def save(call: Writer, name: Code, rules: RulesIn) -> object:
    """Save a new version of a profile, or a new profile."""
    off = rules.days_off

    def put(session: Session, now: datetime) -> Made:
        profile = read_profile(
            name,
            daily_from=rules.hours.opens,
            daily_to=rules.hours.closes,
            days_off=CLOSED if not rules.works_on_days_off else OWN_HOURS if off else LIKE_WORKING,
            off_from=off.opens if off else "",
            off_to=off.closes if off else "",
            follows_short_days=rules.follows_short_days,
            caps=[Cap(cap.channels, cap.limit, cap.period) for cap in rules.caps],
            purpose_group=rules.purpose_group,
            is_urgent=rules.is_urgent,
        )
        made = save_profile(session, profile, replaces=rules.replaces, actor=call.client.actor, now=now)
        return Made(_out(made))

    return call.change(put, request=json_bytes(rules))


@router.get("/purposes", responses=answers())
def show_purposes(call: Reader) -> PurposesOut:
    """Which profiles serve which purpose for which customer group."""
    table = call.read(lambda session: purpose_table(session, call.services.settings.country))
    return PurposesOut(
        purposes={
            purpose.value: {str(group): list(names) for group, names in groups.items()}
            for purpose, groups in table.items()
        }
    )


@router.put("/purposes/{purpose}", response_model=ChoiceOut, responses=answers(404, 409))
def choose(call: Writer, purpose: Purpose, choice: ChoiceIn) -> object:
    """Let profiles serve a purpose from the next run on."""
    country = call.services.settings.country

    def put(session: Session, now: datetime) -> Made:
        choose_profiles(session, purpose, choice.profiles, country=country, actor=call.client.actor, now=now)
        found = purpose_table(session, country)[purpose]
        served = {str(group): list(names) for group, names in found.items()}
        return Made(ChoiceOut(purpose=purpose.value, profiles=served))

    return call.change(put, request=json_bytes(choice))


def _out(one: ProfileVersion) -> ProfileOut:
    profile = one.profile
    return ProfileOut(
        name=profile.name,
        version=one.version,
        hours=_hours(DayHours(profile.daily_from, profile.daily_to)),
        days_off=None if profile.days_off is None else _hours(profile.days_off),
        works_on_days_off=days_off_of(profile) != CLOSED,
        follows_short_days=profile.follows_short_days,
        caps=[
            CapBody(channels=ChannelGroup(cap.channel_group), limit=cap.limit, period=cap.period)
            for cap in profile.caps
        ],
        purpose_group=profile.purpose_group,
        is_urgent=profile.is_urgent,
    )


def _hours(hours: DayHours) -> HoursBody:
    return HoursBody(opens=clock_time(hours.opens), closes=end_time(hours.closes))
