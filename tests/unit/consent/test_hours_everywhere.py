"""Sending hours in every zone of the world, against an oracle that goes minute by minute.

The oracle knows nothing of openings, candidates or clock changes: it looks at the wall at each minute.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from consent.calendar import DayKind, WorkingCalendar
from consent.errors import EmptyHoursError
from consent.hours import DayHours, SendingHours, intersect, is_allowed, next_allowed

ZONES = sorted(available_timezones())
MINUTE = timedelta(minutes=1)
SPAN = timedelta(days=2)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
YEARS = 4


@cache
def clock_changes(name: str) -> tuple[datetime, ...]:
    """The days of the years in which the wall clock of a zone jumps."""
    zone = ZoneInfo(name)
    days = [NEW_YEAR + timedelta(days=number) for number in range(365 * YEARS)]
    return tuple(
        day
        for day in days
        if day.astimezone(zone).utcoffset() != (day + timedelta(days=1)).astimezone(zone).utcoffset()
    )


@st.composite
def moments(draw: st.DrawFn, name: str) -> datetime:
    """A minute of four years; every other one lies about a clock change where the zone has any."""
    changes = clock_changes(name)
    if changes and draw(st.booleans()):
        return draw(st.sampled_from(changes)) + timedelta(minutes=draw(st.integers(-60, 1500)))
    return NEW_YEAR + timedelta(minutes=draw(st.integers(0, 60 * 24 * 365 * YEARS)))


#: Half of them in the small hours, in which clocks are put forward and back.
clocks = st.builds(time, st.integers(0, 23) | st.integers(0, 3), st.sampled_from([0, 0, 15, 30, 45, 59]))
spans = st.builds(
    lambda opens, closes: None if opens == closes != time(0) else DayHours(opens, closes), clocks, clocks
).filter(lambda span: span is not None)


@st.composite
def hours_in(draw: st.DrawFn, zone: ZoneInfo) -> SendingHours:
    """Hours of any form: over midnight, other ones for days off, none for days off."""
    working = draw(spans)
    off = draw(st.none() | spans)
    return SendingHours(
        zone,
        working.opens,
        working.closes,
        working_days_only=off is None and draw(st.booleans()),
        days_off=off,
        follows_short_days=draw(st.booleans()),
    )


@st.composite
def calendars(draw: st.DrawFn, about: date) -> WorkingCalendar:
    """The official days of Russia, some of those about the moment declared otherwise."""
    kinds = draw(st.lists(st.none() | st.sampled_from(DayKind), min_size=6, max_size=6))
    days = {about + timedelta(days=number - 2): kind for number, kind in enumerate(kinds) if kind}
    return WorkingCalendar("RU", days)


def minutes_of(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def is_open(hours: SendingHours, at: datetime, calendar: WorkingCalendar) -> bool:
    """The oracle: in minutes after the midnight of the day on which the hours open."""
    wall = at.astimezone(hours.zone)
    for days_before in (0, 1):
        day = wall.date() - timedelta(days=days_before)
        kind = calendar.kind_of(day)
        span = DayHours(hours.daily_from, hours.daily_to)
        if kind is DayKind.OFF:
            if hours.working_days_only:
                continue
            span = hours.days_off or span
        opens, closes = minutes_of(span.opens), minutes_of(span.closes)
        closes += 24 * 60 if closes <= opens else 0
        closes -= 60 if kind is DayKind.SHORT and hours.follows_short_days else 0
        if opens <= wall.hour * 60 + wall.minute + days_before * 24 * 60 < closes:
            return all(is_open(other, at, calendar) for other in hours.narrowed_by)
    return False


class TestNextAllowed:
    @settings(
        max_examples=300,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.data(), st.sampled_from(ZONES))
    def test_is_the_first_minute_that_is_allowed_and_never_outside_the_window(
        self, data: st.DataObject, name: str
    ) -> None:
        zone = ZoneInfo(name)
        now = data.draw(moments(name))
        calendar = data.draw(calendars(now.astimezone(zone).date()))
        hours = data.draw(hours_in(zone))
        if data.draw(st.booleans()):
            try:
                hours = intersect(hours, data.draw(hours_in(zone)))
            except EmptyHoursError:
                assume(False)
        start = now + timedelta(minutes=data.draw(st.integers(-600, 600)))
        end = start + timedelta(minutes=data.draw(st.integers(1, 4000)))

        found = next_allowed(now, hours, calendar, start, end)

        first = max(now, start)
        minutes = (first + number * MINUTE for number in range(int(SPAN / MINUTE)))
        expected = next((at for at in minutes if at < end and is_open(hours, at, calendar)), None)
        if expected is not None or end <= first + SPAN:
            assert found == expected
        else:
            assert found is None or first + SPAN <= found < end
        if found is not None:
            assert is_allowed(found, hours, calendar, start, end)
            assert now <= found
            assert start <= found < end

    def test_in_every_zone_office_hours_begin_at_eight_on_the_wall_about_each_clock_change(self) -> None:
        calendar = WorkingCalendar("RU")
        for name in ZONES:
            zone = ZoneInfo(name)
            office = SendingHours(zone, time(8), time(17))
            for change in (NEW_YEAR, *clock_changes(name)[:2]):
                evening = datetime.combine(change.astimezone(zone), time(20), zone).astimezone(UTC)
                found = next_allowed(evening, office, calendar)
                assert found is not None
                assert found.astimezone(zone).time() == time(8), name


class TestEdges:
    @example(name="Europe/Kyiv", day=date(2026, 10, 25))
    @example(name="America/St_Johns", day=date(2026, 11, 1))
    @example(name="Australia/Lord_Howe", day=date(2026, 4, 5))
    @example(name="Africa/Casablanca", day=date(2026, 2, 15))
    @settings(max_examples=50, deadline=None)
    @given(st.sampled_from(ZONES), st.dates(date(2026, 1, 1), date(2029, 12, 31)))
    def test_hours_over_midnight_hold_to_their_end_on_the_wall(self, name: str, day: date) -> None:
        zone = ZoneInfo(name)
        night = SendingHours(zone, time(22), time(6))
        calendar = WorkingCalendar("RU")
        evening = datetime.combine(day, time(23, 30), zone).astimezone(UTC)
        assert is_allowed(evening, night, calendar)
        for minute in range(0, 60 * 10, 7):
            at = evening + minute * MINUTE
            assert is_allowed(at, night, calendar) is is_open(night, at, calendar)
