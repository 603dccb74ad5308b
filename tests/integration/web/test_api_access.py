"""Who may call what, how errors are answered, and that a repeated request is done once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from dispatcher.core.api_keys import Scope, revoke_api_key
from dispatcher.core.idempotency import RepeatableRequest, recall_answer
from tests.integration.web.api_client import V1, ApiClient, list_file, make_key
from tests.integration.web.browsing import sign_in
from tests.integration.web.rows import add_run


@pytest.fixture
def api(client, services) -> ApiClient:
    return ApiClient(client, make_key(services))


@pytest.fixture
def run(services):
    with services.database.transaction() as session:
        return add_run(session)


def problem(answer) -> str:
    """The code of the problem, having checked the form of the document."""
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["type"].startswith(f"{V1}/problems/")
    return document["type"].rsplit("/", 1)[-1]


class TestKeys:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"authorization": "Bearer ndk_wrong"},
            {"authorization": "Basic b3A6b3A="},
            {"authorization": ""},
        ],
    )
    def test_nothing_is_said_without_a_valid_one(self, client, headers):
        answer = client.get(f"{V1}/runs", headers=headers)
        assert problem(answer) == "bad-api-key"
        assert answer.headers["www-authenticate"].startswith("Bearer")

    def test_a_key_does_what_its_scopes_name_and_no_more(self, client, services, run):
        reader = ApiClient(client, make_key(services, "reader", {Scope.CAMPAIGNS_READ}))
        assert reader.get("/runs").status_code == 200
        assert problem(reader.post(f"/runs/{run}/stop")) == "missing-scope"
        assert problem(reader.get("/lists")) == "missing-scope"

    def test_a_revoked_key_opens_nothing_from_that_moment(self, client, services, api):
        assert api.get("/runs").status_code == 200
        with services.database.transaction() as session:
            revoke_api_key(session, name="billing", actor="test", now=datetime.now(UTC))
        assert problem(api.get("/runs")) == "bad-api-key"

    def test_an_expired_key_opens_nothing(self, client, services, api):
        with services.database.transaction() as session:
            session.execute(
                text("UPDATE api_key SET expires_at = :at"), {"at": datetime.now(UTC) - timedelta(seconds=1)}
            )
        assert problem(api.get("/runs")) == "bad-api-key"

    def test_a_session_of_staff_is_no_key(self, client):
        sign_in(client)
        assert problem(client.get(f"{V1}/runs")) == "bad-api-key"

    def test_changes_go_on_record_under_the_name_of_the_key(self, services, api, run):
        api.post(f"/runs/{run}/pause")
        with services.database.transaction() as session:
            actor = session.execute(
                text("SELECT actor FROM audit_event WHERE action = 'run.paused'")
            ).scalar_one()
        assert actor == "api:billing"


class TestProblems:
    def test_name_the_fields_and_no_value(self, api):
        answer = api.post("/campaigns", {"name": "secret-name", "priority": "secret-value", "extra": 1})
        assert problem(answer) == "invalid-request"
        assert {one["where"] for one in answer.json()["errors"]} >= {
            "body/list",
            "body/ends_at",
            "body/priority",
            "body/extra",
        }
        assert "secret" not in answer.text

    def test_their_types_can_be_opened_without_a_key(self, client, api):
        kind = api.get("/lists/01936f3e-7b1a-7c51-9d57-0a2f6f1c2b10").json()["type"]
        assert client.get(kind).json()["status"] == 404

    def test_an_unknown_path_and_method_are_problems_too(self, client, api):
        assert api.get("/nowhere").json()["status"] == 404
        answer = client.request("DELETE", f"{V1}/runs")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
        assert answer.headers["content-type"] == "application/problem+json"

    def test_an_address_with_a_line_break_is_a_problem_too(self, api):
        answer = api.get("/runs/a%0Ab")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")

    def test_a_body_beyond_the_limit_is_refused(self, api):
        assert problem(api.post("/campaigns", {"name": "x" * 70_000})) == "too-large"

    def test_a_chunked_body_beyond_the_limit_is_refused(self, client, services):
        headers = {"authorization": f"Bearer {make_key(services)}", "idempotency-key": "k"}
        chunks = (b" " * 10_000 for _ in range(20))
        assert problem(client.post(f"{V1}/campaigns", content=chunks, headers=headers)) == "too-large"


class TestIdempotency:
    def test_what_makes_something_needs_a_key(self, client, services):
        headers = {"authorization": f"Bearer {make_key(services)}"}
        answer = client.post(f"{V1}/campaigns", json={}, headers=headers)
        assert (answer.status_code, problem(answer)) == (400, "idempotency-key-missing")

    def test_the_same_request_again_gets_the_same_answer_and_does_nothing(self, api, services, run):
        first = api.post(f"/runs/{run}/stop", key="stop-1")
        again = api.post(f"/runs/{run}/stop", key="stop-1")
        assert (first.status_code, again.status_code) == (200, 200)
        assert again.json() == first.json()
        assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (
            None,
            "true",
        )
        with services.database.transaction() as session:
            stops = session.execute(
                text("SELECT count(*) FROM audit_event WHERE action = 'run.stopped'")
            ).scalar_one()
        assert stops == 1

    def test_a_quoted_key_is_the_same_key(self, api, run):
        api.post(f"/runs/{run}/stop", key="k1")
        assert api.post(f"/runs/{run}/stop", key='"k1"').headers["idempotency-replayed"] == "true"

    def test_another_request_with_the_key_is_refused(self, api, run):
        api.post(f"/runs/{run}/pause", key="k1")
        answer = api.post(f"/runs/{run}/resume", key="k1")
        assert (answer.status_code, problem(answer)) == (422, "idempotency-key-reused")

    def test_another_client_may_use_the_same_key(self, client, services, api, run):
        other = ApiClient(client, make_key(services, "crm"))
        api.post(f"/runs/{run}/pause", key="k1")
        assert problem(other.post(f"/runs/{run}/pause", key="k1")) == "run-state"

    def test_a_refusal_is_not_kept(self, api, run):
        assert problem(api.post(f"/runs/{run}/resume", key="k1")) == "run-state"
        api.post(f"/runs/{run}/pause")
        assert api.post(f"/runs/{run}/resume", key="k1").status_code == 200

    def test_while_the_first_runs_the_second_is_told_so(self, services, client, run):
        api = ApiClient(client, make_key(services))
        with services.database.transaction() as session:
            key_id = session.execute(text("SELECT id FROM api_key")).scalar_one()
            recall_answer(session, RepeatableRequest(f"api:{key_id}", "k1", b""))
            answer = api.post(f"/runs/{run}/pause", key="k1")
        assert (answer.status_code, problem(answer)) == (409, "idempotency-key-running")

    def test_one_upload_that_comes_twice_makes_one_version(self, api):
        first = api.upload("november", list_file(), key="upload-1")
        again = api.upload("november", list_file(), key="upload-1")
        assert again.json()["id"] == first.json()["id"]
        api.finished(first.json()["id"])
        assert len(api.get("/lists").json()["items"]) == 1
