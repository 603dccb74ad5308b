"""The form of a campaign with all its options, and what the dry run shows before anything is sent."""

import pytest
from sqlalchemy import text

from dispatcher.core.staff import StaffRole
from tests.factories import row
from tests.integration.web.api_client import list_file
from tests.integration.web.browsing import csrf, hidden, sign_in
from tests.integration.web.installation import make_staff
from tests.integration.web.list_pages import upload_list
from tests.integration.web.test_list_pages import campaign_fields


@pytest.fixture
def signed_in(client):
    sign_in(client)
    upload_list(client, list_file(row(1), row(2, consent="нет")))
    return client


def made(services):
    with services.database.transaction() as session:
        return session.execute(
            text("SELECT state, first_count, max_per_second, priority, needs_approval FROM run")
        ).one()


class TestForm:
    def test_every_option_reaches_the_run(self, signed_in, services):
        fields = campaign_fields(
            signed_in,
            first_count="5",
            max_per_second="2,5",
            priority="urgent",
            needs_approval="yes",
            working_days="",
        )
        page = signed_in.post("/campaigns/check", data=fields).text
        assert "Передать на согласование: 1" in page
        confirmed = {name: hidden(page, name) for name in fields}
        assert signed_in.post("/campaigns", data=confirmed).status_code == 303
        assert tuple(made(services)) == ("awaiting_approval", 5, 2.5, "urgent", True)

    def test_a_draft_waits(self, signed_in, services):
        signed_in.post("/campaigns", data=campaign_fields(signed_in, as_draft="yes"))
        assert made(services).state == "draft"

    @pytest.mark.parametrize(
        ("changes", "russian", "ukrainian"),
        [
            ({"max_per_second": "быстро"}, "«быстро» — не подходящее число", "не підходяще число"),
            ({"first_count": "0"}, "«0» — не подходящее число", "не підходяще число"),
            ({"ends_at": "завтра"}, "не дата и время", "не дата і час"),
            ({"daily_from": "25:00"}, "Такого времени суток нет", "Такого часу доби немає"),
            ({"scenario": "unheard_of"}, "Такого сценария нет", "Такого сценарію немає"),
            ({"list_name": "нет такого"}, "Нет готового списка", "Немає готового списку"),
            ({"policy": "unheard_of"}, "Таких правил нет", "Таких правил немає"),
            ({"priority": "later"}, "Очередь бывает", "Черга буває"),
        ],
    )
    def test_a_fault_is_said_in_the_readers_language_and_makes_nothing(
        self, signed_in, services, changes, russian, ukrainian
    ):
        fields = campaign_fields(signed_in, **changes)
        for language, words in (("ru", russian), ("uk", ukrainian)):
            answer = signed_in.post(f"/campaigns/check?lang={language}", data=fields)
            assert answer.status_code == 422
            assert words in answer.text
        with services.database.transaction() as session:
            assert session.execute(text("SELECT count(*) FROM campaign")).scalar_one() == 0


class TestDryRun:
    def test_shows_the_letter_in_a_frame_that_may_do_nothing(self, signed_in):
        answer = signed_in.post("/campaigns/check", data=campaign_fields(signed_in))
        assert 'sandbox=""' in answer.text
        assert "srcdoc=" in answer.text
        assert "Петров Пётр 1" in answer.text
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "style-src-attr 'unsafe-inline'" in policy
        assert "unsafe-inline" not in signed_in.get("/runs").headers["content-security-policy"]

    def test_a_letter_cannot_leave_its_frame(self, client):
        sign_in(client)
        upload_list(client, list_file(row(1, name="Пётр <script>alert(1)</script>")))
        page = client.post("/campaigns/check", data=campaign_fields(client)).text
        assert "<script>alert" not in page

    @pytest.mark.parametrize(("language", "words"), [("ru", "Не уйдёт никому"), ("uk", "Не піде нікому")])
    def test_warns_in_the_readers_language(self, client, language, words):
        sign_in(client)
        upload_list(client, list_file(row(1, consent="нет")))
        page = client.post(f"/campaigns/check?lang={language}", data=campaign_fields(client)).text
        assert words in page

    def test_an_approver_sees_it_for_a_run_that_waits(self, signed_in, services):
        fields = campaign_fields(signed_in, needs_approval="yes")
        run = signed_in.post("/campaigns", data=fields).headers["location"]
        make_staff(services, "approver", StaffRole.APPROVER)
        sign_in(signed_in, "approver")
        page = signed_in.get(f"{run}/check").text
        assert 'id="going">1<' in page
        assert f'action="{run}/approve"' in page
        answer = signed_in.post(
            f"{run}/approve",
            data={"csrf_token": csrf(signed_in), "generation": hidden(page, "generation")},
        )
        assert answer.headers["location"] == run
        assert made(services).state == "scheduled"
        assert "Согласовано" in signed_in.get(run).text
