"""When a step tries again, by the reason of what failed (domain.md 6.1): plain data of the step plan.

Waiting alone is not enough for calls: who does not answer in the morning is not at home in the mornings, and
who has declined must have a night's peace.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from dispatcher.core.zones import zone

#: Where one part of the day ends and the next begins, on the recipient's wall.
DAY_PARTS: Final = (time(12), time(17))
MORNING: Final = time(8)


class Shift(StrEnum):
    """To when a repeat is put off, beside its wait."""

    #: the wait alone counts
    NONE = "none"
    #: another part of the day: morning, from 12, from 17
    DAY_PART = "day_part"
    #: the same time of the next day
    NEXT_DAY = "next_day"


@dataclass(frozen=True, slots=True)
class RetryRule:
    """The waits before the repeats after one reason, in seconds; after the last there is none any more."""

    wait_seconds: tuple[float, ...] = ()
    shift: Shift = Shift.NONE

    def to_json(self) -> dict[str, Any]:
        """Plain data for the step plan."""
        return {"wait_seconds": list(self.wait_seconds), "shift": self.shift.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "RetryRule":
        """The rule as it was stored."""
        return cls(tuple(float(wait) for wait in data["wait_seconds"]), Shift(data["shift"]))


def repeat_at(now: datetime, wait_seconds: float, shift: Shift, time_zone: str) -> datetime:
    """When a repeat is due; the claim's hours come on top."""
    due = now + timedelta(seconds=wait_seconds)
    if shift is Shift.NONE:
        return due
    here = zone(time_zone)
    if shift is Shift.NEXT_DAY:
        return (now.astimezone(here) + timedelta(days=1)).astimezone(due.tzinfo)
    before, after = now.astimezone(here), due.astimezone(here)
    if before.date() != after.date() or _part(before.time()) != _part(after.time()):
        return due
    part = _part(after.time())
    if part < len(DAY_PARTS):
        begins = datetime.combine(after.date(), DAY_PARTS[part], here)
    else:
        begins = datetime.combine(after.date() + timedelta(days=1), MORNING, here)
    return begins.astimezone(due.tzinfo)


def _part(clock: time) -> int:
    return sum(1 for begins in DAY_PARTS if clock >= begins)
