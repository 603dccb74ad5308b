"""Consent by the API: given, withdrawn, stopped, and what the ledger said at any moment."""

import pytest
from sqlalchemy import text

from tests.factories import row
from tests.integration.web.api_client import ApiClient, code_of, list_file, make_key

ADDRESS = "person1@example.org"


@pytest.fixture
def api(client, services) -> ApiClient:
    api = ApiClient(client, make_key(services))
    # Two people of one household have one mailbox and a telephone each.
    api.imported("november", list_file(row(1, consent=""), row(2, email=ADDRESS, consent="")))
    return api


def standings(api: ApiClient, purpose: str, **asked: str) -> list[str | None]:
    found = api.post("/consents/search", {"address": ADDRESS, **asked}).json()["standings"]
    return [one["reason"] for one in found if one["purpose"] == purpose and one["channel"] == "email"]


def say(api: ApiClient, what: str, purpose: str, **more: str):
    body = {"address": ADDRESS, "channel": "email", "purpose": purpose, **more}
    answer = api.post(f"/consents/{what}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestLedger:
    @pytest.mark.requirement(12, "STOP for debts does not silence outages; stop everything exists too")
    @pytest.mark.requirement(55, "every statement with its source, and what held at any past moment")
    def test_statements_about_an_address_hold_for_all_who_have_it(self, api):
        assert standings(api, "debt") == ["no_consent", "no_consent"]
        given = say(api, "give", "*", reference="бланк 17", source="paper", text_version="2026-01")
        assert given == {"recorded": 2}
        assert standings(api, "debt") == standings(api, "outage") == [None, None]
        assert say(api, "withdraw", "debt", source="call")["contacts"] == 2
        assert standings(api, "debt") == ["consent_withdrawn"] * 2
        assert standings(api, "outage") == [None, None]
        stopped = api.post("/consents/stop", {"address": ADDRESS}).json()
        assert stopped == {"in_flight": 0, "attempts": [], "contacts": 2}
        assert standings(api, "outage") == ["consent_withdrawn"] * 2
        entries = api.post("/consents/search", {"address": ADDRESS}).json()["entries"]
        mine = [one for one in entries if one["contact_id"] == entries[0]["contact_id"]]
        assert [(one["action"], one["purpose"], one["source"]) for one in mine] == [
            ("given", "*", "paper"),
            ("withdrawn", "debt", "call"),
            ("withdrawn", "*", "api"),
        ]
        assert (mine[0]["text_version"], mine[0]["source_reference"]) == ("2026-01", "бланк 17")
        # The moment between the first two entries, as it was known then and as it is known now.
        assert standings(api, "debt", at=mine[0]["valid_from"]) == [None, None]
        assert standings(api, "outage", known_at=mine[1]["recorded_at"]) == [None, None]

    def test_stop_of_a_person_takes_every_address_and_no_others_right(self, api, services):
        say(api, "give", "*", reference="бланк 17")
        with services.database.transaction() as session:
            person = session.execute(
                text("SELECT person_id FROM account WHERE number = '0000000001'")
            ).scalar_one()
        assert api.post("/consents/stop", {"person_id": str(person)}).json()["contacts"] == 2
        assert sorted(map(str, standings(api, "debt"))) == ["None", "consent_withdrawn"]
        phone = api.post("/consents/search", {"address": "+79000000001"}).json()
        assert {one["action"] for one in phone["entries"]} == {"withdrawn"}
        assert {one["channel"] for one in phone["entries"]} == {"sms", "voice"}

    def test_what_says_nothing_clear_is_refused_and_writes_nothing(self, api, services):
        body = {"address": ADDRESS, "channel": "sms", "purpose": "debt", "reference": "1"}
        assert code_of(api.post("/consents/give", body)) == "unfit-consent"
        wrong = body | {"channel": "email", "valid_until": "2020-01-01T00:00:00Z"}
        assert code_of(api.post("/consents/give", wrong)) == "unfit-consent"
        assert code_of(api.post("/consents/give", body | {"purpose": "debts"})) == "invalid-request"
        both = {"address": ADDRESS, "person_id": "01936f40-1a2b-7c3d-8e4f-5a6b7c8d9e0f"}
        assert code_of(api.post("/consents/stop", both)) == "invalid-request"
        assert code_of(api.post("/consents/stop", {"person_id": both["person_id"]})) == "unknown-person"
        with services.database.transaction() as session:
            assert session.execute(text("SELECT count(*) FROM consent_event")).scalar_one() == 0
