"""Upload a list, read its report, start a campaign, watch it: in a browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.browser.test_staff_pages import picture, sign_in
from tests.factories import row
from tests.integration.web.api_client import list_file


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "долги.csv"
    path.write_bytes(list_file(row(1), row(2, account="9,87E+11"), row(3), row(4, consent="нет")))
    return path


def upload(page: Page, file) -> None:
    page.get_by_role("link", name="Списки").click()
    page.get_by_role("link", name="Загрузить список").first.click()
    picture(page, "upload")
    page.get_by_label("Название списка").fill("Ноябрь")
    page.get_by_label("Файл", exact=True).set_input_files(file)
    page.get_by_role("button", name="Загрузить").click()


class TestFromFileToCampaign:
    @pytest.mark.requirement(8, "Store notification lists")
    @pytest.mark.requirement(10, "start and end time")
    def test_upload_report_start_watch(self, page, file):
        sign_in(page)
        upload(page, file)
        expect(page.locator("#recipients")).to_have_text("3", timeout=15_000)
        expect(page.locator("#rejected")).to_have_text("1")
        expect(page.get_by_text("число вида 1,23E+12")).to_be_visible()
        picture(page, "list")
        with page.expect_download() as download:
            page.get_by_role("link", name="Скачать строки с ошибками").click()
        assert "9,87E+11" in download.value.path().read_text("utf-8-sig")
        page.get_by_role("link", name="Новое задание").click()
        page.get_by_label("Правила часов и частоты").select_option("always")
        page.get_by_label("Только рабочие дни").uncheck()
        page.get_by_label("Часы с").fill("00:00")
        page.get_by_label("до", exact=True).fill("00:00")
        picture(page, "campaign_form")
        page.get_by_role("button", name="Посмотреть, что будет").click()
        expect(page.locator("#going")).to_have_text("2")
        picture(page, "campaign_check")
        page.get_by_role("button", name="Запустить: 2").click()
        expect(page.locator("#planned")).to_have_text("3")
        page.goto("/lists")
        picture(page, "lists")

    def test_is_readable_on_a_phone(self, page, file):
        page.set_viewport_size({"width": 390, "height": 844})
        sign_in(page)
        upload(page, file)
        expect(page.locator("#recipients")).to_have_text("3", timeout=15_000)
        for address in (page.url, "/lists", "/lists/upload", "/campaigns/new"):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
