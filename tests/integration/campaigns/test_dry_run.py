"""The dry run says what the run then does (P5, P6), and writes nothing."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from campaigns.dry_run import dry_run_of
from campaigns.dry_run_result import priced, sounded
from campaigns.errors import CampaignError, UnknownListError, UnknownScenarioError
from channels.port import ChannelKind
from channels.sandbox.smsc_account import PRICE_PER_PART
from channels.sandbox.smsc_server import SandboxSmscServer
from channels.sms.parts import measure
from channels.voice.speech.engine import EngineName, Voice
from channels.voice.speech.process import SpeakingProcesses
from channels.voice.speech.reading import ScriptReader
from channels.voice.speech.speaker import PhraseSpeaker
from consent.errors import PolicyError
from dispatcher.bootstrap import build_script_reader, build_sms_quotes
from dispatcher.core.settings import Settings, SmscSettings, SmsSettings
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.step_plan import Combination
from dispatcher.delivery.withdrawal import withdraw_consent
from tests.engine import Engine
from tests.factories import contact_of, make_campaign, make_list, make_run, make_step, row, rows, suppress
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


class TestCalls:
    def test_samples_are_calls_as_text_with_their_keys(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        found = try_out(engine, wanted(engine, channels=(ChannelKind.VOICE,)))
        assert (found.going, found.by_channel, found.missing_fields) == (3, {"voice": 3}, {})
        sample = found.samples[0]
        assert (sample.channel, sample.address, sample.html) == ("voice", "+7…0001", None)
        assert "[вопрос]" in sample.text
        assert "  9: больше не звонить" in sample.text
        assert found.sms is None

    @pytest.mark.parametrize(
        ("hours", "greeting"),
        [((time(6), time(9)), "Доброе утро!"), ((time(18), time(20)), "Добрый вечер!")],
    )
    def test_a_sample_greets_as_at_the_hour_at_which_it_may_go(self, engine, hours, greeting) -> None:
        make_list(engine.application, rows(1))
        daily_from, daily_to = hours
        calls = wanted(
            engine,
            channels=(ChannelKind.VOICE,),
            daily_from=daily_from,
            daily_to=daily_to,
            working_days_only=False,
        )
        assert greeting in try_out(engine, calls).samples[0].text

    def test_a_phrase_that_yields_no_sound_refuses_the_start_and_says_why(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        found = try_out(engine, wanted(engine, channels=(ChannelKind.VOICE,)))
        application = engine.application
        reader = build_script_reader(application.settings, application.database)
        assert sounded(found, reader).refusals == ()

        # A program that ends well and says nothing, as festival does with signs that it does not know.
        silent = Voice(EngineName.FESTIVAL, "any", program=shutil.which("true") or "")
        mute = ScriptReader(lambda: PhraseSpeaker(SpeakingProcesses({"ru": silent})))
        refused = sounded(found, mute)
        assert [one.code for one in refused.refusals] == ["phrase_not_audible"]
        assert refused.to_json()["calls"] == ()


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

    def test_as_a_second_step_they_are_counted_apart_for_those_whom_the_first_may_not_reach(
        self, engine: Engine
    ) -> None:
        make_list(engine.application, [*rows(3), row(4, email="")])
        engine.application.settings.sms.price_per_part = Decimal("3.50")
        found = try_out(engine, wanted(engine, channels=(ChannelKind.EMAIL, ChannelKind.SMS)))
        assert found.by_channel == {"email": 3, "sms": 1}
        assert found.sms is not None
        assert found.sms_later is not None
        assert (found.sms.messages, found.sms_later.messages) == (1, 3)
        assert found.sms_later.price == found.sms_later.parts * Decimal("3.50")

    def test_where_every_channel_is_required_the_second_step_goes_for_certain(self, engine: Engine) -> None:
        imported = make_list(engine.application, rows(2))
        steps = [make_step(engine.application), make_step(engine.application, ChannelKind.SMS)]
        run = make_run(engine.application, steps, combination=Combination.ALL, imported=imported)
        application = engine.application
        found = application.database.run(
            lambda session: dry_run_of(
                session, run, tools=tools(engine, session), actor="operator", now=engine.now()
            )
        )
        assert found.sms is not None
        assert (found.sms.messages, found.sms_later) == (2, None)


class TestProviderPrices:
    """The provider's own price where it says one; nobody's number or text leaves the house for it."""

    def test_it_is_asked_by_prefix_and_length_with_made_up_texts(self, engine: Engine) -> None:
        make_list(engine.application, [*rows(3), row(4, phone="+7 916 123-45-67")])
        found = try_out(engine, wanted(engine, channels=(ChannelKind.SMS,)))
        assert found.sms is not None
        assert found.sms.price is None
        asker = Asker({"+7900": Decimal(5), "+7916": Decimal(2)})
        sure = priced(found, asker)
        assert sure.sms is not None
        parts = found.samples[0].length.parts
        assert {one[0] for one in asker.asked} == {"+7900", "+7916"}
        assert sure.sms.price == parts * (3 * 5 + 2)
        assert sure.sms.priced_by_provider == 4

    def test_where_it_says_none_the_price_list_counts_and_the_answer_says_for_how_many(
        self, engine: Engine
    ) -> None:
        make_list(engine.application, [*rows(3), row(4, phone="+7 916 123-45-67")])
        engine.application.settings.sms.price_per_part = Decimal("3.50")
        found = try_out(engine, wanted(engine, channels=(ChannelKind.SMS,)))
        parts = found.samples[0].length.parts
        mixed, none = priced(found, Asker({"+7916": Decimal(2)})), priced(found, Asker({}))
        assert mixed.sms is not None
        assert none.sms is not None
        assert (mixed.sms.price, mixed.sms.priced_by_provider) == (parts * (3 * Decimal("3.50") + 2), 1)
        assert (none.sms.price, none.sms.priced_by_provider) == (4 * parts * Decimal("3.50"), 0)

    def test_the_sandbox_is_asked_and_takes_no_message(self, engine: Engine) -> None:
        bridge, server = Bridge(), SandboxSmscServer()
        bridge.run(server.start())
        try:
            account = SmscSettings(hosts=[server.url], login="sandbox", password=SecretStr("sandbox"))
            quotes = build_sms_quotes(Settings(sms=SmsSettings(smsc=[account])))
            assert quotes is not None
            questions = [("+7900", "ucs2", 2), ("+7916", "gsm7", 1), ("+38067", "ucs2", 15)]
            for _ in range(7):  # the provider takes five equal questions a minute
                found = quotes.ask(questions)
                assert {one: price / PRICE_PER_PART for one, price in found.items()} == {
                    one: one[2] for one in questions
                }
            assert server.account.messages == {}
            assert server.requests == len(questions)
        finally:
            bridge.run(server.stop())
            bridge.close()

    def test_a_provider_that_is_away_or_silent_holds_nothing_up(self, engine: Engine) -> None:
        away = SmscSettings(hosts=["http://127.0.0.1:1"], login="sandbox", password=SecretStr("sandbox"))
        quotes = build_sms_quotes(Settings(sms=SmsSettings(smsc=[away])))
        assert quotes is not None
        assert quotes.ask([("+7900", "ucs2", 2)]) == {}
        assert build_sms_quotes(Settings()) is None


class Asker:
    """Says prices of a part by prefix."""

    def __init__(self, prices: dict[str, Decimal]) -> None:
        self.prices = prices
        self.asked: list[tuple[str, str, int]] = []

    def ask(self, questions: Sequence[tuple[str, str, int]]) -> dict[tuple[str, str, int], Decimal]:
        self.asked += questions
        return {one: self.prices[one[0]] * one[2] for one in questions if one[0] in self.prices}
