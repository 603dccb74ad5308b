"""When a repeat by rule is due, and which rule counts."""

from datetime import UTC, datetime

import pytest

from channels.port import ChannelKind
from dispatcher.delivery.consequences import AttemptView, NextAttempt, consequence
from dispatcher.delivery.retry_rules import RetryRule, Shift, repeat_at
from dispatcher.delivery.states import AttemptState, NoticeState, Strength, Trigger
from tests.unit.delivery.plans import a_plan, a_step

HOUR = 3600.0


def at(clock: str, day: int = 10) -> datetime:
    """A moment of March 2026, UTC."""
    hour, minute = clock.split(":")
    return datetime(2026, 3, day, int(hour), int(minute), tzinfo=UTC)


class TestRepeatAt:
    @pytest.mark.parametrize(
        ("now", "wait", "due"),
        [
            ("09:00", HOUR, at("12:00")),  # still the same morning: at noon
            ("11:30", HOUR, at("12:30")),  # the wait alone changes the part of the day
            ("13:00", HOUR, at("17:00")),
            ("18:00", HOUR, at("08:00", 11)),  # after the evening comes the next morning
            ("23:30", HOUR, at("00:30", 11)),
        ],
    )
    def test_another_part_of_the_day(self, now: str, wait: float, due: datetime) -> None:
        assert repeat_at(at(now), wait, Shift.DAY_PART, "UTC") == due

    def test_the_part_of_the_day_is_that_of_the_recipient(self) -> None:
        # 09:30 UTC is 12:30 in Moscow and 16:30 in Novokuznetsk.
        assert repeat_at(at("09:30"), HOUR, Shift.DAY_PART, "Europe/Moscow") == at("14:00")
        assert repeat_at(at("09:30"), HOUR, Shift.DAY_PART, "Asia/Novokuznetsk") == at("10:30")

    def test_the_next_day_at_the_same_time_on_the_wall(self) -> None:
        # In the night to 29 March the clocks of Kyiv go forward.
        assert repeat_at(at("10:00", 28), 60, Shift.NEXT_DAY, "Europe/Kyiv") == at("09:00", 29)

    def test_a_wait_alone(self) -> None:
        assert repeat_at(at("10:00"), 90, Shift.NONE, "UTC") == at("10:01").replace(second=30)


BY_RULE = a_step(
    channel=ChannelKind.VOICE,
    retry_rules={"busy": RetryRule((600.0, HOUR)), "declined": RetryRule((60.0,), Shift.NEXT_DAY)},
    retry_seconds=(5.0,),
    most_attempts=4,
)


def after(*reasons: str, may_repeat: bool = True) -> NextAttempt | None:
    """What is planned after these failures, in order."""
    attempts = [AttemptView(0, n, AttemptState.FAILED, reason) for n, reason in enumerate(reasons, start=1)]
    return consequence(
        a_plan(BY_RULE),
        attempts[-1],
        Trigger.DEFER,
        notice=NoticeState.OPEN,
        attempts=attempts,
        reason=reasons[-1],
        may_repeat=may_repeat,
    ).next_attempt


class TestRules:
    def test_each_reason_has_waits_of_its_own(self) -> None:
        assert after("busy") == NextAttempt(0, 2, 600.0)
        assert after("busy", "busy") == NextAttempt(0, 3, HOUR)
        assert after("busy", "declined") == NextAttempt(0, 3, 60.0, Shift.NEXT_DAY)

    def test_twice_declined_is_enough(self) -> None:
        assert after("declined", "busy", "declined") is None

    def test_no_more_attempts_than_the_step_may_take_whatever_the_reasons(self) -> None:
        assert after("busy", "declined", "busy") == NextAttempt(0, 4, HOUR)
        assert after("declined", "busy", "x", "busy") is None

    def test_a_reason_without_a_rule_goes_by_the_waits_of_the_step(self) -> None:
        assert after("trouble") == NextAttempt(0, 2, 5.0)

    def test_without_time_there_is_no_repeat(self) -> None:
        assert after("busy", may_repeat=False) is None


class TestStrength:
    def test_from_taken_to_confirmed_by_a_key(self) -> None:
        ranks = [
            Strength(name).rank() for name in ("accepted", "answered", "delivered", "heard", "confirmed")
        ]
        assert ranks == sorted(ranks)

    def test_of_several_ways_the_surest_counts(self) -> None:
        plan = a_plan(a_step(), a_step(channel=ChannelKind.VOICE))
        told = [
            AttemptView(0, 1, AttemptState.DELIVERED, "delivered"),
            AttemptView(1, 1, AttemptState.DELIVERED, "confirmed"),
        ]
        result = consequence(plan, told[1], Trigger.DELIVER, notice=NoticeState.OPEN, attempts=told)
        assert (result.close_as, result.strength) == (NoticeState.NOTIFIED, "confirmed")
