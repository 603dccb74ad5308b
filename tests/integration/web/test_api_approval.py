"""The second pair of eyes by API: a person decides, never the key that made what is decided about."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from dispatcher.core.api_keys import Scope
from dispatcher.core.staff import StaffRole, set_active
from tests.integration.web.api_client import ApiClient, code_of, list_file, make_key
from tests.integration.web.installation import make_staff

APPROVING = {Scope.CAMPAIGNS_APPROVE, Scope.CAMPAIGNS_READ}


@pytest.fixture
def api(client, services) -> ApiClient:
    api = ApiClient(client, make_key(services))
    api.imported("november", list_file())
    return api


@pytest.fixture
def approver(client, services) -> ApiClient:
    """The key of Anna, who may approve."""
    make_staff(services, "anna", StaffRole.APPROVER)
    return ApiClient(client, make_key(services, "anna-phone", APPROVING, approver="anna"))


def wanted(**changes) -> dict:
    values = {
        "name": "Долги",
        "scenario": "debt_reminder",
        "list": "november",
        "ends_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
        "policy_profile": "always",
        "needs_approval": True,
    }
    return values | changes


def generation_of(api: ApiClient, run: str) -> int:
    return api.get(run).json()["run"]["generation"]


class TestApprove:
    def test_a_draft_waits_for_its_submission_then_for_the_second_person(self, api, approver):
        made = api.post("/campaigns", wanted(as_draft=True)).json()
        assert made["state"] == "draft"
        run = f"/runs/{made['run_id']}"
        assert api.post(f"{run}/submit").json()["state"] == "awaiting_approval"
        assert code_of(api.post(f"{run}/submit")) == "run-state"
        looked_at = {"generation": generation_of(api, run)}
        assert approver.post(f"{run}/approve", looked_at).json()["state"] == "scheduled"

    def test_the_person_and_not_the_key_goes_on_record(self, api, approver, services):
        run = f"/runs/{api.post('/campaigns', wanted()).json()['run_id']}"
        approver.post(f"{run}/approve", {"generation": generation_of(api, run)})
        with services.database.transaction() as session:
            actor = session.execute(
                text("SELECT actor FROM audit_event WHERE action = 'run.approved'")
            ).scalar_one()
        assert actor == "staff:anna"

    def test_the_key_that_made_a_run_cannot_approve_it(self, api):
        run = f"/runs/{api.post('/campaigns', wanted()).json()['run_id']}"
        answer = api.post(f"{run}/approve", {"generation": generation_of(api, run)})
        assert (answer.status_code, code_of(answer)) == (403, "missing-scope")
        assert api.get(run).json()["run"]["state"] == "awaiting_approval"

    def test_a_key_that_approves_makes_nothing(self, api, approver):
        assert code_of(approver.post("/campaigns", wanted())) == "missing-scope"

    def test_a_run_of_a_key_with_the_name_of_the_approver_is_the_approvers_own(
        self, client, services, api, approver
    ):
        own = ApiClient(client, make_key(services, "anna"))
        run = f"/runs/{own.post('/campaigns', wanted()).json()['run_id']}"
        answer = approver.post(f"{run}/approve", {"generation": generation_of(api, run)})
        assert (answer.status_code, code_of(answer)) == (409, "own-campaign")

    def test_what_has_changed_since_it_was_looked_at_is_refused(self, api, approver):
        run = f"/runs/{api.post('/campaigns', wanted()).json()['run_id']}"
        looked_at = {"generation": generation_of(api, run)}
        later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        assert api.send("PATCH", run, {"ends_at": later}).status_code == 200
        answer = approver.post(f"{run}/approve", looked_at)
        assert (answer.status_code, answer.json()["code"]) == (409, "run_changed")

    def test_a_change_after_the_approval_sends_the_run_back(self, api, approver):
        start = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
        run = f"/runs/{api.post('/campaigns', wanted(starts_at=start)).json()['run_id']}"
        approver.post(f"{run}/approve", {"generation": generation_of(api, run)})
        later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        assert api.send("PATCH", run, {"ends_at": later}).json()["state"] == "awaiting_approval"

    def test_who_may_not_sign_in_any_more_approves_nothing(self, api, approver, services):
        run = f"/runs/{api.post('/campaigns', wanted()).json()['run_id']}"
        with services.database.transaction() as session:
            now = services.clock.refresh(session)
            set_active(session, login="anna", is_active=False, actor="test", now=now)
        assert code_of(approver.post(f"{run}/approve", {"generation": 1})) == "bad-api-key"

    def test_an_operator_cannot_be_the_second_person(self, api, client, services):
        bound = ApiClient(client, make_key(services, "op", APPROVING, approver="operator"))
        run = f"/runs/{api.post('/campaigns', wanted()).json()['run_id']}"
        answer = bound.post(f"{run}/approve", {"generation": generation_of(api, run)})
        assert (answer.status_code, code_of(answer)) == (403, "not-an-approver")


class TestReject:
    def test_is_for_good_and_says_why(self, api, approver):
        run = f"/runs/{api.post('/campaigns', wanted()).json()['run_id']}"
        assert approver.post(f"{run}/reject", {"reason": "суммы не сверены"}).json()["state"] == "rejected"
        facts = api.get(run).json()["run"]
        assert (facts["state"], facts["state_reason"]) == ("rejected", "суммы не сверены")
        assert code_of(approver.post(f"{run}/approve", {"generation": facts["generation"]})) == "run-state"

    @pytest.mark.parametrize("reason", ["", "   ", None])
    def test_needs_a_reason(self, api, approver, reason):
        run = f"/runs/{api.post('/campaigns', wanted()).json()['run_id']}"
        assert code_of(approver.post(f"{run}/reject", {"reason": reason})) == "invalid-request"
        assert api.get(run).json()["run"]["state"] == "awaiting_approval"


class TestExtend:
    def test_what_was_approved_with_its_window_only_an_approver_extends(self, api, approver):
        run = f"/runs/{api.post('/campaigns', wanted()).json()['run_id']}"
        approver.post(f"{run}/approve", {"generation": generation_of(api, run)})
        later = {"ends_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
        answer = api.post(f"{run}/extend", later)
        assert (answer.status_code, answer.json()["code"]) == (409, "extend_needs_approver")
        assert approver.post(f"{run}/extend-approved", later).status_code == 200
        assert datetime.fromisoformat(api.get(run).json()["run"]["ends_at"]) == datetime.fromisoformat(
            later["ends_at"]
        )
