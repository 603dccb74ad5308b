"""Runs by the API over the engine that really sends: first N, resend, correction, payment links, edits."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from channels.port import OutcomeKind
from dispatcher.bootstrap import build_renderer
from dispatcher.core.settings import PaymentSettings
from dispatcher.delivery.payment import Payments
from dispatcher.web.app import create_app
from dispatcher.web.services import WebServices
from tests.engine import Engine
from tests.factories import make_list, row, rows
from tests.integration.web.api_client import ApiClient, code_of, make_key


@pytest.fixture
def services(engine: Engine) -> WebServices:
    """The web process beside the engine: the same database and the same moved clock."""
    built = engine.application
    return WebServices(
        built.database,
        built.clock,
        built.settings,
        built.tokens,
        built.secret_key,
        build_renderer(built),
    )


@pytest.fixture
def api(services: WebServices) -> Iterator[ApiClient]:
    with TestClient(create_app(services)) as client:
        yield ApiClient(client, make_key(services))


def wanted(engine: Engine, **changes: object) -> dict[str, object]:
    values = {
        "name": "Долги",
        "scenario": "debt_reminder",
        "list": "Должники",
        "starts_at": engine.now().isoformat(),
        "ends_at": in_days(engine, 1),
        "policy_profile": "always",
    }
    return values | changes


def in_days(engine: Engine, days: float) -> str:
    return (engine.now() + timedelta(days=days)).isoformat()


def made(engine: Engine, api: ApiClient, **changes: object) -> str:
    """The path of a new run that has begun."""
    answer = api.post("/campaigns", wanted(engine, **changes))
    assert answer.status_code == 201, answer.text
    engine.round()
    return f"/runs/{answer.json()['run_id']}"


def closed(engine: Engine, api: ApiClient) -> str:
    """1 told, 2 refused, 3 unknown, 4 without consent, 5 told."""
    make_list(engine.application, [row(1), row(2), row(3), row(4, consent="нет"), row(5)])
    engine.email.answer("person2@example.org", OutcomeKind.PERMANENT, OutcomeKind.ACCEPTED)
    engine.email.answer("person3@example.org", OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED)
    run = made(engine, api)
    engine.finish(api.get(run).json()["run"]["id"])
    engine.email.sent.clear()
    return run


def told_by(engine: Engine, answer) -> list[str]:
    """Who receives something from the run that was made."""
    assert answer.status_code == 201, answer.text
    engine.round()
    engine.finish(answer.json()["run_id"])
    return sorted(address.split("@")[0] for address in engine.email.addresses())


class TestFirstCount:
    def test_so_many_are_sent_and_resuming_releases_the_rest(self, engine, api):
        make_list(engine.application, rows(5))
        run = made(engine, api, first_count=2)
        engine.work()
        engine.round()
        facts = api.get(run).json()["run"]
        assert (facts["state"], facts["state_reason"], facts["first_count"]) == ("paused", "first_sent", 2)
        assert len(engine.email.addresses()) == 2
        assert api.post(f"{run}/resume").json()["waiting"] == 3
        engine.round()
        engine.work()
        assert len(engine.email.addresses()) == 5


class TestResend:
    def test_goes_to_exactly_those_who_were_not_reached(self, engine, api):
        run = closed(engine, api)
        answer = api.post(f"{run}/resend", {"ends_at": in_days(engine, 2)})
        assert told_by(engine, answer) == ["person2"]
        linked = api.get(answer.headers["location"].removeprefix("/api/v1")).json()["run"]
        assert (linked["kind"], linked["parent_run_id"]) == ("resend", run.rsplit("/", 1)[-1])
        newest = api.get("/runs", limit=1).json()["items"][0]
        assert (newest["kind"], newest["parent_run_id"]) == ("resend", linked["parent_run_id"])
        campaign = api.get(f"/campaigns/{answer.json()['campaign_id']}").json()
        assert [one["kind"] for one in campaign["runs"]] == ["main", "resend"]

    def test_takes_the_doubtful_only_when_told_so(self, engine, api):
        run = closed(engine, api)
        asked = {"ends_at": in_days(engine, 2), "include_unknown": True}
        assert told_by(engine, api.post(f"{run}/resend", asked)) == ["person2", "person3"]

    def test_a_request_that_comes_twice_makes_one_and_another_one_is_refused(self, engine, api):
        run = closed(engine, api)
        asked = {"ends_at": in_days(engine, 2)}
        first, again = (api.post(f"{run}/resend", asked, key="resend-1") for _ in range(2))
        assert first.json() == again.json()
        answer = api.post(f"{run}/resend", asked)
        assert (answer.status_code, code_of(answer)) == (409, "linked-run-refused")
        assert answer.json()["code"] == "linked_run_exists"

    def test_waits_until_it_is_known_who_was_reached(self, engine, api):
        make_list(engine.application, rows(2))
        run = made(engine, api)
        answer = api.post(f"{run}/resend", {"ends_at": in_days(engine, 2)})
        assert (answer.status_code, answer.json()["code"]) == (409, "parent_not_closed")
        assert len(api.get("/runs").json()["items"]) == 1


class TestCorrect:
    def test_goes_to_everybody_who_may_have_read_the_wrong_text(self, engine, api):
        run = closed(engine, api)
        answer = api.post(f"{run}/correct", {"ends_at": in_days(engine, 2)})
        assert told_by(engine, answer) == ["person1", "person3", "person5"]
        assert api.get(f"/runs/{answer.json()['run_id']}").json()["run"]["kind"] == "correction"

    def test_an_unknown_scenario_makes_nothing(self, engine, api):
        run = closed(engine, api)
        answer = api.post(f"{run}/correct", {"ends_at": in_days(engine, 2), "scenario": "nothing"})
        assert code_of(answer) == "unknown-scenario"
        assert len(api.get("/runs").json()["items"]) == 1


class TestEdit:
    def test_a_run_that_has_not_started_gets_another_window_and_list(self, engine, api):
        make_list(engine.application, rows(2))
        make_list(engine.application, rows(3), name="Другие")
        run = made(engine, api, starts_at=in_days(engine, 0.5))
        end = in_days(engine, 3)
        answer = api.send("PATCH", run, {"ends_at": end, "list": "Другие"}, key="edit-1")
        assert answer.json()["state"] == "scheduled"
        again = api.send("PATCH", run, {"ends_at": end, "list": "Другие"}, key="edit-1")
        assert again.headers["idempotency-replayed"] == "true"
        figures = api.get(run).json()
        assert (figures["planned"], figures["run"]["list_name"]) == (3, "Другие")

    def test_a_run_that_has_started_is_not_changed(self, engine, api):
        make_list(engine.application, rows(2))
        run = made(engine, api)
        answer = api.send("PATCH", run, {"ends_at": in_days(engine, 3)})
        assert (answer.status_code, code_of(answer)) == (409, "run-state")

    def test_an_edit_that_says_nothing_is_refused(self, engine, api):
        make_list(engine.application, rows(2))
        run = made(engine, api, starts_at=in_days(engine, 0.5))
        assert code_of(api.send("PATCH", run, {})) == "invalid-request"


class TestDryRun:
    def test_of_a_run_says_what_would_happen_and_shows_samples_to_whom_may_see_them(self, engine, api):
        make_list(engine.application, [row(1), row(2, consent="нет")])
        run = made(engine, api, starts_at=in_days(engine, 0.5))
        figures = api.post(f"{run}/dry-run")
        assert (figures.json()["going"], figures.json()["not_going"]) == (1, {"no_consent": 1})
        assert "Пётр" not in figures.text
        [sample] = api.post(f"{run}/dry-run/samples").json()["samples"]
        assert "1 250,40" in sample["text"].replace("\u00a0", " ")
        assert sample["address"] == "p…@example.org"

    def test_samples_need_the_right_to_see_personal_data(self, engine, services, api):
        make_list(engine.application, rows(1))
        run = made(engine, api, starts_at=in_days(engine, 0.5))
        with TestClient(create_app(services)) as client:
            key = make_key(services, "eyes", {"campaigns:read"})
            answer = ApiClient(client, key).post(f"{run}/dry-run/samples")
        assert code_of(answer) == "missing-scope"


class TestPaymentLinks:
    def test_a_token_tells_the_account_and_the_sum_that_the_letter_named(self, engine, api, services):
        make_list(engine.application, [row(1, debt="1250,40")])
        run = made(engine, api)
        notice = engine.sql("SELECT id FROM notice WHERE run_id = :run", run=run.rsplit("/", 1)[-1])[0].id
        pattern = "https://pay.example.org/{token}"
        payments = Payments(PaymentSettings(url_pattern=pattern), services.secret_key)
        link = payments.url("0000000001", 1250, notice)
        found = api.get(f"/payment-links/{link.rsplit('/', 1)[-1]}").json()
        assert found == {
            "notice_id": str(notice),
            "account": "0000000001",
            "sum": "1250.40",
            "due_date": "2026-12-25",
        }

    @pytest.mark.parametrize("token", ["ImFiYyI.forged-signature", "A" * 40])
    def test_a_token_that_we_did_not_make_tells_nothing(self, api, token):
        answer = api.get(f"/payment-links/{token}")
        assert (answer.status_code, code_of(answer)) == (404, "bad-payment-link")
