"""When may something leave: daily hours in the recipient's zone, working days, the campaign's window.

Promise P6 and requirements 10, 28, 29. Every instant is judged by the clock on the recipient's wall, so
daylight-saving gaps and overlaps need no rule of their own: a time that does not exist never comes, a
time that comes twice counts twice. Windows over midnight belong to the day on which they open.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from consent.calendar import DayKind, Days
from consent.errors import EmptyHoursError, PolicyError

MIDNIGHT = time(0)
SEARCH_DAYS = 400  #: a window without an allowed day in more than a year has none
SHORTER_BY: Final = timedelta(hours=1)  #: by what an eve of a holiday ends earlier
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayHours:
    """From `opens` up to but without `closes`; a `closes` at or before `opens` is on the next day."""

    opens: time = MIDNIGHT
    closes: time = MIDNIGHT  #: 00:00 is the end of the day

    def __post_init__(self) -> None:
        if self.opens.tzinfo or self.closes.tzinfo:
            raise PolicyError("часы рассылки задаются без часового пояса: они местные")
        if self.opens == self.closes != MIDNIGHT:
            raise PolicyError(
                "начало и конец часов рассылки совпадают; весь день — это 00:00–24:00", code="hours_equal"
            )

    @property
    def is_over_midnight(self) -> bool:
        """True when the hours end on the day after they began."""
        return self.closes != MIDNIGHT and self.closes < self.opens

    def hold_on_the_day(self, clock: time) -> bool:
        """Whether they are open at this time of the day on which they open."""
        is_before_end = self.is_over_midnight or self.closes == MIDNIGHT or clock < self.closes
        return self.opens <= clock and is_before_end

    def hold_on_the_next(self, clock: time) -> bool:
        """Whether they are still open at this time of the day after."""
        return self.is_over_midnight and clock < self.closes

    def shortened(self) -> "DayHours | None":
        """The same an hour shorter; None when nothing is left."""
        whole = self._closes_after(self.opens) - SHORTER_BY
        if whole <= timedelta(0):
            return None
        return DayHours(self.opens, (datetime.combine(date.min, self.opens) + whole).time())

    def _closes_after(self, opens: time) -> timedelta:
        length = datetime.combine(date.min, self.closes) - datetime.combine(date.min, opens)
        return length if length > timedelta(0) else length + _DAY


@dataclass(frozen=True, slots=True)
class SendingHours:
    """Daily hours in one zone: from `daily_from` up to but without `daily_to`.

    `daily_to` of 00:00 is the end of the day (24:00), so 00:00–00:00 is the whole day. 22:00–06:00 goes
    over midnight and belongs to the day on which it opens. `days_off` are other hours for days off;
    `working_days_only` closes those days. `follows_short_days` ends an hour earlier on the eve of a
    holiday. `narrowed_by` holds further hours that must hold as well (see `intersect`).
    """

    zone: ZoneInfo
    daily_from: time = MIDNIGHT
    daily_to: time = MIDNIGHT
    working_days_only: bool = False
    narrowed_by: tuple["SendingHours", ...] = ()
    days_off: DayHours | None = None
    follows_short_days: bool = False

    def __post_init__(self) -> None:
        DayHours(self.daily_from, self.daily_to)
        if self.working_days_only and self.days_off is not None:
            raise PolicyError(
                "часы выходных заданы, а рассылка разрешена только в рабочие дни: уберите одно из двух",
                code="days_off_twice",
            )

    @property
    def is_over_midnight(self) -> bool:
        """True when the hours of working days end on the day after they began."""
        return DayHours(self.daily_from, self.daily_to).is_over_midnight

    def hours_of(self, kind: DayKind) -> DayHours | None:
        """The hours of one kind of day; None: closed."""
        working = DayHours(self.daily_from, self.daily_to)
        if kind is DayKind.OFF:
            return None if self.working_days_only else self.days_off or working
        return working.shortened() if kind is DayKind.SHORT and self.follows_short_days else working

    def are_open(self, wall: datetime, calendar: Days) -> bool:
        """Judge a local wall time."""
        clock, today = wall.time(), wall.date()
        hours = self.hours_of(calendar.kind_of(today))
        if hours is None or not hours.hold_on_the_day(clock):
            before = self.hours_of(calendar.kind_of(today - _DAY))
            if before is None or not before.hold_on_the_next(clock):
                return False
        return all(narrower.are_open(wall, calendar) for narrower in self.narrowed_by)

    def opening_times(self) -> frozenset[time]:
        """All wall times at which these hours, or those that narrow them, may open."""
        own = {self.daily_from} if self.days_off is None else {self.daily_from, self.days_off.opens}
        return frozenset(own).union(*(hours.opening_times() for hours in self.narrowed_by))

    def closing_times(self) -> frozenset[time]:
        """All wall times at which these hours, or those that narrow them, may close."""
        kinds = (self.hours_of(kind) for kind in DayKind)
        own = frozenset(hours.closes for hours in kinds if hours is not None)
        return own.union(*(hours.closing_times() for hours in self.narrowed_by))


def parse_daily_time(text: str) -> time:
    """Read «08:00», «8:00» or «24:00» (the end of the day, which is 00:00 in `daily_to`)."""
    hours, _, minutes = text.strip().partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        raise PolicyError("время суток пишется как 08:00", code="clock_time")
    if (int(hours), int(minutes)) == (24, 0):
        return MIDNIGHT
    if int(hours) > 23 or int(minutes) > 59:
        raise PolicyError("такого времени суток нет; пишите от 00:00 до 24:00", code="no_such_time")
    return time(int(hours), int(minutes))


def intersect(first: SendingHours, second: SendingHours) -> SendingHours:
    """Return hours in which both are open; raises `EmptyHoursError` when no time of day is in both.

    Usually `first` is the campaign's and `second` the policy's; the order does not matter.
    """
    if first.zone != second.zone:
        raise PolicyError("часы в разных часовых поясах не пересекаются по дням")
    together = replace(first, narrowed_by=(*first.narrowed_by, second))
    if not _ever_meet(together):
        raise EmptyHoursError(
            f"часы задания {_in_words(first)} и разрешённые часы {_in_words(second)} не пересекаются",
            code="hours_do_not_meet",
            campaign=_in_words(first),
            policy=_in_words(second),
        )
    return together


def is_allowed(
    now: datetime,
    hours: SendingHours,
    calendar: Days,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> bool:
    """True when something may leave at `now`: not before `starts_at`, before `ends_at`, in open hours."""
    _require_aware(now, starts_at, ends_at)
    if (starts_at is not None and now < starts_at) or (ends_at is not None and now >= ends_at):
        return False
    return hours.are_open(now.astimezone(hours.zone), calendar)


def next_allowed(
    now: datetime,
    hours: SendingHours,
    calendar: Days,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> datetime | None:
    """Return the first instant from `now` on at which something may leave, in UTC.

    None means that nothing may leave before `ends_at`. The answer is `now` itself when that is allowed.
    """
    _require_aware(now, starts_at, ends_at)
    start = now if starts_at is None else max(now, starts_at)
    for instant in _candidates(start.astimezone(UTC), hours):
        if ends_at is not None and instant >= ends_at:
            return None
        if hours.are_open(instant.astimezone(hours.zone), calendar):
            return instant
    return None


def open_until(
    now: datetime, hours: SendingHours, calendar: Days, *, ends_at: datetime, longest: timedelta
) -> datetime:
    """Return the end of the interval that is open at `now`: what begins in it must be over by then.

    It is no later than `ends_at` and `longest` from now on, so that hours round the clock have an end too.
    """
    _require_aware(now, ends_at)
    last = min(ends_at, now + longest)
    clocks = hours.opening_times() | hours.closing_times() | {MIDNIGHT}
    for instant in _instants(now.astimezone(UTC), hours.zone, clocks):
        if instant >= last or not hours.are_open(instant.astimezone(hours.zone), calendar):
            return min(instant, last)
    return last


def _candidates(start: datetime, hours: SendingHours) -> Iterator[datetime]:
    """Yield `start` and then, in order, every instant at which closed hours may become open."""
    yield start
    # The end of the day is an opening when the next day is a working day.
    yield from _instants(start, hours.zone, hours.opening_times() | {MIDNIGHT})


def _instants(start: datetime, zone: ZoneInfo, clocks: Collection[time]) -> Iterator[datetime]:
    """Every instant after `start` at which a wall in `zone` shows one of the clocks, or jumps."""
    first_day = start.astimezone(zone).date()
    for number in range(SEARCH_DAYS):
        day = first_day + timedelta(days=number)
        openings = {
            datetime.combine(day, clock, zone).replace(fold=fold).astimezone(UTC)
            for clock in clocks
            for fold in (0, 1)
        }
        openings |= _clock_changes(day, zone)
        yield from sorted(instant for instant in openings if instant > start)


def _clock_changes(day: date, zone: ZoneInfo) -> set[datetime]:
    """Return the instant in this day at which the wall clock jumps, to the second, if there is one."""
    low = datetime.combine(day, MIDNIGHT, zone).astimezone(UTC)
    high = datetime.combine(day + timedelta(days=1), MIDNIGHT, zone).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    if before == high.astimezone(zone).utcoffset():
        return set()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return {high}


class _EveryKind:
    """Days among which each kind follows upon each: enough to see whether hours ever meet."""

    FIRST: Final = date(2000, 1, 2)
    ORDER: Final = (*"WWOOWSOSSW",)
    KINDS: Final = MappingProxyType({"W": DayKind.WORKING, "O": DayKind.OFF, "S": DayKind.SHORT})

    def kind_of(self, day: date) -> DayKind:
        """The kind of a day in the order."""
        return self.KINDS[self.ORDER[(day - self.FIRST).days % len(self.ORDER)]]


def _ever_meet(hours: SendingHours) -> bool:
    # Hours open and close only at their own limits and at midnight: some opening must lie in all of them.
    days = (_EveryKind.FIRST + number * _DAY for number in range(len(_EveryKind.ORDER)))
    clocks = hours.opening_times() | {MIDNIGHT}
    every = _EveryKind()
    return any(hours.are_open(datetime.combine(day, clock), every) for day in days for clock in clocks)


def _in_words(hours: SendingHours) -> str:
    end = "24:00" if hours.daily_to == MIDNIGHT else f"{hours.daily_to:%H:%M}"
    return f"{hours.daily_from:%H:%M}–{end}"


def _require_aware(*moments: datetime | None) -> None:
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        raise ValueError("moments must be aware: naive local time has no place here")
