"""An outage in a browser: what its scenario asks for, and what it refuses as missing or late."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from dispatcher.core.staff import StaffRole
from tests.acceptance.browser.test_list_pages import fill_hours, upload
from tests.acceptance.browser.test_staff_pages import picture, sign_in
from tests.factories import row
from tests.integration.web.api_client import list_file
from tests.integration.web.installation import make_staff

ITEMS = {
    "Вид работ": "ремонт линии",
    "Причина": "износ опор",
    "Время": "с 9:00 до 17:00",
    "Продолжительность, сроки": "8 часов",
    "Должность ответственного": "главный инженер",
    "ФИО ответственного": "Сидоров Илья Петрович",
    "Телефон для связи": "8-800-000-00-01",
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "отключение.csv"
    path.write_bytes(list_file(row(1), row(2)))
    return path


def day(later: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=later):%Y-%m-%d}"


class TestOutage:
    @pytest.mark.requirement(59, "catalogue of standard texts with owners")
    def test_from_the_catalogue_to_a_campaign(self, page: Page, services, file):
        make_staff(services, "boss", StaffRole.ADMINISTRATOR)
        sign_in(page, "boss")
        upload(page, file)
        expect(page.locator("#recipients")).to_have_text("2")
        page.get_by_role("link", name="Сценарии").click()
        picture(page, "scenarios")
        outage = page.locator("#planned_outage")
        outage.get_by_text("Изменить").first.click()
        outage.get_by_label("Владелец").fill("Служба режимов")
        outage.get_by_label("Дней").fill("3")
        outage.get_by_role("button", name="Изменить").click()
        expect(page.locator("#planned_outage")).to_contain_text("Служба режимов")
        page.locator("#payment_due").get_by_role("link", name="Начать задание").click()
        # The form listens to the choice once its script has run.
        page.wait_for_url("**/campaigns/new*", wait_until="load")
        page.wait_for_function("window.htmx !== undefined")
        page.get_by_label("Сценарий").select_option("planned_outage")
        page.get_by_label("Дата события").fill(day(2))
        for title, value in ITEMS.items():
            page.get_by_label(title).first.fill(value)
        page.get_by_label("Причина").fill("")
        fill_hours(page)
        picture(page, "outage_form")
        page.get_by_role("button", name="Посмотреть, что будет").click()
        expect(page.get_by_role("alert").filter(has_text="«Причина»")).to_be_visible()
        expect(page.get_by_role("alert").filter(has_text="Начинать поздно")).to_be_visible()
        expect(page.get_by_role("button", name="Запустить")).to_have_count(0)
        picture(page, "outage_refused")
        page.get_by_role("button", name="Назад").first.click()
        page.get_by_label("Причина").fill("износ опор")
        page.get_by_label("Дата события").fill(day(5))
        page.get_by_role("button", name="Посмотреть, что будет").click()
        page.get_by_role("button", name="Запустить").first.click()
        expect(page.locator("#planned")).to_have_text("2")

    def test_is_readable_on_a_phone(self, page: Page, file):
        page.set_viewport_size({"width": 390, "height": 844})
        sign_in(page)
        upload(page, file)
        expect(page.locator("#recipients")).to_have_text("2")
        for address in ("/scenarios", "/campaigns/new?scenario=planned_outage"):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
