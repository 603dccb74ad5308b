"""The report to managers by pages, files and the API: a run with every kind of ending, told truly."""

import io
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook

from channels.port import ChannelKind, OutcomeKind, Price, ReceiptKind
from dispatcher.core.api_keys import Scope
from dispatcher.core.staff import StaffRole
from tests.engine import Engine
from tests.factories import make_campaign, make_list, make_run, make_step, row
from tests.integration.web.api_client import ApiClient, code_of, make_key
from tests.integration.web.browsing import sign_in
from tests.integration.web.installation import make_staff

MARCH = {"first": "2026-03-01", "last": "2026-03-31"}
BOTH = ("email", "sms")


@pytest.fixture
def spring(services, engine: Engine):
    """In March: three letters (one bounces, one is not permitted) and two short messages with prices."""
    lines = [row(1), row(2), row(3, consent="нет"), row(4, group="3")]
    imported = make_list(engine.application, lines)
    letters = engine.start(make_campaign(engine.application).run_id)
    engine.work()
    bounced = engine.reference(letters, "person2@example.org")
    engine.receipt(bounced, ReceiptKind.FAILED, reason="dsn_5.1.1")
    engine.sms.answer("+79000000001", OutcomeKind.ACCEPTED, price=Price(2, Decimal("7.10")))
    step = make_step(engine.application, ChannelKind.SMS)
    engine.start(make_run(engine.application, [step], imported=imported))
    engine.work(ChannelKind.SMS)
    engine.finish(letters)
    return letters


class TestReport:
    @pytest.mark.requirement(56, "reports to management: consents, stop list, returns and runs of a period")
    def test_managers_see_what_became_of_everybody_and_what_it_cost(self, client, services, spring):
        make_staff(services, "manager", StaffRole.MANAGER)
        sign_in(client, "manager")
        page = client.get("/reports", params=MARCH).text
        assert "Напоминание о задолженности" in page
        assert "нет согласия" in page
        report = ApiClient(client, make_key(services)).get("/reports", **MARCH).json()
        [letters] = [one for one in report["runs"]["scenarios"] if one["scenario"] == "debt_reminder"]
        assert letters["figures"] == {
            **dict.fromkeys(("partly_notified", "expired", "stopped", "unknown", "going_on"), 0),
            **{"planned": 4, "notified": 2, "failed": 1, "blocked": 1, "cost": None},
        }
        total = report["runs"]["total"]
        assert total["planned"] == sum(total[part] for part in total if part not in {"planned", "cost"})
        [sms] = [one for one in report["runs"]["channels"] if one["channel"] == "sms"]
        assert (sms["priced"], sms["parts"], Decimal(sms["cost"])) == (1, 2, Decimal("7.1"))
        assert {"state": "blocked", "reason": "no_consent", "count": 2} in report["runs"]["reasons"]
        written = {(one["channel"], one["source"]): one["actions"] for one in report["consents"]}
        assert written[("email", "import")] == {"given": 3, "refused": 1}
        standing = {one["channel"]: one for one in report["standing"] if one["purpose"] == "debt"}
        assert (standing["email"]["permitted"], standing["email"]["refused"]) == (3, 1)
        assert [(one["reason"], one["added"], one["in_force"]) for one in report["bans"]] == [
            ("hard_bounce", 1, 1)
        ]
        # One refusal alone: a domain of one's own would name its owner.
        assert report["returns"] == [{"channel": "email", "domain": "…", "classes": {"hard": 1}}]

    def test_another_period_purpose_scenario_or_group_is_another_report(self, client, services, spring):
        api = ApiClient(client, make_key(services))
        april = api.get("/reports", first="2026-04-01", last="2026-04-30").json()
        assert (april["runs"]["count"], april["consents"], april["bans"][0]["added"]) == (0, [], 0)
        assert api.get("/reports", **MARCH, purpose="outage").json()["runs"]["count"] == 0
        assert api.get("/reports", **MARCH, scenario="debt_reminder").json()["runs"]["count"] == 1
        firms = api.get("/reports", **MARCH, scenario="debt_reminder", customer_group=3).json()
        assert (firms["runs"]["total"]["planned"], firms["runs"]["total"]["notified"]) == (1, 1)
        homes = api.get("/reports", **MARCH, customer_group=1).json()
        assert homes["runs"]["total"]["blocked"] == 2
        [cost] = [one["cost"] for one in homes["runs"]["channels"] if one["channel"] == "sms"]
        assert Decimal(cost) == Decimal("7.1")
        assert homes["returns"][0]["classes"] == {"hard": 1}
        assert firms["returns"] == []

    def test_counting_by_group_and_the_counters_say_the_same(self, client, services, spring):
        api = ApiClient(client, make_key(services))
        whole = api.get("/reports", **MARCH).json()["runs"]["total"]
        parts = [
            api.get("/reports", **MARCH, customer_group=group).json()["runs"]["total"] for group in (1, 2, 3)
        ]
        assert {name: sum(one[name] for one in parts) for name in whole if name != "cost"} == {
            name: count for name, count in whole.items() if name != "cost"
        }


