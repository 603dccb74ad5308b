"""A person's data by the API: handed out whole, erased, with scopes of their own."""

import pytest
from sqlalchemy import text

from dispatcher.core.api_keys import Scope
from dispatcher.core.ids import new_id
from dispatcher.privacy.erasure import continue_erasures
from tests.integration.web.api_client import V1, make_key
from tests.integration.web.rows import add_contact

EMAIL = "maria@example.org"


@pytest.fixture
def person(services):
    with services.database.transaction() as session:
        contact = add_contact(session)
        query = text("SELECT person_id FROM contact_point WHERE id = :c")
        return session.execute(query, {"c": contact}).scalar_one()


def headers(services, *scopes: Scope, name: str = "portal") -> dict[str, str]:
    key = make_key(services, name, scopes)
    return {"authorization": f"Bearer {key}", "accept": "application/json", "idempotency-key": str(new_id())}


class TestExport:
    def test_hands_out_everything_and_is_on_record(self, client, services, person):
        said = headers(services, Scope.PERSONAL_DATA_READ)
        answer = client.post(f"{V1}/persons/{person}/export", headers=said)
        assert answer.status_code == 200
        assert answer.json()["person_id"] == str(person)
        assert EMAIL in answer.text
        with services.database.transaction() as session:
            query = text("SELECT actor FROM audit_event WHERE action = 'person.exported'")
            assert session.execute(query).scalar_one() == "api:portal"
        assert client.post(f"{V1}/persons/{new_id()}/export", headers=said).status_code == 404

    def test_needs_its_own_scope(self, client, services, person):
        said = headers(services, Scope.CONSENT_READ, Scope.RECIPIENTS_READ)
        assert client.post(f"{V1}/persons/{person}/export", headers=said).status_code == 403
        erase = client.post(f"{V1}/persons/{person}/erase", headers=said, json={"reason": "letter 7"})
        assert erase.status_code == 403


class TestErase:
    def test_what_identifies_goes_at_once_and_the_rest_by_the_scheduler(self, client, services, person):
        said = headers(services, Scope.PERSONAL_DATA_ERASE)
        answer = client.post(f"{V1}/persons/{person}/erase", headers=said, json={"reason": "letter 7"})
        assert answer.json()["state"] == "running"
        with services.database.transaction() as session:
            assert session.execute(text("SELECT full_name FROM person")).scalar_one() == ""
        while services.database.run(lambda session: continue_erasures(session, services.clock.now())):
            pass
        again = {**said, "idempotency-key": str(new_id())}
        answer = client.post(f"{V1}/persons/{person}/erase", headers=again, json={"reason": "letter 7"})
        assert answer.json()["state"] == "done"

    def test_without_a_reason_nothing_is_erased(self, client, services, person):
        said = headers(services, Scope.PERSONAL_DATA_ERASE)
        answer = client.post(f"{V1}/persons/{person}/erase", headers=said, json={"reason": " "})
        assert answer.status_code in {409, 422}
        with services.database.transaction() as session:
            assert session.execute(text("SELECT full_name FROM person")).scalar_one() == "Иванова Мария"
