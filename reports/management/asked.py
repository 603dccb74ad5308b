"""What a report is asked about: days on the company's wall, and what of them."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from consent.purposes import Purpose
from dispatcher.core.errors import DispatcherError

MOST_DAYS: Final = 366
EARLIEST: Final = date(2000, 1, 1)
LATEST: Final = date(2099, 12, 31)
CUSTOMER_GROUPS: Final = (1, 2, 3)


class BadReportError(DispatcherError):
    """Raised when a report is asked for what there cannot be."""


@dataclass(frozen=True, slots=True)
class ReportAsked:
    """From the first day to the end of the last one; None is every purpose, scenario and customer group.

    Raises `BadReportError`.
    """

    first: date
    last: date
    zone: ZoneInfo
    purpose: str | None = None
    scenario: str | None = None
    customer_group: int | None = None

    def __post_init__(self) -> None:
        if not EARLIEST <= self.first <= self.last <= LATEST:
            raise BadReportError("the period ends before it begins", code="report_period")
        if (self.last - self.first).days >= MOST_DAYS:
            raise BadReportError(
                f"a report is about at most {MOST_DAYS} days", code="report_too_long", most=MOST_DAYS
            )
        if self.purpose is not None and self.purpose not in set(Purpose):
            raise BadReportError(
                f"there is no such purpose; there are: {', '.join(Purpose)}", code="report_choice"
            )
        if self.customer_group is not None and self.customer_group not in CUSTOMER_GROUPS:
            raise BadReportError("customer groups are 1, 2 and 3", code="report_choice")

    @property
    def begins(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time(0), self.zone)

    @property
    def ends(self) -> datetime:
        """The first moment after the period."""
        return datetime.combine(self.last + timedelta(days=1), time(0), self.zone)

    def values(self, now: datetime) -> dict[str, Any]:
        """The parameters of the statements; `known_at` is the end of the period, or now if that is sooner."""
        return {
            "begins": self.begins,
            "ends": self.ends,
            "known_at": min(self.ends, now),
            "purpose": self.purpose,
            "scenario": self.scenario,
            "customer_group": self.customer_group,
        }


def usual_periods(today: date) -> dict[str, tuple[date, date]]:
    """What is asked about most: name → first and last day."""
    month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    quarter_before = (quarter - timedelta(days=80)).replace(day=1)
    quarter_before = date(quarter_before.year, (quarter_before.month - 1) // 3 * 3 + 1, 1)
    return {
        "month": (month, _month_end(month)),
        "month_before": (before, month - timedelta(days=1)),
        "quarter": (quarter, _month_end(quarter.replace(month=quarter.month + 2))),
        "quarter_before": (quarter_before, quarter - timedelta(days=1)),
        "year": (date(today.year, 1, 1), date(today.year, 12, 31)),
    }


def _month_end(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])