class TestFiles:
    def test_the_workbook_has_a_sheet_for_each_table_and_the_download_is_on_record(
        self, client, services, engine, spring
    ):
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        file = client.get("/reports/export", params=MARCH)
        book = CalamineWorkbook.from_filelike(io.BytesIO(file.content))
        assert book.sheet_names[0] == "Уведомления по сценариям"
        assert len(book.sheet_names) == 8
        rows = book.get_sheet_by_name("Запуски").to_python()
        assert rows[0][:2] == ["Задание", "Запуск №"]
        assert "Напоминание" in {one[0] for one in rows[1:]}
        [looked] = engine.sql("SELECT actor, after FROM audit_event WHERE action = 'report.downloaded'")
        assert (looked.actor, looked.after["first"]) == ("staff:auditor", "2026-03-01")

    def test_one_table_as_csv_in_the_reader_s_language(self, client, services, spring):
        sign_in(client)
        file = client.get("/reports/export", params={**MARCH, "table": "channels", "lang": "uk"})
        lines = file.content.decode("utf-8-sig").splitlines()
        assert lines[0].startswith("Канал;Доставлено;Прийнято")
        assert lines[2].startswith("СМС;0;3;0;0;2;1;7,10")
        assert client.get("/reports/export", params={**MARCH, "table": "secret"}).status_code == 404

    def test_another_system_gets_the_same_file(self, client, services, spring):
        api = ApiClient(client, make_key(services, "reader", {Scope.REPORTS_READ}))
        file = api.get("/reports/export", **MARCH, table="reasons", language="en")
        assert file.headers["content-type"].startswith("text/csv")
        assert "not permitted;no consent;2" in file.text


class TestTerms:
    @pytest.mark.requirement(56, "statistics: which terms were kept")
    def test_who_was_told_by_the_last_day_kept_the_term_and_others_did_not(self, client, services, engine):
        lines = [row(1, due="10.03.2026"), row(2, due="09.03.2026"), row(3, consent="нет"), row(4, due="")]
        make_list(engine.application, lines, purpose="payment_due")
        run = engine.start(make_campaign(engine.application, scenario="payment_due").run_id)
        engine.finish(run)
        [terms] = ApiClient(client, make_key(services)).get("/reports/terms", **MARCH).json()["items"]
        assert {name: terms[name] for name in ("kept", "late", "untold", "no_date")} == {
            **{"kept": 1, "late": 1, "untold": 1},
            "no_date": 1,
        }
        sign_in(client)
        page = client.get("/reports/terms", params=MARCH).text
        assert "Приближается срок оплаты" in page
        assert client.get("/reports/terms/export", params=MARCH).status_code == 200

    def test_who_waits_to_be_told_by_hand_may_still_be_told_in_time(self, client, services, engine):
        make_list(engine.application, [row(1, consent="нет")], purpose="payment_due")
        campaign = make_campaign(engine.application, scenario="payment_due", basis="contract")
        run = engine.start(campaign.run_id)
        engine.finish(run)
        [terms] = ApiClient(client, make_key(services)).get("/reports/terms", **MARCH).json()["items"]
        assert (terms["ahead"], terms["untold"]) == (1, 0)


class TestRefusals:
    @pytest.mark.parametrize(
        ("first", "last", "words"),
        [
            ("2026-03-31", "2026-03-01", "не раньше, чем начался"),
            ("2025-01-01", "2026-03-01", "366 дней"),
            ("вчера", "", "не раньше, чем начался"),
        ],
    )
    def test_a_period_that_cannot_be_is_refused_in_words(self, client, services, first, last, words):
        sign_in(client)
        answer = client.get("/reports", params={"first": first, "last": last})
        assert (answer.status_code, words in answer.text) == (422, True)

    def test_a_choice_that_there_is_not_is_refused(self, client, services):
        sign_in(client)
        assert client.get("/reports", params={"purpose": "gossip"}).status_code == 422
        assert client.get("/reports", params={"group": "4"}).status_code == 422
        assert client.get("/reports/export", params={"first": "x"}).status_code == 422

    def test_it_needs_its_scope_and_a_person_who_is_signed_in(self, client, services):
        api = ApiClient(client, make_key(services, "clerk", {Scope.CAMPAIGNS_READ}))
        assert code_of(api.get("/reports", **MARCH)) == "missing-scope"
        api = ApiClient(client, make_key(services))
        assert code_of(api.get("/reports", first="2026-03-02", last="2026-03-01")) == "bad-report"
        assert client.get("/reports").headers["location"].startswith("/sign-in")
