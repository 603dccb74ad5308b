"""Texts of notices by the pages: versions, preview with a recipient, check of a list."""

from base64 import b64decode

import pytest
from sqlalchemy import text

from channels.voice.speech.wav import read_wav
from dispatcher.core.staff import StaffRole
from templates.rendering import TemplateText
from templates.service import save_template
from tests.artifacts import keep_artifact
from tests.factories import row
from tests.integration.web.api_client import list_file
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff
from tests.integration.web.list_pages import upload_list


@pytest.fixture
def signed_in(client):
    sign_in(client)
    upload_list(client, list_file(row(1), row(2, debt="")))
    return client


@pytest.fixture
def versions(services):
    """Two versions of the staff's own."""
    with services.database.transaction() as session:
        for words in ("Здравствуйте", "Добрый день"):
            texts = TemplateText("Долг", f"{words}, {{{{ full_name }}}}! {{{{ debt | money }}}}")
            now = services.clock.refresh(session)
            save_template(
                session, name="debt_reminder", language="ru", texts=texts, actor="staff:anna", now=now
            )


def trial(client, action: str = "preview", name: str = "debt_reminder", **fields: str):
    data = {"csrf_token": csrf(client), "list_name": "ноябрь", **fields}
    return client.post(f"/templates/{name}/{action}", data=data)


class TestVersions:
    def test_built_in_texts_are_there_before_any_campaign(self, client):
        sign_in(client)
        page = client.get("/templates").text
        assert "Напоминание о задолженности" in page
        assert "встроенный" in page
        assert "{{ " in client.get("/templates/debt_reminder").text

    def test_calls_are_among_them_with_their_sections_and_keys(self, client):
        sign_in(client)
        assert "/templates/debt_reminder_voice?language=ru" in client.get("/templates").text
        page = client.get("/templates/debt_reminder_voice").text
        assert "[кто у телефона]" in page
        assert "3 = не тот человек" in page

    def test_the_newest_is_shown_and_compared_with_an_older_one(self, client, versions):
        sign_in(client)
        page = client.get("/templates/debt_reminder").text
        assert "Добрый день" in page
        assert "staff:anna" in page
        page = client.get("/templates/debt_reminder", params={"version": 2, "other": 1}).text
        assert "-Здравствуйте" in page
        assert "+Добрый день" in page

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/templates/unheard_of", 404),
            ("/templates/debt_reminder?version=99", 404),
            ("/templates/debt_reminder?language=de", 400),
            ("/templates/..%00", 400),
        ],
    )
    def test_what_does_not_exist_is_a_page_that_says_so(self, client, path, status):
        sign_in(client)
        assert client.get(path).status_code == status


class TestPreview:
    @pytest.mark.requirement(1, "typical (templated) information")
    def test_shows_the_letter_of_any_recipient_and_keeps_who_looked(self, signed_in, services):
        answer = trial(signed_in, account="0000000001")
        assert answer.status_code == 200
        assert "Петров" in answer.text
        assert 'sandbox=""' in answer.text
        assert "0000000001" not in str(answer.url)
        assert "/u/" not in answer.text
        with services.database.transaction() as session:
            actor = session.execute(
                text("SELECT actor FROM audit_event WHERE action = 'template.previewed'")
            ).scalar_one()
        assert actor == "staff:operator"

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"account": "404"}, "нет такого получателя"),
            ({"position": "99"}, "нет такого получателя"),
            ({"position": "первый"}, "не подходящее число"),
            ({"list_name": "нет такого"}, "Нет готового списка"),
            ({"language": "de"}, "значение из списка"),
        ],
    )
    def test_a_fault_is_said_in_words(self, signed_in, fields, words):
        answer = trial(signed_in, **fields)
        assert answer.status_code == 422
        assert words in answer.text

    def test_what_a_campaign_gives_to_all_can_be_typed_here_too(self, signed_in):
        assert 'name="common_work_kind"' in signed_in.get("/templates/planned_outage").text
        page = trial(signed_in, name="meter_readings", common_submit_by="2026-12-25")
        assert page.status_code == 200
        assert "25 декабря" in page.text.partition('id="preview"')[2].partition("</section>")[0]

    def test_a_call_can_be_heard_and_is_kept_for_listening(self, signed_in):
        """The sound stays in the folder of artifacts, so that somebody can listen to what a build says."""
        assert "Прослушать" in signed_in.get("/templates/debt_reminder_voice").text
        heard = trial(signed_in, action="sound", name="debt_reminder_voice")
        assert heard.status_code == 200
        assert "no-store" in heard.headers["cache-control"]
        assert "media-src data:" in heard.headers["content-security-policy"]
        assert "media-src" not in trial(signed_in).headers["content-security-policy"]
        content = b64decode(heard.text.partition('src="data:audio/wav;base64,')[2].partition('"')[0])
        sound = read_wav(content)
        assert 20 < sound.seconds < 120
        assert max(sound.samples) > 3000
        assert "Вам звонит" in heard.text
        keep_artifact("debt_reminder.wav", content)

        refused = trial(signed_in, action="sound")
        assert refused.status_code == 422
        assert "/debt_reminder/sound" not in refused.text

    @pytest.mark.parametrize(
        ("name", "button", "heading"),
        [
            ("debt_reminder", "Показать письмо", "Письмо получателю"),
            ("debt_reminder_sms", "Показать СМС", "СМС получателю"),
            ("debt_reminder_voice", "Показать звонок", "Звонок получателю"),
        ],
    )
    def test_each_channel_is_called_by_its_name(self, signed_in, name, button, heading):
        assert button in signed_in.get(f"/templates/{name}").text
        assert heading in trial(signed_in, name=name).text

    def test_an_auditor_sees_no_recipient(self, signed_in, services):
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(signed_in, "auditor")
        assert signed_in.get("/templates/debt_reminder").status_code == 200
        assert trial(signed_in).status_code == 403


class TestCheck:
    def test_counts_for_whom_a_field_is_empty(self, signed_in):
        page = trial(signed_in, "check").text
        assert "Поле «debt» пусто у 1 из 2." in page

    def test_says_when_all_is_well(self, client):
        sign_in(client)
        upload_list(client, list_file(row(1)))
        assert "Все нужные поля заполнены" in trial(client, "check").text
