"""Working days of a country and its regions, with the official transfers and the staff's corrections.

Requirements 28, 29: debt information never goes out on weekends or public holidays. The package
`holidays` knows Russian transfers and working Saturdays; for Ukraine it knows weekends only (martial
law abolished the holidays), and of no country the days of single regions. What it does not know, the
staff's table says: an entry of the region beats one of the country, and both beat the official table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Protocol

from consent.errors import PolicyError

COUNTRIES = ("RU", "UA", "KZ")
#: Where the working day before a public holiday is an hour shorter: Labour Code of Russia, article 95.
#: In Ukraine martial law suspended the rule together with the holidays; Kazakhstan has none.
_SHORT_BEFORE_HOLIDAYS: Final = frozenset({"RU"})
_DAY: Final = timedelta(days=1)
#: «Day off (substituted from 02/20/2027)»: how the package names a day that was swapped.
_SWAPPED: Final = re.compile(r"substituted from (\d\d)/(\d\d)/(\d{4})")


class DayKind(StrEnum):
    """What kind of day it is for work."""

    #: a usual working day
    WORKING = "working"
    #: a working day that ends an hour earlier: the eve of a holiday
    SHORT = "short"
    #: a weekend, a public holiday, or a day off in exchange for one
    OFF = "off"


class Days(Protocol):
    """Whatever can say what kind a day is."""

    def kind_of(self, day: date) -> DayKind:
        """The kind of one day."""


Overrides = Mapping[date, DayKind]
_NONE: Final[Overrides] = MappingProxyType({})
_NO_REGIONS: Final[Mapping[str, Overrides]] = MappingProxyType({})


@dataclass(frozen=True)
class WorkingCalendar:
    """The days of a country; `overrides` beat the law's table, `regions` (region → days) beat both."""

    country: str
    overrides: Overrides = field(default_factory=lambda: _NONE, hash=False)
    regions: Mapping[str, Overrides] = field(default_factory=lambda: _NO_REGIONS, hash=False)

    def __post_init__(self) -> None:
        if self.country not in COUNTRIES:
            raise PolicyError(
                f"нет календаря страны «{self.country}»; есть: {', '.join(COUNTRIES)}",
                code="unknown_country",
                countries=", ".join(COUNTRIES),
            )

    def kind_of(self, day: date) -> DayKind:
        """The kind of a day; years without an official table count with weekends and fixed holidays."""
        found = self.overrides.get(day)
        return _official_kinds(self.country, day.year)[day] if found is None else found

    def is_working_day(self, day: date) -> bool:
        """Whether people work on this day, be it for an hour less."""
        return self.kind_of(day) is not DayKind.OFF

    def in_region(self, region: str) -> "WorkingCalendar":
        """The calendar as it holds in a region; the country's own where the region has no days of its own."""
        own = self.regions.get(region)
        return self if own is None else WorkingCalendar(self.country, {**self.overrides, **own})


def official_kind(country: str, day: date) -> DayKind:
    """What the official table alone says of a day."""
    return WorkingCalendar(country).kind_of(day)


@lru_cache(maxsize=64)
def _official_kinds(country: str, year: int) -> Mapping[date, DayKind]:
    import holidays  # slow to load, and needed only where working days count

    # All days of the year at once: asking the package day by day costs thirty times more. The year after
    # it tells whether the last working day is the eve of a holiday.
    table = holidays.country_holidays(country, years=(year, year + 1), language="en_US")
    first = date(year, 1, 1)
    days = [first + timedelta(days=number) for number in range((date(year, 12, 31) - first).days + 1)]
    working = {day for day in days if table.is_working_day(day)}
    short = working & _eves(table) if country in _SHORT_BEFORE_HOLIDAYS else set()
    return MappingProxyType(
        {
            day: DayKind.SHORT if day in short else DayKind.WORKING if day in working else DayKind.OFF
            for day in days
        }
    )


def _eves(table: Mapping[date, str]) -> set[date]:
    """The days directly before holidays. A day that was swapped for such an eve is as short as it was."""
    official = {day for day, name in table.items() if "substituted" not in name and "observed" not in name}
    eves = {day - _DAY for day in official}
    for day, name in table.items():
        swapped = _SWAPPED.search(name)
        if swapped is not None and day in eves:
            month, number, year = (int(part) for part in swapped.groups())
            eves.add(date(year, month, number))
    return eves
