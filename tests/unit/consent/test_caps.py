"""Frequency caps: over a rolling time, by group of channels."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from consent.caps import free_again_at
from consent.policy import Cap, CapPeriod

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE_A_DAY = Cap("text", 1, CapPeriod.DAY)
TWO_A_WEEK = Cap("text", 2, CapPeriod.WEEK)
hours_ago = st.lists(st.integers(0, 24 * 40), max_size=8)


class TestFreeAgainAt:
    def test_without_contacts_it_fits_now(self) -> None:
        assert free_again_at([ONE_A_DAY], "email", [], NOW) is None

    def test_it_fits_again_when_the_oldest_that_counts_has_aged_out(self) -> None:
        contacts = [("email", NOW - 3 * HOUR)]
        assert free_again_at([ONE_A_DAY], "email", contacts, NOW) == NOW + 21 * HOUR

    def test_email_and_sms_share_a_group_and_voice_does_not(self) -> None:
        contacts = [("sms", NOW - HOUR)]
        assert free_again_at([ONE_A_DAY], "email", contacts, NOW) is not None
        assert free_again_at([ONE_A_DAY], "voice", contacts, NOW) is None

    def test_the_strictest_cap_decides(self) -> None:
        contacts = [("email", NOW - 50 * HOUR), ("email", NOW - 30 * HOUR)]
        assert free_again_at([ONE_A_DAY, TWO_A_WEEK], "email", contacts, NOW) == NOW + (168 - 50) * HOUR

    @settings(max_examples=100, deadline=None)
    @given(hours_ago, st.integers(1, 3), st.sampled_from(CapPeriod))
    def test_at_the_answer_it_fits_and_just_before_it_does_not(
        self, ago: list[int], limit: int, period: CapPeriod
    ) -> None:
        caps = [Cap("text", limit, period)]
        contacts = [("email", NOW - hours * HOUR) for hours in ago]
        free = free_again_at(caps, "email", contacts, NOW)
        if free is not None:
            assert free > NOW
            assert free_again_at(caps, "email", contacts, free) is None
            assert free_again_at(caps, "email", contacts, free - timedelta(microseconds=1)) is not None
