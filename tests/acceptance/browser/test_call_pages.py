"""What calls say, heard in a browser: the call of one recipient, and a recording."""

from playwright.sync_api import Page, expect

from tests.acceptance.browser.test_list_pages import upload
from tests.acceptance.browser.test_staff_pages import picture, sign_in
from tests.factories import row
from tests.integration.web.api_client import list_file
from tests.integration.web.test_prompts import GOOD

PLAYABLE = """async () => {
    const sound = document.querySelector("audio");
    sound.load();
    await new Promise((done, failed) => {
        sound.addEventListener("loadedmetadata", done);
        sound.addEventListener("error", () => failed(new Error("it cannot be played")));
    });
    return sound.duration;
}"""


def seconds_of_sound(page: Page) -> float:
    """How long the browser can play the first player of the page."""
    page.wait_for_selector("audio")
    return float(page.evaluate(PLAYABLE))


class TestSound:
    def test_the_call_of_a_recipient_is_played_beside_its_words(self, page, tmp_path):
        path = tmp_path / "долги.csv"
        path.write_bytes(list_file(row(1)))
        sign_in(page)
        upload(page, path)
        expect(page.locator("#recipients")).to_have_text("1")
        page.goto("/templates/debt_reminder_voice")
        page.get_by_role("button", name="Прослушать").click()
        assert seconds_of_sound(page) > 20
        assert "Вам звонит" in page.locator("#preview").inner_text()
        picture(page, "call-heard")

    def test_an_uploaded_recording_is_played(self, page, tmp_path):
        path = tmp_path / "приветствие.wav"
        path.write_bytes(GOOD)
        sign_in(page)
        page.get_by_role("link", name="Записи для звонков").click()
        page.get_by_label("Название").fill("Приветствие")
        page.get_by_label("Файл", exact=True).set_input_files(path)
        page.get_by_role("button", name="Загрузить").click()
        assert 0.4 < seconds_of_sound(page) < 0.6
        picture(page, "prompts")
