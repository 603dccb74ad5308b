"""The public page of the unsubscribe link, and the one click of mail programs."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from consent.ledger import ConsentEntry, record_consent
from consent.permission import ask_permission
from consent.unsubscribe import UnsubscribeLink, UnsubscribeTokens
from dispatcher.core.ids import new_id
from dispatcher.web.app import create_app
from tests.integration.web.rows import add_contact


@pytest.fixture
def contact(services):
    with services.database.transaction() as session:
        contact = add_contact(session)
        entry = ConsentEntry("email", "debt", "given", "import", "test")
        record_consent(session, contact, entry, services.clock.now())
        return contact


@pytest.fixture
def link(services, contact):
    return "/u/" + services.unsubscribe_tokens.make(UnsubscribeLink(contact, "email", "debt"))


def ledger(services, contact) -> list[tuple[str, str]]:
    with services.database.transaction() as session:
        rows = session.execute(
            text(
                "SELECT action, source FROM consent_event WHERE contact_point_id = :contact ORDER BY sequence"
            ),
            {"contact": contact},
        )
        return [tuple(row) for row in rows]


class TestLink:
    def test_opening_it_changes_nothing(self, client, services, contact, link):
        page = client.get(link)
        assert page.status_code == 200
        assert "напоминания о задолженности" in page.text
        assert "Электронная почта" in page.text
        assert ledger(services, contact) == [("given", "import")]

    @pytest.mark.requirement(51, "protected: no personal data on public pages and in their links")
    def test_shows_nobodys_data(self, client, link):
        page = client.get(link).text
        assert "maria" not in page
        assert "Иванова" not in page

    @pytest.mark.parametrize(
        ("language", "words"),
        [("ru", "Отписаться"), ("uk", "Відписатися"), ("en", "Unsubscribe"), ("fr", "Отписаться")],
    )
    def test_speaks_the_language_of_the_browser(self, client, link, language, words):
        headers = {"accept-language": f"{language}-XX,{language};q=0.9"}
        assert words in client.get(link, headers=headers).text

    def test_tells_no_other_site_where_the_reader_was(self, client, link):
        assert client.get(link).headers["referrer-policy"] == "no-referrer"


class TestWithdrawing:
    @pytest.mark.requirement(50, "free opt-out")
    def test_one_click_of_a_mail_program_withdraws(self, services, contact, link):
        # RFC 8058: a POST without cookies or anything else we know.
        with TestClient(create_app(services)) as program:
            answer = program.post(link, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert ledger(services, contact)[-1] == ("withdrawn", "one_click")

    def test_one_click_may_come_as_multipart(self, services, contact, link):
        with TestClient(create_app(services)) as program:
            answer = program.post(link, files={"List-Unsubscribe": (None, "One-Click")})
        assert answer.status_code == 200
        assert ledger(services, contact)[-1] == ("withdrawn", "one_click")

    def test_the_button_withdraws(self, client, services, contact, link):
        page = client.post(link)
        assert "Вы отписаны" in page.text
        assert ledger(services, contact)[-1] == ("withdrawn", "unsubscribe_page")

    def test_nothing_may_be_sent_after_it(self, client, services, contact, link):
        client.post(link)
        with services.database.transaction() as session:
            permission = ask_permission(
                session, [contact], channel="email", purpose="debt", now=services.clock.now()
            )[contact]
        assert permission.refusal == "consent_withdrawn"

    def test_a_second_time_does_no_harm_and_writes_nothing(self, client, services, contact, link):
        client.post(link)
        page = client.post(link)
        assert page.status_code == 200
        assert "Всё уже так и есть" in page.text
        assert len(ledger(services, contact)) == 2

    def test_goes_on_record(self, client, services, contact, link):
        client.post(link)
        with services.database.transaction() as session:
            row = session.execute(
                text("SELECT actor, subject_id FROM audit_event WHERE action = 'consent.withdrawn'")
            ).one()
        assert (row.actor, row.subject_id) == ("recipient", str(contact))


class TestKeys:
    def test_a_link_that_a_former_key_signed_still_works(self, services, contact):
        old = UnsubscribeTokens(b"the key of years ago, long enough").make(
            UnsubscribeLink(contact, "email", "debt")
        )
        changed = replace(
            services,
            unsubscribe_tokens=UnsubscribeTokens(services.secret_key, [b"the key of years ago, long enough"]),
        )
        with TestClient(create_app(services)) as program:
            assert program.post(f"/u/{old}").status_code == 404
        with TestClient(create_app(changed)) as program:
            assert program.post(f"/u/{old}").status_code == 200
        assert ledger(services, contact)[-1][0] == "withdrawn"


class TestBadLink:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_is_a_plain_page(self, client, link, method):
        for bad in (link[:-1], link + "x", "/u/x", "/u/" + "я" * 10):
            answer = client.request(method, bad)
            assert answer.status_code == 404
            assert "Ссылка не работает" in answer.text

    def test_one_for_an_address_that_was_removed_says_kindly_that_nothing_is_sent(self, client, services):
        gone = "/u/" + services.unsubscribe_tokens.make(UnsubscribeLink(new_id(), "email", "debt"))
        for answer in (client.get(gone), client.post(gone)):
            assert answer.status_code == 200
            assert "Вы отписаны" in answer.text


class TestGuards:
    def test_a_large_body_is_refused(self, client, services, contact, link):
        answer = client.post(link, content=b"x" * 70_000)
        assert answer.status_code == 413
        assert "Слишком много данных" in answer.text
        assert len(ledger(services, contact)) == 1

    def test_a_large_body_without_a_length_is_refused(self, client, services, contact, link):
        answer = client.post(link, content=(b"x" * 1000 for _ in range(100)))
        assert answer.status_code == 413
        assert len(ledger(services, contact)) == 1

    def test_every_answer_is_strict_with_browsers(self, client, link):
        for path in ("/sign-in", link, "/health", "/static/dispatcher.css", "/nowhere"):
            headers = client.get(path).headers
            assert "'unsafe" not in headers["content-security-policy"]
            assert "default-src 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert headers["referrer-policy"] == "no-referrer"

    def test_a_bug_is_a_plain_page_and_a_log_line_without_data(self, services, link):
        app = create_app(services)
        app.state.renderer = None
        with capture_logs() as logs, TestClient(app, headers={"accept": "text/html"}) as client:
            answer = client.get(link)
        assert answer.status_code == 500
        assert "Ошибка у нас" in answer.text
        assert link not in answer.text
        [line] = [line for line in logs if line["event"] == "web.failed"]
        assert line["route"] == "/u/{token}"
        assert set(line) == {"event", "route", "exc_info", "log_level"}
