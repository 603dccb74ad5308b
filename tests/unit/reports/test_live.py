"""The live view as a value: sums, rate and expected finish."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from dispatcher.delivery.progress import Count
from reports.live import LiveRun, Pace, RunFacts

START = datetime(2026, 10, 1, 9, tzinfo=UTC)
RUN = UUID(int=1)


def view(
    *counts: tuple[str, str, str, int],
    at: timedelta = timedelta(minutes=1),
    state: str = "running",
    planned: int = 100,
    fanned_out: int = 100,
    ends_in: timedelta = timedelta(hours=8),
    started: bool = True,
) -> LiveRun:
    """Counts are (kind, state, reason, count)."""
    facts = RunFacts(
        id=RUN,
        number=1,
        state=state,
        state_reason=None,
        priority="bulk",
        purpose="debt",
        starts_at=START,
        ends_at=START + ends_in,
        started_at=START if started else None,
        closed_at=None,
        recipient_count=planned,
        planned_position=fanned_out,
        campaign="Долги",
        list_name="Октябрь",
    )
    rows = tuple(
        Count(kind, "email" if kind == "attempt" else "", state, reason, count)
        for kind, state, reason, count in counts
    )
    return LiveRun(facts, rows, (), START + at)


class TestSum:
    def test_planned_is_decided_and_open_and_not_fanned_out(self):
        live = view(
            ("notice", "notified", "accepted", 40),
            ("notice", "blocked", "no_consent", 20),
            ("notice", "open", "", 20),
            fanned_out=80,
        )
        assert (live.planned, live.decided, live.open, live.not_fanned_out) == (100, 60, 20, 20)
        assert live.is_balanced

    def test_a_lost_notice_is_noticed(self):
        assert not view(("notice", "open", "", 99)).is_balanced

    def test_counts_of_one_state_for_several_reasons_are_added(self):
        live = view(("notice", "blocked", "no_consent", 2), ("notice", "blocked", "suppressed", 3))
        assert live.notices_by_state == {"blocked": 5}


class TestAhead:
    def test_is_what_is_planned_being_sent_or_not_fanned_out(self):
        live = view(
            ("attempt", "planned", "", 50),
            ("attempt", "sending", "", 5),
            ("attempt", "accepted", "", 20),
            ("attempt", "blocked", "no_consent", 5),
            fanned_out=80,
        )
        assert (live.ahead, live.in_flight, live.processed) == (75, 5, 25)


class TestPace:
    def test_begins_with_the_average_since_the_start(self):
        live = Pace().apply(view(("attempt", "accepted", "", 30), ("attempt", "planned", "", 60)))
        assert live.rate_per_minute == 30
        assert live.expected_finish == START + timedelta(minutes=3)

    def test_then_follows_the_last_readings(self):
        pace = Pace()
        pace.apply(view(("attempt", "accepted", "", 30), at=timedelta(seconds=60)))
        live = pace.apply(view(("attempt", "accepted", "", 40), at=timedelta(seconds=70)))
        assert live.rate_per_minute == pytest.approx(60)

    def test_forgets_what_is_older_than_a_minute(self):
        pace = Pace()
        for second in range(0, 200, 10):
            counts = ("attempt", "accepted", "", min(second, 100))
            live = pace.apply(view(counts, at=timedelta(seconds=second)))
        assert live.rate_per_minute == 0
        assert live.expected_finish is None

    def test_says_nothing_about_a_run_that_is_not_running(self):
        live = Pace().apply(view(("attempt", "accepted", "", 30), state="paused"))
        assert live.rate_per_minute is None

    def test_says_nothing_before_the_start(self):
        live = Pace().apply(view(("attempt", "accepted", "", 30), started=False))
        assert live.rate_per_minute is None

    def test_survives_a_clock_that_was_moved_back(self):
        pace = Pace()
        pace.apply(view(("attempt", "accepted", "", 30), at=timedelta(hours=2)))
        live = pace.apply(view(("attempt", "accepted", "", 30), at=timedelta(minutes=1)))
        assert live.rate_per_minute == 30

    def test_a_finish_after_the_window_is_late(self):
        live = Pace().apply(
            view(
                ("attempt", "accepted", "", 10),
                ("attempt", "planned", "", 90),
                ends_in=timedelta(minutes=5),
            )
        )
        assert live.is_late

    def test_a_finish_in_a_hundred_years_is_no_finish(self):
        live = Pace().apply(
            view(("attempt", "accepted", "", 1), ("attempt", "planned", "", 10_000_000), planned=10_000_001)
        )
        assert live.expected_finish is None


class TestJson:
    def test_is_plain_and_complete(self):
        live = Pace().apply(
            view(
                ("notice", "notified", "accepted", 100),
                ("attempt", "accepted", "", 90),
                ("attempt", "planned", "", 10),
            )
        )
        plain = json.loads(json.dumps(live.to_json()))
        assert plain["planned"] == 100
        assert plain["run"]["id"] == str(RUN)
        assert plain["notices"] == {"notified": 100}
        assert plain["attempts"] == {
            "email": [
                {"state": "accepted", "reason": "", "count": 90},
                {"state": "planned", "reason": "", "count": 10},
            ]
        }
        assert date.fromisoformat(plain["expected_finish"][:10]) == START.date()
