"""Errors say what to do next: try again, give up, wait, pause the run or the channel (design: section 5)."""

import threading
from datetime import timedelta
from uuid import UUID

from channels.port import OutcomeKind
from dispatcher.delivery.channel_pause import list_paused
from dispatcher.delivery.error_limit import pause_failing_runs
from dispatcher.delivery.runs import pause_run, resume_run
from tests.engine import Engine
from tests.factories import make_campaign, make_list, make_run, make_step, rows

FIRST = "person1@example.org"


def set_error_limit(engine: Engine, *, sample: int, limit: float = 0.5) -> None:
    delivery = engine.application.settings.delivery
    delivery.error_rate_sample, delivery.error_rate_limit = sample, limit


class TestRetries:
    def test_a_passing_fault_is_tried_again_after_the_back_off_and_then_succeeds(
        self, engine: Engine
    ) -> None:
        make_list(engine.application, rows(1))
        engine.email.answer(FIRST, OutcomeKind.TRANSIENT, OutcomeKind.TRANSIENT, OutcomeKind.ACCEPTED)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        engine.advance(seconds=59)
        assert engine.work() == 0
        engine.advance(seconds=1.5)
        assert engine.work() == 1
        engine.advance(seconds=299)
        assert engine.work() == 0
        engine.advance(seconds=1.5)
        assert engine.work() == 1
        assert [(one.number, one.state) for one in engine.attempts(run)] == [
            (1, "failed"),
            (2, "failed"),
            (3, "accepted"),
        ]
        assert engine.finish(run) == {"notified": 1}

    def test_each_retry_is_the_same_message_under_another_attempt(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        engine.email.answer(FIRST, OutcomeKind.TRANSIENT, OutcomeKind.ACCEPTED)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.finish(run)
        first, second = engine.email.sent
        assert first.notice_key == second.notice_key
        assert first.attempt != second.attempt

    def test_the_providers_wish_to_wait_longer_is_kept(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        engine.email.answer(FIRST, OutcomeKind.TRANSIENT, OutcomeKind.ACCEPTED, retry_after_seconds=600)
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        engine.advance(seconds=590)
        assert engine.work() == 0
        engine.advance(seconds=11)
        assert engine.work() == 1

    def test_a_final_refusal_is_not_tried_again(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        engine.email.answer(FIRST, OutcomeKind.PERMANENT, OutcomeKind.ACCEPTED)
        run = engine.start(make_campaign(engine.application).run_id)
        assert engine.finish(run) == {"failed": 1}
        assert len(engine.email.sent) == 1

    def test_after_the_last_retry_the_notice_has_failed(self, engine: Engine) -> None:
        imported = make_list(engine.application, rows(1))
        engine.email.answer(FIRST, OutcomeKind.TRANSIENT)
        step = make_step(engine.application, retry_seconds=(60.0, 60.0))
        run = engine.start(make_run(engine.application, [step], imported=imported))
        assert engine.finish(run) == {"failed": 1}
        assert len(engine.email.sent) == 3

    def test_what_was_not_sent_is_due_again_and_is_no_attempt(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        engine.email.answer(FIRST, OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED, OutcomeKind.ACCEPTED)
        run = engine.start(make_campaign(engine.application).run_id)
        assert engine.work() == 1
        engine.advance(seconds=6)
        assert engine.work() == 1
        engine.advance(seconds=10)
        assert engine.work() == 0
        # The domain that asked for less has a limit now, which fills by real time and not by the moved clock.
        for _ in range(50):
            engine.advance(seconds=21)
            if engine.work() == 1:
                break
        assert [(one.number, one.state) for one in engine.attempts(run)] == [(1, "accepted")]
        budget = engine.sql("SELECT released_at FROM contact_budget")
        assert [one.released_at for one in budget] == [None]
        assert engine.finish(run) == {"notified": 1}

    def test_a_text_that_cannot_be_made_fails_its_recipient_alone(self, engine: Engine) -> None:
        lines = rows(3)
        lines[1]["Сумма долга"] = ""
        make_list(engine.application, lines)
        run = engine.start(make_campaign(engine.application).run_id)
        assert engine.finish(run) == {"notified": 2, "failed": 1}
        assert engine.notices(run)["person2@example.org"] == "failed:template_error"


class TestErrorLimit:
    def test_a_run_in_which_too_much_fails_is_paused(self, engine: Engine) -> None:
        set_error_limit(engine, sample=10)
        make_list(engine.application, rows(100))
        for number in range(1, 101):
            engine.email.answer(f"person{number}@example.org", OutcomeKind.SENDER_FAULT, OutcomeKind.ACCEPTED)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        engine.round()
        assert (engine.run(run).state, engine.run(run).state_reason) == ("paused", "error_rate")
        engine.advance(minutes=5)
        assert engine.work() == 0
        (event,) = engine.sql("SELECT actor, after FROM audit_event WHERE action = 'run.paused'")
        assert (event.actor, event.after["reason"]) == ("system", "error_rate")

    def test_whoever_it_tripped_on_goes_on_after_the_resume(self, engine: Engine) -> None:
        set_error_limit(engine, sample=10)
        make_list(engine.application, rows(30))
        for number in range(1, 31):
            engine.email.answer(f"person{number}@example.org", OutcomeKind.SENDER_FAULT, OutcomeKind.ACCEPTED)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        engine.round()
        assert engine.run(run).state == "paused"
        engine.application.database.run(lambda s: resume_run(s, run, actor="operator", now=engine.now()))
        engine.round()
        assert engine.run(run).state == "running"  # judged anew, not by the faults before the pause
        assert engine.finish(run) == {"notified": 30}

    def test_fewer_failures_than_the_limit_do_no_harm(self, engine: Engine) -> None:
        set_error_limit(engine, sample=10)
        make_list(engine.application, rows(30))
        for number in range(1, 11):
            engine.email.answer(f"person{number}@example.org", OutcomeKind.PERMANENT)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        engine.round()
        assert engine.run(run).state == "running"

    def test_a_pause_by_staff_in_the_same_moment_is_no_error(self, engine: Engine) -> None:
        set_error_limit(engine, sample=10)
        application = engine.application
        make_list(application, rows(20))
        for number in range(1, 21):
            engine.email.answer(f"person{number}@example.org", OutcomeKind.PERMANENT)
        run = engine.start(make_campaign(application).run_id)
        engine.work()
        found: list[list[UUID]] = []

        def judge() -> None:
            found.append(
                application.database.run(
                    lambda s: pause_failing_runs(s, limit=0.5, sample=10, now=engine.now())
                )
            )

        with application.database.transaction() as session:
            pause_run(session, run, actor="operator", reason="looks wrong", now=engine.now())
            thread = threading.Thread(target=judge)
            thread.start()
            waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            while thread.is_alive() and not engine.sql(waiting):
                pass
        thread.join()
        assert found == [[]]
        assert engine.run(run).state_reason == "looks wrong"


class TestUnreachableProvider:
    def test_the_channel_waits_twice_as_long_each_time_and_recovers_by_itself(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        for number in range(1, 4):
            engine.email.answer(
                f"person{number}@example.org",
                OutcomeKind.NOT_SENT,
                OutcomeKind.NOT_SENT,
                reason="smtp_unreachable",
            )
        run = engine.start(make_campaign(engine.application).run_id)
        assert engine.work() == 3
        begun = engine.now()
        (paused,) = engine.application.database.run(list_paused)
        assert (paused.channel, paused.reason) == ("email", "smtp_unreachable")
        assert timedelta(seconds=9) < paused.paused_until - begun <= timedelta(seconds=10)
        engine.advance(seconds=8)
        assert engine.work() == 0
        engine.advance(seconds=3)
        assert engine.work() == 3
        (paused,) = engine.application.database.run(list_paused)
        assert paused.paused_until - engine.now() > timedelta(seconds=18)
        for number in range(1, 4):
            engine.email.answer(f"person{number}@example.org", OutcomeKind.ACCEPTED)
        engine.advance(seconds=21)
        assert engine.work() == 3
        assert engine.application.database.run(list_paused) == []
        assert engine.states(run) == {"accepted": 3}
        assert engine.finish(run) == {"notified": 3}

    def test_nobody_is_charged_for_it(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        for number in (1, 2):
            engine.email.answer(
                f"person{number}@example.org", OutcomeKind.NOT_SENT, reason="smtp_unreachable"
            )
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert engine.states(run) == {"planned": 2}
        assert all(one.released_at for one in engine.sql("SELECT released_at FROM contact_budget"))
