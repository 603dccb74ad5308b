"""Contacts and the ledger in the browser: found, read now and then, written, imported; stale ones listed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from dispatcher.core.staff import StaffRole
from tests.factories import row
from tests.integration.web.api_client import ApiClient, code_of, list_file, make_key
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff

ADDRESS = "person1@example.org"


@pytest.fixture
def contact(client, services) -> str:
    """The e-mail contact of a person, by the search that staff use."""
    api = ApiClient(client, make_key(services))
    api.imported("november", list_file(row(1), row(2, email="")))
    sign_in(client)
    page = client.post("/contacts/search", data={"csrf_token": csrf(client), "wanted": "0000000001"}).text
    found = re.search(rf'href="/contacts/([0-9a-f-]+)">{ADDRESS}', page)
    assert found, page
    return found[1]


def say(client, contact: str, what: str, **fields: str):
    values = {"csrf_token": csrf(client), "channel": "email", "purpose": "debt", "source": "paper"}
    return client.post(f"/contacts/{contact}/{what}", data=values | fields)


def permitted(page: str) -> int:
    return page.count("<strong>можно</strong>")


class TestContact:
    @pytest.mark.requirement(14, "free choice by the client, for each purpose and channel")
    @pytest.mark.requirement(55, "statements are registered with source, document and who recorded them")
    def test_staff_record_what_a_person_said_and_see_it_now_and_then(self, client, services, contact):
        page = client.get(f"/contacts/{contact}").text
        assert permitted(page) == 1
        assert "загрузка списка" in page
        refused = say(client, contact, "give", purpose="outage")
        assert refused.status_code == 422
        assert "чем это подтверждается" in refused.text
        given = say(client, contact, "give", purpose="outage", reference="бланк 17", text_version="2026-01")
        assert given.headers["location"] == f"/contacts/{contact}"
        page = client.get(f"/contacts/{contact}").text
        assert "Согласие записано." in page
        assert "бланк 17" in page
        assert permitted(page) == 2
        say(client, contact, "withdraw")
        page = client.get(f"/contacts/{contact}").text
        assert "больше не отправляем" in page
        assert permitted(page) == 1
        assert permitted(client.get(f"/contacts/{contact}?at=2020-01-01T00:00").text) == 0
        say(client, contact, "stop")
        page = client.get(f"/contacts/{contact}").text
        assert permitted(page) == 0
        assert page.count("отозвано") >= 2
        with services.database.transaction() as session:
            actions = session.execute(text("SELECT action, actor FROM audit_event ORDER BY at, id")).all()
        names = {action for action, actor in actions if actor == "staff:operator"}
        assert {"person.viewed", "contact.viewed", "consent.given", "consent.withdrawn"} <= names

    @pytest.mark.parametrize("value", [{"channel": "sms"}, {"purpose": "debts"}, {"valid_until": "nonsense"}])
    def test_what_cannot_be_said_is_refused_beside_the_form(self, client, contact, value):
        answer = say(client, contact, "give", reference="1", **value)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text

    @pytest.mark.requirement(51, "whoever may only look sees the ledger without anybody's name or address")
    def test_an_auditor_reads_the_ledger_masked_and_changes_nothing(self, client, services, contact):
        say(client, contact, "give", channel="email", purpose="debt", source="paper", reference="бланк 7")
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        found = client.post("/contacts/search", data={"csrf_token": csrf(client), "wanted": ADDRESS}).text
        page = client.get(f"/contacts/{contact}").text
        assert "бумага" in page
        assert f"{ADDRESS[0]}…@example.org" in page
        for shown in (page, found.replace(f'value="{ADDRESS}"', ""), client.get("/contacts/stale").text):
            assert ADDRESS not in shown
            assert "Пётр" not in shown
            assert "бланк 7" not in shown
            assert 'href="/persons/' not in shown
        assert (
            "<form" not in page.partition("История")[0].partition("Что разрешено")[2].partition("</form>")[2]
        )
        assert say(client, contact, "withdraw", channel="email", purpose="debt").status_code == 403
        for closed in ("/contacts/import", "/contacts/stale/export"):
            assert client.get(closed).status_code == 403

    def test_unknown_contacts_are_not_found(self, client, contact):
        assert client.get("/contacts/01936f40-1a2b-7c3d-8e4f-5a6b7c8d9e0f").status_code == 404
        nobody = client.post("/contacts/search", data={"csrf_token": csrf(client), "wanted": "nobody@x.org"})
        assert "Ничего нет." in nobody.text


class TestStale:
    @pytest.mark.requirement(53, "«last confirmed» date on contacts, and a report of the stale ones")
    def test_contacts_not_confirmed_for_months_are_listed_exported_and_confirmed(
        self, client, services, contact
    ):
        old = datetime.now(UTC) - timedelta(days=500)
        with services.database.transaction() as session:
            session.execute(text("UPDATE contact_point SET created_at = :old"), {"old": old})
        page = client.get("/contacts/stale").text
        assert ADDRESS in page
        assert page.count("не подтверждался") == 3
        assert ADDRESS not in client.get("/contacts/stale?months=24").text
        client.post(f"/contacts/{contact}/confirm", data={"csrf_token": csrf(client)})
        assert "Контакт подтверждён." in client.get(f"/contacts/{contact}").text
        assert ADDRESS not in client.get("/contacts/stale").text
        file = client.get("/contacts/stale/export").content.decode("utf-8-sig")
        assert len(file.splitlines()) == 3
        assert "+79000000002" in file
        api = ApiClient(client, make_key(services, "crm"))
        first = api.get("/contacts/stale", limit=1).json()
        second = api.get("/contacts/stale", limit=1, cursor=first["next"]).json()
        assert first["items"][0]["id"] != second["items"][0]["id"]
        assert second["next"] is None
        assert api.post(f"/contacts/{first['items'][0]['id']}/confirm").json() == {"confirmed": True}
        assert len(api.get("/contacts/stale").json()["items"]) == 1
        nowhere = api.post("/contacts/01936f40-1a2b-7c3d-8e4f-5a6b7c8d9e0f/confirm")
        assert code_of(nowhere) == "unknown-address"


class TestImportPage:
    def test_a_file_is_taken_and_bad_rows_are_shown_and_given_back(self, client, contact):
        body = f"Контакт;Цель;Источник;Документ\n{ADDRESS};survey;paper;бланк 1\nx;debt;paper;бланк 2\n"
        assert client.get("/contacts/import").status_code == 200
        sent = client.post(
            "/contacts/import",
            data={"csrf_token": csrf(client)},
            files={"file": ("consents.csv", body.encode(), "text/csv")},
        )
        assert "Взято: 1, было и раньше: 0, не взято: 1" in sent.text
        assert "не адрес e-mail и не номер телефона" in sent.text
        assert 'download="rejected.csv"' in sent.text
        wrong = (
            b"address;purpose;action;reference\nperson1@example.org;gossip;;x\nperson1@example.org;debt;;\n"
        )
        answer = client.post(
            "/contacts/import?lang=en",
            data={"csrf_token": csrf(client)},
            files={"file": ("consents.csv", wrong, "text/csv")},
        )
        assert "there is no such value; there are: debt, payment_due" in answer.text
        assert "the document that proves it is not named" in answer.text
        forged = client.post("/contacts/import", files={"file": ("consents.csv", b"x", "text/csv")})
        assert forged.status_code == 403
