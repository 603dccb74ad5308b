"""Rules of sending by the pages: profiles, the table of purposes, the calendar."""

import pytest
from sqlalchemy import text

from consent.calendar import DayKind
from consent.calendar_table import read_calendar
from consent.presets import PRESETS
from consent.profiles import profile_named, purpose_table
from consent.purposes import Purpose
from dispatcher.core.staff import StaffRole
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff


@pytest.fixture
def keeper(client, services):
    """A browser in which somebody signed in who may change rules."""
    make_staff(services, "boss", StaffRole.ADMINISTRATOR)
    sign_in(client, "boss")
    return client


def audit(services, action):
    with services.database.transaction() as session:
        return session.execute(text("SELECT * FROM audit_event WHERE action = :a"), {"a": action}).all()


def save(client, **changes):
    fields = {
        "csrf_token": csrf(client),
        "name": "debtor_safe",
        "replaces": "1",
        "daily_from": "09:00",
        "daily_to": "20:00",
        "days_off": "own",
        "off_from": "10:00",
        "off_to": "18:00",
        "purpose_group": "debt",
        "cap_text_day": "1",
        "cap_any_quarter": "9",
    }
    return client.post("/policies", data=fields | changes)


class TestProfiles:
    @pytest.mark.parametrize("language", ["ru", "uk", "en"])
    def test_every_preset_is_shown_in_each_language(self, keeper, language):
        page = keeper.get(f"/policies?lang={language}").text
        for name in PRESETS:
            assert f'href="/policies/{name}"' in page
            assert keeper.get(f"/policies/{name}?lang={language}").status_code == 200

    def test_a_change_makes_a_version_that_is_shown_with_who_made_it(self, keeper, services):
        assert save(keeper).headers["location"] == "/policies"
        assert "Профиль сохранён." in keeper.get("/policies").text
        found = services.database.run(lambda s: profile_named(s, "debtor_safe"))
        assert found.version == 2
        assert [(str(cap.channel_group), cap.limit, cap.period) for cap in found.profile.caps] == [
            ("text", 1, "day"),
            ("any", 9, "quarter"),
        ]
        page = keeper.get("/policies/debtor_safe").text
        assert "staff:boss" in page
        assert "из поставки" in page
        assert 'name="cap_text_day" type="number" inputmode="numeric" min="1" max="1000" value="1"' in page
        assert len(audit(services, "policy.profile_saved")) == 1

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"replaces": "7"}, "тем временем изменили"),
            ({"daily_to": "09:00"}, "совпадают"),
            ({"cap_text_day": "0"}, "не подходящее число"),
            ({"days_off": "never"}, "что делать в выходные"),
            ({"name": "Мой", "replaces": "0"}, "строчные латинские"),
            ({"daily_from": "18:00", "daily_to": "20:00", "days_off": "closed"}, "не пересекаются"),
        ],
    )
    def test_a_fault_is_said_beside_what_was_typed_and_changes_nothing(
        self, keeper, services, changes, words
    ):
        answer = save(keeper, **changes)
        assert answer.status_code == 422
        assert words in answer.text
        assert 'value="10:00"' in answer.text
        assert services.database.run(lambda s: profile_named(s, "debtor_safe")).version == 1
        assert audit(services, "policy.profile_saved") == []

    def test_a_profile_of_the_staffs_own_may_be_named_by_a_campaign(self, keeper):
        save(keeper, name="evening", replaces="0")
        page = keeper.get("/policies/evening").text
        assert "evening" in page

    def test_who_runs_campaigns_may_look_and_not_change(self, client, services):
        sign_in(client)
        assert "Сохранить" not in client.get("/policies/debtor_safe").text
        assert save(client).status_code == 403
        assert client.get("/policies/purposes/debt").status_code == 403
        assert client.get("/policies/no_such").status_code == 404


