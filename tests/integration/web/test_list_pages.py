"""Uploading a list and starting a campaign by the pages, without scripts."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from consent.purposes import Purpose
from dispatcher.core.staff import StaffRole
from tests.factories import row
from tests.integration.web.api_client import list_file
from tests.integration.web.browsing import csrf, hidden, sign_in
from tests.integration.web.installation import make_staff
from tests.integration.web.serving import wait_until


def upload(client, file: bytes, *, name: str = "ноябрь", token: str | None = None):
    return client.post(
        "/lists/upload",
        data={"csrf_token": csrf(client) if token is None else token, "name": name},
        files={"file": ("долги.csv", file, "text/csv")},
    )


def uploaded(client, file: bytes) -> str:
    """The address of the list's page."""
    progress = upload(client, file).headers["location"]
    wait_until(lambda: client.get(progress).status_code == 303)
    return client.get(progress).headers["location"]


def campaign_fields(client, **changes: str) -> dict[str, str]:
    end = datetime.now(ZoneInfo("Europe/Moscow")) + timedelta(days=1)
    fields = {
        "csrf_token": csrf(client),
        "list_name": "ноябрь",
        "scenario": "debt_reminder",
        "ends_at": f"{end:%Y-%m-%dT%H:%M}",
        "daily_from": "00:00",
        "daily_to": "00:00",
        "policy": "always",
        "priority": "bulk",
        "form_id": "form-1",
    }
    return fields | changes


class TestUpload:
    @pytest.mark.requirement(8, "Store notification lists")
    def test_shows_what_was_taken_and_each_bad_row_without_its_value(self, client):
        sign_in(client)
        page = client.get(uploaded(client, list_file(row(1), row(2, account="9,87E+11"), row(3)))).text
        assert 'id="recipients">2<' in page
        assert 'id="rejected">1<' in page
        assert "число вида 1,23E+12" in page
        assert "9,87E+11" not in page
        assert "ноябрь" in client.get("/lists").text

    def test_every_purpose_but_advertising_is_offered_and_no_other_is_taken(self, client):
        sign_in(client)
        page = client.get("/lists/upload").text
        offered = page.partition('<select name="purpose"')[2].partition("</select>")[0]
        wanted = [one for one in Purpose if one is not Purpose.ADVERTISING]
        assert re.findall(r'value="(\w+)"', offered) == wanted
        data = {"csrf_token": csrf(client), "name": "ноябрь", "purpose": "restriction"}
        refused = client.post("/lists/upload", data=data, files={"file": ("a.csv", list_file(row(1)))})
        assert refused.status_code == 422
        assert client.get("/lists").text.count("ноябрь") == 0

    def test_the_bad_rows_can_be_downloaded_and_that_goes_on_record(self, client, services):
        sign_in(client)
        address = uploaded(client, list_file(row(1), row(2, account="9,87E+11")))
        answer = client.get(f"{address}/rejected")
        assert answer.status_code == 200
        assert "attachment" in answer.headers["content-disposition"]
        assert "9,87E+11" in answer.content.decode("utf-8-sig")
        with services.database.transaction() as session:
            actor = session.execute(
                text("SELECT actor FROM audit_event WHERE action = 'list.rejected_downloaded'")
            ).scalar_one()
        assert actor == "staff:operator"
        assert list((services.settings.data_directory / "downloads").iterdir()) == []

    def test_a_file_that_cannot_be_used_says_why(self, client):
        sign_in(client)
        progress = upload(client, b"%PDF-1.4 nothing").headers["location"]
        wait_until(lambda: "не подошёл" in client.get(progress).text)

    def test_a_forged_form_leaves_nothing_on_disk(self, client, services):
        sign_in(client)
        assert upload(client, list_file(), token="0" * 64).status_code == 403
        assert services.uploads.list_ids() == []

    def test_a_form_without_a_file_and_an_empty_file_are_refused_in_words(self, client):
        sign_in(client)
        assert client.post("/lists/upload", data={"csrf_token": csrf(client)}).status_code == 422
        assert "Файл пуст" in upload(client, b"").text

    def test_an_auditor_may_only_look(self, client, services):
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        assert client.get("/lists").status_code == 200
        assert "/lists/upload" not in client.get("/lists").text
        for answer in (
            client.get("/lists/upload"),
            upload(client, list_file()),
            client.get("/campaigns/new"),
        ):
            assert answer.status_code == 403


class TestStart:
    @pytest.fixture
    def signed_in(self, client):
        sign_in(client)
        uploaded(client, list_file(row(1), row(2, consent="нет")))
        return client

    @pytest.mark.requirement(10, "start and end time")
    def test_shows_what_would_happen_before_it_does_it(self, signed_in):
        page = signed_in.post("/campaigns/check", data=campaign_fields(signed_in)).text
        assert 'id="going">1<' in page
        assert 'id="not-going">1<' in page
        assert signed_in.get("/runs").text.count("/runs/") == 0
        confirmed = {name: hidden(page, name) for name in campaign_fields(signed_in)}
        answer = signed_in.post("/campaigns", data=confirmed)
        assert answer.headers["location"].startswith("/runs/")
        assert signed_in.get(answer.headers["location"]).status_code == 200

    def test_a_form_that_is_sent_twice_makes_one(self, signed_in, services):
        fields = campaign_fields(signed_in)
        first, again = (signed_in.post("/campaigns", data=fields) for _ in range(2))
        assert again.headers["location"] == first.headers["location"]
        with services.database.transaction() as session:
            assert session.execute(text("SELECT count(*) FROM campaign")).scalar_one() == 1

    def test_what_cannot_be_is_said_beside_what_was_typed(self, signed_in):
        fields = campaign_fields(signed_in, ends_at="2020-01-01T00:00", name="Моё задание")
        for path in ("/campaigns/check", "/campaigns"):
            answer = signed_in.post(path, data=fields)
            assert answer.status_code == 422
            assert "Окончание должно быть позже начала." in answer.text
            assert "Моё задание" in answer.text
