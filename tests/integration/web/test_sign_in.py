"""Signing in over HTTP: sessions, throttling, forged forms."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from dispatcher.core.sign_in import FAILURES_PER_ADDRESS, FAILURES_PER_LOGIN
from dispatcher.core.staff import StaffRole, set_active, set_password
from dispatcher.web.services import WebServices
from tests.integration.web.browsing import csrf, hidden, sign_in, try_sign_in
from tests.integration.web.installation import PASSWORD, make_staff


def rows(services: WebServices, statement: str) -> list[tuple[object, ...]]:
    with services.database.transaction() as session:
        return [tuple(row) for row in session.execute(text(statement))]


class TestMenu:
    @pytest.mark.parametrize("role", StaffRole)
    def test_leads_each_role_only_where_it_may_go(self, client, services, role):
        make_staff(services, "somebody", role)
        sign_in(client, "somebody")
        menu = client.get("/runs").text.partition('<nav class="places"')[2].partition("</nav>")[0]
        places = re.findall(r'href="(/[\w-]+)"', menu)
        assert {place: client.get(place).status_code for place in places} == dict.fromkeys(places, 200)
        assert "/contacts" in places


class TestSignIn:
    def test_opens_a_session_whose_token_the_server_does_not_keep(self, client, services):
        answer = try_sign_in(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/runs")
        cookie = next(c for c in answer.headers.get_list("set-cookie") if "dispatcher_session" in c)
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        token = client.cookies["dispatcher_session"]
        [(token_hash,)] = rows(services, "SELECT token_hash FROM staff_session")
        assert token.encode() not in token_hash
        assert client.get("/runs").status_code == 200

    def test_goes_on_record(self, client, services):
        try_sign_in(client, password="not this one")
        sign_in(client)
        actions = rows(
            services, "SELECT action, actor FROM audit_event WHERE action LIKE 'staff.sign%' ORDER BY id"
        )
        assert actions == [("staff.sign_in_failed", "staff:operator"), ("staff.signed_in", "staff:operator")]

    def test_answers_alike_to_a_wrong_password_and_an_unknown_login(self, client):
        wrong = try_sign_in(client, password="not this one")
        unknown = try_sign_in(client, login="nobody", password="not this one")
        assert (wrong.status_code, unknown.status_code) == (401, 401)
        assert "Логин или пароль не подходят." in wrong.text
        assert _without_token(wrong.text) == _without_token(unknown.text)

    def test_refuses_a_form_that_was_not_given_to_this_browser(self, client):
        client.get("/sign-in")
        answer = client.post(
            "/sign-in", data={"login": "operator", "password": PASSWORD, "form_token": "0" * 64}
        )
        assert answer.status_code == 403
        assert "dispatcher_session" not in client.cookies

    def test_refuses_somebody_who_was_deactivated(self, client, services):
        with services.database.transaction() as session:
            set_active(session, login="operator", is_active=False, actor="test", now=services.clock.now())
        assert try_sign_in(client).status_code == 401

    def test_works_on_after_signing_in_and_out_again(self, client):
        sign_in(client)
        client.post("/sign-out", data={"csrf_token": csrf(client)})
        sign_in(client)
        assert client.get("/runs").status_code == 200


class TestThrottling:
    def test_a_login_waits_after_too_many_guesses_even_with_the_right_password(self, client):
        for _ in range(FAILURES_PER_LOGIN):
            assert try_sign_in(client, password="not this one").status_code == 401
        answer = try_sign_in(client)
        assert answer.status_code == 429
        assert "Подождите 15 мин." in answer.text

    def test_an_unknown_login_waits_just_the_same(self, client):
        answers = [try_sign_in(client, login="nobody").status_code for _ in range(FAILURES_PER_LOGIN + 1)]
        assert answers == [401] * FAILURES_PER_LOGIN + [429]

    def test_the_wait_ends(self, client, services):
        for _ in range(FAILURES_PER_LOGIN):
            try_sign_in(client, password="not this one")
        _let_pass(services, timedelta(minutes=16))
        assert try_sign_in(client).status_code == 303

    def test_a_network_address_waits_however_many_logins_it_tries(self, client, services):
        for number in range(FAILURES_PER_ADDRESS):
            if number % 5 == 4:
                continue
            _fail_at_once(services, f"login{number}")
        for number in range(FAILURES_PER_ADDRESS // 5):
            assert try_sign_in(client, login=f"other{number}").status_code == 401
        assert try_sign_in(client, login="one-more").status_code == 429

    def test_success_forgets_the_failures(self, client):
        for _ in range(FAILURES_PER_LOGIN - 1):
            try_sign_in(client, password="not this one")
        sign_in(client)
        assert try_sign_in(client, password="not this one").status_code == 401

    def test_neither_login_nor_address_is_kept_readable(self, client, services):
        try_sign_in(client, login="somebody", password="not this one")
        kept = rows(services, "SELECT subject_hash FROM sign_in_failure")
        assert len(kept) == 2
        assert all(len(subject) == 32 for (subject,) in kept)


class TestSessions:
    def test_pages_send_strangers_to_the_sign_in(self, client):
        answer = client.get("/runs")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")

    def test_programs_are_told_with_a_problem_document(self, client):
        answer = client.get("/runs", headers={"accept": "application/json"})
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 401

    def test_signing_out_ends_the_session_on_the_server(self, client):
        sign_in(client)
        token = client.cookies["dispatcher_session"]
        client.post("/sign-out", data={"csrf_token": csrf(client)})
        client.cookies.set("dispatcher_session", token)
        assert client.get("/runs").status_code == 303

    def test_signing_out_needs_the_form_of_this_session(self, client):
        sign_in(client)
        assert client.post("/sign-out", data={"csrf_token": "made up"}).status_code == 403
        assert client.post("/sign-out").status_code == 403
        assert client.get("/runs").status_code == 200

    def test_a_new_password_ends_every_session(self, client, services):
        sign_in(client)
        with services.database.transaction() as session:
            set_password(
                session, login="operator", password="another long one", actor="test", now=services.clock.now()
            )
        assert client.get("/runs").status_code == 303

    def test_a_session_expires(self, client, services):
        sign_in(client)
        _let_pass(services, timedelta(hours=13))
        assert client.get("/runs").status_code == 303

    def test_cookies_are_secure_where_the_setting_says_so(self, services):
        services.settings.web.secure_cookies = True
        from dispatcher.web.app import create_app

        with TestClient(create_app(services), base_url="https://x", follow_redirects=False) as client:
            cookies = try_sign_in(client).headers.get_list("set-cookie")
        assert any("dispatcher_session" in cookie and "Secure" in cookie for cookie in cookies)


def _let_pass(services: WebServices, time: timedelta) -> None:
    """Everything so far happened that much earlier."""
    with services.database.transaction() as session:
        session.execute(text("UPDATE sign_in_failure SET at = at - :time"), {"time": time})
        session.execute(text("UPDATE staff_session SET expires_at = expires_at - :time"), {"time": time})


def _fail_at_once(services: WebServices, login: str) -> None:
    """Count a guess from the test client's address without the work of hashing."""
    from dispatcher.core.ids import new_id

    hashed = services.sign_in._hash("address", "testclient")
    with services.database.transaction() as session:
        session.execute(
            text("INSERT INTO sign_in_failure (id, subject_hash, at) VALUES (:id, :subject, :now)"),
            {"id": new_id(), "subject": hashed, "now": services.clock.now()},
        )


def _without_token(html: str) -> str:
    return html.replace(hidden(html, "form_token"), "")
