"""The policy of a run for one group of customers, as it was when the run was made.

A run keeps one for each customer group (requirement 62): the hours of every profile that serves its
purpose, which all must hold, their caps together, and the version of each, which staff see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from consent.errors import PolicyError
from consent.hours import SendingHours, intersect
from consent.policy import (
    GROUP_OF,
    Cap,
    PolicyProfile,
    caps_from_json,
    caps_to_json,
    hours_from_json,
    hours_to_json,
)
from consent.purposes import Purpose


@dataclass(frozen=True, slots=True)
class ProfileVersion:
    """A profile as staff saved it for the `version`th time; version 1 of a preset is the product's own."""

    profile: PolicyProfile
    version: int


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """What holds for the recipients of one customer group; see the module."""

    purpose_group: str
    hours: tuple[Mapping[str, Any], ...]
    caps: tuple[Cap, ...] = ()
    profiles: tuple[tuple[str, int], ...] = ()  #: name and version; empty in runs of earlier releases
    is_urgent: bool = False

    def hours_in(self, zone: ZoneInfo) -> SendingHours:
        """The hours of all the profiles together; raises `EmptyHoursError` where they never meet."""
        first, *others = (hours_from_json(data, zone) for data in self.hours)
        for other in others:
            first = intersect(first, other)
        return first

    def to_json(self) -> dict[str, Any]:
        """Plain values for the run's row."""
        return {
            "purpose_group": self.purpose_group,
            "hours": [dict(one) for one in self.hours],
            "caps": caps_to_json(self.caps),
            "profiles": [{"name": name, "version": version} for name, version in self.profiles],
            "is_urgent": self.is_urgent,
        }


def group_policy_from_json(data: Mapping[str, Any]) -> GroupPolicy:
    """The policy of one group from the run's row."""
    return GroupPolicy(
        purpose_group=data["purpose_group"],
        hours=tuple(data["hours"]),
        caps=caps_from_json(data["caps"]),
        profiles=tuple((one["name"], int(one["version"])) for one in data["profiles"]),
        is_urgent=bool(data["is_urgent"]),
    )


def combine(purpose: Purpose, versions: Sequence[ProfileVersion]) -> GroupPolicy:
    """One policy of all the profiles that serve a purpose.

    Raises `PolicyError` when they count in different purpose groups, `EmptyHoursError` when their hours
    never meet.
    """
    named = {one.profile.purpose_group for one in versions} - {None}
    if len(named) > 1:
        raise PolicyError(
            "эти профили считают пределы в разных группах целей: выберите один из них",
            code="profiles_differ",
        )
    policy = GroupPolicy(
        purpose_group=str(named.pop() if named else GROUP_OF[purpose]),
        hours=tuple(hours_to_json(one.profile) for one in versions),
        caps=tuple(cap for one in versions for cap in one.profile.caps),
        profiles=tuple((one.profile.name, one.version) for one in versions),
        is_urgent=any(one.profile.is_urgent for one in versions),
    )
    policy.hours_in(ZoneInfo("UTC"))
    return policy
