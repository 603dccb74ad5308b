"""What staff and recipients do in a browser: sign in, watch, pause, stop, unsubscribe."""

import os

import pytest
from playwright.sync_api import Page, expect

from consent.ledger import ConsentEntry, record_consent
from consent.unsubscribe import UnsubscribeLink
from dispatcher.web.services import WebServices
from tests.integration.web.installation import PASSWORD
from tests.integration.web.rows import add_contact, add_run, count_attempts, count_notices

#: Where to keep pictures of the pages for a person to look at; nowhere by default.
PICTURES = os.environ.get("BROWSER_PICTURES")


@pytest.fixture
def run(services: WebServices):
    with services.database.transaction() as session:
        add_run(session, name="Плановое отключение 14 октября", state="scheduled", planned=312, fanned_out=0)
        run = add_run(session, planned=2000, fanned_out=1900)
        count_notices(session, run, "open", 1280)
        count_notices(session, run, "notified", 400, "accepted")
        count_notices(session, run, "blocked", 120, "no_consent")
        count_notices(session, run, "blocked", 30, "no_address")
        count_notices(session, run, "failed", 70, "smtp_550_5.1.1")
        count_attempts(session, run, "planned", 816)
        count_attempts(session, run, "sending", 64)
        count_attempts(session, run, "accepted", 800)
        count_attempts(session, run, "blocked", 150, "no_consent")
        count_attempts(session, run, "failed", 70, "smtp_550_5.1.1")
        return run


def sign_in(page: Page, login: str = "operator") -> None:
    page.goto("/")
    picture(page, "sign_in")
    page.get_by_label("Логин").fill(login)
    page.get_by_label("Пароль").fill(PASSWORD)
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("heading", name="Задания")).to_be_visible()


def picture(page: Page, name: str) -> None:
    """Keep pictures of the page: light, dark, and as on a phone."""
    if not PICTURES:
        return
    desk = page.viewport_size
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=f"{PICTURES}/{name}_{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=f"{PICTURES}/{name}_phone_dark.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.screenshot(path=f"{PICTURES}/{name}_phone.png", full_page=True)
    page.set_viewport_size(desk)


class TestWatching:
    @pytest.mark.requirement(9, "Real-time monitoring of the process")
    def test_numbers_move_while_rows_change(self, page, services, run):
        sign_in(page)
        picture(page, "runs")
        page.get_by_role("link", name="Долги за октябрь").click()
        expect(page.locator("#count-notified")).to_have_text("400")
        page.evaluate("window.stillTheSamePage = true")
        with services.database.transaction() as session:
            count_notices(session, run, "open", -250, shard=5)
            count_notices(session, run, "notified", 250, "accepted", shard=5)
        expect(page.locator("#count-notified")).to_have_text("650")
        assert page.evaluate("window.stillTheSamePage")
        picture(page, "run")

    def test_is_readable_on_a_phone(self, page, run):
        page.set_viewport_size({"width": 390, "height": 844})
        sign_in(page)
        for address in ("/runs", f"/runs/{run}", f"/runs/{run}/stop"):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390

    def test_is_readable_without_scripts(self, open_context, run):
        page = open_context(java_script_enabled=False).new_page()
        sign_in(page)
        page.goto(f"/runs/{run}")
        expect(page.locator("#count-notified")).to_have_text("400")
        page.get_by_role("button", name="Пауза").click()
        expect(page.locator("#state")).to_have_text("на паузе")


class TestActing:
    def test_pause_and_stop_show_the_honest_answer(self, page, run):
        sign_in(page)
        page.goto(f"/runs/{run}")
        page.get_by_role("button", name="Пауза").click()
        answer = page.locator("#answer")
        expect(answer).to_contain_text("Пауза действует.")
        expect(answer).to_contain_text("64")
        expect(page.locator("#state")).to_have_text("на паузе")
        picture(page, "paused")
        page.get_by_role("link", name="Остановить").click()
        expect(page.get_by_role("heading", name="Остановить задание?")).to_be_visible()
        picture(page, "stop")
        page.get_by_role("button", name="Остановить навсегда").click()
        expect(page.locator("#answer")).to_contain_text("Уже не уйдёт")
        expect(page.locator("#state")).to_have_text("останавливается")
        expect(page.get_by_role("button", name="Пауза")).to_have_count(0)

    def test_works_without_a_mouse(self, page, run):
        page.goto("/sign-in")
        expect(page.get_by_label("Логин")).to_be_focused()
        page.keyboard.type("operator")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Задания")).to_be_visible()
        page.goto(f"/runs/{run}")
        page.get_by_role("button", name="Пауза").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#state")).to_have_text("на паузе")


class TestUnsubscribing:
    def test_on_a_phone(self, page, services):
        with services.database.transaction() as session:
            contact = add_contact(session)
            entry = ConsentEntry("email", "debt", "given", "import", "test")
            record_consent(session, contact, entry, services.clock.now())
        token = services.unsubscribe_tokens.make(UnsubscribeLink(contact, "email", "debt"))
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"/u/{token}")
        picture(page, "unsubscribe")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("button", name="Отписаться").click()
        expect(page.get_by_role("heading", name="Вы отписаны")).to_be_visible()
        picture(page, "unsubscribed")
        page.get_by_role("link", name="en", exact=True).click()
        expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
