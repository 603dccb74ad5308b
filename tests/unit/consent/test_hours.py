"""Sending hours: walls, midnights, daylight saving, windows; and the search for the next chance."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.calendar import DayKind, WorkingCalendar
from consent.errors import EmptyHoursError, PolicyError
from consent.hours import SendingHours, intersect, is_allowed, next_allowed, open_until, parse_daily_time

MOSCOW = ZoneInfo("Europe/Moscow")
KYIV = ZoneInfo("Europe/Kyiv")
RU = WorkingCalendar("RU")
MINUTE = timedelta(minutes=1)


def at(zone, *wall, fold=0):
    return datetime(*wall, tzinfo=zone, fold=fold).astimezone(UTC)


def hours(daily_from="00:00", daily_to="24:00", *, zone=MOSCOW, working=False):
    return SendingHours(zone, parse_daily_time(daily_from), parse_daily_time(daily_to), working)


class TestSendingHours:
    def test_equal_limits_other_than_midnight_are_refused(self):
        with pytest.raises(PolicyError, match="00:00–24:00"):
            hours("08:00", "08:00")

    def test_limits_with_a_zone_are_refused(self):
        with pytest.raises(PolicyError):
            SendingHours(MOSCOW, time(8, tzinfo=UTC), time(17))


class TestParseDailyTime:
    def test_usual_forms_are_read(self):
        assert (parse_daily_time("8:00"), parse_daily_time(" 23:59 ")) == (time(8), time(23, 59))

    def test_24_00_is_the_end_of_the_day(self):
        assert parse_daily_time("24:00") == time(0)

    @pytest.mark.parametrize("text", ["", "8", "25:00", "24:01", "08:60", "8:5", "восемь", "-1:00"])
    def test_other_forms_are_refused(self, text):
        with pytest.raises(PolicyError):
            parse_daily_time(text)


class TestIsAllowed:
    @pytest.mark.parametrize(
        ("wall", "expected"),
        [((7, 59, 59), False), ((8, 0), True), ((16, 59, 59), True), ((17, 0), False), ((0, 0), False)],
    )
    def test_the_end_of_the_hours_is_exclusive(self, wall, expected):
        assert is_allowed(at(MOSCOW, 2026, 11, 20, *wall), hours("08:00", "17:00"), RU) is expected

    def test_hours_are_the_recipients_and_not_ours(self):
        eight_in_moscow = at(MOSCOW, 2026, 11, 20, 8)
        assert not is_allowed(eight_in_moscow, hours("08:00", "17:00", zone=ZoneInfo("Asia/Kamchatka")), RU)
        assert is_allowed(eight_in_moscow, hours("08:00", "17:00", zone=ZoneInfo("Asia/Omsk")), RU)

    @pytest.mark.parametrize("wall", [(0, 0), (12, 0), (23, 59, 59)])
    def test_from_midnight_to_midnight_is_the_whole_day(self, wall):
        assert is_allowed(at(MOSCOW, 2026, 11, 22, *wall), hours(), RU)

    def test_hours_to_midnight_end_with_the_day(self):
        late = hours("20:00", "24:00")
        assert is_allowed(at(MOSCOW, 2026, 11, 20, 23, 59), late, RU)
        assert not is_allowed(at(MOSCOW, 2026, 11, 21, 0, 0), late, RU)

    @pytest.mark.parametrize(
        ("wall", "expected"),
        [
            ((20, 22, 0), True),  # Friday evening opens
            ((21, 5, 59), True),  # still Friday's window
            ((21, 6, 0), False),
            ((21, 22, 0), False),  # Saturday opens none
            ((22, 23, 0), False),  # Sunday neither
            ((23, 5, 0), False),  # Monday morning would belong to Sunday
            ((23, 22, 0), True),
        ],
    )
    def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opened(self, wall, expected):
        day, hour, minute = wall
        night = hours("22:00", "06:00", working=True)
        assert is_allowed(at(MOSCOW, 2026, 11, day, hour, minute), night, RU) is expected

    def test_the_campaigns_window_is_closed_at_its_start_and_open_at_its_end(self):
        start, end = at(MOSCOW, 2026, 11, 20, 10), at(MOSCOW, 2026, 11, 20, 12)
        assert not is_allowed(start - MINUTE, hours(), RU, start, end)
        assert is_allowed(start, hours(), RU, start, end)
        assert not is_allowed(end, hours(), RU, start, end)

    def test_an_hour_that_comes_twice_is_allowed_twice(self):
        night = hours("03:00", "04:00", zone=KYIV)
        assert is_allowed(at(KYIV, 2026, 10, 25, 3, 30, fold=0), night, RU)
        assert is_allowed(at(KYIV, 2026, 10, 25, 3, 30, fold=1), night, RU)

    def test_a_naive_moment_is_refused(self):
        with pytest.raises(ValueError, match="aware"):
            is_allowed(datetime(2026, 11, 20, 9), hours(), RU)


class TestNextAllowed:
    def test_now_is_the_answer_when_now_is_allowed(self):
        now = at(MOSCOW, 2026, 11, 20, 9, 0, 30, 123456)
        assert next_allowed(now, hours("08:00", "17:00"), RU) == now

    def test_after_the_hours_the_next_working_morning_is_the_answer(self):
        friday_evening = at(MOSCOW, 2026, 11, 20, 17)
        standard = hours("08:00", "17:00", working=True)
        assert next_allowed(friday_evening, standard, RU) == at(MOSCOW, 2026, 11, 23, 8)

    def test_the_new_year_holidays_are_skipped_as_a_whole(self):
        answer = next_allowed(at(MOSCOW, 2025, 12, 31, 9), hours("08:00", "17:00", working=True), RU)
        assert answer == at(MOSCOW, 2026, 1, 12, 8)

    def test_a_whole_day_profile_with_working_days_opens_at_midnight(self):
        assert next_allowed(at(MOSCOW, 2026, 11, 21, 9), hours(working=True), RU) == at(MOSCOW, 2026, 11, 23)

    def test_the_start_of_the_campaign_is_waited_for(self):
        start = at(MOSCOW, 2026, 11, 24, 12)
        assert next_allowed(at(MOSCOW, 2026, 11, 20, 9), hours("08:00", "17:00"), RU, start) == start

    def test_nothing_is_allowed_when_the_campaign_ends_before_the_hours_open(self):
        now, end = at(MOSCOW, 2026, 11, 20, 18), at(MOSCOW, 2026, 11, 21, 8)
        assert next_allowed(now, hours("08:00", "17:00"), RU, None, end) is None
        assert next_allowed(now, hours("08:00", "17:00"), RU, None, end + MINUTE) == end

    def test_nothing_is_allowed_after_the_end(self):
        now = at(MOSCOW, 2026, 11, 20, 9)
        assert next_allowed(now, hours(), RU, None, now) is None

    def test_an_opening_that_falls_into_the_spring_gap_comes_at_the_end_of_the_gap(self):
        before = at(KYIV, 2026, 3, 29, 1)
        assert next_allowed(before, hours("03:30", "05:00", zone=KYIV), RU) == at(KYIV, 2026, 3, 29, 4)

    def test_hours_that_lie_in_the_spring_gap_do_not_come_on_that_day(self):
        before = at(KYIV, 2026, 3, 29, 1)
        assert next_allowed(before, hours("03:10", "03:50", zone=KYIV), RU) == at(KYIV, 2026, 3, 30, 3, 10)

    def test_in_the_autumn_overlap_the_hours_open_again_when_the_clock_goes_back(self):
        after_first = at(KYIV, 2026, 10, 25, 3, 45, fold=0)
        answer = next_allowed(after_first, hours("03:15", "03:30", zone=KYIV), RU)
        assert answer == at(KYIV, 2026, 10, 25, 3, 15, fold=1)

    def test_a_gap_at_midnight_is_understood(self):
        cairo = ZoneInfo("Africa/Cairo")  # 24 April 2026: 00:00 becomes 01:00
        answer = next_allowed(at(cairo, 2026, 4, 23, 22), hours("00:30", "02:00", zone=cairo), RU)
        assert answer == at(cairo, 2026, 4, 24, 1)

    def test_a_calendar_without_working_days_has_no_answer(self):
        class NeverWorking(WorkingCalendar):
            def kind_of(self, day):
                return DayKind.OFF

        assert next_allowed(at(MOSCOW, 2026, 1, 1), hours(working=True), NeverWorking("RU")) is None


ZONES = st.sampled_from(
    [
        "Europe/Moscow",
        "Europe/Kyiv",
        "Asia/Kamchatka",
        "America/New_York",
        "Africa/Cairo",
        "Australia/Lord_Howe",
    ]
).map(ZoneInfo)
CLOCKS = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
#: Mostly around the clock changes of 2026, where mistakes live.
MOMENTS = st.one_of(
    st.datetimes(datetime(2026, 3, 7), datetime(2026, 3, 31)),
    st.datetimes(datetime(2026, 4, 2), datetime(2026, 4, 26)),
    st.datetimes(datetime(2026, 10, 2), datetime(2026, 11, 6)),
    st.datetimes(datetime(2025, 12, 25), datetime(2026, 1, 12)),
).map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC))


@st.composite
def any_hours(draw):
    zone, working = draw(ZONES), draw(st.booleans())
    daily_from, daily_to = draw(CLOCKS), draw(CLOCKS)
    if daily_from == daily_to:
        daily_from = daily_to = time(0)
    return SendingHours(zone, daily_from, daily_to, working)


class TestNextAllowedAlways:
    @given(MOMENTS, any_hours())
    @settings(max_examples=150, deadline=None)
    def test_the_answer_is_allowed_and_no_earlier_minute_is(self, now, some):
        answer = next_allowed(now, some, RU)
        assert answer is not None
        assert answer >= now
        assert is_allowed(answer, some, RU)
        moment = now
        while moment < min(answer, now + timedelta(days=3)):
            assert not is_allowed(moment, some, RU)
            moment += MINUTE
        if answer > now:
            assert not is_allowed(answer - timedelta(microseconds=1), some, RU)

    @given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=3)), any_hours())
    @settings(max_examples=100, deadline=None)
    def test_asking_later_never_gives_an_earlier_answer(self, now, pause, some):
        assert next_allowed(now, some, RU) <= next_allowed(now + pause, some, RU)

    @given(MOMENTS, any_hours(), st.timedeltas(timedelta(0), timedelta(days=5)))
    @settings(max_examples=100, deadline=None)
    def test_an_end_only_takes_answers_away(self, now, some, length):
        free, bounded = next_allowed(now, some, RU), next_allowed(now, some, RU, now, now + length)
        assert bounded == (free if free < now + length else None)

    @given(MOMENTS, any_hours(), CLOCKS, CLOCKS, st.booleans())
    @settings(max_examples=150, deadline=None)
    def test_an_intersection_is_open_just_when_both_are_and_its_search_agrees(
        self, now, first, daily_from, daily_to, working
    ):
        second = (
            SendingHours(first.zone, daily_from, time(0) if daily_from == daily_to else daily_to, working)
            if daily_from != daily_to
            else SendingHours(first.zone, working_days_only=working)
        )
        day = [datetime(2026, 6, 2, tzinfo=UTC) + MINUTE * 15 * quarter for quarter in range(96)]
        common = any(is_allowed(one, first, RU) and is_allowed(one, second, RU) for one in day)
        try:
            both = intersect(first, second)
        except EmptyHoursError:
            assert not common
            return
        assert all(
            is_allowed(one, both, RU) == (is_allowed(one, first, RU) and is_allowed(one, second, RU))
            for one in day
        )
        answer = next_allowed(now, both, RU)
        if answer is not None:
            assert is_allowed(answer, first, RU)
            assert is_allowed(answer, second, RU)


class TestIntersect:
    def test_the_narrower_limits_win_on_both_sides(self):
        both = intersect(hours("06:00", "12:00"), hours("08:00", "17:00", working=True))
        allowed = [hour for hour in range(24) if is_allowed(at(MOSCOW, 2026, 11, 20, hour), both, RU)]
        assert allowed == [8, 9, 10, 11]
        assert not is_allowed(at(MOSCOW, 2026, 11, 21, 9), both, RU)

    def test_an_intersection_in_two_pieces_keeps_both(self):
        both = intersect(hours("20:00", "08:00"), hours("06:00", "22:00"))
        allowed = [hour for hour in range(24) if is_allowed(at(MOSCOW, 2026, 11, 20, hour), both, RU)]
        assert allowed == [6, 7, 20, 21]

    @pytest.mark.parametrize(
        ("first", "second"),
        [(("18:00", "22:00"), ("08:00", "17:00")), (("17:00", "08:00"), ("08:00", "17:00"))],
    )
    def test_hours_without_a_common_minute_are_an_error_that_names_both(self, first, second):
        with pytest.raises(EmptyHoursError, match=f"{first[0]}–{first[1]}.*{second[0]}–{second[1]}"):
            intersect(hours(*first), hours(*second))

    def test_three_sets_of_hours_may_be_narrowed_one_after_another(self):
        pair = intersect(hours("06:00", "12:00"), hours("08:00", "17:00"))
        with pytest.raises(EmptyHoursError):
            intersect(hours("12:00", "13:00"), pair)

    def test_hours_of_different_zones_are_refused(self):
        with pytest.raises(PolicyError):
            intersect(hours(), hours(zone=KYIV))


class TestOpenUntil:
    LONGEST = timedelta(days=2)
    MOSCOW = ZoneInfo("Europe/Moscow")

    def closing(self, hours: SendingHours, now: datetime, ends_at: datetime | None = None) -> datetime:
        last = ends_at or now + timedelta(days=9)
        days = WorkingCalendar("RU")
        return open_until(now, hours, days, ends_at=last, longest=self.LONGEST)

    def test_daily_hours_close_at_their_end(self) -> None:
        noon = datetime(2026, 3, 10, 12, tzinfo=self.MOSCOW)
        hours = SendingHours(self.MOSCOW, time(8), time(17), working_days_only=True)
        assert self.closing(hours, noon) == datetime(2026, 3, 10, 17, tzinfo=self.MOSCOW)

    def test_the_run_may_end_before(self) -> None:
        noon = datetime(2026, 3, 10, 12, tzinfo=self.MOSCOW)
        end = noon + timedelta(minutes=5)
        assert self.closing(SendingHours(self.MOSCOW, time(8), time(17)), noon, end) == end

    def test_round_the_clock_has_the_longest_as_its_end(self) -> None:
        noon = datetime(2026, 3, 10, 12, tzinfo=self.MOSCOW)
        assert self.closing(SendingHours(self.MOSCOW), noon) == noon + self.LONGEST

    def test_round_the_clock_on_working_days_closes_at_the_weekend(self) -> None:
        friday = datetime(2026, 3, 13, 12, tzinfo=self.MOSCOW)
        hours = SendingHours(self.MOSCOW, working_days_only=True)
        assert self.closing(hours, friday) == datetime(2026, 3, 14, tzinfo=self.MOSCOW)

    def test_hours_over_midnight_close_on_the_day_after(self) -> None:
        late = datetime(2026, 3, 10, 23, tzinfo=self.MOSCOW)
        hours = SendingHours(self.MOSCOW, time(22), time(6))
        assert self.closing(hours, late) == datetime(2026, 3, 11, 6, tzinfo=self.MOSCOW)

    def test_the_narrower_of_two_closes_both(self) -> None:
        noon = datetime(2026, 3, 10, 12, tzinfo=self.MOSCOW)
        both = intersect(
            SendingHours(self.MOSCOW, time(8), time(20)), SendingHours(self.MOSCOW, time(9), time(15))
        )
        assert self.closing(both, noon) == datetime(2026, 3, 10, 15, tzinfo=self.MOSCOW)
