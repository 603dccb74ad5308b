"""The ledger of a contact and the manual list in a browser, at the desk and on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from dispatcher.web.app import create_app
from dispatcher.web.services import WebServices
from tests.acceptance.browser.test_staff_pages import picture, sign_in
from tests.factories import row
from tests.integration.web.api_client import ApiClient, list_file, make_key


@pytest.fixture
def people(services: WebServices) -> Iterator[None]:
    with TestClient(create_app(services)) as client:
        api = ApiClient(client, make_key(services))
        api.imported("november", list_file(row(1), row(2, consent="")))
        yield


def is_narrow(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


class TestContacts:
    def test_staff_find_a_person_record_what_was_said_and_see_it(self, page: Page, people: None) -> None:
        sign_in(page)
        page.get_by_role("link", name="Контакты и согласия").click()
        page.get_by_label("Лицевой счёт, e-mail").fill("person1@example.org")
        page.get_by_role("button", name="Найти").click()
        picture(page, "contacts")
        page.get_by_role("link", name="person1@example.org").click()
        page.get_by_label("Цель").select_option("outage")
        page.get_by_label("Документ: номер бумаги").fill("бланк 17")
        page.get_by_role("button", name="Согласен", exact=True).click()
        expect(page.get_by_text("Согласие записано.")).to_be_visible()
        expect(page.get_by_text("бланк 17")).to_be_visible()
        picture(page, "contact")
        page.set_viewport_size({"width": 390, "height": 844})
        for address in (page.url, "/contacts", "/contacts/stale", "/contacts/import", "/manual"):
            page.goto(address)
            assert is_narrow(page), address
        picture(page, "manual_empty")
