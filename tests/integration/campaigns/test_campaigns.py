"""Making campaigns: scenario versions are kept, a window that can never send is refused at once."""

from datetime import time, timedelta

import pytest

from campaigns.errors import CampaignError, UnknownListError, UnknownScenarioError
from campaigns.scenarios import current_version
from channels.port import ChannelKind
from consent.errors import PolicyError
from tests.engine import Engine
from tests.factories import NOON, make_campaign, make_list, rows


class TestScenarios:
    @pytest.mark.requirement(7, "Store notification scenarios")
    def test_a_campaign_keeps_the_version_of_the_scenario_it_was_made_of(self, engine: Engine) -> None:
        application = engine.application
        make_list(application, rows(1))
        old = make_campaign(application)
        application.settings.delivery.retry_seconds = [5.0]
        new = make_campaign(application)
        found = {
            one.id: one
            for one in engine.sql(
                "SELECT c.id, v.version, v.steps, r.step_plan FROM campaign c"
                " JOIN scenario_version v ON v.id = c.scenario_version_id JOIN run r ON r.campaign_id = c.id"
            )
        }
        assert found[old.campaign_id].version == 1
        assert found[new.campaign_id].version == 2
        for one in found.values():
            assert one.steps == one.step_plan
        assert found[old.campaign_id].steps != found[new.campaign_id].steps

    def test_an_unchanged_scenario_gets_no_new_version(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        make_campaign(engine.application)
        make_campaign(engine.application)
        assert [one.version for one in engine.sql("SELECT version FROM scenario_version")] == [1]

    def test_a_campaign_may_name_its_channels_and_each_speaks_its_own_text(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        sms, email = ChannelKind.SMS, ChannelKind.EMAIL
        for channels in ((sms,), (email, sms), None, (sms,)):
            made = make_campaign(engine.application, channels=channels)
        versions = engine.sql("SELECT version FROM scenario_version ORDER BY version")
        assert [one.version for one in versions] == [1, 2, 3]
        (step,) = engine.run(made.run_id).step_plan["steps"]
        assert (step["channel"], step["success"], step["settle_seconds"]) == ("sms", "delivered", 90_000.0)
        engine.start(made.run_id)
        engine.work(sms)
        sent = engine.sms.sent[0]
        assert sent.address == "+79000000001"
        assert "1\xa0250,40" in sent.text
        assert sent.text.endswith("СТОП")

    def test_no_channel_or_one_twice_is_refused(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        for channels in ((), (ChannelKind.SMS, ChannelKind.SMS)):
            with pytest.raises(CampaignError):
                make_campaign(engine.application, channels=channels)

    def test_an_unknown_scenario_is_refused_naming_those_that_exist(self, engine: Engine) -> None:
        with (
            pytest.raises(UnknownScenarioError, match="debt_reminder"),
            engine.application.database.transaction() as session,
        ):
            current_version(
                session, "nothing", delivery=engine.application.settings.delivery, actor="x", now=NOON
            )


class TestRefusals:
    def test_a_list_that_does_not_exist_is_refused(self, engine: Engine) -> None:
        with pytest.raises(UnknownListError):
            make_campaign(engine.application, list_name="нет такого")

    def test_an_end_before_the_start_or_in_the_past_is_refused(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        for changes in (
            {"lasts": timedelta(0)},
            {"starts_in": timedelta(hours=-3), "lasts": timedelta(hours=1)},
        ):
            with pytest.raises(CampaignError):
                make_campaign(engine.application, **changes)

    def test_a_window_in_which_nothing_may_ever_leave_is_refused(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        with pytest.raises(CampaignError):
            make_campaign(engine.application, daily_from=time(3), daily_to=time(4), lasts=timedelta(hours=5))

    def test_hours_that_the_policy_never_allows_are_refused(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        with pytest.raises(PolicyError):
            make_campaign(engine.application, policy_profile=None, daily_from=time(18), daily_to=time(20))

    def test_a_refused_campaign_leaves_nothing_behind(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        with pytest.raises(CampaignError):
            make_campaign(engine.application, daily_from=time(3), daily_to=time(4), lasts=timedelta(hours=5))
        for table in ("campaign", "run", "scenario"):
            assert engine.sql(f"SELECT 1 FROM {table}") == []
