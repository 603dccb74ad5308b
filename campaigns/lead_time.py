"""How long before (or after) an event people must be told, as plain data (requirements 27, 31–33)."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Strictness(StrEnum):
    """What becomes of a campaign that starts too late."""

    #: it is not made
    REFUSE = "refuse"
    #: staff are told, and decide
    WARN = "warn"
    #: nothing is said
    OFF = "off"


class Counted(StrEnum):
    """From where the lead time counts."""

    #: so long before the field's date
    BEFORE = "before"
    #: within so long after the field's date
    AFTER = "after"
    #: by this day of the month that follows the field's date
    DAY_OF_NEXT_MONTH = "day_of_next_month"


@dataclass(frozen=True, slots=True)
class LeadTime:
    """The rule of one scenario: `days` or `months` counted from the date in `field`.

    With `DAY_OF_NEXT_MONTH`, `days` is the day of the month.
    """

    field: str
    counted: Counted
    days: int = 0
    months: int = 0
    strictness: Strictness = Strictness.REFUSE

    def latest_start(self, event: date) -> date:
        """The last day on which telling people is still in time."""
        match self.counted:
            case Counted.BEFORE:
                return _months_later(event, -self.months) - timedelta(days=self.days)
            case Counted.AFTER:
                return _months_later(event, self.months) + timedelta(days=self.days)
            case Counted.DAY_OF_NEXT_MONTH:
                following = _months_later(event.replace(day=1), 1)
                return following.replace(day=min(self.days, _length(following)))


def _months_later(day: date, months: int) -> date:
    # The 31st of a month that has 30 days is its last: 31 December less two months is 31 October.
    month = day.year * 12 + day.month - 1 + months
    first = date(month // 12, month % 12 + 1, 1)
    return first.replace(day=min(day.day, _length(first)))


def _length(month: date) -> int:
    return monthrange(month.year, month.month)[1]
