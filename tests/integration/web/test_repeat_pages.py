"""Recurring campaigns by the pages."""

import pytest
from sqlalchemy import text

from dispatcher.core.ids import new_id
from dispatcher.core.staff import StaffRole
from tests.factories import row
from tests.integration.web.api_client import list_file
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff
from tests.integration.web.list_pages import upload_list


@pytest.fixture
def signed_in(client):
    sign_in(client)
    upload_list(client, list_file(row(1)))
    return client


def fields(client, **changes: str) -> dict[str, str]:
    return {
        "csrf_token": csrf(client),
        "list_name": "ноябрь",
        "scenario": "debt_reminder",
        "daily_from": "00:00",
        "daily_to": "00:00",
        "policy": "always",
        "priority": "bulk",
        "usual": "0 9 1 * *",
        "window_hours": "8",
    } | changes


def state_of(services, path: str) -> str:
    with services.database.transaction() as session:
        return session.execute(
            text("SELECT state FROM recurrence WHERE campaign_id = :id"), {"id": path.rsplit("/", 1)[-1]}
        ).scalar_one()


class TestMaking:
    def test_repeats_by_a_usual_schedule(self, signed_in, services):
        assert "1 числа в 09:00" in signed_in.get("/repeats/new").text
        path = signed_in.post("/repeats", data=fields(signed_in)).headers["location"]
        page = signed_in.get(path).text
        assert "Задание будет повторяться." in page
        assert "1 числа в 09:00" in page
        assert "Следующий раз" in page
        assert state_of(services, path) == "active"
        assert path in signed_in.get("/repeats").text

    def test_a_schedule_of_ones_own_counts(self, signed_in):
        path = signed_in.post("/repeats", data=fields(signed_in, cron="30 8 * * 2,4")).headers["location"]
        assert "по дням вт, чт в 08:30" in signed_in.get(path).text

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"cron": "9 утра"}, "пять частей"),
            ({"cron": "* * * * *"}, "не чаще раза в час"),
            ({"cron": "0 9 31 2 *"}, "никогда не наступит"),
            ({"window_hours": "0"}, "не подходящее число"),
            ({"window_hours": ""}, "не больше 62 дней"),
            ({"until": "2020-01-01T00:00"}, "не наступит ни разу"),
            ({"list_name": "нет такого"}, "Нет готового списка"),
        ],
    )
    def test_a_fault_is_said_beside_what_was_typed_and_makes_nothing(
        self, signed_in, services, changes, words
    ):
        answer = signed_in.post("/repeats", data=fields(signed_in, name="Моё", **changes))
        assert answer.status_code == 422
        assert words in answer.text
        assert "Моё" in answer.text
        with services.database.transaction() as session:
            assert session.execute(text("SELECT count(*) FROM recurrence")).scalar_one() == 0


class TestSteering:
    def test_pauses_resumes_and_ends(self, signed_in, services):
        path = signed_in.post("/repeats", data=fields(signed_in)).headers["location"]
        for action, state in (("pause", "paused"), ("resume", "active"), ("end", "ended")):
            signed_in.post(f"{path}/{action}", data={"csrf_token": csrf(signed_in)})
            assert state_of(services, path) == state
        page = signed_in.get(path).text
        assert "Больше не повторится" in page
        assert f"{path}/end" not in page

    def test_what_is_over_cannot_be_paused(self, signed_in):
        path = signed_in.post("/repeats", data=fields(signed_in)).headers["location"]
        for action in ("end", "pause"):
            signed_in.post(f"{path}/{action}", data={"csrf_token": csrf(signed_in)})
        assert "больше не повторяется" in signed_in.get(path).text

    def test_what_does_not_exist_is_a_page_that_says_so(self, signed_in):
        path = f"/repeats/{new_id()}"
        assert signed_in.get(path).status_code == 404
        for action in ("pause", "dance"):
            answer = signed_in.post(f"{path}/{action}", data={"csrf_token": csrf(signed_in)})
            assert answer.status_code == 404

    def test_an_auditor_may_only_look(self, signed_in, services):
        path = signed_in.post("/repeats", data=fields(signed_in)).headers["location"]
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(signed_in, "auditor")
        assert "Больше не повторять" not in signed_in.get(path).text
        assert signed_in.post(f"{path}/end", data={"csrf_token": csrf(signed_in)}).status_code == 403
        assert signed_in.get("/repeats/new").status_code == 403
        assert state_of(services, path) == "active"
