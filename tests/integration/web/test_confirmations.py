"""Double opt-in by the API, the staff page and the public page behind the link."""

from uuid import UUID

import pytest
from sqlalchemy import text

from consent.confirmations import ConfirmationTokens
from dispatcher.core.settings import SmtpSettings
from tests.factories import row
from tests.integration.web.api_client import ApiClient, code_of, list_file, make_key
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import KEY


@pytest.fixture
def asked(client, services):
    """A request by the API, whose letter has left."""
    services.settings.smtp = SmtpSettings(host="127.0.0.1")
    api = ApiClient(client, make_key(services))
    api.imported("november", list_file(row(1, consent="")))
    found = api.post("/consents/search", {"address": "person1@example.org"}).json()
    body = {
        "contact_id": found["standings"][0]["contact_id"],
        "channel": "email",
        "purposes": ["debt"],
        "source": "web_form",
        "reference": "форма 1",
    }
    answer = api.post("/consents/confirmations", body)
    assert (answer.status_code, answer.json()["state"]) == (201, "waiting")
    assert code_of(api.post("/consents/confirmations", body)) == "unfit-consent"
    with services.database.transaction() as session:
        session.execute(text("UPDATE consent_confirmation SET state = 'sent'"))
    return api, body, answer.json()["id"]


def link(confirmation: str) -> str:
    return f"/c/{ConfirmationTokens(KEY).make(UUID(confirmation))}"


class TestPublicPage:
    def test_a_look_changes_nothing_and_the_button_confirms_once(self, client, asked):
        api, _, confirmation = asked
        page = client.get(link(confirmation))
        assert page.status_code == 200
        assert "Подтверждаю" in page.text
        assert "person1" not in page.text
        assert api.get(f"/consents/confirmations/{confirmation}").json()["state"] == "sent"
        assert "Адрес подтверждён" in client.post(link(confirmation)).text
        assert api.get(f"/consents/confirmations/{confirmation}").json()["state"] == "confirmed"
        assert "Адрес подтверждён" in client.get(link(confirmation)).text
        found = api.post("/consents/search", {"address": "person1@example.org"}).json()["standings"]
        assert [one["purpose"] for one in found if one["is_permitted"]] == ["debt"]

    def test_a_damaged_link_and_a_late_one_say_so(self, client, services, asked):
        assert client.get("/c/nonsense").status_code == 404
        assert client.post("/c/nonsense").status_code == 404
        with services.database.transaction() as session:
            session.execute(text("UPDATE consent_confirmation SET expires_at = requested_at"))
        late = client.post(link(asked[2]))
        assert late.status_code == 409
        assert "Срок ссылки истёк" in late.text


class TestStaffAndApi:
    def test_without_an_sms_provider_it_is_said_at_once(self, client, asked):
        api, body, _ = asked
        phone = api.post("/consents/search", {"address": "+79000000001"}).json()
        contact = phone["standings"][0]["contact_id"]
        refused = api.post("/consents/confirmations", body | {"contact_id": contact, "channel": "sms"})
        assert code_of(refused) == "unfit-consent"
        assert "DISPATCHER_SMS__SMSC" in refused.json()["detail"]
        sign_in(client)
        form = {"csrf_token": csrf(client), "channel": "sms", "purpose": "debt", "source": "call"}
        page = client.post(f"/contacts/{contact}/ask", data=form | {"reference": "1"})
        assert page.status_code == 422
        assert "Этот канал не настроен" in page.text

    def test_a_code_is_checked_by_staff_and_by_other_systems(self, client, services, asked):
        api, _, confirmation = asked
        with services.database.transaction() as session:
            session.execute(
                text("UPDATE consent_confirmation SET channel = 'sms', code_hash = :hash"),
                {"hash": ConfirmationTokens(KEY).hash_code(UUID(confirmation), "123456")},
            )
        path = f"/consents/confirmations/{confirmation}"
        assert api.post(f"{path}/code", {"code": "000000"}).json() == {"proof": "wrong_code"}
        assert api.get(path).json()["tries"] == 1
        assert code_of(api.post(f"{path}/code", {"code": "12"})) == "invalid-request"
        sign_in(client)
        contact = api.get(path).json()["contact_id"]
        assert "Код из SMS" in client.get(f"/contacts/{contact}").text
        form = {"csrf_token": csrf(client), "confirmation": confirmation, "told": "123456"}
        client.post(f"/contacts/{contact}/code", data=form)
        assert "Подтверждено." in client.get(f"/contacts/{contact}").text
        assert api.post(f"{path}/code", {"code": "123456"}).json() == {"proof": "already"}
