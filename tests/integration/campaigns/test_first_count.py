"""Send the first N, then wait for me."""

from datetime import timedelta
from uuid import UUID

from channels.port import OutcomeKind
from dispatcher.delivery.runs import pause_run, resume_run, stop_run
from reports.live import read_run
from tests.engine import Engine
from tests.factories import make_list, row, rows
from tests.integration.campaigns.trying import create, wanted


def started(engine: Engine, first_count: int, **changes: object) -> UUID:
    return engine.start(create(engine, wanted(engine, first_count=first_count, **changes)).run_id)


def resume(engine: Engine, run: UUID) -> None:
    engine.application.database.run(lambda s: resume_run(s, run, actor="operator", now=engine.now()))
    engine.round()


class TestFirstCount:
    def test_exactly_so_many_are_planned_and_sent_then_the_run_waits(self, engine: Engine) -> None:
        make_list(engine.application, rows(25))
        run = started(engine, 10)
        engine.round()
        assert len(engine.notices(run)) == 10
        assert engine.work() == 10
        engine.round()
        assert (engine.run(run).state, engine.run(run).state_reason) == ("paused", "first_sent")
        engine.advance(hours=1)
        assert engine.work() == 0
        assert sorted(engine.email.addresses()) == sorted(f"person{n}@example.org" for n in range(1, 11))

    def test_the_live_view_still_shows_the_whole_list_and_holds(self, engine: Engine) -> None:
        make_list(engine.application, rows(25))
        run = started(engine, 10)
        engine.work()
        engine.round()
        live = engine.application.database.run(lambda s: read_run(s, run, engine.now()))
        assert live is not None
        assert (live.planned, live.fanned_out, live.not_fanned_out) == (25, 10, 15)
        assert live.is_balanced
        assert live.facts.state_reason == "first_sent"

    def test_resuming_releases_the_rest(self, engine: Engine) -> None:
        make_list(engine.application, rows(25))
        run = started(engine, 10)
        engine.work()
        engine.round()
        resume(engine, run)
        assert engine.work() == 15
        assert engine.finish(run) == {"notified": 25}

    def test_a_pause_by_staff_before_that_releases_nothing(self, engine: Engine) -> None:
        make_list(engine.application, rows(5))
        run = started(engine, 2)
        engine.application.database.run(
            lambda s: pause_run(s, run, actor="operator", reason="staff", now=engine.now())
        )
        resume(engine, run)
        assert len(engine.notices(run)) == 2
        engine.work()
        engine.round()
        assert engine.run(run).state_reason == "first_sent"

    def test_it_waits_for_their_hours_but_not_for_retries(self, engine: Engine) -> None:
        make_list(engine.application, rows(4))
        engine.email.answer("person1@example.org", OutcomeKind.TRANSIENT, OutcomeKind.ACCEPTED)
        run = started(engine, 2)
        engine.work()
        engine.round()
        assert engine.run(run).state_reason == "first_sent"
        resume(engine, run)
        assert engine.finish(run) == {"notified": 4}

    def test_one_larger_than_the_list_changes_nothing(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = started(engine, 10)
        assert engine.finish(run) == {"notified": 3}

    def test_nobody_is_lost_when_it_is_stopped_while_it_waits(self, engine: Engine) -> None:
        make_list(engine.application, rows(25))
        run = started(engine, 10)
        engine.work()
        engine.round()
        answer = engine.application.database.run(
            lambda s: stop_run(s, run, actor="operator", reason="bad text", now=engine.now())
        )
        assert (answer.left, answer.waiting) == (10, 15)
        assert engine.finish(run) == {"notified": 10, "stopped": 15}

    def test_nobody_is_lost_when_nobody_ever_releases_it(self, engine: Engine) -> None:
        make_list(engine.application, rows(25))
        run = started(engine, 10, ends_at=engine.now() + timedelta(hours=3))
        engine.work()
        engine.round()
        assert engine.finish(run) == {"notified": 10, "expired": 15}

    def test_those_who_may_not_be_told_count_among_the_first(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, consent="нет"), row(2), row(3)])
        run = started(engine, 2)
        engine.work()
        engine.round()
        assert engine.run(run).state_reason == "first_sent"
        assert engine.email.addresses() == ["person2@example.org"]
