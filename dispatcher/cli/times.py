"""Times as staff type them: in the company's zone unless an offset is given."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from consent.errors import PolicyError
from consent.hours import parse_daily_time
from dispatcher.core.errors import DispatcherError


class BadTimeError(DispatcherError):
    """Raised when a moment or a time of day cannot be read."""


def read_moment(typed: str, zone: str, now: datetime) -> datetime:
    """`now`, `2026-11-23 08:00`, or with an offset; raises `BadTimeError`."""
    if typed.strip().lower() == "now":
        return now
    try:
        moment = datetime.fromisoformat(typed.strip())
    except ValueError as error:
        raise BadTimeError(f"{typed!r} is not a time: write 2026-11-23 08:00, or now") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def read_hours(typed: str) -> tuple[time, time]:
    """`08:00-17:00`, in the recipient's zone; raises `BadTimeError`."""
    begin, dash, end = typed.replace("–", "-").partition("-")
    try:
        if dash:
            return parse_daily_time(begin), parse_daily_time(end)
    except PolicyError as error:
        raise BadTimeError(str(error)) from error
    raise BadTimeError(f"{typed!r} are not hours: write 08:00-17:00")
