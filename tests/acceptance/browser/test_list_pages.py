"""Upload a list, correct its columns, start a campaign, have it approved, watch it: in a browser."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from dispatcher.core.staff import StaffRole
from tests.acceptance.browser.test_staff_pages import picture, sign_in
from tests.factories import row
from tests.integration.web.api_client import list_file
from tests.integration.web.installation import make_staff

#: As a billing system may well write it: an old encoding, a line above the header, titles of its own.
STRANGE = (
    "Ведомость за ноябрь;;;;;\r\n"
    "Код 2;Плательщик;Почтовый ящик;Начислено всего;Согласие;Адрес\r\n"
    "0012345678;Петрова Анна;anna@example.org;1250,40;да;Москва, Тихая, 1\r\n"
    "0012345679;Иванов Пётр;petr@example.org;300,00;да;Москва, Тихая, 2\r\n"
    "9,87E+11;Сидоров Иван;ivan@example.org;10,00;да;Москва, Тихая, 3\r\n"
    "Итого;;;1560,40;;\r\n"
)
MEANING = {
    "Код 2": "account_number",
    "Плательщик": "full_name",
    "Почтовый ящик": "email",
    "Начислено всего": "debt",
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "долги.csv"
    path.write_bytes(list_file(row(1), row(2, account="9,87E+11"), row(3), row(4, consent="нет")))
    return path


@pytest.fixture
def strange_file(tmp_path):
    path = tmp_path / "ведомость.csv"
    path.write_bytes(STRANGE.encode("cp1251"))
    return path


def upload(page: Page, file) -> None:
    page.get_by_role("link", name="Списки").click()
    page.get_by_role("link", name="Загрузить список").first.click()
    picture(page, "upload")
    page.get_by_label("Название списка").fill("Ноябрь")
    page.get_by_label("Файл", exact=True).set_input_files(file)
    page.get_by_role("button", name="Загрузить").click()


def click_through(link: Locator, wanted: Locator) -> None:
    """Click a link of the run's page until what it leads to is there.

    The live page puts its controls in anew when the run changes: a click just then meets a link that is gone.
    """
    for _ in range(4):
        link.click()
        try:
            wanted.wait_for(timeout=20_000)
        except TimeoutError:
            continue
        return
    wanted.wait_for()


def wall(**later: float) -> str:
    """A moment as a field of a form holds it."""
    return f"{datetime.now(ZoneInfo('Europe/Moscow')) + timedelta(**later):%Y-%m-%dT%H:%M}"


def fill_hours(page: Page) -> None:
    page.get_by_label("Правила часов и частоты").select_option("always")
    page.get_by_label("Только рабочие дни").uncheck()
    page.get_by_label("Часы с").fill("00:00")
    page.get_by_label("до", exact=True).fill("00:00")


class TestFromFileToCampaign:
    @pytest.mark.requirement(8, "Store notification lists")
    @pytest.mark.requirement(10, "start and end time")
    def test_upload_report_start_watch(self, page, file):
        sign_in(page)
        upload(page, file)
        expect(page.locator("#recipients")).to_have_text("3")
        expect(page.locator("#rejected")).to_have_text("1")
        expect(page.get_by_text("число вида 1,23E+12")).to_be_visible()
        picture(page, "list")
        with page.expect_download() as download:
            page.get_by_role("link", name="Скачать строки с ошибками").click()
        assert "9,87E+11" in download.value.path().read_text("utf-8-sig")
        page.get_by_role("link", name="Новое задание").click()
        fill_hours(page)
        picture(page, "campaign_form")
        page.get_by_role("button", name="Посмотреть, что будет").click()
        expect(page.locator("#going")).to_have_text("2")
        letter = page.frame_locator("iframe.letter").first.locator("body")
        expect(letter).to_contain_text("Петров Пётр 1")
        picture(page, "campaign_check")
        page.get_by_role("button", name="Запустить: 2").first.click()
        expect(page.locator("#planned")).to_have_text("3")
        page.goto("/lists")
        picture(page, "lists")

    def test_is_readable_on_a_phone(self, page, file):
        page.set_viewport_size({"width": 390, "height": 844})
        sign_in(page)
        upload(page, file)
        expect(page.locator("#recipients")).to_have_text("3")
        columns = page.get_by_role("link", name="Исправить столбцы").get_attribute("href")
        addresses = (
            *(page.url, columns, "/lists", "/lists/upload", "/lists/compare?name=Ноябрь"),
            *("/campaigns/new", "/repeats", "/repeats/new", "/seeds", "/templates"),
            "/templates/debt_reminder",
        )
        for address in addresses:
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


class TestFromAnUglyFileToAnApproval:
    @pytest.mark.requirement(55, "role responsibility")
    def test_correct_the_columns_hand_over_approve_extend_stop(self, open_context, services, strange_file):
        make_staff(services, "approver", StaffRole.APPROVER)
        author, second = (open_context().new_page() for _ in range(2))
        sign_in(author)
        upload(author, strange_file)
        author.get_by_role("link", name="Исправить столбцы").click()
        picture(author, "columns")
        author.get_by_role("button", name="Загрузить с этими столбцами").click()
        expect(author.get_by_role("alert")).to_contain_text("Не найдены")
        for title, field in MEANING.items():
            author.get_by_role("combobox", name=title).select_option(field)
        author.get_by_role("button", name="Загрузить с этими столбцами").click()
        expect(author.locator("#recipients")).to_have_text("2")
        expect(author.locator("#rejected")).to_have_text("1")
        author.get_by_role("link", name="Новое задание").click()
        fill_hours(author)
        author.get_by_text("Ещё настройки").click()
        author.get_by_label("Должен согласовать другой сотрудник").check()
        author.get_by_role("button", name="Посмотреть, что будет").click()
        author.get_by_role("button", name="Передать на согласование: 2").first.click()
        expect(author.locator("#state")).to_have_text("ждёт согласования")
        expect(author.get_by_role("button", name="Согласовать")).to_have_count(0)

        sign_in(second, "approver")
        second.goto(author.url)
        second.get_by_role("link", name="Посмотреть, что будет").click()
        expect(second.locator("#going")).to_have_text("2")
        picture(second, "run_check")
        second.get_by_role("button", name="Согласовать").click()
        expect(second.locator("#answer")).to_contain_text("Согласовано")
        second.get_by_role("link", name="Продлить").click()
        second.get_by_label("Новое окончание").fill(wall(days=3))
        second.get_by_role("button", name="Продлить").click()
        expect(second.locator("#answer")).to_contain_text("Срок продлён")
        click_through(
            second.get_by_role("link", name="Остановить"),
            second.get_by_role("button", name="Остановить навсегда"),
        )
        second.get_by_role("button", name="Остановить навсегда").click()
        expect(second.locator("#answer")).to_contain_text("Уже не уйдёт")
        expect(author.locator("#state")).to_have_text(re.compile("останавливается|завершено"))
