"""Policy profiles: when and how often a group of purposes may speak to a person (design: section 8).

A profile is plain data. The hours are judged by `consent.hours`, the caps by the contact budget.
Caps and hours belong to purpose groups, so that a survey does not use up the debt reminder's share.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from consent.errors import PolicyError
from consent.hours import MIDNIGHT, SendingHours


class CapPeriod(StrEnum):
    """Over what time a cap counts, in the recipient's zone."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` attempts per person over one group of channels ("text", "voice") in one period."""

    channel_group: str
    limit: int
    period: CapPeriod

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise PolicyError("предел частоты должен быть не меньше 1")


@dataclass(frozen=True, slots=True)
class PolicyProfile:
    """Hours and caps of one group of purposes; times are on the recipient's wall clock."""

    name: str
    purpose_group: str
    daily_from: time = MIDNIGHT
    daily_to: time = MIDNIGHT  #: 00:00 is the end of the day
    working_days_only: bool = False
    caps: tuple[Cap, ...] = ()

    def hours_in(self, zone: ZoneInfo) -> SendingHours:
        """Return the profile's hours in a recipient's zone; raises `PolicyError` when they make no sense."""
        return SendingHours(zone, self.daily_from, self.daily_to, self.working_days_only)


#: Round the clock, no caps: emergencies, the sandbox and the demo.
ALWAYS = PolicyProfile(name="always", purpose_group="emergency")
#: Debt, tariff, contract and supply information: requirements 28 and 29.
SERVICE_STANDARD = PolicyProfile(
    name="service_standard",
    purpose_group="debt",
    daily_from=time(8),
    daily_to=time(17),
    working_days_only=True,
)

PROFILES: Mapping[str, PolicyProfile] = MappingProxyType(
    {profile.name: profile for profile in (ALWAYS, SERVICE_STANDARD)}
)


def profile_named(name: str) -> PolicyProfile:
    """Return a preset; raises `PolicyError` naming those that exist."""
    try:
        return PROFILES[name]
    except KeyError:
        raise PolicyError(
            f"нет профиля политики «{name}»; есть: {', '.join(PROFILES)}", code="unknown_policy"
        ) from None
