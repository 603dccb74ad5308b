"""When would a run be through? The allowed hours of each zone, walked at the rate that can be expected.

The rate is the provider's limit where one is set, else what recent runs have shown, else a stated
assumption; a limit of the run itself caps all three, and so do the lines of calls, each of which is taken
for as long as people talk. It is an estimate and says which of these it is.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns.dry_run_repository import measured_rate, seconds_of_a_call
from consent.calendar import WorkingCalendar
from consent.hours import next_allowed
from consent.place import Place
from dispatcher.delivery.checks import RunView

ASSUMED_PER_SECOND: Final = 10.0  #: with no limit and no run to go by: a modest mail server
ASSUMED_CALL_SECONDS: Final = 60.0  #: with no calls to go by: ringing, and a debt told and confirmed
STEP: Final = timedelta(minutes=15)  #: offsets of zones and usual hours are multiples of it
LOOK_PAST_END: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Rate:
    """Attempts per second and why: `provider_limit`, `run_limit`, `lines`, `measured` or `assumed`."""

    per_second: float
    basis: str


@dataclass(frozen=True, slots=True)
class Finish:
    """`at` is None when it would take longer than two months past the end."""

    at: datetime | None
    unsent_at_end: int  #: how many would still be waiting when the window ends


def expected_rate(
    session: Session,
    channel: str,
    *,
    provider_limit: float | None,
    run_limit: float | None,
    lines: int | None,
) -> Rate:
    """The rate to reckon with on a channel; `lines`: how many of its notices can be on their way at once."""
    rate = Rate(provider_limit, "provider_limit") if provider_limit else _measured(session, channel)
    if lines is not None:
        by_lines = lines / (seconds_of_a_call(session) or ASSUMED_CALL_SECONDS)
        rate = min(rate, Rate(by_lines, "lines"), key=lambda one: one.per_second)
    if run_limit is not None and run_limit < rate.per_second:
        return Rate(run_limit, "run_limit")
    return rate


def _measured(session: Session, channel: str) -> Rate:
    found = measured_rate(session, channel)
    return Rate(ASSUMED_PER_SECOND, "assumed") if found is None else Rate(found, "measured")


def walk(
    run: RunView, waiting: Mapping[Place, int], rate: float, calendar: WorkingCalendar, now: datetime
) -> Finish:
    """Send `waiting` (place → how many) at `rate` per second from `now` on, in the hours of each place."""
    walking = _Walk(run, waiting, calendar, max(now, run.starts_at))
    while walking.left and walking.moment < run.ends_at + LOOK_PAST_END:
        walking.step(rate)
    return walking.result()


class _Walk:
    def __init__(
        self, run: RunView, waiting: Mapping[Place, int], calendar: WorkingCalendar, start: datetime
    ) -> None:
        self.ends_at = run.ends_at
        self.moment = start
        self.left = {place: float(count) for place, count in waiting.items() if count}
        self.unsent_at_end: int | None = None
        self._hours = {
            place: run.hours_in(ZoneInfo(place.time_zone), place.customer_group) for place in self.left
        }
        self._days = {place: calendar.in_region(place.region) for place in self.left}

    def step(self, rate: float) -> None:
        """Go on to the next quarter of an hour, or over a time at which every place is closed."""
        if self.unsent_at_end is None and self.moment >= self.ends_at:
            # Less than a thousandth of a message is what floats leave over.
            self.unsent_at_end = math.ceil(sum(self.left.values()) - 1e-3)
        open_places = [place for place in self.left if self._is_open(place)]
        if not open_places:
            self.moment = self._next_opening()
            return
        until = self._next_stop()
        capacity = rate * (until - self.moment).total_seconds()
        spare = self._send(open_places, capacity)
        self.moment = until if self.left else until - timedelta(seconds=spare / rate)

    def result(self) -> Finish:
        """What the walk has shown."""
        return Finish(None if self.left else self.moment, self.unsent_at_end or 0)

    def _is_open(self, place: Place) -> bool:
        hours = self._hours[place]
        return hours.are_open(self.moment.astimezone(hours.zone), self._days[place])

    def _next_opening(self) -> datetime:
        openings = [next_allowed(self.moment, self._hours[place], self._days[place]) for place in self.left]
        never = self.ends_at + LOOK_PAST_END
        return min((one for one in openings if one is not None), default=never)

    def _next_stop(self) -> datetime:
        quarter = int(self.moment.timestamp() // STEP.total_seconds()) + 1
        stop = datetime.fromtimestamp(quarter * STEP.total_seconds(), self.moment.tzinfo)
        return min(stop, self.ends_at) if self.moment < self.ends_at else stop

    def _send(self, places: list[Place], capacity: float) -> float:
        for place in places:
            sent = min(self.left[place], capacity)
            capacity -= sent
            self.left[place] -= sent
            if self.left[place] <= 1e-6:
                del self.left[place]
        return capacity
