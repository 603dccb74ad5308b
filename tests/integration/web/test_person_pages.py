"""One person's data on the staff pages: found by a form, shown with purposes, handed out, erased."""

import json
import re

import pytest
from sqlalchemy import text

from consent.ledger import ConsentEntry, record_consent
from dispatcher.core.staff import StaffRole
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff
from tests.integration.web.rows import add_contact

EMAIL = "maria@example.org"


@pytest.fixture
def person(services):
    make_staff(services, "admin", StaffRole.ADMINISTRATOR)
    with services.database.transaction() as session:
        contact = add_contact(session)
        entry = ConsentEntry("email", "debt", "given", "paper", "test", source_reference="№ 7")
        record_consent(session, contact, entry, services.clock.now())
        query = text("SELECT person_id FROM contact_point WHERE id = :c")
        return session.execute(query, {"c": contact}).scalar_one()


def actions(services) -> list[str]:
    with services.database.transaction() as session:
        query = text("SELECT action FROM audit_event WHERE action LIKE 'person.%' ORDER BY id")
        return list(session.execute(query).scalars())


class TestFinding:
    @pytest.mark.requirement(55, "every look at a person's data is registered")
    def test_the_search_of_contacts_leads_here_and_the_look_is_on_record(self, client, services, person):
        sign_in(client)
        page = client.post("/contacts/search", data={"csrf_token": csrf(client), "wanted": EMAIL})
        assert f'href="/persons/{person}"' in page.text
        searched = actions(services)
        client.get(f"/persons/{person}")
        assert actions(services) == [*searched, "person.viewed"]


class TestPage:
    @pytest.mark.requirement(51, "the purpose stands beside every field on the person's page")
    def test_says_beside_every_field_why_it_is_held(self, client, person):
        sign_in(client)
        page = client.get(f"/persons/{person}").text
        assert "Иванова Мария" in page
        assert "доставлять сообщения" in page
        assert "обязанность доказать согласие" in page
        assert page.count("Зачем и на каком основании") >= 5
        assert "напоминания о задолженности" in page
        assert [code for code in ("given", "consent", "paper", "email") if f">{code}<" in page] == []
        assert re.search(r">\s*дано\s*<", page)

    @pytest.mark.requirement(51, "whoever may only look is shown nobody's data")
    def test_an_auditor_may_not_look(self, client, services, person):
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        assert client.get(f"/persons/{person}").status_code == 403

    def test_only_an_administrator_hands_out_and_erases(self, client, services, person):
        sign_in(client)
        assert "/export" not in client.get(f"/persons/{person}").text
        token = csrf(client)
        assert client.post(f"/persons/{person}/export", data={"csrf_token": token}).status_code == 403
        erase = {"csrf_token": token, "reason": "заявление № 7"}
        assert client.post(f"/persons/{person}/erase", data=erase).status_code == 403
        assert client.get(f"/persons/{person}/erase").status_code == 403
        assert "person.erased" not in actions(services)


class TestAdministrator:
    def test_hands_out_everything_as_a_file(self, client, services, person, tmp_path):
        sign_in(client, "admin")
        for form in ("json", "html"):
            answer = client.post(f"/persons/{person}/export", data={"csrf_token": csrf(client), "form": form})
            assert f'filename="person-{person}.{form}"' in answer.headers["content-disposition"]
            assert EMAIL in answer.text
        assert json.loads(client.post(f"/persons/{person}/export", data={"csrf_token": csrf(client)}).text)[
            "person_id"
        ] == str(person)
        assert list(tmp_path.rglob("*.json")) == []
        assert actions(services) == ["person.exported"] * 3

    def test_erases_with_a_reason(self, client, services, person):
        sign_in(client, "admin")
        token = csrf(client)
        refused = client.post(f"/persons/{person}/erase", data={"csrf_token": token, "reason": " "})
        assert "Напишите, почему" in client.get(refused.headers["location"]).text
        done = client.post(f"/persons/{person}/erase", data={"csrf_token": token, "reason": "заявление № 7"})
        page = client.get(done.headers["location"]).text
        assert "Персональные данные удалены" in page
        assert "Иванова" not in page
        assert EMAIL not in page
        assert [one for one in actions(services) if "eras" in one] == [
            "person.erasure_begun",
            "person.erased",
        ]
