"""The channel that a person prefers comes first, where the person may be reached by it."""

import pytest

from campaigns.dry_run import DryRunTools, dry_run_of
from channels.port import ChannelKind, OutcomeKind
from consent.persons import change_person
from dispatcher.bootstrap import build_renderer
from dispatcher.delivery.statements import withdraw_at
from dispatcher.delivery.step_plan import Combination
from tests.engine import Engine
from tests.factories import make_list, make_run, make_step, row

PHONE = "+79000000001"
EMAIL = "person1@example.org"


def prefer(engine: Engine, channel: str | None, *, address: str = EMAIL) -> None:
    """The person with this address tells staff how to be reached."""
    [found] = engine.sql("SELECT person_id FROM contact_point WHERE address = :a", a=address)
    with engine.application.database.transaction() as session:
        change_person(
            session, found.person_id, {"preferred_channel": channel}, actor="staff:olga", now=engine.now()
        )


def run_over(engine: Engine, imported, *kinds: ChannelKind, **options):
    steps = [make_step(engine.application, kind, settle_seconds=1.0) for kind in kinds]
    return make_run(engine.application, steps, imported=imported, **options)


BOTH = (ChannelKind.EMAIL, ChannelKind.SMS)


class TestFirstChannel:
    @pytest.mark.requirement(49, "An answer goes by the channel the client named")
    @pytest.mark.requirement(14, "free choice of channel type by client")
    def test_a_notice_goes_by_the_channel_that_the_client_named(self, engine):
        imported = make_list(engine.application, [row(1), row(2)])
        prefer(engine, "sms")
        run = run_over(engine, imported, *BOTH)
        engine.start(run)
        assert engine.finish(run) == {"notified": 2}
        assert engine.sms.addresses() == [PHONE]
        assert engine.email.addresses() == ["person2@example.org"]

    def test_what_a_list_says_of_the_channel_counts_too(self, engine):
        imported = make_list(engine.application, [row(1)])
        engine.sql("UPDATE person SET preferred_channel = 'voice'")
        run = run_over(engine, imported, *BOTH, ChannelKind.VOICE)
        engine.start(run)
        engine.finish(run)
        assert [len(channel.sent) for channel in engine.channels.values()].count(1) == 1
        assert engine.channels[ChannelKind.VOICE].addresses() == [PHONE]

    @pytest.mark.parametrize("consent", ["email", "нет телефона"])
    def test_without_consent_or_number_there_the_plan_stays_as_it_is(self, engine, consent):
        changes = {"consent": "email"} if consent == "email" else {"phone": ""}
        imported = make_list(engine.application, [row(1, **changes)])
        prefer(engine, "sms")
        run = run_over(engine, imported, *BOTH)
        engine.start(run)
        assert [one.channel for one in engine.attempts(run)] == ["email"]
        assert engine.finish(run) == {"notified": 1}

    def test_a_channel_that_the_scenario_does_not_have_changes_nothing(self, engine):
        imported = make_list(engine.application, [row(1)])
        prefer(engine, "voice")
        run = run_over(engine, imported, *BOTH)
        engine.start(run)
        assert engine.finish(run) == {"notified": 1}
        assert engine.email.addresses() == [EMAIL]

    def test_where_every_channel_is_required_the_order_stays(self, engine):
        imported = make_list(engine.application, [row(1)])
        prefer(engine, "sms")
        run = run_over(engine, imported, *BOTH, combination=Combination.ALL)
        engine.start(run)
        assert [one.channel for one in engine.attempts(run)] == ["email"]
        assert engine.finish(run) == {"notified": 1}
        assert (len(engine.email.sent), len(engine.sms.sent)) == (1, 1)


class TestGoingOn:
    def test_when_the_preferred_channel_fails_the_others_follow_each_once(self, engine):
        imported = make_list(engine.application, [row(1)])
        prefer(engine, "sms")
        engine.sms.answer(PHONE, OutcomeKind.PERMANENT)
        engine.email.answer(EMAIL, OutcomeKind.PERMANENT)
        run = run_over(engine, imported, *BOTH, ChannelKind.VOICE)
        engine.start(run)
        assert engine.finish(run) == {"notified": 1}
        order = [one.channel for one in sorted(engine.attempts(run), key=lambda one: one.id)]
        assert order == ["sms", "email", "voice"]

    def test_when_all_fail_the_notice_fails_and_is_not_lost(self, engine):
        imported = make_list(engine.application, [row(1)])
        prefer(engine, "sms")
        engine.sms.answer(PHONE, OutcomeKind.PERMANENT)
        engine.email.answer(EMAIL, OutcomeKind.PERMANENT)
        run = run_over(engine, imported, *BOTH)
        engine.start(run)
        assert engine.finish(run) == {"failed": 1}
        assert len(engine.attempts(run)) == 2

    def test_a_withdrawal_between_plan_and_claim_sends_it_by_the_other_channel(self, engine):
        imported = make_list(engine.application, [row(1)])
        prefer(engine, "sms")
        run = run_over(engine, imported, *BOTH)
        engine.start(run)
        with engine.application.database.transaction() as session:
            withdraw_at(
                session,
                PHONE,
                channel="sms",
                purpose="*",
                source="staff",
                recorded_by="staff:olga",
                now=engine.now(),
            )
        assert engine.finish(run) == {"notified": 1}
        assert (engine.sms.addresses(), engine.email.addresses()) == ([], [EMAIL])

    def test_a_change_of_mind_in_the_middle_sends_nobody_round_twice(self, engine):
        imported = make_list(engine.application, [row(1)])
        prefer(engine, "sms")
        engine.sms.answer(PHONE, OutcomeKind.PERMANENT)
        run = run_over(engine, imported, *BOTH)
        engine.start(run)
        engine.work(ChannelKind.SMS)
        prefer(engine, "email")
        assert engine.finish(run) == {"notified": 1}
        assert (len(engine.sms.sent), len(engine.email.sent)) == (1, 1)


class TestDryRun:
    def test_counts_by_the_channels_that_people_named(self, engine):
        imported = make_list(engine.application, [row(1), row(2), row(3, consent="email")])
        prefer(engine, "sms")
        prefer(engine, "sms", address="person3@example.org")
        run = run_over(engine, imported, *BOTH)
        application = engine.application
        with application.database.transaction() as session:
            tools = DryRunTools(
                renderer=build_renderer(application),
                delivery=application.settings.delivery,
                calendar=application.calendar.read(session),
                provider_limits=dict.fromkeys(ChannelKind),
                call_lines=None,
            )
            found = dry_run_of(session, run, tools=tools, actor="staff:olga", now=engine.now())
        assert found.by_channel == {"sms": 1, "email": 2}
