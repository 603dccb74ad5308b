"""Cron in the company's zone: checked, explained, and exactly one occurrence for each time on the wall.

Occurrences are counted on the wall, not in instants, so daylight saving can neither repeat nor drop one:
a time that comes twice is due at its first coming, a time that is jumped over is due at the moment of the
jump (requirement: once, whatever DST does).
"""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from croniter import CroniterBadCronError, CroniterBadDateError, CroniterError, croniter

from campaigns.errors import RecurrenceError

LEAST_GAP: Final = timedelta(hours=1)  #: more often is a mistake: nobody wants to be told every minute
_CHECKED: Final = 50  #: gaps looked at
_START: Final = datetime(2026, 1, 1)  # noqa: DTZ001 - a time on the wall
_NUMBERS: Final = re.compile(r"\d+(,\d+)*")
_DAYS: Final = ("воскресеньям", "понедельникам", "вторникам", "средам", "четвергам", "пятницам", "субботам")


def check_cron(cron: str) -> str:
    """The text with single spaces; raises `RecurrenceError` when it cannot be read or is too frequent."""
    fields = cron.split()
    if len(fields) != 5:
        raise RecurrenceError(
            "cron has five parts: minute, hour, day, month, day of the week; e.g. 0 9 1 * *",
            code="cron_parts",
        )
    cleaned = " ".join(fields)
    try:
        walls = croniter(cleaned, _START, ret_type=datetime)
        times = [walls.get_next(datetime) for _ in range(_CHECKED)]
    except (CroniterBadCronError, CroniterBadDateError, CroniterError, ValueError) as error:
        raise RecurrenceError(
            f"{cleaned!r} is no schedule that ever comes: {error}", code="cron_wrong", cron=cleaned
        ) from error
    if min(after - before for before, after in pairwise(times)) < LEAST_GAP:
        raise RecurrenceError("a campaign may repeat once an hour at most", code="cron_too_often")
    return cleaned


def next_wall(cron: str, after: datetime) -> datetime:
    """The next time on the wall after `after` (both naive: they are read off a wall)."""
    return croniter(cron, after, ret_type=datetime).get_next(datetime)  # type: ignore[no-any-return]


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the wall shows this time first; where it is jumped over, the moment of the jump."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    low, high = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), first
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def explain(cron: str, zone: ZoneInfo, now: datetime) -> str:
    """What the schedule means, in Russian, with its next three times."""
    wall = now.astimezone(zone).replace(tzinfo=None)
    times = []
    for _ in range(3):
        wall = next_wall(cron, wall)
        times.append(f"{wall:%d.%m.%Y %H:%M}")
    return f"{_in_words(cron)}; ближайшие: {', '.join(times)} ({zone.key})"


def _in_words(cron: str) -> str:
    minute, hour, day, month, weekday = cron.split()
    if not (minute.isdecimal() and hour.isdecimal() and month == "*"):
        return f"по расписанию «{cron}»"
    clock = f"в {int(hour):02d}:{int(minute):02d}"
    days = [] if day == "*" else [f"{day.replace(',', ', ')} числа"] if _NUMBERS.fullmatch(day) else None
    weekdays = _weekdays(weekday)
    if days is None or weekdays is None:
        return f"по расписанию «{cron}»"
    # Both parts given mean "or", which surprises people: so it is said.
    parts = [*days, *weekdays]
    return f"{' или '.join(parts) if parts else 'каждый день'} {clock}"


def _weekdays(field: str) -> list[str] | None:
    if field == "*":
        return []
    if field == "1-5":
        return ["с понедельника по пятницу"]
    if not _NUMBERS.fullmatch(field):
        return None
    return ["по " + ", ".join(_DAYS[int(number) % 7] for number in field.split(","))]
