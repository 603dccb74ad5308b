"""Policy profiles: when and how often a group of purposes may speak to a person (design: section 8).

A profile is plain data. The hours are judged by `consent.hours`, the caps by `consent.caps` over the
contact budget. Caps count per purpose group, so that a survey does not use up the debt reminder's share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from consent.errors import PolicyError
from consent.hours import MIDNIGHT, DayHours, SendingHours
from consent.purposes import Purpose

MAX_LIMIT: Final = 1000
MAX_CAPS: Final = 20


class CapPeriod(StrEnum):
    """Over what time a cap counts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    #: three months
    QUARTER = "quarter"


class ChannelGroup(StrEnum):
    """Channels that one cap counts together."""

    #: e-mail and SMS
    TEXT = "text"
    #: autodial
    VOICE = "voice"
    #: all of them
    ANY = "any"


class PurposeGroup(StrEnum):
    """Purposes whose attempts share one budget."""

    #: debts, payments that fall due, warnings of restriction
    DEBT = "debt"
    #: what the customer is told about supply, prices, bills and the contract
    SERVICE = "service"
    SURVEY = "survey"
    ADVERTISING = "advertising"
    #: danger and accidents: counted against nobody's budget
    EMERGENCY = "emergency"


GROUP_OF: Final[Mapping[Purpose, PurposeGroup]] = MappingProxyType(
    {
        Purpose.DEBT: PurposeGroup.DEBT,
        Purpose.PAYMENT_DUE: PurposeGroup.DEBT,
        Purpose.RESTRICTION_WARNING: PurposeGroup.DEBT,
        Purpose.TARIFF: PurposeGroup.SERVICE,
        Purpose.OUTAGE: PurposeGroup.SERVICE,
        Purpose.METER_READING: PurposeGroup.SERVICE,
        Purpose.CONTRACT: PurposeGroup.SERVICE,
        Purpose.APPLICATION_STATUS: PurposeGroup.SERVICE,
        Purpose.BILL: PurposeGroup.SERVICE,
        Purpose.SURVEY: PurposeGroup.SURVEY,
        Purpose.ADVERTISING: PurposeGroup.ADVERTISING,
    }
)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` attempts per person, and per address, over one group of channels in one period."""

    channel_group: str
    limit: int
    period: CapPeriod

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise PolicyError(f"предел частоты — от 1 до {MAX_LIMIT}", code="cap_limit", most=str(MAX_LIMIT))
        if self.channel_group not in set(ChannelGroup):
            raise PolicyError("предел частоты считает text, voice или any", code="cap_channels")


@dataclass(frozen=True, slots=True)
class PolicyProfile:
    """Hours and caps; times are on the recipient's wall clock.

    `purpose_group` None counts each purpose in its own group (`GROUP_OF`). `days_off` are other hours for
    days off, `is_urgent` lets what goes under the profile overtake everything else.
    """

    name: str
    purpose_group: str | None = None
    daily_from: time = MIDNIGHT
    daily_to: time = MIDNIGHT  #: 00:00 is the end of the day
    working_days_only: bool = False
    caps: tuple[Cap, ...] = ()
    days_off: DayHours | None = None
    follows_short_days: bool = False
    is_urgent: bool = False

    def __post_init__(self) -> None:
        if self.purpose_group is not None and self.purpose_group not in set(PurposeGroup):
            raise PolicyError(f"нет группы целей «{self.purpose_group}»", code="unknown_purpose_group")
        if len(self.caps) > MAX_CAPS:
            raise PolicyError(f"пределов не больше {MAX_CAPS}", code="caps_many", most=str(MAX_CAPS))
        if len({(cap.channel_group, cap.period) for cap in self.caps}) < len(self.caps):
            raise PolicyError("предел на одни и те же каналы и срок указан дважды", code="cap_twice")

    def hours_in(self, zone: ZoneInfo) -> SendingHours:
        """Return the profile's hours in a recipient's zone; raises `PolicyError` when they make no sense."""
        return hours_from_json(hours_to_json(self), zone)


def hours_to_json(profile: PolicyProfile) -> dict[str, Any]:
    """The hours as a run's row keeps them."""
    off = profile.days_off
    return {
        "from": profile.daily_from.isoformat(),
        "to": profile.daily_to.isoformat(),
        "working_days_only": profile.working_days_only,
        "days_off": None if off is None else {"from": off.opens.isoformat(), "to": off.closes.isoformat()},
        "follows_short_days": profile.follows_short_days,
    }


def hours_from_json(data: Mapping[str, Any], zone: ZoneInfo) -> SendingHours:
    """The hours of a run's row in one zone; rows of earlier versions say nothing of days off."""
    off = data.get("days_off")
    return SendingHours(
        zone,
        time.fromisoformat(data["from"]),
        time.fromisoformat(data["to"]),
        bool(data["working_days_only"]),
        days_off=off and DayHours(time.fromisoformat(off["from"]), time.fromisoformat(off["to"])),
        follows_short_days=bool(data.get("follows_short_days")),
    )


def caps_to_json(caps: Sequence[Cap]) -> list[dict[str, Any]]:
    """The caps as rows keep them."""
    return [
        {"channel_group": str(cap.channel_group), "limit": cap.limit, "period": cap.period.value}
        for cap in caps
    ]


def caps_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[Cap, ...]:
    """The caps of a row."""
    return tuple(Cap(cap["channel_group"], int(cap["limit"]), CapPeriod(cap["period"])) for cap in data)


def profile_to_json(profile: PolicyProfile) -> dict[str, Any]:
    """Everything but the name, as a version of the profile is kept."""
    return {
        "purpose_group": profile.purpose_group,
        "hours": hours_to_json(profile),
        "caps": caps_to_json(profile.caps),
        "is_urgent": profile.is_urgent,
    }


def profile_from_json(name: str, data: Mapping[str, Any]) -> PolicyProfile:
    """The profile from a kept version."""
    hours = hours_from_json(data["hours"], ZoneInfo("UTC"))
    return PolicyProfile(
        name=name,
        purpose_group=data["purpose_group"],
        daily_from=hours.daily_from,
        daily_to=hours.daily_to,
        working_days_only=hours.working_days_only,
        caps=caps_from_json(data["caps"]),
        days_off=hours.days_off,
        follows_short_days=hours.follows_short_days,
        is_urgent=bool(data["is_urgent"]),
    )


#: Caps count over a rolling time (decision 0021): the longest that a day, a week, a month or three months
#: of the calendar can be.
PERIOD_LENGTH: Final = MappingProxyType(
    {
        CapPeriod.DAY: timedelta(days=1),
        CapPeriod.WEEK: timedelta(days=7),
        CapPeriod.MONTH: timedelta(days=31),
        CapPeriod.QUARTER: timedelta(days=92),
    }
)
