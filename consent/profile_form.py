"""A profile from what people type: times, days off, caps. Forms, commands and the API read it alike."""

import re
from collections.abc import Iterable
from typing import Final

from consent.errors import PolicyError
from consent.hours import MIDNIGHT, DayHours, parse_daily_time
from consent.policy import Cap, CapPeriod, ChannelGroup, PolicyProfile

#: What days off have.
LIKE_WORKING: Final = "same"
CLOSED: Final = "closed"
OWN_HOURS: Final = "own"
DAYS_OFF: Final = (CLOSED, LIKE_WORKING, OWN_HOURS)
_SPAN: Final = re.compile(r"\s*([0-9:]+)\s*[-–—]\s*([0-9:]+)\s*")


def read_profile(
    name: str,
    *,
    daily_from: str,
    daily_to: str,
    days_off: str = LIKE_WORKING,
    off_from: str = "",
    off_to: str = "",
    follows_short_days: bool = False,
    caps: Iterable[Cap] = (),
    purpose_group: str | None = None,
    is_urgent: bool = False,
) -> PolicyProfile:
    """The profile that was typed; raises `PolicyError` naming what is wrong."""
    if days_off not in DAYS_OFF:
        raise PolicyError("выходные — closed, same или own", code="days_off")
    own = DayHours(parse_daily_time(off_from), parse_daily_time(off_to)) if days_off == OWN_HOURS else None
    working = DayHours(parse_daily_time(daily_from), parse_daily_time(daily_to))
    return PolicyProfile(
        name=name,
        purpose_group=purpose_group or None,
        daily_from=working.opens,
        daily_to=working.closes,
        working_days_only=days_off == CLOSED,
        caps=tuple(caps),
        days_off=own,
        follows_short_days=follows_short_days,
        is_urgent=is_urgent,
    )


def days_off_of(profile: PolicyProfile) -> str:
    """What days off have under a profile."""
    if profile.working_days_only:
        return CLOSED
    return LIKE_WORKING if profile.days_off is None else OWN_HOURS


def read_span(typed: str) -> tuple[str, str]:
    """«08:00-17:00» as its two times; raises `PolicyError`."""
    match = _SPAN.fullmatch(typed)
    if match is None:
        raise PolicyError("часы пишутся как 08:00-17:00", code="clock_time")
    return match[1], match[2]


def read_cap(typed: str) -> Cap:
    """«text:2:day»: channels, how many, period; raises `PolicyError`."""
    group, _, rest = typed.strip().partition(":")
    limit, _, period = rest.partition(":")
    if not limit.isdecimal() or len(limit) > 6 or period not in set(CapPeriod):
        raise PolicyError(
            f"предел пишется как text:2:day; каналы {', '.join(ChannelGroup)}, сроки {', '.join(CapPeriod)}",
            code="cap_form",
        )
    return Cap(group, int(limit), CapPeriod(period))


def hours_in_words(hours: DayHours) -> str:
    """«08:00–17:00»."""
    end = "24:00" if hours.closes == MIDNIGHT else f"{hours.closes:%H:%M}"
    return f"{hours.opens:%H:%M}–{end}"
