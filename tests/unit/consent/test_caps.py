"""Frequency caps: over a rolling time, by group of channels."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from consent.caps import free_again_at
from consent.policy import PERIOD_LENGTH, Cap, CapPeriod

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE_A_DAY = Cap("text", 1, CapPeriod.DAY)
TWO_A_WEEK = Cap("text", 2, CapPeriod.WEEK)
hours_ago = st.lists(st.integers(0, 24 * 100), max_size=8)


class TestFreeAgainAt:
    def test_without_contacts_it_fits_now(self) -> None:
        assert free_again_at([ONE_A_DAY], "email", [], NOW, MOSCOW) is None

    def test_it_fits_again_when_the_oldest_that_counts_has_aged_out(self) -> None:
        contacts = [("email", NOW - 3 * HOUR)]
        assert free_again_at([ONE_A_DAY], "email", contacts, NOW, MOSCOW) == NOW + 21 * HOUR

    def test_email_and_sms_share_a_group_and_voice_does_not(self) -> None:
        contacts = [("sms", NOW - HOUR)]
        assert free_again_at([ONE_A_DAY], "email", contacts, NOW, MOSCOW) is not None
        assert free_again_at([ONE_A_DAY], "voice", contacts, NOW, MOSCOW) is None

    def test_the_strictest_cap_decides(self) -> None:
        contacts = [("email", NOW - 50 * HOUR), ("email", NOW - 30 * HOUR)]
        assert (
            free_again_at([ONE_A_DAY, TWO_A_WEEK], "email", contacts, NOW, MOSCOW) == NOW + (168 - 50) * HOUR
        )

    @settings(max_examples=100, deadline=None)
    @given(hours_ago, st.integers(1, 3), st.sampled_from(CapPeriod))
    def test_at_the_answer_it_fits_and_just_before_it_does_not(
        self, ago: list[int], limit: int, period: CapPeriod
    ) -> None:
        caps = [Cap("text", limit, period)]
        contacts = [("email", NOW - hours * HOUR) for hours in ago]
        free = free_again_at(caps, "email", contacts, NOW, MOSCOW)
        if free is not None:
            assert free > NOW
            assert free_again_at(caps, "email", contacts, free, MOSCOW) is None
            assert (
                free_again_at(caps, "email", contacts, free - timedelta(microseconds=1), MOSCOW) is not None
            )

    def test_a_cap_over_any_channel_counts_them_all(self) -> None:
        cap = Cap("any", 1, CapPeriod.QUARTER)
        contacts = [("voice", NOW - 10 * 24 * HOUR)]
        assert free_again_at([cap], "email", contacts, NOW, MOSCOW) == NOW + (92 - 10) * 24 * HOUR

    def test_a_day_of_25_hours_is_one_day(self) -> None:
        """25 October 2026 in Kyiv: 24 hours after midnight it is 23:00 of the same day."""
        kyiv = ZoneInfo("Europe/Kyiv")
        midnight = datetime(2026, 10, 25, tzinfo=kyiv)
        free = free_again_at([ONE_A_DAY], "email", [("sms", midnight)], midnight + HOUR, kyiv)
        assert free == datetime(2026, 10, 26, tzinfo=kyiv)

    @settings(max_examples=200, deadline=None)
    @given(
        st.sampled_from(sorted(available_timezones())),
        st.integers(0, 366 * 24 * 60),
        st.sampled_from(CapPeriod),
    )
    def test_within_no_day_week_month_or_quarter_of_the_calendar_is_there_one_too_many(
        self, name: str, minute: int, period: CapPeriod
    ) -> None:
        zone = ZoneInfo(name)
        first = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
        free = free_again_at([Cap("text", 1, period)], "sms", [("sms", first)], first, zone)
        assert free is not None
        assert calendar_period(first, zone, period) != calendar_period(free, zone, period)
        assert free - first >= PERIOD_LENGTH[period]


def calendar_period(moment: datetime, zone: ZoneInfo, period: CapPeriod) -> object:
    """The day, week, month or quarter of the calendar on the wall."""
    day = moment.astimezone(zone).date()
    return {
        CapPeriod.DAY: day,
        CapPeriod.WEEK: day.isocalendar()[:2],
        CapPeriod.MONTH: (day.year, day.month),
        CapPeriod.QUARTER: (day.year, (day.month - 1) // 3),
    }[period]
