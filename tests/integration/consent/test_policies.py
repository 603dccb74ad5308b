"""Policies as campaigns go by them: the table of purposes, versions, customer groups, purpose groups."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.import_list import ImportRequest, import_list
from channels.port import ChannelKind
from consent.calendar import DayKind
from consent.calendar_table import DeclaredDay, declare_day
from consent.errors import PolicyError
from consent.policy import Cap, CapPeriod, PolicyProfile, profile_to_json
from consent.presets import DEBTOR_SAFE, PRESETS, SERVICE_STANDARD
from consent.profiles import choose_profiles, list_versions, profile_named, purpose_table, save_profile
from consent.purposes import Purpose
from dispatcher.delivery.step_plan import Step
from templates.rendering import TemplateText
from templates.repository import save_version
from tests.engine import Engine
from tests.factories import NOON, make_campaign, make_list, make_run, row, rows, write_list

#: Friday 20 November 2026, 18:00 in Moscow: after the service standard's hours, before those for debtors.
FRIDAY_EVENING = datetime(2026, 11, 20, 15, tzinfo=UTC)
MONDAY_MORNING = datetime(2026, 11, 23, 5, tzinfo=UTC)


def in_one(engine: Engine, work: Any) -> Any:
    return engine.application.database.run(work)


def save(engine: Engine, profile: PolicyProfile, *, replaces: int) -> Any:
    return in_one(
        engine,
        lambda s: save_profile(s, profile, replaces=replaces, actor="staff:olga", now=engine.now()),
    )


def choose(engine: Engine, purpose: Purpose, wanted: dict[int, tuple[str, ...]]) -> None:
    in_one(
        engine,
        lambda s: choose_profiles(s, purpose, wanted, country="RU", actor="staff:olga", now=engine.now()),
    )


def waits(engine: Engine, run: Any) -> Counter[str | None]:
    return Counter(one.hold_reason for one in engine.attempts(run) if one.state == "planned")


class TestPurposeTable:
    @pytest.mark.requirement(28, "debt information 08:00–17:00, never on weekends or holidays")
    def test_debts_leave_in_the_hours_of_the_service_standard_by_default(self, engine: Engine) -> None:
        engine.set_time(FRIDAY_EVENING)
        make_list(engine.application, rows(2))
        run = make_campaign(engine.application, policy_profile=None, lasts=timedelta(days=7)).run_id
        engine.start(run)
        assert engine.work() == 0
        assert {one.due_at for one in engine.attempts(run)} == {MONDAY_MORNING}
        engine.set_time(MONDAY_MORNING)
        assert engine.work() == 2

    @pytest.mark.requirement(62, "customer groups are treated differently")
    def test_inside_one_run_each_customer_group_has_its_own_hours(self, engine: Engine) -> None:
        engine.set_time(FRIDAY_EVENING)
        make_list(engine.application, [row(1, group="1"), row(2, group="3")])
        choose(engine, Purpose.DEBT, {1: ("debtor_safe",), 3: ("service_standard",)})
        run = make_campaign(engine.application, policy_profile=None, lasts=timedelta(days=7)).run_id
        engine.start(run)
        assert engine.work() == 1
        assert engine.email.addresses() == ["person1@example.org"]
        assert waits(engine, run) == {"outside_hours": 1}

    @pytest.mark.requirement(62, "customer groups are treated differently")
    def test_the_caps_for_debtors_hold_for_households_alone(self, engine: Engine) -> None:
        lines = [
            row(10 * int(group) + n, person=f"P{group}", group=group, email=f"g{group}@example.org")
            for group in "13"
            for n in range(4)
        ]
        make_list(engine.application, lines)
        run = make_campaign(engine.application, policy_profile=None, lasts=timedelta(days=7)).run_id
        engine.start(run)
        engine.work()
        assert Counter(engine.email.addresses()) == {"g1@example.org": 2, "g3@example.org": 4}
        assert waits(engine, run) == {"frequency_cap": 2}

    def test_staff_change_it_with_before_and_after_on_record(self, engine: Engine) -> None:
        choose(engine, Purpose.TARIFF, {2: ("always",)})
        table = in_one(engine, lambda s: purpose_table(s, "RU"))
        assert table[Purpose.TARIFF] == {
            1: ("service_standard",),
            2: ("always",),
            3: ("service_standard",),
        }
        audit = engine.sql("SELECT * FROM audit_event WHERE action = 'policy.purpose_changed'")[0]
        assert (audit.actor, audit.before, audit.after) == (
            "staff:olga",
            {"2": ["service_standard"]},
            {"2": ["always"]},
        )

    @pytest.mark.parametrize("names", [(), ("no_such",), ("survey", "debtor_safe")])
    def test_what_contradicts_itself_is_refused_and_changes_nothing(
        self, engine: Engine, names: tuple[str, ...]
    ) -> None:
        with pytest.raises(PolicyError):
            choose(engine, Purpose.DEBT, {1: names})
        assert engine.sql("SELECT 1 FROM policy_choice") == []
        assert engine.sql("SELECT 1 FROM audit_event WHERE action LIKE 'policy.%'") == []


class TestRegions:
    @pytest.mark.requirement(29, "supply information never on weekends or public holidays")
    def test_a_day_that_only_a_region_has_off_holds_its_people_alone(self, engine: Engine) -> None:
        """Told by the supply address, or by a column of the list."""
        engine.set_time(NOON)
        holiday = DeclaredDay("RU", "TA", NOON.date(), DayKind.OFF, "праздник")
        in_one(engine, lambda s: declare_day(s, holiday, actor="staff:olga", now=engine.now()))
        lines = [
            row(1, address="Респ. Татарстан, г. Казань, ул. Баумана, д. 1"),
            row(2, address="г. Москва, ул. Тихая, д. 1"),
            row(3, address="420000, Казань, ул. Баумана, д. 3") | {"Код региона": "RU-TA"},
        ]
        path = engine.application.settings.data_directory / "regions.csv"
        header = (*lines[2],)
        write_list(path, [{"Код региона": "", **line} for line in lines], header)
        import_list(
            engine.application.database,
            engine.application.clock,
            ImportRequest(path=path, name="Должники", purpose="debt"),
            actor="operator",
        )
        made = make_campaign(engine.application, policy_profile="service_standard", lasts=timedelta(days=7))
        engine.start(made.run_id)
        assert engine.work() == 1
        assert engine.email.addresses() == ["person2@example.org"]
        assert waits(engine, made.run_id) == {"outside_hours": 2}
        engine.set_time(NOON + timedelta(days=1))
        assert engine.work() == 2


class TestVersions:
    def test_a_run_keeps_the_version_that_it_was_made_with(self, engine: Engine) -> None:
        engine.set_time(FRIDAY_EVENING)
        make_list(engine.application, rows(1))
        before = make_campaign(engine.application, policy_profile="service_standard", lasts=timedelta(days=7))
        round_the_clock = PolicyProfile("service_standard")
        assert save(engine, round_the_clock, replaces=1).version == 2
        after = make_campaign(engine.application, policy_profile="service_standard", lasts=timedelta(days=7))
        engine.start(before.run_id)
        engine.start(after.run_id)
        assert engine.work() == 1
        assert engine.states(after.run_id) == {"accepted": 1}
        assert engine.states(before.run_id) == {"planned": 1}
        versions = [engine.run(one.run_id).policies["1"]["profiles"] for one in (before, after)]
        assert versions == [
            [{"name": "service_standard", "version": 1}],
            [{"name": "service_standard", "version": 2}],
        ]

    def test_the_past_stays_readable_and_the_change_is_on_record(self, engine: Engine) -> None:
        capped = PolicyProfile("survey", "survey", caps=(Cap("any", 2, CapPeriod.QUARTER),))
        save(engine, capped, replaces=1)
        versions = in_one(engine, lambda s: list_versions(s, "survey"))
        assert [(one.found.version, one.saved_by) for one in versions] == [(2, "staff:olga"), (1, None)]
        assert [one.found.profile for one in versions] == [capped, PRESETS["survey"]]
        audit = engine.sql("SELECT * FROM audit_event WHERE action = 'policy.profile_saved'")[0]
        assert audit.before == {"version": 1, **profile_to_json(PRESETS["survey"])}
        assert audit.after == {"version": 2, **profile_to_json(capped)}

    def test_two_who_change_the_same_version_do_not_overwrite_each_other(self, engine: Engine) -> None:
        save(engine, PolicyProfile("survey", "survey"), replaces=1)
        with pytest.raises(PolicyError) as refused:
            save(engine, PolicyProfile("survey", "survey"), replaces=1)
        assert refused.value.code == "policy_changed"

    def test_staff_make_profiles_of_their_own(self, engine: Engine) -> None:
        mine = PolicyProfile("evening", daily_from=SERVICE_STANDARD.daily_to)
        save(engine, mine, replaces=0)
        assert in_one(engine, lambda s: profile_named(s, "evening")).profile == mine

    @pytest.mark.parametrize("name", ["by_purpose", "Вечер", "x", "UPPER"])
    def test_a_name_that_cannot_be_used_is_refused(self, engine: Engine, name: str) -> None:
        with pytest.raises(PolicyError):
            save(engine, PolicyProfile(name), replaces=0)

    def test_a_change_that_would_break_a_purpose_is_refused(self, engine: Engine) -> None:
        """`debtor_safe` serves debts together with the service standard, whose hours it must meet."""
        night = PolicyProfile("debtor_safe", "debt", daily_from=DEBTOR_SAFE.daily_to, caps=DEBTOR_SAFE.caps)
        with pytest.raises(PolicyError):
            save(engine, night, replaces=1)

    def test_a_run_of_an_earlier_release_goes_on_by_its_own_hours_and_caps(self, engine: Engine) -> None:
        lines = [row(n, person="P1", email="same@example.org") for n in (1, 2)]
        make_list(engine.application, lines)
        run = make_campaign(engine.application, policy_profile=None, lasts=timedelta(days=7)).run_id
        caps = '[{"channel_group": "text", "limit": 1, "period": "day"}]'
        hours = '{"campaign": {0}, "policy": {0}}'.replace(
            "{0}", '{"from": "00:00:00", "to": "00:00:00", "working_days_only": false}'
        )
        engine.sql(
            "UPDATE run SET policies = NULL, caps = CAST(:caps AS jsonb), hours = CAST(:hours AS jsonb)",
            caps=caps,
            hours=hours,
        )
        engine.start(run)
        assert engine.work() == 1
        assert waits(engine, run) == {"frequency_cap": 1}
        engine.finish(run)


class TestPurposeGroups:
    def test_an_emergency_is_neither_silenced_by_the_caps_of_debts_nor_uses_them_up(
        self, engine: Engine
    ) -> None:
        lines = [row(n, person="P1", email="same@example.org") for n in (1, 2, 3)]
        make_list(engine.application, lines)
        debts = make_campaign(engine.application, policy_profile=None, lasts=timedelta(days=7)).run_id
        engine.start(debts)
        engine.work()
        assert waits(engine, debts) == {"frequency_cap": 1}
        outage = make_campaign(engine.application, policy_profile="emergency_outage").run_id
        engine.set_time(NOON + timedelta(hours=12))
        engine.start(outage)
        assert engine.run(outage).priority == "urgent"
        assert engine.work(priority="urgent") == 3
        engine.set_time(NOON + timedelta(days=1, minutes=10))
        assert engine.work() == 1

    @pytest.mark.requirement(34, "surveys not more often than once in three months")
    def test_a_person_is_asked_once_in_three_months_over_all_runs(self, engine: Engine) -> None:
        make_list(engine.application, [row(1)], purpose="*")
        runs = [
            make_campaign(engine.application, policy_profile="survey", lasts=timedelta(days=200)).run_id
            for _ in range(2)
        ]
        for run in runs:
            engine.start(run)
        assert engine.work() == 1
        engine.set_time(NOON + timedelta(days=89))
        assert engine.work() == 0
        engine.set_time(NOON + timedelta(days=93))
        assert engine.work() == 1


class TestContactCentre:
    @pytest.mark.requirement(36, "texts say when an operator answers and when the machine does")
    def test_texts_take_the_hours_of_the_contact_centre_from_one_setting(self, engine: Engine) -> None:
        application = engine.application
        with application.database.transaction() as session:
            version = save_version(
                session,
                name="call_back",
                language="ru",
                texts=TemplateText("Звоните", "{{ company_phone }}: {{ company_hours }}"),
                created_by="test",
                now=engine.now(),
            )
        imported = make_list(application, rows(1))
        run = make_run(application, [Step(ChannelKind.EMAIL, version)], imported=imported)
        engine.start(run)
        engine.work()
        hours = application.settings.company_hours.replace("-", " до ")
        assert f"по рабочим дням с {hours}, в остальное время — автоответчик" in engine.email.sent[0].text
