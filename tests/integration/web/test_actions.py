"""Pausing, resuming and stopping by the page's own forms."""

import pytest
from sqlalchemy import text

from dispatcher.core.staff import StaffRole
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff
from tests.integration.web.rows import add_run, count_attempts, count_notices


@pytest.fixture
def run(services):
    with services.database.transaction() as session:
        run = add_run(session, planned=100, fanned_out=90)
        count_notices(session, run, "open", 90)
        count_attempts(session, run, "accepted", 20)
        count_attempts(session, run, "unknown", 1)
        count_attempts(session, run, "sending", 3)
        count_attempts(session, run, "planned", 66)
        return run


def state_of(services, run) -> tuple[str, str | None]:
    with services.database.transaction() as session:
        row = session.execute(text("SELECT state, state_reason FROM run WHERE id = :run"), {"run": run}).one()
        return row.state, row.state_reason


def post(client, run, action):
    return client.post(f"/runs/{run}/{action}", data={"csrf_token": csrf(client)})


class TestPause:
    def test_answers_how_many_had_left_were_in_flight_and_are_held_back(self, client, services, run):
        sign_in(client)
        answer = post(client, run, "pause")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/runs/{run}")
        assert state_of(services, run) == ("paused", "staff")
        page = client.get(f"/runs/{run}").text
        assert "Пауза действует." in page
        assert _figures(page) == ["21", "3", "76"]

    def test_the_answer_is_shown_once(self, client, run):
        sign_in(client)
        post(client, run, "pause")
        client.get(f"/runs/{run}")
        assert "Пауза действует." not in client.get(f"/runs/{run}").text

    def test_goes_on_record_under_the_name_of_the_person(self, client, services, run):
        sign_in(client)
        post(client, run, "pause")
        with services.database.transaction() as session:
            row = session.execute(
                text("SELECT actor, after FROM audit_event WHERE action = 'run.paused'")
            ).one()
        assert row.actor == "staff:operator"
        assert row.after["left"] == 21

    def test_a_second_pause_is_refused_in_words(self, client, run):
        sign_in(client)
        post(client, run, "pause")
        post(client, run, "pause")
        assert "Сейчас это невозможно" in client.get(f"/runs/{run}").text


class TestResume:
    def test_lets_a_paused_run_go_on(self, client, services, run):
        sign_in(client)
        post(client, run, "pause")
        post(client, run, "resume")
        assert state_of(services, run) == ("running", None)
        assert "Задание продолжено." in client.get(f"/runs/{run}").text


class TestStop:
    def test_asks_first(self, client, services, run):
        sign_in(client)
        page = client.get(f"/runs/{run}/stop").text
        assert "Остановить навсегда" in page
        assert "остановку нельзя отменить" in page
        assert state_of(services, run)[0] == "running"

    def test_ends_the_run(self, client, services, run):
        sign_in(client)
        post(client, run, "stop")
        assert state_of(services, run) == ("stopping", "staff")
        page = client.get(f"/runs/{run}").text
        assert "Уже не уйдёт" in page
        assert f"/runs/{run}/pause" not in page


class TestWhoMay:
    @pytest.mark.parametrize("action", ["pause", "resume", "stop"])
    def test_nothing_happens_without_the_token_of_this_session(self, client, services, run, action):
        sign_in(client)
        for data in ({}, {"csrf_token": "0" * 64}):
            assert client.post(f"/runs/{run}/{action}", data=data).status_code == 403
        assert state_of(services, run)[0] == "running"

    def test_a_token_of_an_earlier_session_does_not_fit(self, client, services, run):
        sign_in(client)
        old = csrf(client)
        client.post("/sign-out", data={"csrf_token": old})
        sign_in(client)
        assert client.post(f"/runs/{run}/pause", data={"csrf_token": old}).status_code == 403

    @pytest.mark.requirement(55, "role responsibility")
    def test_an_auditor_may_only_look(self, client, services, run):
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        assert post(client, run, "stop").status_code == 403
        assert client.get(f"/runs/{run}/stop").status_code == 403
        assert state_of(services, run)[0] == "running"

    def test_a_stranger_is_sent_to_the_sign_in(self, client, services, run):
        answer = client.post(f"/runs/{run}/stop", data={"csrf_token": "x"})
        assert answer.headers["location"] == "/sign-in"
        assert state_of(services, run)[0] == "running"


def _figures(page: str) -> list[str]:
    answer = page[page.index('id="answer"') :]
    return [part.split("</dd>")[0] for part in answer.split("<dd>")[1:4]]