class TestPurposes:
    def test_staff_choose_by_ticks_for_each_customer_group(self, keeper, services):
        assert keeper.get("/policies/purposes/debt").text.count(" checked") == 4
        fields = {
            "csrf_token": csrf(keeper),
            "group_1": ["debtor_safe"],
            "group_2": ["always"],
            "group_3": ["service_standard"],
        }
        assert keeper.post("/policies/purposes/debt", data=fields).headers["location"] == "/policies"
        found = services.database.run(lambda s: purpose_table(s, "RU"))[Purpose.DEBT]
        assert found == {1: ("debtor_safe",), 2: ("always",), 3: ("service_standard",)}
        (recorded,) = audit(services, "policy.purpose_changed")
        assert recorded.before["1"] == ["service_standard", "debtor_safe"]
        assert recorded.actor == "staff:boss"

    def test_a_group_without_rules_is_refused(self, keeper):
        fields = {"csrf_token": csrf(keeper), "group_1": ["always"], "group_2": ["always"]}
        answer = keeper.post("/policies/purposes/debt", data=fields)
        assert answer.status_code == 422
        assert "от 1 до 4 профилей" in answer.text


class TestCalendar:
    def declare(self, client, **changes):
        fields = {
            "csrf_token": csrf(client),
            "day": "2026-08-30",
            "kind": "off",
            "region": "TA",
            "note": "День Республики",
        }
        return client.post("/calendar/2026/days", data=fields | changes)

    def test_official_days_are_shown_with_transfers_and_short_days(self, client):
        sign_in(client)
        page = client.get("/calendar/2026").text
        assert "Рабочих дней: 247." in page
        for day in ("чт, 31 декабря", "пт, 9 января", "вт, 3 ноября"):
            assert day in page
        assert client.get("/calendar").headers["location"].startswith("/calendar/2")
        assert client.get("/calendar/1900").status_code == 400

    def test_a_day_of_a_region_is_declared_changed_and_taken_back(self, keeper, services):
        assert self.declare(keeper).headers["location"] == "/calendar/2026"
        assert "Татарстан" in keeper.get("/calendar/2026").text
        self.declare(keeper, kind="short")
        with services.database.transaction() as session:
            calendar = read_calendar(session, "RU")
        assert {kind for days in calendar.regions.values() for kind in days.values()} == {DayKind.SHORT}
        recorded = audit(services, "calendar.day_declared")
        assert [one.before for one in recorded] == [None, {"kind": "off", "note": "День Республики"}]
        fields = {"csrf_token": csrf(keeper), "day": "2026-08-30", "region": "TA"}
        keeper.post("/calendar/2026/remove", data=fields)
        assert "Татарстан ·" not in keeper.get("/calendar/2026").text
        assert len(audit(services, "calendar.day_removed")) == 1

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"day": "завтра"}, "День пишется как"),
            ({"day": "1999-01-01"}, "от 2000 до 2100"),
            ({"kind": "half"}, "значение из списка"),
            ({"region": "Ўзбек?"}, "Регион пишется"),
        ],
    )
    def test_a_bad_day_is_refused(self, keeper, services, changes, words):
        answer = self.declare(keeper, **changes)
        assert answer.status_code == 422
        assert words in answer.text
        assert audit(services, "calendar.day_declared") == []

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251"])
    def test_a_table_is_taken_and_its_bad_rows_are_named(self, keeper, services, encoding):
        table = (
            "День;Вид;Регион;Примечание\n"
            "2026-11-06;выходной;Татарстан;День Конституции\n"
            "31.12.2026;рабочий;;приказ 15\n"
            "2026-13-01;off;;\n"
            "2026-05-08;полдня;;\n"
        )
        files = {"table": ("2026.csv", table.encode(encoding), "text/csv")}
        answer = keeper.post("/calendar/2026/import", data={"csrf_token": csrf(keeper)}, files=files)
        assert "Дней объявлено: 2, строк не взято: 2." in answer.text
        assert "строка 4" in answer.text
        assert "строка 5" in answer.text
        with services.database.transaction() as session:
            calendar = read_calendar(session, "RU")
        assert list(calendar.overrides.values()) == [DayKind.WORKING]
        assert list(calendar.regions) == ["TA"]

    def test_a_file_that_is_no_table_is_refused_whole(self, keeper):
        files = {"table": ("x.csv", b"\x00\x01\x02", "text/csv")}
        answer = keeper.post("/calendar/2026/import", data={"csrf_token": csrf(keeper)}, files=files)
        assert answer.status_code == 422
        assert "называет столбцы" in answer.text

    def test_who_runs_campaigns_may_not_change_it(self, client):
        sign_in(client)
        assert self.declare(client).status_code == 403
