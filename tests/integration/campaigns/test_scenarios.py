"""Scenarios of the catalogue over a list: what is refused and why, what is sent, who may change a rule."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from campaigns.approval import submit_run
from campaigns.dry_run import DryRunTools, dry_run
from campaigns.dry_run_result import DryRun
from campaigns.errors import CampaignError
from campaigns.findings import CampaignRefusedError
from campaigns.import_list import ImportRequest, import_list
from campaigns.lead_time import Strictness
from campaigns.scenario_rules import RuleChange, change_rule, rule_of
from campaigns.service import CreatedCampaign, NewCampaign, create_campaign
from dispatcher.bootstrap import build_renderer
from dispatcher.core.ids import new_id
from dispatcher.core.staff import StaffMember, StaffRole
from dispatcher.delivery.manual_tasks import HandRecord, HandWay, record_told
from reports.manual_tasks import list_manual_tasks
from templates.errors import NoticeRuleError, TemplateError
from templates.rendering import TemplateText
from templates.service import Acceptance, save_template
from tests.engine import Engine
from tests.factories import HEADER, NOON, row, write_list

#: The seven items of planned works that all recipients share (requirement 37).
OUTAGE = {
    "work_kind": "ремонт линии",
    "reason": "износ опор",
    "event_date": "31.03.2026",
    "event_time": "с 9:00 до 17:00",
    "duration": "8 часов",
    "responsible_position": "главный инженер",
    "responsible_name": "Сидоров Илья Петрович",
    "contact_phone": "8-800-000-00-01",
}


def member(role: StaffRole = StaffRole.ADMINISTRATOR) -> StaffMember:
    return StaffMember(new_id(), "boss", "Главная Анна", role, is_active=True)


def listed(engine: Engine, lines: list[dict[str, str]], purpose: str) -> None:
    further = tuple(title for title in lines[0] if title not in HEADER)
    path = write_list(engine.application.settings.data_directory / "l.csv", lines, (*HEADER, *further))
    request = ImportRequest(path=path, name="Список", purpose=purpose)
    import_list(engine.application.database, engine.application.clock, request, actor="operator")


def wanted(engine: Engine, scenario: str, **changes: Any) -> NewCampaign:
    now = engine.now()
    values: dict[str, Any] = {
        **{"name": "Задание", "scenario": scenario, "list_name": "Список", "starts_at": now},
        **{"ends_at": now + timedelta(days=2), "policy_profile": "always", "common_fields": {}},
    }
    return NewCampaign(**(values | changes))


def make(engine: Engine, scenario: str, **changes: Any) -> CreatedCampaign:
    application = engine.application
    with application.database.transaction() as session:
        return create_campaign(
            session,
            wanted(engine, scenario, **changes),
            delivery=application.settings.delivery,
            calendar=application.calendar.read(session),
            actor="operator",
            now=engine.now(),
        )


def try_out(engine: Engine, scenario: str, **changes: Any) -> DryRun:
    application = engine.application
    with application.database.transaction() as session:
        tools = DryRunTools(
            renderer=build_renderer(application),
            delivery=application.settings.delivery,
            calendar=application.calendar.read(session),
            provider_limits={},
            call_lines=None,
        )
        what = wanted(engine, scenario, **changes)
        return dry_run(session, what, tools=tools, actor="operator", now=engine.now())


def refused(engine: Engine, scenario: str, **changes: Any) -> list[tuple[str, int]]:
    """What the making says, after the dry run said the same."""
    said = [(one.code, one.count) for one in try_out(engine, scenario, **changes).refusals]
    with pytest.raises(CampaignRefusedError) as caught:
        make(engine, scenario, **changes)
    assert [(one.code, one.count) for one in caught.value.findings] == said
    return said


class TestCommonFields:
    @pytest.mark.requirement(19, "planned outage")
    @pytest.mark.requirement(45, "planned outage: one channel or a combination")
    def test_what_is_typed_once_stands_in_every_letter_under_a_rows_own(self, engine: Engine) -> None:
        own = {"Время отключения": "с 13:00 до 15:00"}
        listed(engine, [row(1) | {"Время отключения": ""}, row(2) | own], "outage")
        tried = try_out(engine, "planned_outage", common_fields=OUTAGE)
        assert (tried.going, tried.refusals) == (2, ())
        assert [one.code for one in tried.warnings] == ["channel_left_out"]
        assert "с 9:00 до 17:00" in tried.samples[0].text
        made = make(engine, "planned_outage", common_fields=OUTAGE)
        engine.finish(engine.start(made.run_id))
        letters = {one.address: one for one in engine.email.sent}
        first, second = (letters[f"person{number}@example.org"] for number in (1, 2))
        assert "Время: с 9:00 до 17:00" in first.text
        assert "Время: с 13:00 до 15:00" in second.text
        for letter in (first, second):
            assert "Дата: 31 марта 2026" in letter.text
            assert "главный инженер Сидоров Илья Петрович" in letter.text

    def test_what_cannot_be_common_is_refused_and_nothing_is_made(self, engine: Engine) -> None:
        listed(engine, [row(1)], "outage")
        for fields, code in (
            ({"event_date": "завтра"}, "common_field_date"),
            ({"full_name": "Один на всех"}, "common_field_name"),
            ({"debt": "1"}, "common_field_name"),
            ({"survey_url": "https://survey.example/?phone=79001234567"}, "common_field_link"),
            ({"reason": "х" * 2001}, "common_field_long"),
        ):
            with pytest.raises(CampaignError) as caught:
                make(engine, "planned_outage", common_fields=fields)
            assert caught.value.code == code
        with engine.application.database.transaction() as session:
            assert session.execute(text("SELECT count(*) FROM campaign")).scalar_one() == 0


class TestMandatoryItems:
    @pytest.mark.requirement(37, "a campaign with an empty item is blocked")
    @pytest.mark.requirement(38, "a campaign with an empty item is blocked")
    @pytest.mark.parametrize("scenario", ["planned_outage", "meter_visit"])
    def test_an_item_that_nobody_has_refuses_the_campaign(self, engine: Engine, scenario: str) -> None:
        listed(engine, [row(1), row(2)], "outage")
        assert refused(engine, scenario, common_fields=OUTAGE | {"reason": " "}) == [("item_empty", 2)]

    @pytest.mark.requirement(41, "a refusal without reasons is not sent")
    @pytest.mark.requirement(42, "no complaint's answer without executor and appeal")
    def test_an_item_that_one_row_lacks_is_named_with_its_line(self, engine: Engine) -> None:
        complete = {"Номер обращения": "О-1", "Причина отказа": "нет прав", "Куда обжаловать": "директору"}
        listed(engine, [row(1) | complete, row(2) | complete | {"Причина отказа": ""}], "application_status")
        assert refused(engine, "application_refused") == [("item_empty", 1)]
        with pytest.raises(CampaignRefusedError, match=r"«Причина».*1 \(строки 3\)"):
            make(engine, "application_refused")
        missing = refused(engine, "complaint_answer", common_fields={"answer": "исправлено"})
        assert missing == [("item_empty", 2), ("item_empty", 2)]  # executor and telephone

    @pytest.mark.requirement(40, "debt: full name and sum")
    def test_a_debt_campaign_without_sums_is_refused(self, engine: Engine) -> None:
        listed(engine, [row(1, debt=""), row(2, debt="")], "debt")
        assert refused(engine, "debt_reminder") == [("item_empty", 2)]

    def test_one_row_without_a_sum_is_named_and_holds_nobody_else_up(self, engine: Engine) -> None:
        listed(engine, [row(1), row(2, debt="")], "debt")
        tried = try_out(engine, "debt_reminder")
        assert tried.refusals == ()
        assert ("item_empty", 1) in [(one.code, one.count) for one in tried.warnings]
        run = engine.start(make(engine, "debt_reminder").run_id)
        assert engine.finish(run) == {"notified": 1, "failed": 1}

    def test_a_text_that_was_kept_before_the_rule_is_refused_as_well(self, engine: Engine) -> None:
        listed(engine, [row(1)], "debt")
        make(engine, "debt_reminder")
        with engine.application.database.transaction() as session:
            session.execute(
                text("UPDATE template_version SET text = 'Скидка!', html = NULL, origin = 'staff'")
            )
        assert {code for code, _ in refused(engine, "debt_reminder")} == {"item_not_in_text"}


class TestLeadTime:
    @pytest.mark.requirement(27, "planned works: 10 days before")
    def test_planned_works_that_are_too_near_are_refused_with_the_latest_day(self, engine: Engine) -> None:
        listed(engine, [row(1), row(2)], "outage")
        assert engine.now().date() == NOON.date() == date(2026, 3, 10)
        for day, expected in (("19.03.2026", [("starts_too_late", 2)]), ("20.03.2026", [])):
            fields = OUTAGE | {"event_date": day}
            found = try_out(engine, "planned_outage", common_fields=fields).refusals
            assert [(one.code, one.count) for one in found] == expected
        with pytest.raises(CampaignRefusedError, match=r"не позднее 09\.03\.2026"):
            make(engine, "planned_outage", common_fields=OUTAGE | {"event_date": "19.03.2026"})
        later = engine.now() + timedelta(days=5)
        assert refused(
            engine,
            "planned_outage",
            common_fields=OUTAGE | {"event_date": "20.03.2026"},
            starts_at=later,
            ends_at=later + timedelta(days=1),
        ) == [("starts_too_late", 2)]

    @pytest.mark.requirement(31, "prolongation: 2 months before")
    def test_each_rows_own_date_is_judged(self, engine: Engine) -> None:
        def contract(number: int, until: str) -> dict[str, str]:
            more = {"Номер договора": f"Д-{number}", "Договор действует до": until}
            return row(number) | more

        listed(engine, [contract(1, "09.05.2026"), contract(2, "10.05.2026")], "contract")
        assert refused(engine, "contract_prolongation") == [("starts_too_late", 1)]

    @pytest.mark.requirement(32, "applicant: 5 days")
    @pytest.mark.requirement(33, "bills by the 5th")
    def test_where_the_rule_only_warns_the_campaign_is_made(self, engine: Engine) -> None:
        listed(engine, [row(1)], "application_status")
        fields = {"application_number": "З-1", "application_date": "01.03.2026"}
        made = make(engine, "application_accepted", common_fields=fields)
        assert [(one.code, one.refuses) for one in made.findings] == [("starts_too_late", False)]
        bill = {"period_end": "31.01.2026", "volume": "120", "calculation": "по показаниям"}
        found = [one.code for one in make(engine, "bill_issued", common_fields=bill).findings]
        assert found == ["starts_too_late"]
        in_time = make(engine, "bill_issued", common_fields=bill | {"period_end": "31.03.2026"})
        assert in_time.findings == ()

    @pytest.mark.requirement(27, "the lead time is the company's rule")
    def test_an_administrator_changes_the_rule_on_record(self, engine: Engine) -> None:
        listed(engine, [row(1)], "outage")
        near = {"common_fields": OUTAGE | {"event_date": "13.03.2026"}}
        assert refused(engine, "planned_outage", **near)
        database = engine.application.database
        with pytest.raises(CampaignError, match="only an administrator"), database.transaction() as session:
            change_rule(
                session,
                "planned_outage",
                RuleChange(days=0),
                member=member(StaffRole.OPERATOR),
                now=engine.now(),
            )
        with database.transaction() as session:
            change = RuleChange(owner="Служба режимов", days=3)
            change_rule(session, "planned_outage", change, member=member(), now=engine.now())
        assert make(engine, "planned_outage", **near).state == "scheduled"
        with database.transaction() as session:
            kept = rule_of(session, "planned_outage")
            assert kept.lead_time is not None
            assert (kept.owner, kept.lead_time.days, kept.lead_time.strictness) == (
                *("Служба режимов", 3),
                Strictness.REFUSE,
            )
            event = session.execute(
                text("SELECT * FROM audit_event WHERE action = 'scenario.rule_changed'")
            ).one()
        assert (event.actor, event.subject_id) == ("staff:boss", "planned_outage")
        assert (event.before["days"], event.after["days"]) == (10, 3)


class TestUrgency:
    @pytest.mark.requirement(19, "emergency outage")
    def test_an_emergency_is_urgent_and_waits_for_no_lead_time(self, engine: Engine) -> None:
        listed(engine, [row(1)], "outage")
        fields = {"event_time": "с 11:40", "restore_time": "до 18:00", "contact_phone": "8-800"}
        made = make(engine, "emergency_outage", common_fields=fields, policy_profile=None)
        with engine.application.database.transaction() as session:
            run = session.execute(text("SELECT priority, hours FROM run WHERE id = :id"), {"id": made.run_id})
            priority, hours = run.one()
        assert priority == "urgent"
        assert {"from": "00:00:00", "to": "00:00:00", "working_days_only": False}.items() <= hours[
            "policy"
        ].items()


class TestTwoChannels:
    @pytest.mark.requirement(47, "prolongation: written plus one more channel")
    def test_a_second_channel_that_is_not_there_is_said(self, engine: Engine) -> None:
        contract = {"Номер договора": "Д-1", "Договор действует до": "31.12.2026"}
        listed(engine, [row(1) | contract], "contract")
        found = {one.code: one.count for one in make(engine, "contract_prolongation").findings}
        assert found == {"channel_left_out": 0, "second_channel_missing": 1}

    @pytest.mark.requirement(47, "prolongation: written plus one more channel, by hand where there is none")
    def test_without_a_second_channel_the_other_way_is_by_hand_and_completes_the_notice(
        self, engine: Engine
    ) -> None:
        contract = {"Номер договора": "Д-1"}
        listed(engine, [row(1) | contract], "contract")
        common = {"contract_end": "31.12.2026"}
        tried = try_out(engine, "contract_prolongation", common_fields=common)
        assert tried.by_hand == 1
        run = engine.start(make(engine, "contract_prolongation", common_fields=common).run_id)
        assert engine.finish(run) == {"partly_notified": 1}
        application = engine.application
        with application.database.transaction() as session:
            renderer = build_renderer(application)
            [task] = list_manual_tasks(session, limit=9, run=run, renderer=renderer, now=engine.now())
        assert (task.reason, task.state) == ("second_channel_missing", "open")
        # What was typed once for all recipients stands in the text that is handed over.
        assert "31 декабря 2026" in str(task.text)
        record = HandRecord(HandWay.CALL, engine.now(), told_by="Сидоров")
        with application.database.transaction() as session:
            record_told(session, task.id, record, actor="staff:olga", now=engine.now())
        assert list(engine.notices(run).values()) == ["notified:hand_call"]
        engine.check_counters(run)

    @pytest.mark.requirement(47, "prolongation: written plus one more channel")
    def test_where_there_is_one_both_steps_are_planned(self, engine: Engine) -> None:
        contract = {"Номер договора": "Д-1", "Договор действует до": "31.12.2026"}
        listed(engine, [row(1) | contract], "contract")
        application = engine.application
        delivery = application.settings.delivery.model_copy(update={"channels": frozenset({"email", "sms"})})
        with application.database.transaction() as session:
            made = create_campaign(
                session,
                wanted(engine, "contract_prolongation"),
                delivery=delivery,
                calendar=application.calendar.read(session),
                actor="operator",
                now=engine.now(),
            )
            plan = session.execute(
                text("SELECT step_plan FROM run WHERE id = :id"), {"id": made.run_id}
            ).scalar_one()
        assert plan["combination"] == "all"
        assert [step["channel"] for step in plan["steps"]] == ["email", "sms"]
        assert [one.code for one in made.findings] == ["channel_left_out"]


class TestSavingTexts:
    @pytest.mark.requirement(59, "catalogue of standard texts with owners")
    def test_advertising_is_refused_unless_an_administrator_answers_for_the_words(
        self, engine: Engine
    ) -> None:
        words = TemplateText("Долг", "{{ full_name }}: {{ debt | money }}. Скидка по закону учтена.")

        def save(accepted: Acceptance | None = None) -> None:
            with engine.application.database.transaction() as session:
                save_template(
                    session,
                    name="debt_reminder",
                    language="ru",
                    texts=words,
                    actor="staff:boss",
                    now=engine.now(),
                    accepted=accepted,
                )

        with pytest.raises(NoticeRuleError, match="«Скидка»"):
            save()
        with pytest.raises(TemplateError, match="только администратор"):
            save(Acceptance(member(StaffRole.APPROVER), "льгота"))
        with pytest.raises(TemplateError, match="причина"):
            save(Acceptance(member(), " "))
        save(Acceptance(member(), "льгота по закону, не реклама"))
        with engine.application.database.transaction() as session:
            event = session.execute(text("SELECT after FROM audit_event WHERE action = 'template.saved'"))
            assert event.scalar_one()["advertising_accepted"] == "льгота по закону, не реклама"
        listed(engine, [row(1)], "debt")
        assert make(engine, "debt_reminder").findings == ()


class TestAdvertising:
    def test_a_run_for_advertising_is_never_let_go(self, engine: Engine) -> None:
        listed(engine, [row(1)], "debt")
        made = make(engine, "debt_reminder", as_draft=True)
        application = engine.application
        with application.database.transaction() as session:
            session.execute(text("UPDATE run SET purpose = 'advertising'"))
        with (
            pytest.raises(CampaignRefusedError, match="38-ФЗ"),
            application.database.transaction() as session,
        ):
            submit_run(
                session,
                made.run_id,
                delivery=application.settings.delivery,
                actor="operator",
                now=engine.now(),
            )
