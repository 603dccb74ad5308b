"""Working days of a country, with the official transfers and the administrator's corrections.

Requirements 28, 29: debt information never goes out on weekends or public holidays. The package
`holidays` knows Russian transfers and working Saturdays; for Ukraine it knows weekends only (martial
law abolished the holidays). What it does not know, the administrator's table says, and that table wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

import holidays

from consent.errors import PolicyError

COUNTRIES = ("RU", "UA", "KZ")
_NO_OVERRIDES: Mapping[date, bool] = MappingProxyType({})


@dataclass(frozen=True)
class WorkingCalendar:
    """Says which days are working days; `overrides` (day → is it a working day) beats the law's table."""

    country: str
    overrides: Mapping[date, bool] = field(default_factory=lambda: _NO_OVERRIDES, hash=False)

    def __post_init__(self) -> None:
        if self.country not in COUNTRIES:
            raise PolicyError(f"нет календаря страны «{self.country}»; есть: {', '.join(COUNTRIES)}")

    def is_working_day(self, day: date) -> bool:
        """True on working days; years without an official table count with weekends and fixed holidays."""
        override = self.overrides.get(day)
        return day in _working_days(self.country, day.year) if override is None else override


@lru_cache(maxsize=64)
def _working_days(country: str, year: int) -> frozenset[date]:
    # All days of the year at once: asking the package day by day costs thirty times more.
    table = holidays.country_holidays(country, years=year)
    first = date(year, 1, 1)
    days = (first + timedelta(days=number) for number in range((date(year, 12, 31) - first).days + 1))
    return frozenset(day for day in days if table.is_working_day(day))
