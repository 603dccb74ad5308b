"""Who waits for a frequency cap and until when: for the run, on its page, and for one account."""

from datetime import timedelta

from reports.live import LiveRun, read_run
from reports.waiting import list_waiting
from tests.engine import Engine
from tests.factories import make_campaign, make_list, row


def live_of(engine: Engine, run) -> LiveRun:
    found = engine.application.database.run(lambda s: read_run(s, run, engine.now()))
    assert found is not None
    return found


class TestWaiting:
    def test_a_run_says_how_many_wait_and_until_when_and_one_account_why(self, engine: Engine) -> None:
        lines = [row(n, person="P1", email="same@example.org") for n in (1, 2, 3, 4)]
        make_list(engine.application, lines)
        run = make_campaign(
            engine.application, policy_profile="debtor_safe", lasts=timedelta(hours=30)
        ).run_id
        engine.start(run)
        assert live_of(engine, run).cap_window is None
        engine.work()
        live = live_of(engine, run)
        sent = engine.sql("SELECT max(reserved_at) AS at FROM contact_budget")[0].at
        assert live.capped == 2
        assert live.cap_window is not None
        assert live.cap_window.first_at == live.cap_window.last_at == sent + timedelta(days=1)
        assert live.profiles["1"] == ["debtor_safe v1"]
        assert live.to_json()["waiting"] == {"frequency_cap": 2}
        held = {one.id: one for one in engine.attempts(run) if one.hold_reason}
        waits = [
            one
            for number in range(1, 5)
            for one in engine.application.database.run(
                lambda s, account=f"{number:010d}": list_waiting(s, run, account)
            )
        ]
        assert {one.attempt_id: one.until for one in waits} == {key: one.due_at for key, one in held.items()}
        assert {(one.reason, one.is_too_late) for one in waits} == {("frequency_cap", False)}

    def test_a_wait_past_the_end_is_told_as_such_and_expires_under_its_reason(self, engine: Engine) -> None:
        lines = [row(n, person="P1", email="same@example.org") for n in (1, 2, 3)]
        make_list(engine.application, lines)
        run = make_campaign(engine.application, policy_profile="debtor_safe", lasts=timedelta(hours=5)).run_id
        engine.start(run)
        engine.work()
        waits = [
            one
            for number in (1, 2, 3)
            for one in engine.application.database.run(
                lambda s, account=f"{number:010d}": list_waiting(s, run, account)
            )
        ]
        assert [one.is_too_late for one in waits] == [True]
        assert engine.finish(run) == {"notified": 2, "expired": 1}
        assert engine.sql("SELECT reason FROM notice WHERE state = 'expired'")[0].reason == "frequency_cap"
