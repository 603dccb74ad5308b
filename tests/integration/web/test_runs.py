"""The list of runs and the page of one run, as they are without scripts."""

from datetime import timedelta
from uuid import uuid4

import pytest

from dispatcher.core.staff import StaffRole
from dispatcher.web.pages.runs import PAGE_SIZE
from tests.integration.web.browsing import sign_in
from tests.integration.web.installation import make_staff
from tests.integration.web.rows import add_run, count_attempts, count_notices


@pytest.fixture
def run(services):
    with services.database.transaction() as session:
        run = add_run(session, planned=1000, fanned_out=900)
        count_notices(session, run, "notified", 400, "accepted")
        count_notices(session, run, "blocked", 100, "no_consent")
        count_notices(session, run, "failed", 50, "smtp_550_5.1.1")
        count_notices(session, run, "open", 350)
        count_attempts(session, run, "planned", 340)
        count_attempts(session, run, "sending", 10)
        return run


class TestListOfRuns:
    def test_says_so_when_there_is_none(self, client):
        sign_in(client)
        assert "Заданий ещё нет." in client.get("/runs").text

    def test_shows_the_newest_first_with_their_progress(self, client, services, run):
        with services.database.transaction() as session:
            add_run(session, name="Отключение <1>")
        sign_in(client)
        page = client.get("/runs").text
        assert page.index("Отключение &lt;1&gt;") < page.index("Долги за октябрь")
        assert "550 / 1" in page

    def test_pages_by_key(self, client, services):
        with services.database.transaction() as session:
            runs = [add_run(session, name=f"Задание {number:02}") for number in range(PAGE_SIZE + 1)]
        sign_in(client)
        first = client.get("/runs").text
        assert "Задание 00" not in first
        assert f"/runs?before={runs[1]}" in first
        second = client.get(f"/runs?before={runs[1]}").text
        assert "Задание 00" in second
        assert "Задание 01" not in second


class TestRunPage:
    def test_shows_the_sum_that_always_holds(self, client, run):
        sign_in(client)
        page = client.get(f"/runs/{run}").text
        assert 'id="planned">1\xa0000<' in page
        for code, count in {
            "notified": 400,
            "blocked": 100,
            "failed": 50,
            "open": 350,
            "not_fanned_out": 100,
        }.items():
            assert f'id="count-{code}">{count}<' in page
        assert "Сумма не сходится" not in page

    def test_puts_reasons_into_words(self, client, run):
        sign_in(client)
        page = client.get(f"/runs/{run}").text
        assert "нет согласия" in page
        assert "адрес не существует" in page
        assert "smtp_550_5.1.1" in page
        assert "принято к доставке, подтверждения нет" in page

    @pytest.mark.parametrize(
        ("language", "words"), [("uk", "немає згоди"), ("en", "no consent"), ("ru", "нет согласия")]
    )
    def test_speaks_three_languages(self, client, run, language, words):
        sign_in(client)
        page = client.get(f"/runs/{run}?lang={language}")
        assert words in page.text
        assert page.headers["content-language"] == language
        assert words in client.get(f"/runs/{run}").text

    def test_shows_why_a_channel_waits(self, client, services, run):
        from dispatcher.delivery.channel_pause import pause_channel

        with services.database.transaction() as session:
            pause_channel(
                session, "email", "smtp_unreachable", first_wait_seconds=60, now=services.clock.now()
            )
        sign_in(client)
        page = client.get(f"/runs/{run}").text
        assert "почтовый сервер недоступен" in page
        assert "Следующая проба" in page

    def test_warns_when_the_window_is_too_short(self, client, services):
        with services.database.transaction() as session:
            run = add_run(session, planned=1000, ends_in=timedelta(minutes=5))
            count_notices(session, run, "open", 1000)
            count_attempts(session, run, "accepted", 10)
            count_attempts(session, run, "planned", 990)
        sign_in(client)
        assert "не успеет до" in client.get(f"/runs/{run}").text

    def test_a_run_that_does_not_exist_is_a_plain_404(self, client):
        sign_in(client)
        answer = client.get(f"/runs/{uuid4()}")
        assert answer.status_code == 404
        assert "Такой страницы нет" in answer.text

    def test_an_id_that_is_none_is_a_plain_error(self, client):
        sign_in(client)
        answer = client.get("/runs/maria@example.org")
        assert answer.status_code == 400
        assert "maria" not in answer.text

    def test_an_auditor_sees_no_buttons(self, client, services, run):
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        page = client.get(f"/runs/{run}").text
        assert "Ваша роль позволяет только смотреть." in page
        assert f"/runs/{run}/pause" not in page
