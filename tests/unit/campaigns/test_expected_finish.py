"""When a run would be through: allowed hours of each zone, walked at a rate."""

from datetime import UTC, date, datetime, timedelta

import pytest

from campaigns.expected_finish import Finish, walk
from channels.port import ChannelKind
from consent.calendar import WorkingCalendar
from consent.place import Place
from dispatcher.core.ids import new_id
from dispatcher.delivery.checks import RunView
from dispatcher.delivery.step_plan import Step, StepPlan

TUESDAY = datetime(2026, 3, 10, 5, tzinfo=UTC)  # 08:00 in Moscow
FRIDAY = datetime(2026, 3, 13, 5, tzinfo=UTC)
ALL_DAY = {"from": "00:00", "to": "00:00", "working_days_only": False}
OFFICE = {"from": "08:00", "to": "17:00", "working_days_only": True}
CALENDAR = WorkingCalendar("RU")


def run_of(hours=ALL_DAY, *, starts_at=TUESDAY, lasts=timedelta(days=2)) -> RunView:
    return RunView(
        id=new_id(),
        period=date(2026, 3, 1),
        purpose="debt",
        purpose_group="debt",
        starts_at=starts_at,
        ends_at=starts_at + lasts,
        hours={"campaign": hours, "policy": ALL_DAY},
        caps=(),
        plan=StepPlan((Step(ChannelKind.EMAIL, new_id()),)),
        needs_truth=False,
        max_per_second=None,
    )


class TestWalk:
    def test_round_the_clock_it_is_number_over_rate(self) -> None:
        finish = walk(run_of(), {Place("Europe/Moscow"): 3600}, 1.0, CALENDAR, TUESDAY)
        assert finish.at is not None
        assert abs(finish.at - (TUESDAY + timedelta(hours=1))) < timedelta(seconds=1)
        assert finish.unsent_at_end == 0

    def test_it_begins_at_the_start_not_now(self) -> None:
        finish = walk(run_of(), {Place("Europe/Moscow"): 60}, 1.0, CALENDAR, TUESDAY - timedelta(days=3))
        assert finish.at is not None
        assert finish.at > TUESDAY

    def test_nights_are_not_counted(self) -> None:
        """9 hours a day at 1 per second: 32 400; one more hour falls on the next morning."""
        finish = walk(run_of(OFFICE), {Place("Europe/Moscow"): 36_000}, 1.0, CALENDAR, TUESDAY)
        assert finish.at is not None
        assert abs(finish.at - (TUESDAY + timedelta(days=1, hours=1))) < timedelta(seconds=1)

    def test_weekends_are_not_counted(self) -> None:
        run = run_of(OFFICE, starts_at=FRIDAY, lasts=timedelta(days=7))
        finish = walk(run, {Place("Europe/Moscow"): 36_000}, 1.0, CALENDAR, FRIDAY)
        assert finish.at is not None
        assert abs(finish.at - (FRIDAY + timedelta(days=3, hours=1))) < timedelta(seconds=1)

    def test_each_zone_has_its_own_morning(self) -> None:
        """At 08:00 in Moscow it is 15:00 in Vladivostok; the 7200 there just fit before 17:00."""
        waiting = {Place("Europe/Moscow"): 7200, Place("Asia/Vladivostok"): 3600}
        finish = walk(run_of(OFFICE), waiting, 2.0, CALENDAR, TUESDAY)
        assert finish.at is not None
        assert finish.at < TUESDAY + timedelta(hours=3)

    def test_what_does_not_fit_is_counted_and_the_finish_lies_past_the_end(self) -> None:
        run = run_of(lasts=timedelta(hours=1))
        finish = walk(run, {Place("Europe/Moscow"): 7200}, 1.0, CALENDAR, TUESDAY)
        assert finish.at is not None
        assert finish.at > run.ends_at
        assert finish.unsent_at_end == 3600

    def test_a_night_at_the_end_of_the_window_is_jumped_over_rightly(self) -> None:
        run = run_of(OFFICE, lasts=timedelta(hours=12))  # ends at 20:00, after the office closed
        finish = walk(run, {Place("Europe/Moscow"): 40_000}, 1.0, CALENDAR, TUESDAY)
        assert finish.unsent_at_end == 40_000 - 32_400

    def test_what_would_take_for_ever_has_no_finish(self) -> None:
        finish = walk(run_of(), {Place("Europe/Moscow"): 10_000_000}, 0.1, CALENDAR, TUESDAY)
        assert finish.at is None
        assert finish.unsent_at_end > 9_000_000

    def test_the_lost_hour_of_a_clock_change_is_lost(self) -> None:
        """Kyiv, 29 March 2026: 03:00 becomes 04:00; hours 02:00-05:00 have two hours that day."""
        start = datetime(2026, 3, 28, 23, tzinfo=UTC)
        hours = {"from": "02:00", "to": "05:00", "working_days_only": False}
        finish = walk(run_of(hours, starts_at=start), {Place("Europe/Kyiv"): 3 * 3600}, 1.0, CALENDAR, start)
        assert finish.at is not None
        assert abs(finish.at - datetime(2026, 3, 30, 0, tzinfo=UTC)) < timedelta(seconds=1)

    @pytest.mark.parametrize("waiting", [{}, {Place("Europe/Moscow"): 0}])
    def test_nobody_waiting_is_through_at_once(self, waiting: dict[str, int]) -> None:
        assert walk(run_of(), waiting, 1.0, CALENDAR, TUESDAY) == Finish(TUESDAY, 0)
