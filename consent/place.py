"""Whose hours and days hold for a recipient: the zone, the customer group and the region.

Recipients of one place share their hours, so that these are worked out once for a whole group of them.
"""

from typing import NamedTuple

from consent.calendar import WorkingCalendar
from consent.regions import region_of


class Place(NamedTuple):
    """What the hours of a recipient depend on."""

    time_zone: str
    customer_group: int = 1
    region: str = ""  #: empty: the country's days


def place_of(
    time_zone: str, customer_group: int, *, address: str, region: str | None, calendar: WorkingCalendar
) -> Place:
    """The place of a recipient. The region is looked for only where some region has days of its own."""
    found = region_of(address, region) if calendar.regions else ""
    return Place(time_zone, customer_group, found if found in calendar.regions else "")
