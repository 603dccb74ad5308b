"""The stop list, paused domains and letters in the browser, by the API and as files."""

from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from campaigns.stop_list_file import import_stop_list
from channels.email.letters import Letter
from dispatcher.core.api_keys import Scope
from dispatcher.core.staff import StaffRole
from dispatcher.delivery.returns.domains import PauseReason, pause_domain
from dispatcher.delivery.returns.letters import keep_letter
from tests.integration.web.api_client import make_key
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff

ADDRESS = "anna@example.org"


def rows(services, statement, **values):
    with services.database.transaction() as session:
        return session.execute(text(statement), values).all()


def post(client, path, **fields):
    return client.post(path, data={"csrf_token": csrf(client), **fields})


class TestStopList:
    def test_staff_ban_find_and_lift_an_address_with_reasons_on_record(self, client, services):
        sign_in(client)
        added = post(client, "/stop-list/add", address="Anna@Example.org", channel="email", note="по звонку")
        assert added.status_code == 303
        assert ADDRESS in client.get("/stop-list").text
        (ban,) = rows(services, "SELECT id, address, note FROM suppression")
        assert (ban.address, ban.note) == (ADDRESS, "по звонку")
        assert post(client, f"/stop-list/{ban.id}/lift", reason=" ").status_code == 303
        assert "Напишите причину" in client.get("/stop-list").text
        post(client, f"/stop-list/{ban.id}/lift", reason="новый договор")
        assert ADDRESS not in client.get("/stop-list").text
        found = post(client, "/stop-list/search", address=ADDRESS).text
        assert "новый договор" in found
        actions = rows(services, "SELECT action FROM audit_event WHERE action ~ '^suppression' ORDER BY at")
        assert [one.action for one in actions] == ["suppression.added", "suppression.lifted"]

    def test_a_file_bans_its_good_rows_and_shows_the_bad_ones(self, client, services):
        sign_in(client)
        file = "адрес;канал\nanna@example.org;\n+7 900 000-00-01;sms\nкто-то;\nboris@example.org;sms\n"
        answer = client.post(
            "/stop-list/import",
            data={"csrf_token": csrf(client)},
            files={"file": ("stop.csv", file.encode(), "text/csv")},
        )
        assert answer.status_code == 200
        assert "Добавлено: 2" in answer.text
        assert "не адрес e-mail" in answer.text
        assert "на e-mail только пишут" in answer.text
        banned = rows(services, "SELECT address, channel FROM suppression ORDER BY address")
        assert [tuple(one) for one in banned] == [("+79000000001", "sms"), (ADDRESS, "email")]
        [imported] = rows(services, "SELECT after FROM audit_event WHERE action = 'suppressions.imported'")
        assert imported.after == {"added": 2, "known": 0, "rejected": 2}

    def test_the_reasons_of_bad_rows_are_said_in_the_reader_s_language(self, client):
        sign_in(client)
        file = "address;until\nanna@example.org;01.01.2020\nnobody;\n"
        answer = client.post(
            "/stop-list/import?lang=en",
            data={"csrf_token": csrf(client)},
            files={"file": ("stop.csv", file.encode(), "text/csv")},
        )
        assert "the time has passed already" in answer.text
        assert "neither an e-mail address nor a telephone number" in answer.text

    def test_what_is_exported_can_be_imported_and_changes_nothing(self, client, services, tmp_path):
        sign_in(client)
        for address, channel in ((ADDRESS, "email"), ("+79000000001", "voice")):
            post(client, "/stop-list/add", address=address, channel=channel, note="=решение")
        exported = client.get("/stop-list/export")
        path = tmp_path / "stop-list.csv"
        path.write_bytes(exported.content)
        zone = ZoneInfo("Europe/Moscow")
        done = import_stop_list(
            services.database, services.clock, path, country="RU", zone=zone, actor="anna"
        )
        assert (done.added, done.known, done.rejected_count) == (0, 2, 0)
        (seen,) = rows(services, "SELECT after FROM audit_event WHERE action = 'suppressions.exported'")
        assert seen.after == {"count": 2}

    @pytest.mark.requirement(51, "whoever may only look sees the stop list and letters without addresses")
    def test_an_auditor_sees_bans_and_letters_masked_and_changes_nothing(self, client, services):
        sign_in(client)
        post(client, "/stop-list/add", address=ADDRESS, channel="email", note="сказала сама")
        with services.database.transaction() as session:
            letter = Letter(ADDRESS, "Re: Долг", "уже заплатила")
            now = services.clock.refresh(session)
            keep_letter(session, letter, recipient="r@x.example", raw=b"raw", now=now)
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        bans, letters = client.get("/stop-list").text, client.get("/incoming").text
        for page in (bans, letters):
            assert f"{ADDRESS[0]}…@example.org" in page
            for hidden in (ADDRESS, "сказала сама", "заплатила", "Re: Долг"):
                assert hidden not in page
        assert "/lift" not in bans
        assert "/handle" not in letters
        assert post(client, "/stop-list/add", address="b@example.org").status_code == 403
        assert client.get("/stop-list/export").status_code == 403


