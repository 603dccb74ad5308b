"""Cron on the company's wall: once, whatever daylight saving does."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.cron import check_cron, explain, instant_of, next_wall
from campaigns.errors import RecurrenceError

KYIV = ZoneInfo("Europe/Kyiv")
MOSCOW = ZoneInfo("Europe/Moscow")


class TestCheck:
    @pytest.mark.parametrize(
        "cron", ["", "* * * *", "0 9 * * * *", "@daily", "61 9 * * *", "0 9 30 2 *", "x y z a b"]
    )
    def test_what_is_no_schedule_is_refused(self, cron: str) -> None:
        with pytest.raises(RecurrenceError):
            check_cron(cron)

    @pytest.mark.parametrize("cron", ["* * * * *", "*/30 * * * *", "0,10 9 * * *"])
    def test_more_than_once_an_hour_is_a_mistake(self, cron: str) -> None:
        with pytest.raises(RecurrenceError, match="hour"):
            check_cron(cron)

    def test_spaces_are_cleaned(self) -> None:
        assert check_cron("  0  9 1 *   * ") == "0 9 1 * *"


class TestWall:
    def test_a_time_that_comes_twice_comes_once_and_first(self) -> None:
        """25 October 2026, Kyiv: 04:00 becomes 03:00."""
        wall = next_wall("30 3 * * *", datetime(2026, 10, 25))
        assert wall == datetime(2026, 10, 25, 3, 30)
        assert instant_of(wall, KYIV) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert next_wall("30 3 * * *", wall) == datetime(2026, 10, 26, 3, 30)

    def test_a_time_that_is_jumped_over_comes_at_the_jump(self) -> None:
        """29 March 2026, Kyiv: 03:00 becomes 04:00 at 01:00 UTC."""
        assert instant_of(datetime(2026, 3, 29, 3, 30), KYIV) == datetime(2026, 3, 29, 1, tzinfo=UTC)
        assert instant_of(datetime(2026, 3, 29, 4, 0), KYIV) == datetime(2026, 3, 29, 1, tzinfo=UTC)

    def test_a_year_of_hours_has_each_wall_time_once_and_never_goes_back(self) -> None:
        wall, before = datetime(2026, 1, 1), datetime(2025, 12, 31, tzinfo=UTC)
        seen = set()
        while wall < datetime(2027, 1, 1):
            wall = next_wall("0 * * * *", wall)
            due_at = instant_of(wall, KYIV)
            assert due_at >= before
            assert wall not in seen
            seen.add(wall)
            before = due_at
        assert len(seen) == 365 * 24

    def test_without_clock_changes_it_is_plain(self) -> None:
        assert instant_of(datetime(2026, 3, 10, 12), MOSCOW) == datetime(2026, 3, 10, 9, tzinfo=UTC)


class TestExplain:
    @pytest.mark.parametrize(
        ("cron", "words"),
        [
            ("0 9 * * *", "каждый день в 09:00"),
            ("30 8 1,15 * *", "1, 15 числа в 08:30"),
            ("0 9 * * 1", "по понедельникам в 09:00"),
            ("0 9 * * 1-5", "с понедельника по пятницу в 09:00"),
            ("0 9 1 * 1", "1 числа или по понедельникам в 09:00"),
            ("0 9 1 */3 *", "по расписанию «0 9 1 */3 *»"),
        ],
    )
    def test_it_is_said_in_words_with_the_next_times(self, cron: str, words: str) -> None:
        said = explain(cron, MOSCOW, datetime(2026, 3, 10, 9, tzinfo=UTC))
        assert said.startswith(words)
        assert "Europe/Moscow" in said
        assert said.count("2026") + said.count("2027") >= 3

    def test_the_next_times_are_right(self) -> None:
        said = explain("0 9 1 * *", MOSCOW, datetime(2026, 3, 10, 9, tzinfo=UTC))
        assert "01.04.2026 09:00, 01.05.2026 09:00, 01.06.2026 09:00" in said
        assert timedelta(0) < MOSCOW.utcoffset(datetime(2026, 4, 1))
