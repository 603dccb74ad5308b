"""Pause, resume and stop are honest and act at once (P8); every action is on record (P11)."""

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from channels.port import ChannelKind, OutcomeKind
from dispatcher.delivery.claim import claim_group
from dispatcher.delivery.errors import RunStateError, UnknownRunError
from dispatcher.delivery.lane_tools import Lane
from dispatcher.delivery.planning import plan_slice
from dispatcher.delivery.runs import HonestAnswer, extend_run, pause_run, resume_run, stop_run
from dispatcher.delivery.sweep import start_due
from dispatcher.delivery.transitions import Claim
from tests.engine import Engine
from tests.factories import make_campaign, make_list, rows


def pause(engine: Engine, run: UUID, *, reason: str = "looks wrong") -> HonestAnswer:
    return engine.application.database.run(
        lambda s: pause_run(s, run, actor="operator", reason=reason, now=engine.now())
    )


def resume(engine: Engine, run: UUID) -> HonestAnswer:
    return engine.application.database.run(lambda s: resume_run(s, run, actor="operator", now=engine.now()))


def stop(engine: Engine, run: UUID) -> HonestAnswer:
    return engine.application.database.run(
        lambda s: stop_run(s, run, actor="operator", reason="not needed", now=engine.now())
    )


class TestPauseAndResume:
    def test_nothing_is_claimed_between_pause_and_resume(self, engine: Engine) -> None:
        make_list(engine.application, rows(5))
        run = engine.start(make_campaign(engine.application).run_id)
        assert pause(engine, run) == HonestAnswer(left=0, in_flight=0, waiting=5)
        engine.round()
        assert engine.work() == 0
        resume(engine, run)
        assert engine.work() == 5
        assert engine.finish(run) == {"notified": 5}

    def test_the_answer_counts_what_had_left_what_was_in_flight_and_what_waits(self, engine: Engine) -> None:
        answers: list[HonestAnswer] = []

        def pause_in_the_middle(batch: object) -> None:
            if len(engine.email.sent) == 64:
                answers.append(pause(engine, run))

        make_list(engine.application, rows(200))
        engine.email.answer("person1@example.org", OutcomeKind.UNKNOWN)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.email.before_send = pause_in_the_middle
        assert engine.work() == 128
        # The first group is recorded in the transaction that claimed the second one.
        assert answers == [HonestAnswer(left=64, in_flight=64, waiting=72)]
        assert engine.states(run) == {"accepted": 127, "unknown": 1, "planned": 72}
        engine.check_counters(run)

    def test_people_not_planned_yet_count_as_waiting(self, engine: Engine) -> None:
        make_list(engine.application, rows(7))
        run = make_campaign(engine.application).run_id
        assert pause(engine, run) == HonestAnswer(left=0, in_flight=0, waiting=7)

    def test_a_run_paused_before_its_start_waits_for_it_when_resumed(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = make_campaign(engine.application, starts_in=timedelta(hours=2)).run_id
        pause(engine, run)
        resume(engine, run)
        engine.round()
        assert engine.run(run).state == "scheduled"
        assert engine.work() == 0
        engine.advance(hours=2)
        assert engine.run(run).state == "running"
        assert engine.run(run).started_at is not None
        assert engine.finish(run) == {"notified": 2}

    def test_a_paused_run_expires_at_its_end(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = engine.start(make_campaign(engine.application).run_id)
        pause(engine, run)
        assert engine.finish(run, hours=50) == {"expired": 2}

    @pytest.mark.requirement(55, "role responsibility: who, what, when")
    def test_each_action_is_on_record_with_before_and_after(self, engine: Engine) -> None:
        make_list(engine.application, rows(1), actor="anna")
        run = engine.start(make_campaign(engine.application, actor="boris").run_id)
        pause(engine, run)
        resume(engine, run)
        stop(engine, run)
        found = engine.sql("SELECT actor, action, before, after FROM audit_event ORDER BY id")
        assert [(one.actor, one.action) for one in found] == [
            ("anna", "list.imported"),
            ("boris", "campaign.created"),
            ("operator", "run.paused"),
            ("operator", "run.resumed"),
            ("operator", "run.stopped"),
        ]
        paused = found[2]
        assert paused.before == {"state": "running"}
        assert paused.after == {"state": "paused", "reason": "looks wrong", "left": 0, "in_flight": 0}

    @pytest.mark.parametrize("action", [pause, stop])
    def test_a_pause_or_stop_ends_every_claiming_at_once(self, engine: Engine, action: object) -> None:
        """Four threads claim; when the answer is there, the number of claimed ones must not grow."""
        make_list(engine.application, rows(900))
        run = engine.start(make_campaign(engine.application).run_id)
        workers = [engine.worker, engine.another_worker()]
        threads = [
            threading.Thread(target=self._work, args=(engine, worker)) for worker in workers for _ in (1, 2)
        ]
        for thread in threads:
            thread.start()
        while len(engine.email.sent) < 64:
            engine.email.entered.wait(1)
        answer = action(engine, run)  # type: ignore[operator]
        begun = answer.left + answer.in_flight
        for thread in threads:
            thread.join()
        workers[1].tools.bridge.close()
        assert 0 < begun <= 900
        assert len(engine.email.sent) == begun
        assert answer.waiting == 900 - begun
        engine.check_counters(run)

    @staticmethod
    def _work(engine: Engine, worker: object) -> None:
        worker.work(Lane(ChannelKind.EMAIL, "bulk"), 60.0)  # type: ignore[attr-defined]


class TestTheRunsLock:
    """The two orders in which a pause and a claim can meet, each held open until the other waits."""

    def test_a_pause_waits_for_a_claim_under_way_and_counts_it(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = engine.start(make_campaign(engine.application).run_id)
        answers: list[HonestAnswer] = []
        thread = threading.Thread(target=lambda: answers.append(pause(engine, run)))
        with engine.application.database.transaction() as session:
            assert self._claim(engine, session, run) is not None
            thread.start()
            self._wait_until_it_waits(engine, thread)
            assert answers == []
        thread.join()
        assert answers == [HonestAnswer(left=0, in_flight=3, waiting=0)]

    def test_a_claim_waits_for_a_pause_under_way_and_takes_nothing(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = engine.start(make_campaign(engine.application).run_id)
        groups: list[object] = []

        def claim() -> None:
            groups.append(engine.application.database.run(lambda s: self._claim(engine, s, run)))

        thread = threading.Thread(target=claim)
        with engine.application.database.transaction() as session:
            pause_run(session, run, actor="operator", reason="looks wrong", now=engine.now())
            thread.start()
            self._wait_until_it_waits(engine, thread)
            assert groups == []
        thread.join()
        assert groups == [None]
        assert engine.states(run) == {"planned": 3}

    @staticmethod
    def _claim(engine: Engine, session: Session, run: UUID) -> object:
        return claim_group(
            session,
            run,
            "email",
            claim=Claim(uuid4(), 600.0),
            limit=64,
            calendar=engine.application.calendar.read(session),
            now=engine.now(),
        )

    @staticmethod
    def _wait_until_it_waits(engine: Engine, thread: threading.Thread) -> None:
        while thread.is_alive() and not engine.sql(
            "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted"
        ):
            pass


class TestStop:
    def test_what_has_not_left_never_will(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        engine.email.answer("person1@example.org", OutcomeKind.TRANSIENT, OutcomeKind.ACCEPTED)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert stop(engine, run) == HonestAnswer(left=2, in_flight=0, waiting=1)
        engine.advance(minutes=10)
        assert engine.work() == 0
        assert engine.finish(run) == {"notified": 2, "stopped": 1}
        assert len(engine.email.sent) == 3

    def test_a_stop_in_the_middle_of_the_fan_out_still_accounts_for_everybody(self, engine: Engine) -> None:
        make_list(engine.application, rows(2100))
        run = make_campaign(engine.application).run_id
        application = engine.application

        def plan_one(session: object) -> int:
            return plan_slice(
                session,  # type: ignore[arg-type]
                run,
                calendar=application.calendar.read(session),  # type: ignore[arg-type]
                now=engine.now(),
            )

        application.database.run(lambda s: start_due(s, engine.now()))
        assert application.database.run(plan_one) == 1000
        assert stop(engine, run).waiting == 2100
        assert engine.finish(run) == {"stopped": 2100}
        assert engine.email.sent == []

    def test_a_run_stopped_before_its_start_tells_nobody(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = make_campaign(engine.application, starts_in=timedelta(hours=2)).run_id
        stop(engine, run)
        assert engine.finish(run) == {"stopped": 3}

    def test_what_was_out_is_waited_for(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        stop(engine, run)
        engine.round()
        assert engine.run(run).state == "stopping"
        assert engine.finish(run) == {"notified": 1}


class TestRefusals:
    def test_a_run_that_is_over_can_be_neither_paused_nor_stopped_nor_resumed(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.finish(run)
        for action in (pause, stop, resume):
            with pytest.raises(RunStateError):
                action(engine, run)
        with pytest.raises(RunStateError), engine.application.database.transaction() as session:
            extend_run(session, run, engine.now() + timedelta(days=9), actor="operator", now=engine.now())

    def test_a_run_that_does_not_exist_is_said_to_be_unknown(self, engine: Engine) -> None:
        with pytest.raises(UnknownRunError):
            pause(engine, uuid4())

    def test_a_refused_action_leaves_no_record(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        with pytest.raises(RunStateError):
            resume(engine, run)
        assert engine.sql("SELECT 1 FROM audit_event WHERE action = 'run.resumed'") == []
