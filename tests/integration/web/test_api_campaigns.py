"""Campaigns, runs and consent by the API alone, as a billing system would use it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import row
from tests.integration.web.api_client import ApiClient, code_of, list_file, make_key
from tests.integration.web.rows import add_run, count_attempts, count_notices


@pytest.fixture
def api(client, services) -> ApiClient:
    return ApiClient(client, make_key(services))


def wanted(**changes) -> dict:
    values = {
        "name": "Долги",
        "scenario": "debt_reminder",
        "list": "november",
        "ends_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
        "policy_profile": "always",
    }
    return values | changes


class TestMake:
    @pytest.mark.requirement(10, "start and end time")
    def test_a_campaign_over_a_list_that_was_uploaded(self, api):
        api.imported("november", list_file(row(1), row(2)))
        ends_at = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
        answer = api.post(
            "/campaigns",
            wanted(ends_at=ends_at.isoformat(), daily_from="09:00", daily_to="18:00", external_id="debt-11"),
        )
        assert answer.status_code == 201
        made = answer.json()
        assert made["recipients"] == 2
        shown = api.get(answer.headers["location"].removeprefix("/api/v1")).json()
        assert (shown["name"], shown["daily_from"], shown["daily_to"]) == ("Долги", "09:00", "18:00")
        assert datetime.fromisoformat(shown["ends_at"]) == ends_at
        assert [run["id"] for run in shown["runs"]] == [made["run_id"]]
        assert api.get("/campaigns", external_id="debt-11").json()["items"] == [shown]
        assert api.get("/campaigns").json()["items"] == [shown]

    def test_a_request_that_comes_twice_makes_one(self, api):
        api.imported("november", list_file())
        body = wanted()
        first, again = (api.post("/campaigns", body, key="debt-11") for _ in range(2))
        assert again.json() == first.json()
        assert again.headers["location"] == first.headers["location"]
        assert len(api.get("/campaigns").json()["items"]) == 1

    def test_an_external_id_is_unique_with_the_client(self, api, client, services):
        api.imported("november", list_file())
        assert api.post("/campaigns", wanted(external_id="a")).status_code == 201
        answer = api.post("/campaigns", wanted(external_id="a"))
        assert (answer.status_code, code_of(answer)) == (409, "external-id-taken")
        assert len(api.get("/campaigns").json()["items"]) == 1
        other = ApiClient(client, make_key(services, "crm"))
        assert other.get("/campaigns", external_id="a").json()["items"] == []
        assert other.post("/campaigns", wanted(external_id="a")).status_code == 201

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"list": "nowhere"}, "unknown-list"),
            ({"scenario": "nothing"}, "unknown-scenario"),
            ({"policy_profile": "lax"}, "policy"),
            ({"ends_at": "2020-01-01T00:00:00Z"}, "campaign-refused"),
            ({"daily_from": "08:00", "daily_to": "08:00"}, "policy"),
            ({"ends_at": "2026-11-27T17:00:00"}, "invalid-request"),
            ({"ends_at": "9999-12-31T23:59:59Z"}, "invalid-request"),
            ({"name": "a\x00b"}, "invalid-request"),
        ],
    )
    def test_an_unfit_one_is_refused_and_leaves_no_trace(self, api, changes, code):
        api.imported("november", list_file())
        answer = api.post("/campaigns", wanted(**changes))
        assert (answer.status_code, code_of(answer)) == (422, code)
        assert api.get("/campaigns").json()["items"] == []
        assert api.get("/runs").json()["items"] == []


class TestDryRun:
    def test_says_what_would_happen_and_makes_nothing(self, api):
        api.imported("november", list_file(row(1), row(2, consent="нет")))
        tried = api.post("/campaigns/dry-run", wanted()).json()
        assert (tried["recipients"], tried["going"], tried["by_channel"]) == (2, 1, {"email": 1})
        assert tried["not_going"] == {"no_consent": 1}
        assert api.get("/campaigns").json()["items"] == []


class TestRuns:
    @pytest.fixture
    def run(self, services):
        with services.database.transaction() as session:
            run = add_run(session, planned=100, fanned_out=90)
            count_notices(session, run, "open", 85)
            count_notices(session, run, "blocked", 5, "no_consent")
            count_attempts(session, run, "accepted", 20)
            count_attempts(session, run, "sending", 3)
            count_attempts(session, run, "planned", 66)
            return run

    @pytest.mark.requirement(9, "Real-time monitoring of the process")
    def test_figures_add_up(self, api, run):
        figures = api.get(f"/runs/{run}").json()
        assert figures["is_balanced"]
        assert figures["planned"] == figures["decided"] + figures["open"] + figures["not_fanned_out"] == 100
        assert figures["notice_reasons"][1] == {"state": "blocked", "reason": "no_consent", "count": 5}
        assert figures["attempts"]["email"][0] == {"state": "planned", "reason": "", "count": 66}

    def test_pause_resume_and_stop_answer_honestly(self, api, run):
        honest = {"run_id": str(run), "left": 20, "in_flight": 3, "waiting": 76}
        assert api.post(f"/runs/{run}/pause").json() == honest
        assert api.get(f"/runs/{run}").json()["run"]["state"] == "paused"
        assert api.post(f"/runs/{run}/resume").json() == honest
        assert api.post(f"/runs/{run}/stop").json() == honest
        answer = api.post(f"/runs/{run}/resume")
        assert (answer.status_code, code_of(answer)) == (409, "run-state")

    def test_the_end_moves_into_the_future_only(self, api, run):
        later = (datetime.now(UTC) + timedelta(days=3)).isoformat()
        assert api.post(f"/runs/{run}/extend", {"ends_at": later}).status_code == 200
        assert datetime.fromisoformat(
            api.get(f"/runs/{run}").json()["run"]["ends_at"]
        ) == datetime.fromisoformat(later)
        answer = api.post(f"/runs/{run}/extend", {"ends_at": "2020-01-01T00:00:00Z"})
        assert answer.status_code == 409

    def test_an_unknown_one_is_not_found(self, api):
        unknown = "01936f3e-7b1a-7c51-9d57-0a2f6f1c2b10"
        for answer in (api.get(f"/runs/{unknown}"), api.post(f"/runs/{unknown}/pause")):
            assert (answer.status_code, code_of(answer)) == (404, "unknown-run")

    def test_come_in_pages(self, api, services):
        with services.database.transaction() as session:
            runs = [str(add_run(session)) for _ in range(3)]
        first = api.get("/runs", limit=2).json()
        rest = api.get("/runs", limit=2, cursor=first["next"]).json()
        assert [one["id"] for one in [*first["items"], *rest["items"]]] == runs[::-1]


class TestConsents:
    def test_what_was_given_can_be_withdrawn_and_the_ledger_tells_both(self, api):
        api.imported("november", list_file(row(1, email="a@example.org", consent="")))
        said = {"address": "a@example.org", "channel": "email", "purpose": "debt"}
        assert api.post("/consents/give", {**said, "reference": "договор 1"}).json() == {"recorded": 1}
        withdrawn = api.post("/consents/withdraw", said).json()
        assert withdrawn == {"contacts": 1, "in_flight": 0, "attempts": []}
        entries = api.post("/consents/search", {"address": "a@example.org"}).json()["entries"]
        assert [(one["action"], one["source"], one["recorded_by"]) for one in entries] == [
            ("given", "api", "api:billing"),
            ("withdrawn", "api", "api:billing"),
        ]

    def test_an_unknown_address_is_named_in_no_answer(self, api):
        answer = api.post("/consents/search", {"address": "nobody@example.org"})
        assert (answer.status_code, code_of(answer)) == (404, "unknown-address")
        assert "@" not in answer.text
