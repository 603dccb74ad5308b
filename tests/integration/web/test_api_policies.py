"""Policies and the calendar by the API."""

import pytest

from dispatcher.core.api_keys import Scope
from tests.integration.web.api_client import ApiClient, code_of, make_key

RULES = {
    "replaces": 1,
    "hours": {"opens": "09:00", "closes": "21:00"},
    "days_off": {"opens": "10:00", "closes": "18:00"},
    "caps": [{"channels": "voice", "limit": 1, "period": "week"}],
    "purpose_group": "debt",
}


@pytest.fixture
def api(client, services) -> ApiClient:
    return ApiClient(client, make_key(services))


class TestProfiles:
    def test_are_read_changed_and_keep_their_past(self, api: ApiClient) -> None:
        names = [one["name"] for one in api.get("/policies").json()["items"]]
        assert {"always", "service_standard", "debtor_safe", "survey", "ukraine", "emergency_outage"} == set(
            names
        )
        saved = api.send("PUT", "/policies/debtor_safe", RULES)
        assert saved.status_code == 200
        assert (saved.json()["version"], saved.json()["days_off"]) == (2, RULES["days_off"])
        versions = api.get("/policies/debtor_safe/versions").json()["items"]
        assert [one["profile"]["version"] for one in versions] == [2, 1]
        assert versions[0]["saved_by"].startswith("api:")

    def test_a_version_that_is_not_the_newest_is_not_overwritten(self, api: ApiClient) -> None:
        api.send("PUT", "/policies/debtor_safe", RULES)
        assert code_of(api.send("PUT", "/policies/debtor_safe", RULES)) == "policy"

    def test_a_key_that_only_reads_changes_nothing(self, client, services) -> None:
        api = ApiClient(client, make_key(services, "reader", {Scope.POLICY_READ}))
        assert api.send("PUT", "/policies/debtor_safe", RULES).status_code == 403
        assert api.get("/purposes").status_code == 200


class TestPurposes:
    def test_are_served_by_what_was_chosen(self, api: ApiClient) -> None:
        chosen = api.send("PUT", "/purposes/survey", {"profiles": {"3": ["always"]}})
        assert chosen.json()["profiles"] == {"1": ["survey"], "2": ["survey"], "3": ["always"]}
        assert api.get("/purposes").json()["purposes"]["survey"]["3"] == ["always"]
        assert code_of(api.send("PUT", "/purposes/survey", {"profiles": {"3": ["none"]}})) == "policy"


class TestCalendar:
    def test_days_are_declared_listed_imported_and_removed(self, api: ApiClient) -> None:
        day = {"kind": "off", "region": "ba", "note": "День Республики"}
        kept = api.send("PUT", "/calendar/days/2026-10-11", day).json()
        assert kept == {"day": "2026-10-11", **day, "region": "BA"}
        table = {"csv": "day;kind\n2026-05-04;off\nfriday;off\n"}
        taken = api.post("/calendar/import", table).json()
        assert (taken["taken"], taken["bad"][0]["line"], taken["bad"][0]["code"]) == (1, 3, "day_form")
        assert [one["day"] for one in api.get("/calendar/2026").json()["items"]] == [
            "2026-05-04",
            "2026-10-11",
        ]
        assert api.send("DELETE", "/calendar/days/2026-10-11?region=BA").json() == {"removed": True}
        assert code_of(api.send("DELETE", "/calendar/days/2026-10-11?region=BA")) == "policy"
