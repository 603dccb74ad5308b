"""What people type into forms, read: moments on the company's wall clock, numbers, times of day.

Every fault says itself by a code (see `dispatcher.web.faults`), so that it is shown in the reader's language
beside what was typed.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dispatcher.core.errors import DispatcherError

EARLIEST_YEAR: Final = 2000
LATEST_YEAR: Final = 2099
#: What an empty form proposes as the end: the next day at the end of the usual hours.
USUAL_END: Final = "17:00"


class FormFaultError(DispatcherError):
    """Raised when a field of a form cannot be read; `code` names the fault."""


def read_moment(typed: str, zone: ZoneInfo) -> datetime:
    """`2026-11-23T08:00` on the wall of `zone`, as browsers send it; raises `FormFaultError`."""
    try:
        moment = datetime.fromisoformat(typed.strip())
    except ValueError as error:
        raise _no_moment(typed) from error
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise _no_moment(typed)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def read_number(typed: str, least: int, most: int) -> int | None:
    """A whole number, or None for an empty field; raises `FormFaultError`."""
    if not typed.strip():
        return None
    value = int(typed) if typed.strip().isdecimal() and len(typed) < 12 else None
    if value is None or not least <= value <= most:
        raise FormFaultError("not a number", code="number", typed=typed[:20], least=least, most=most)
    return value


def read_rate(typed: str, least: float, most: float) -> float | None:
    """A number with a fraction, comma or point; None for an empty field; raises `FormFaultError`."""
    if not typed.strip():
        return None
    try:
        value = float(typed.strip().replace(",", "."))
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise FormFaultError("not a number", code="number", typed=typed[:20], least=least, most=most)
    return value


def usual_end(now: datetime, zone: ZoneInfo) -> str:
    """The end that a form proposes."""
    return f"{now.astimezone(zone) + timedelta(days=1):%Y-%m-%dT}{USUAL_END}"


def wall_time(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as a field of a form holds it."""
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}"


def _no_moment(typed: str) -> FormFaultError:
    return FormFaultError("not a moment", code="moment", typed=typed[:30])
