"""Working days by country."""

from datetime import date, timedelta

import pytest

from consent.calendar import DayKind, WorkingCalendar
from consent.errors import PolicyError


def count_working_days(calendar, year):
    first = date(year, 1, 1)
    return sum(calendar.is_working_day(first + timedelta(days=number)) for number in range(365))


class TestIsWorkingDay:
    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            (date(2026, 11, 20), True),  # Friday
            (date(2026, 11, 21), False),  # Saturday
            (date(2025, 11, 1), True),  # a working Saturday by decree
            (date(2027, 2, 20), True),  # another
            (date(2026, 1, 9), False),  # transferred from Saturday 3 January
            (date(2026, 12, 31), False),  # transferred from Sunday 4 January
            (date(2026, 6, 12), False),  # a public holiday on a Friday
        ],
    )
    def test_russian_holidays_transfers_and_working_saturdays_hold(self, day, expected):
        assert WorkingCalendar("RU").is_working_day(day) is expected

    @pytest.mark.parametrize("year", [2026, 2027])
    def test_the_official_number_of_russian_working_days_comes_out(self, year):
        assert count_working_days(WorkingCalendar("RU"), year) == 247

    def test_ukraine_has_weekends_only_while_martial_law_holds(self):
        calendar = WorkingCalendar("UA")
        assert calendar.is_working_day(date(2026, 8, 24))  # Independence Day, a Monday
        assert not calendar.is_working_day(date(2026, 8, 23))

    def test_kazakhstan_has_its_own_holidays(self):
        assert not WorkingCalendar("KZ").is_working_day(date(2026, 12, 16))
        assert WorkingCalendar("RU").is_working_day(date(2026, 12, 16))

    def test_the_administrators_table_beats_the_law_in_both_directions(self):
        calendar = WorkingCalendar(
            "RU", {date(2026, 11, 20): DayKind.OFF, date(2026, 11, 21): DayKind.WORKING}
        )
        assert not calendar.is_working_day(date(2026, 11, 20))
        assert calendar.is_working_day(date(2026, 11, 21))

    def test_a_year_without_an_official_table_still_has_weekends_and_fixed_holidays(self):
        calendar = WorkingCalendar("RU")
        assert not calendar.is_working_day(date(2040, 5, 9))
        assert calendar.is_working_day(date(2040, 7, 11))

    def test_an_unknown_country_is_refused(self):
        with pytest.raises(PolicyError, match="RU"):
            WorkingCalendar("XX")
