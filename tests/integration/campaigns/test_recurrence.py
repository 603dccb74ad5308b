"""Campaigns that repeat: once for each time, whatever daylight saving, outages and two schedulers do."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from campaigns.errors import RecurrenceError, UnknownListError
from campaigns.occurrences import make_due_occurrence
from campaigns.recurrence import (
    CreatedRecurrence,
    NewRecurrence,
    create_recurrence,
    end_recurrence,
    pause_recurrence,
    resume_recurrence,
)
from campaigns.recurrence_repository import list_occurrences, list_recurrences
from dispatcher.scheduler import Scheduler
from tests.engine import Engine
from tests.factories import NOON, make_list, row, rows
from tests.integration.campaigns.trying import wanted

DAY = timedelta(days=1)


def repeat(engine: Engine, cron: str = "0 13 * * *", **changes: Any) -> CreatedRecurrence:
    """Every day at 13:00 in Moscow, an hour after the tests begin, unless said otherwise."""
    zone = changes.pop("time_zone", "Europe/Moscow")
    campaign = wanted(engine, **changes.pop("campaign", {}))
    new = NewRecurrence(campaign, cron, changes.pop("window", timedelta(hours=4)), **changes)
    application = engine.application
    return application.database.run(
        lambda session: create_recurrence(
            session,
            new,
            delivery=application.settings.delivery,
            time_zone=zone,
            country="RU",
            actor="staff:olga",
            now=engine.now(),
        )
    )


def results(engine: Engine, made: CreatedRecurrence) -> Sequence[tuple[str, str | None]]:
    found = engine.application.database.run(lambda s: list_occurrences(s, made.campaign_id))
    return [(one.result, one.reason) for one in reversed(found)]


def runs(engine: Engine, made: CreatedRecurrence) -> list[UUID]:
    found = engine.sql(
        "SELECT id FROM run WHERE campaign_id = :campaign ORDER BY number", campaign=made.campaign_id
    )
    return [one.id for one in found]


def do(engine: Engine, work: Any, made: CreatedRecurrence) -> None:
    engine.application.database.run(lambda s: work(s, made.campaign_id, actor="staff:olga", now=engine.now()))


class TestOccurrences:
    @pytest.mark.requirement(8, "Store notification lists")
    def test_each_time_makes_a_run_over_the_newest_version_of_the_list(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        made = repeat(engine)
        engine.round()
        assert runs(engine, made) == []
        engine.set_time(NOON + timedelta(hours=1))
        engine.round()
        (first,) = runs(engine, made)
        assert engine.finish(first, hours=1) == {"notified": 2}
        make_list(engine.application, rows(3))
        engine.set_time(NOON + DAY + timedelta(hours=1))
        engine.round()
        _, second = runs(engine, made)
        assert engine.finish(second, hours=1) == {"notified": 3}
        assert engine.run(second).ends_at == engine.run(second).starts_at + timedelta(hours=4)

    def test_the_same_list_again_is_skipped_with_the_reason(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        made = repeat(engine)
        for day in range(2):
            engine.set_time(NOON + day * DAY + timedelta(hours=1))
            engine.round()
        make_list(engine.application, rows(2))  # the very same file, imported again
        engine.set_time(NOON + 2 * DAY + timedelta(hours=1))
        engine.round()
        skipped = ("skipped", "list_unchanged")
        assert results(engine, made) == [("made", None), skipped, skipped]
        assert len(runs(engine, made)) == 1

    def test_staff_may_allow_the_same_list(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        made = repeat(engine, allows_unchanged=True)
        for day in range(2):
            engine.set_time(NOON + day * DAY + timedelta(hours=1))
            engine.round()
        assert len(runs(engine, made)) == 2

    def test_an_import_under_way_leaves_the_newest_complete_version(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        made = repeat(engine)
        make_list(engine.application, [row(7)])
        engine.sql("UPDATE recipient_list SET state = 'importing' WHERE version = 2")
        engine.set_time(NOON + timedelta(hours=1))
        engine.round()
        assert engine.run(runs(engine, made)[0]).recipient_count == 2


class TestOnce:
    def test_two_schedulers_make_one_run(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        made = repeat(engine)
        engine.set_time(NOON + timedelta(hours=1))
        other = Scheduler(engine.application)
        for scheduler in (engine.scheduler, other, engine.scheduler):
            engine.sql("UPDATE scheduler_lease SET held_until = clock_timestamp() - interval '1 second'")
            scheduler.round()
        assert len(runs(engine, made)) == 1

    def test_a_second_answer_for_one_time_is_refused_by_the_key_and_makes_no_run(
        self, engine: Engine
    ) -> None:
        make_list(engine.application, rows(1))
        made = repeat(engine, allows_unchanged=True)
        engine.set_time(NOON + timedelta(hours=1))
        (before,) = engine.sql("SELECT next_wall, next_at FROM recurrence")
        engine.round()
        engine.sql(
            "UPDATE recurrence SET next_wall = :wall, next_at = :at", wall=before.next_wall, at=before.next_at
        )
        delivery = engine.application.settings.delivery
        with pytest.raises(IntegrityError):
            engine.application.database.run(
                lambda s: make_due_occurrence(s, engine.now(), delivery=delivery, country="RU")
            )
        assert len(runs(engine, made)) == 1

    def test_a_kill_in_the_middle_leaves_nothing_and_the_next_round_makes_it(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        made = repeat(engine)
        engine.set_time(NOON + timedelta(hours=1))

        def cut_off(session: Any) -> None:
            settings = engine.application.settings
            assert make_due_occurrence(
                session, engine.now(), delivery=settings.delivery, country=settings.country
            )
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            engine.application.database.run(cut_off)
        assert (runs(engine, made), results(engine, made)) == ([], [])
        engine.round()
        assert len(runs(engine, made)) == 1

    @pytest.mark.parametrize(
        ("day", "cron"),
        [
            (datetime(2026, 10, 24, 12, tzinfo=UTC), "30 3 * * *"),  # 03:30 comes twice
            (datetime(2026, 3, 28, 12, tzinfo=UTC), "30 3 * * *"),  # 03:30 never comes
        ],
    )
    def test_daylight_saving_neither_repeats_nor_drops_one(
        self, engine: Engine, day: datetime, cron: str
    ) -> None:
        engine.set_time(day)
        make_list(engine.application, rows(1))
        made = repeat(
            engine, cron, time_zone="Europe/Kyiv", window=timedelta(minutes=20), allows_unchanged=True
        )
        for quarter in range(0, 24 * 4):
            engine.set_time(day + timedelta(minutes=15 * quarter))
            engine.application.database.run(
                lambda s: make_due_occurrence(
                    s, engine.now(), delivery=engine.application.settings.delivery, country="RU"
                )
            )
        assert results(engine, made) == [("made", None)]


class TestMissed:
    def test_after_a_silence_only_the_latest_is_made_the_others_are_recorded(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        made = repeat(engine)
        engine.set_time(NOON + 3 * DAY + timedelta(hours=2))
        engine.round()
        late = ("missed", "later_one_due")
        assert results(engine, made) == [late, late, late, ("made", None)]
        assert len(runs(engine, made)) == 1

    def test_not_even_the_latest_when_its_window_has_passed(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        made = repeat(engine)
        engine.set_time(NOON + DAY + timedelta(hours=6))
        engine.round()
        assert results(engine, made) == [("missed", "later_one_due"), ("missed", "window_passed")]
        assert runs(engine, made) == []


class TestEnd:
    def test_it_ends_after_so_many_runs_or_at_its_end(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        counted = repeat(engine, max_count=2, allows_unchanged=True)
        dated = repeat(engine, until=NOON + DAY, allows_unchanged=True)
        for day in range(4):
            engine.set_time(NOON + day * DAY + timedelta(hours=1))
            engine.round()
        assert (len(runs(engine, counted)), len(runs(engine, dated))) == (2, 1)
        found = engine.application.database.run(list_recurrences)
        assert [(one.state, one.next_at) for one in found] == [("ended", None), ("ended", None)]

    def test_pausing_skips_and_resuming_goes_on_with_the_next_time(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        made = repeat(engine, allows_unchanged=True)
        do(engine, pause_recurrence, made)
        engine.set_time(NOON + 2 * DAY)
        engine.round()
        assert results(engine, made) == []
        do(engine, resume_recurrence, made)
        engine.set_time(NOON + 2 * DAY + timedelta(hours=1))
        engine.round()
        assert results(engine, made) == [("made", None)]

    def test_what_was_ended_stays_so(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        made = repeat(engine)
        do(engine, end_recurrence, made)
        engine.set_time(NOON + DAY)
        engine.round()
        assert runs(engine, made) == []
        for work in (pause_recurrence, resume_recurrence, end_recurrence):
            with pytest.raises(RecurrenceError):
                do(engine, work, made)


class TestApproval:
    def test_each_run_waits_for_its_own_approval(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        made = repeat(engine, campaign={"needs_approval": True})
        engine.set_time(NOON + timedelta(hours=1))
        engine.round()
        (run,) = runs(engine, made)
        assert (engine.run(run).state, engine.run(run).created_by) == ("awaiting_approval", "staff:olga")


class TestRefusals:
    def test_what_makes_no_sense_is_refused_and_nothing_is_written(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        for changes in (
            {"cron": "nonsense"},
            {"window": timedelta(0)},
            {"max_count": 0},
            {"until": NOON + timedelta(minutes=5)},
            {"campaign": {"as_draft": True}},
        ):
            with pytest.raises(RecurrenceError):
                repeat(engine, **changes)
        with pytest.raises(UnknownListError):
            repeat(engine, campaign={"list_name": "нет такого"})
        assert engine.sql("SELECT 1 FROM campaign") == []
