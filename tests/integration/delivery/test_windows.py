"""Nothing leaves outside the window, in the recipient's zone (P6)."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest

from channels.port import ChannelKind, OutcomeKind
from dispatcher.delivery.runs import extend_run
from reports.live import LiveRun, read_run
from tests.engine import Engine
from tests.factories import NOON, make_campaign, make_list, make_run, make_step, row, rows

FRIDAY = datetime(2026, 3, 13, tzinfo=UTC)
MONDAY = datetime(2026, 3, 16, tzinfo=UTC)


def live_of(engine: Engine, run) -> LiveRun:
    """What staff see of the run."""
    with engine.application.database.transaction() as session:
        live = read_run(session, run, engine.now())
    assert live is not None
    return live


class TestStartAndEnd:
    @pytest.mark.requirement(10, "Job with start time and end time")
    def test_nothing_leaves_before_the_start_or_after_the_end(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        # The provider asks to come back after the end.
        engine.email.answer("person3@example.org", OutcomeKind.TRANSIENT, retry_after_seconds=7200)
        run = make_campaign(engine.application, starts_in=timedelta(hours=1), lasts=timedelta(hours=1)).run_id
        engine.round()
        assert engine.work() == 0
        engine.advance(minutes=59, seconds=58)
        assert engine.work() == 0
        engine.advance(seconds=2)
        assert engine.work() == 3
        engine.set_time(NOON + timedelta(hours=3, minutes=1))
        assert engine.work() == 0
        engine.round()
        assert engine.work() == 0
        assert engine.email.addresses().count("person3@example.org") == 1
        assert engine.finish(run) == {"notified": 2, "expired": 1}
        assert engine.notices(run)["person3@example.org"] == "expired:window_ended"

    def test_nothing_is_claimed_so_near_to_the_end_that_it_could_leave_after_it(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application, lasts=timedelta(hours=1)).run_id)
        engine.advance(minutes=59, seconds=58.5)
        assert engine.work() == 0
        assert engine.notices(run) == {"person1@example.org": "expired:window_ended"}

    def test_a_window_that_passed_unseen_expires_everybody(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = make_campaign(engine.application, starts_in=timedelta(hours=1), lasts=timedelta(hours=1)).run_id
        engine.advance(hours=10)
        assert engine.finish(run) == {"expired": 3}
        assert engine.email.sent == []

    def test_a_run_may_be_extended_into_the_future(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application, lasts=timedelta(hours=1)).run_id)
        with engine.application.database.transaction() as session:
            extend_run(session, run, NOON + timedelta(hours=5), actor="operator", now=engine.now())
        engine.advance(hours=2)
        assert engine.finish(run) == {"notified": 1}
        (event,) = engine.sql("SELECT * FROM audit_event WHERE action = 'run.extended'")
        assert event.actor == "operator"
        assert event.before["ends_at"] < event.after["ends_at"]


class TestDailyHours:
    @pytest.mark.requirement(28, "08:00-17:00, never on weekends or public holidays")
    def test_debt_letters_leave_at_eight_to_five_on_working_days_only(self, engine: Engine) -> None:
        engine.set_time(FRIDAY + timedelta(hours=14))  # 17:00 in Moscow
        make_list(engine.application, rows(1))
        run = make_campaign(engine.application, policy_profile=None, lasts=timedelta(days=5)).run_id
        engine.round()
        for moment in (
            FRIDAY + timedelta(hours=14, minutes=1),
            FRIDAY + timedelta(days=1, hours=9),  # Saturday noon
            FRIDAY + timedelta(days=2, hours=9),  # Sunday noon
            MONDAY + timedelta(hours=4, minutes=59, seconds=59),
        ):
            engine.set_time(moment)
            engine.round()
            assert engine.work() == 0
        engine.set_time(MONDAY + timedelta(hours=5))  # 08:00
        engine.round()
        assert engine.work() == 1
        assert engine.finish(run) == {"notified": 1}

    def test_a_public_holiday_is_no_working_day(self, engine: Engine) -> None:
        engine.set_time(datetime(2026, 3, 9, 9, tzinfo=UTC))  # Monday, transferred from Sunday 8 March
        make_list(engine.application, rows(1))
        run = make_campaign(engine.application, policy_profile=None).run_id
        engine.round()
        assert engine.work() == 0
        assert engine.attempts(run)[0].due_at == datetime(2026, 3, 10, 5, tzinfo=UTC)

    def test_each_is_judged_by_the_clock_on_his_own_wall(self, engine: Engine) -> None:
        """12:00 in Moscow is 18:00 in Vladivostok and 11:00 in Kaliningrad."""
        make_list(
            engine.application,
            [
                row(1),
                row(2, address="690000, Приморский край, г. Владивосток, ул. Тихая, д. 1"),
                row(3, address="", zone="Europe/Kaliningrad"),
            ],
        )
        run = make_campaign(engine.application, daily_from=time(9), daily_to=time(17)).run_id
        engine.start(run)
        assert engine.work() == 2
        assert sorted(engine.email.addresses()) == ["person1@example.org", "person3@example.org"]
        engine.set_time(datetime(2026, 3, 10, 22, 59, tzinfo=UTC))
        engine.round()
        assert engine.work() == 0
        engine.set_time(datetime(2026, 3, 10, 23, 0, tzinfo=UTC))  # 09:00 in Vladivostok
        engine.round()
        assert engine.work() == 1
        assert engine.finish(run) == {"notified": 3}

    def test_who_waits_for_the_hours_is_counted_so_until_his_turn(self, engine: Engine) -> None:
        make_list(engine.application, [row(1), row(2, zone="Asia/Vladivostok", address="")])
        run = make_campaign(engine.application, daily_from=time(9), daily_to=time(17)).run_id
        engine.start(run)
        assert live_of(engine, run).waiting == {"outside_hours": 1}
        assert live_of(engine, run).to_json()["waiting"] == {"outside_hours": 1}
        engine.work()
        engine.check_counters(run)
        engine.set_time(datetime(2026, 3, 10, 23, 0, tzinfo=UTC))  # 09:00 in Vladivostok
        engine.round()
        engine.work()
        assert live_of(engine, run).waiting == {}
        engine.check_counters(run)
        assert engine.finish(run) == {"notified": 2}

    def test_who_waits_for_a_frequency_cap_is_counted_so(self, engine: Engine) -> None:
        imported = make_list(engine.application, rows(1))
        caps = [{"channel_group": "text", "limit": 1, "period": "day"}]
        for _ in range(2):
            run = make_run(engine.application, [make_step(engine.application)], imported=imported, caps=caps)
            engine.start(run)
            engine.work()
        assert live_of(engine, run).waiting == {"frequency_cap": 1}
        engine.check_counters(run)

    def test_a_retry_that_falls_into_the_night_waits_for_the_morning(self, engine: Engine) -> None:
        engine.set_time(datetime(2026, 3, 10, 13, 59, 30, tzinfo=UTC))  # 16:59:30 in Moscow
        make_list(engine.application, rows(1))
        engine.email.answer("person1@example.org", OutcomeKind.TRANSIENT, OutcomeKind.ACCEPTED)
        run = engine.start(make_campaign(engine.application, policy_profile=None).run_id)
        assert engine.work() == 1
        engine.advance(minutes=2)
        assert engine.work() == 0
        (retry,) = [one for one in engine.attempts(run) if one.number == 2]
        assert (retry.hold_reason, retry.due_at) == (
            "outside_hours",
            datetime(2026, 3, 11, 5, tzinfo=UTC),
        )
        assert engine.finish(run) == {"notified": 1}

    def test_a_zone_whose_hours_never_come_expires_at_once_and_says_so(self, engine: Engine) -> None:
        make_list(engine.application, [row(1), row(2, zone="Asia/Vladivostok", address="")])
        campaign = make_campaign(
            engine.application, daily_from=time(9), daily_to=time(17), lasts=timedelta(hours=2)
        )
        engine.start(campaign.run_id)
        assert engine.notices(campaign.run_id)["person2@example.org"] == "expired:window_ended"
        assert engine.finish(campaign.run_id) == {"notified": 1, "expired": 1}


class TestWhatAProviderHolds:
    """SMSC tries for an hour at least: what it is given must be over when the hours or the run are (P6)."""

    @pytest.mark.requirement(28, "08:00-17:00, never on weekends or public holidays")
    def test_it_is_told_to_give_up_when_the_hours_close_in_the_recipients_zone(self, engine: Engine) -> None:
        make_list(engine.application, [row(1), row(2, zone="Asia/Yekaterinburg", address="")])
        run = sms_run(engine)
        engine.start(run)
        engine.work(ChannelKind.SMS)
        assert {one.address: one.deliver_until for one in engine.sms.sent} == {
            "+79000000001": datetime(2026, 3, 10, 14, tzinfo=UTC),
            "+79000000002": datetime(2026, 3, 10, 12, tzinfo=UTC),
        }

    def test_in_the_last_hour_it_waits_for_the_next_opening(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        engine.set_time(datetime(2026, 3, 10, 12, 59, 57, tzinfo=UTC))
        run = engine.start(sms_run(engine))
        engine.set_time(datetime(2026, 3, 10, 13, 0, 1, tzinfo=UTC))
        assert engine.work(ChannelKind.SMS) == 0
        (held,) = engine.attempts(run)
        assert held.state == "planned"
        assert held.due_at == datetime(2026, 3, 11, 5, tzinfo=UTC)
        engine.set_time(datetime(2026, 3, 11, 5, 0, 1, tzinfo=UTC))
        assert engine.work(ChannelKind.SMS) == 1
        assert engine.sms.sent[0].deliver_until == datetime(2026, 3, 11, 14, tzinfo=UTC)

    def test_with_less_than_an_hour_to_the_end_of_the_run_it_expires(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(sms_run(engine, lasts=timedelta(minutes=90)))
        engine.advance(minutes=31)
        assert engine.work(ChannelKind.SMS) == 0
        assert list(engine.notices(run).values()) == ["expired:window_ended"]
        engine.check_counters(run)

    def test_a_route_that_holds_nothing_so_long_may_be_used_longer(self, engine: Engine) -> None:
        engine.application.settings.delivery.least_validity_seconds = {"sms": 300.0}
        make_list(engine.application, rows(1))
        run = engine.start(sms_run(engine, lasts=timedelta(minutes=90)))
        engine.advance(minutes=80)
        assert engine.work(ChannelKind.SMS) == 1
        assert engine.sms.sent[0].deliver_until == engine.run(run).ends_at

    def test_a_letter_is_held_by_nobody(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        engine.start(make_campaign(engine.application, lasts=timedelta(minutes=90)).run_id)
        engine.advance(minutes=80)
        assert engine.work() == 1
        assert engine.email.sent[0].deliver_until is None


def sms_run(engine: Engine, lasts: timedelta = timedelta(days=2)) -> UUID:
    made = make_campaign(
        engine.application,
        channels=(ChannelKind.SMS,),
        lasts=lasts,
        daily_from=time(8),
        daily_to=time(17),
    )
    return made.run_id
