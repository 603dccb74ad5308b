"""The dry run says what the run then does (P5, P6), and writes nothing."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from campaigns.dry_run import dry_run_of
from campaigns.errors import CampaignError, UnknownListError, UnknownScenarioError
from channels.port import ChannelKind
from channels.sms.parts import measure
from consent.errors import PolicyError
from dispatcher.delivery.withdrawal import withdraw_consent
from tests.engine import Engine
from tests.factories import contact_of, make_campaign, make_list, row, rows, suppress
from tests.integration.campaigns.trying import tools, try_out, wanted


class TestWhoWouldGo:
    @pytest.mark.requirement(14, "Channel choice depends on what contact data the client supplied")
    def test_everybody_is_counted_once_by_channel_or_by_reason(self, engine: Engine) -> None:
        make_list(
            engine.application,
            [
                row(1),
                row(2, email=""),
                row(3, consent="нет"),
                row(4, contract="нет"),
                row(5),
                row(6),
                row(7, consent=""),
            ],
        )
        suppress(engine.application, "person5@example.org")
        contact = contact_of(engine.application, "person6@example.org")
        engine.application.database.run(
            lambda s: withdraw_consent(
                s,
                contact,
                channel="email",
                purpose="*",
                source="staff",
                recorded_by="operator",
                now=engine.now(),
            )
        )
        found = try_out(engine)
        assert (found.recipients, found.going, found.by_channel) == (7, 1, {"email": 1})
        assert found.not_going == {
            "no_address": 1,
            "consent_withdrawn": 1,
            "no_contract": 1,
            "suppressed": 1,
            "no_consent": 2,
        }

    def test_the_run_then_does_what_the_dry_run_said(self, engine: Engine) -> None:
        make_list(
            engine.application,
            [row(1), row(2, email=""), row(3, consent="нет"), row(4, contract="нет"), row(5)],
        )
        said = try_out(engine)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.finish(run)
        done = engine.notices(run).values()
        assert said.going == len([one for one in done if one.startswith("notified")])
        reasons = sorted(one.partition(":")[2] for one in done if not one.startswith("notified"))
        assert reasons == sorted(code for code, count in said.not_going.items() for _ in range(count))

    @pytest.mark.requirement(46, "a mandatory notice does not vanish: the dry run says whom to tell by hand")
    def test_as_many_are_told_by_hand_as_it_said_and_none_where_people_may_refuse(
        self, engine: Engine
    ) -> None:
        make_list(
            engine.application,
            [row(1), row(2, email=""), row(3, consent="нет"), row(4, contract="нет"), row(5)],
        )
        said = try_out(engine, wanted(engine, basis="legal_duty"))
        assert [one.count for one in said.warnings if one.code == "by_hand"] == [said.by_hand]
        engine.finish(engine.start(make_campaign(engine.application, basis="legal_duty").run_id))
        with engine.application.database.transaction() as session:
            tasks = session.execute(text("SELECT count(*) FROM manual_task")).scalar_one()
        assert said.by_hand == tasks == 3
        by_consent = try_out(engine)
        assert (by_consent.by_hand, [one.code for one in by_consent.warnings]) == (0, [])

    def test_a_zone_whose_hours_do_not_come_in_time_is_not_going(self, engine: Engine) -> None:
        make_list(engine.application, [row(1), row(2, zone="Asia/Vladivostok", address="")])
        hours = wanted(
            engine, daily_from=time(9), daily_to=time(17), ends_at=engine.now() + timedelta(hours=2)
        )
        found = try_out(engine, hours)
        assert (found.going, found.not_going) == (1, {"window_ended": 1})

    def test_those_who_wait_for_their_hours_are_said_to_go_later(self, engine: Engine) -> None:
        make_list(engine.application, [row(1), row(2, zone="Asia/Vladivostok", address="")])
        found = try_out(engine, wanted(engine, daily_from=time(9), daily_to=time(17)))
        assert (found.going, found.later) == (2, {"outside_hours": 1})


class TestTexts:
    @pytest.mark.requirement(60, "complete, current and true information")
    def test_empty_fields_that_the_text_needs_are_counted_before_anything_is_sent(
        self, engine: Engine
    ) -> None:
        make_list(engine.application, [row(1), row(2, debt=""), row(3, debt=""), row(4, due="")])
        found = try_out(engine)
        assert found.missing_fields == {"debt": 2}
        assert found.not_going == {"template_error": 2}
        assert found.going == 2
        assert "missing_fields" in {one.code for one in found.warnings}

    def test_samples_are_what_the_recipient_would_read(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, name="Анна Первая"), row(2)])
        found = try_out(engine)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        letters = {one.address: one for one in engine.email.sent}
        sample, letter = found.samples[0], letters["person1@example.org"]
        assert "Анна Первая" in sample.text
        assert sample.subject == letter.subject
        assert sample.text.splitlines()[:-1] == letter.text.splitlines()[:-1]
        assert engine.finish(run) == {"notified": 2}

    def test_a_sample_shows_no_address_and_cannot_unsubscribe_anybody(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        (sample,) = try_out(engine).samples
        assert sample.address == "p…@example.org"
        assert "/u/" not in sample.text


class TestFinish:
    def test_the_rate_and_where_it_comes_from_are_said(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        assert try_out(engine).rates["email"].basis == "assumed"
        engine.application.settings.smtp.max_per_second = 5.0
        assert (try_out(engine).rates["email"].basis) == "provider_limit"
        slow = try_out(engine, wanted(engine, max_per_second=0.5)).rates["email"]
        assert (slow.per_second, slow.basis) == (0.5, "run_limit")
        engine.application.settings.smtp.max_per_second = None

    def test_what_does_not_fit_into_the_window_is_a_warning(self, engine: Engine) -> None:
        make_list(engine.application, rows(30))
        start = engine.now() + timedelta(hours=1)
        found = try_out(
            engine,
            wanted(engine, max_per_second=0.01, starts_at=start, ends_at=start + timedelta(minutes=30)),
        )
        assert found.unsent_at_end == 12
        assert found.expected_finish is not None
        assert found.expected_finish > found.ends_at
        assert [one.code for one in found.warnings] == ["finish_after_end"]

    def test_recent_runs_give_the_rate(self, engine: Engine) -> None:
        make_list(engine.application, rows(120))
        engine.finish(engine.start(make_campaign(engine.application).run_id))
        rate = try_out(engine).rates["email"]
        assert rate.basis == "measured"
        assert rate.per_second > 0


class TestWarnings:
    @pytest.mark.requirement(44, "Abnormally large or small bill must be re-checked before it is issued")
    def test_abnormal_sums_are_named_by_line(self, engine: Engine) -> None:
        people = [row(number, debt="1000") for number in range(1, 13)]
        people += [row(13, debt="950000"), row(14, debt="3,10"), row(15, debt="0")]
        make_list(engine.application, people)
        found = try_out(engine)
        assert (found.sums.large, found.sums.small) == (1, 2)
        assert list(found.sums.lines) == [14, 15, 16]
        assert "abnormal_sums" in {one.code for one in found.warnings}

    def test_usual_sums_and_short_lists_raise_no_alarm(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, debt="100"), row(2, debt="90000")])
        assert try_out(engine).sums.abnormal == 0
        assert try_out(engine).warnings == ()

    def test_nobody_to_tell_and_unknown_zones_are_said(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, consent="нет", address="ул. Тихая, д. 1")])
        found = try_out(engine)
        assert {one.code: one.count for one in found.warnings} == {"nobody_goes": 1, "zone_unknown": 1}


class TestReadOnly:
    def test_one_line_of_audit_is_all_that_is_written(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        tables = ("scenario", "scenario_version", "template_version", "campaign", "run", "notice", "outbox")
        try_out(engine)
        for table in tables:
            assert engine.sql(f"SELECT count(*) FROM {table}")[0].count == 0, table
        (event,) = engine.sql("SELECT * FROM audit_event WHERE action = 'campaign.dry_run'")
        assert event.after == {"recipients": 3, "going": 3, "not_going": {}, "by_hand": 0}
        assert engine.email.sent == []

    def test_a_run_that_was_made_can_be_tried_too(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = make_campaign(engine.application, starts_in=timedelta(hours=2)).run_id
        found = engine.application.database.run(
            lambda s: dry_run_of(s, run, tools=tools(engine, s), actor="operator", now=engine.now())
        )
        assert (found.recipients, found.going) == (3, 3)

    def test_a_list_larger_than_a_slice_is_read_to_its_end(self, engine: Engine) -> None:
        make_list(engine.application, rows(2100))
        assert try_out(engine).going == 2100


class TestRefusals:
    def test_what_create_would_refuse_is_refused(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        past = datetime(2020, 1, 1, tzinfo=UTC)
        for campaign, error in (
            (wanted(engine, ends_at=past, starts_at=past - timedelta(days=1)), CampaignError),
            (wanted(engine, list_name="нет такого"), UnknownListError),
            (wanted(engine, scenario="none"), UnknownScenarioError),
            (wanted(engine, policy_profile="none"), PolicyError),
        ):
            with pytest.raises(error):
                try_out(engine, campaign)


class TestShortMessages:
    def test_parts_alphabet_and_price_are_those_of_what_is_sent_then(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        engine.application.settings.sms.price_per_part = Decimal("3.50")
        found = try_out(engine, wanted(engine, channels=(ChannelKind.SMS,)))
        assert found.sms is not None
        assert (found.sms.messages, found.by_channel) == (3, {"sms": 3})
        run = engine.start(make_campaign(engine.application, channels=(ChannelKind.SMS,)).run_id)
        engine.work(ChannelKind.SMS)
        sent = [measure(one.text).parts for one in engine.sms.sent]
        assert (len(sent), sum(sent), max(sent)) == (3, found.sms.parts, found.sms.most_parts)
        assert found.sms.price == sum(sent) * Decimal("3.50")
        assert found.sms.by_alphabet == {"ucs2": 3}
        assert found.samples[0].length.parts == sent[0]
        assert engine.states(run) == {"accepted": 3}

    def test_a_text_over_its_limit_of_parts_is_refused_by_the_dry_run_and_by_sending(
        self, engine: Engine
    ) -> None:
        make_list(engine.application, rows(2))
        engine.application.settings.delivery.sms_max_parts_of = {"debt_reminder": 1}
        found = try_out(engine, wanted(engine, channels=(ChannelKind.SMS,)))
        assert (found.going, found.not_going, found.sms) == (0, {"sms_too_many_parts": 2}, None)
        run = engine.start(make_campaign(engine.application, channels=(ChannelKind.SMS,)).run_id)
        engine.work(ChannelKind.SMS)
        assert engine.sms.sent == []
        assert set(engine.notices(run).values()) == {"failed:sms_too_many_parts"}