class TestDomains:
    def paused(self, services, reason):
        with services.database.transaction() as session:
            now = services.clock.refresh(session)
            figures = {"refused": 25, "sent": 30}
            return pause_domain(session, "mail.example", reason, figures=figures, actor="system", now=now)

    def test_every_page_says_that_a_domain_waits_until_staff_decide(self, client, services):
        sign_in(client)
        assert "ждут вашего решения" not in client.get("/runs").text
        pause = self.paused(services, PauseReason.HARD_BOUNCE_RISE)
        assert "ждут вашего решения: 1" in client.get("/runs").text
        page = client.get("/stop-list").text
        assert "mail.example" in page
        assert "25" in page
        post(client, f"/stop-list/domains/{pause}/review", verdict="rejected", reason="сбой провайдера")
        assert "Адреса остались в работе" in client.get("/stop-list").text
        assert "ждут вашего решения" not in client.get("/runs").text

    def test_a_domain_that_refuses_us_is_resumed_with_a_reason(self, client, services):
        sign_in(client)
        pause = self.paused(services, PauseReason.SENDER_FAULT)
        post(client, f"/stop-list/domains/{pause}/lift", reason="подпись исправлена")
        assert rows(services, "SELECT lifted_by FROM domain_pause")[0].lifted_by.startswith("staff:")

    def test_staff_pause_a_domain_once(self, client):
        sign_in(client)
        post(client, "/stop-list/domains/pause", domain="Mail.Example", reason="ремонт")
        post(client, "/stop-list/domains/pause", domain="mail.example", reason="ремонт")
        assert "уже остановлена" in client.get("/stop-list").text


class TestLetters:
    def test_a_letter_waits_until_somebody_says_what_was_done(self, client, services):
        sign_in(client)
        letter = Letter(ADDRESS, "Re: Долг <b>", "<script>alert(1)</script> уже заплатила")
        with services.database.transaction() as session:
            now = services.clock.refresh(session)
            kept = keep_letter(session, letter, recipient="r@x.example", raw=b"raw", now=now)
        page = client.get("/incoming").text
        assert "уже заплатила" in page
        assert "<script>alert" not in page
        assert "чей ответ, неизвестно" in page
        post(client, f"/incoming/{kept}/handle", handling="перезвонили")
        assert "уже заплатила" not in client.get("/incoming").text
        assert "перезвонили" in client.get("/incoming?handled=true").text
        post(client, f"/incoming/{kept}/reopen")
        assert "уже заплатила" in client.get("/incoming").text
        assert rows(services, "SELECT 1 FROM audit_event WHERE action = 'letters.viewed'")


class TestApi:
    @pytest.fixture
    def api(self, client, services):
        key = make_key(services, "crm", {Scope.CONSENT_READ, Scope.CONSENT_WRITE, Scope.RECIPIENTS_READ})

        def call(method, path, body=None, **headers):
            authorization = {"Authorization": f"Bearer {key}"} | headers
            return client.request(method, f"/api/v1{path}", json=body, headers=authorization)

        return call

    def test_other_systems_ban_search_and_lift(self, api):
        ban = {"address": ADDRESS, "channel": "email", "reason": "wrong_person", "note": "звонок"}
        assert api("POST", "/suppressions/add", ban).status_code == 200
        (found,) = api("POST", "/suppressions/search", {"address": ADDRESS}).json()["bans"]
        assert (found["reason"], found["created_by"]) == ("wrong_person", "api:crm")
        lifted = {"address": ADDRESS, "channel": "email", "reason": "ошибка"}
        assert api("POST", "/suppressions/lift", lifted).status_code == 200
        again = api("POST", "/suppressions/lift", lifted)
        assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (404, "unknown-suppression")

    def test_they_decide_about_domains(self, api):
        made = api("POST", "/domain-pauses", {"domain": "mail.example", "note": "ремонт"}).json()
        assert [one["domain"] for one in api("GET", "/domain-pauses").json()["pauses"]] == ["mail.example"]
        refused = api("POST", f"/domain-pauses/{made['id']}/review", {"verdict": "confirmed", "reason": "да"})
        assert refused.status_code == 409
        assert api("POST", f"/domain-pauses/{made['id']}/lift", {"reason": "готово"}).status_code == 200
        assert api("GET", "/domain-pauses").json() == {"pauses": []}
        assert api("POST", f"/domain-pauses/{uuid4()}/lift", {"reason": "да"}).status_code == 404

    def test_letters_are_read_with_the_scope_for_personal_data(self, api):
        assert api("GET", "/letters").json() == {"items": [], "next": None}
