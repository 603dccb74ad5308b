"""The history of a list, what differs between two versions, and the report in other languages."""

import pytest
from sqlalchemy import text

from dispatcher.core.staff import StaffRole
from tests.factories import row, rows
from tests.integration.web.api_client import list_file
from tests.integration.web.browsing import sign_in
from tests.integration.web.installation import make_staff
from tests.integration.web.list_pages import send_file, upload_list


@pytest.fixture
def two_versions(client):
    sign_in(client)
    upload_list(client, list_file(row(1), row(2), row(3)))
    upload_list(client, list_file(row(2, debt="99,00"), row(3), row(4)))
    return client


class TestHistory:
    def test_shows_the_versions_of_one_list(self, two_versions):
        upload_list(two_versions, list_file(row(1)), name="другой")
        page = two_versions.get("/lists", params={"name": "ноябрь"}).text
        assert "версия 2" in page
        assert "версия 1" in page
        assert "другой" not in page


class TestDifference:
    def test_counts_who_came_went_and_changed(self, two_versions):
        page = two_versions.get("/lists/compare", params={"name": "ноябрь"}).text
        for kind, count in (("added", 1), ("removed", 1), ("changed", 1), ("same", 1)):
            assert f'id="change-{kind}">{count}<' in page
        assert "0000000004" in page

    def test_shows_one_kind(self, two_versions):
        page = two_versions.get("/lists/compare", params={"name": "ноябрь", "kind": "removed"}).text
        assert "0000000001" in page
        assert "0000000004" not in page

    def test_goes_on_page_by_page(self, client):
        sign_in(client)
        upload_list(client, list_file(row(1)))
        upload_list(client, list_file(*rows(70)))
        first = client.get("/lists/compare", params={"name": "ноябрь"}).text
        assert "0000000051" in first
        assert "0000000052" not in first
        second = client.get("/lists/compare", params={"name": "ноябрь", "page": 1}).text
        assert "0000000052" in second
        assert "0000000070" in second

    def test_one_version_is_nothing_to_compare(self, client):
        sign_in(client)
        upload_list(client, list_file(row(1)))
        answer = client.get("/lists/compare", params={"name": "ноябрь"})
        assert answer.status_code == 200
        assert "нет двух готовых версий" in answer.text

    def test_an_auditor_sees_no_whole_account_number(self, two_versions, services):
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(two_versions, "auditor")
        page = two_versions.get("/lists/compare", params={"name": "ноябрь"}).text
        assert "0000000004" not in page
        assert "…0004" in page


class TestReport:
    @pytest.mark.parametrize(
        ("language", "words"),
        [("uk", "номер зіпсовано таблицею"), ("en", "the number was spoiled by a spreadsheet")],
    )
    def test_is_said_in_the_readers_language(self, client, language, words):
        sign_in(client)
        address = upload_list(client, list_file(row(1), row(2, account="9,87E+11")))
        page = client.get(f"{address}?lang={language}").text
        assert words in page
        assert "номер испорчен" not in page


class TestUploadForm:
    def test_takes_the_purpose_of_the_consent(self, client, services):
        sign_in(client)
        address = upload_list(client, list_file(row(1)), purpose="payment_due")
        assert client.get(address).status_code == 200
        with services.database.transaction() as session:
            found = session.execute(text("SELECT DISTINCT purpose FROM consent_event")).scalars().all()
        assert found == ["payment_due"]

    def test_refuses_a_purpose_that_was_not_offered(self, client, services):
        sign_in(client)
        assert send_file(client, list_file(row(1)), purpose="anything").status_code == 422
        assert services.uploads.list_ids() == []
