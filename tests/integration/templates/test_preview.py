"""Previews with real recipients, checks of whole lists, and the commands of staff."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from campaigns.errors import CampaignError, UnknownListError
from campaigns.preview import Preview, PreviewRequest, UnknownRecipientError, check_list, preview_template
from dispatcher.bootstrap import Application, build_renderer
from templates.attachment_rules import AttachmentRule
from templates.errors import UnknownTemplateError
from templates.rendering import TemplateText
from templates.service import save_template
from tests.conftest import SECRET_KEY
from tests.engine import Engine
from tests.factories import make_campaign, make_list, row, rows

COMMAND_SECONDS = 100


def preview(application: Application, **wanted: Any) -> Preview:
    request = PreviewRequest(**{"template": "debt_reminder", "list_name": "Должники", **wanted})
    with application.database.transaction() as session:
        now = application.clock.refresh(session)
        return preview_template(session, build_renderer(application), request, actor="anna", now=now)


def save(application: Application, texts: TemplateText, name: str = "own") -> None:
    with application.database.transaction() as session:
        now = application.clock.refresh(session)
        save_template(session, name=name, language="ru", texts=texts, actor="anna", now=now)


class TestPreview:
    def test_it_is_exactly_what_will_be_sent(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, name="Иванова Анна Петровна"), row(2)])
        seen = preview(engine.application, account="0000000001").envelope
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        sent = next(one for one in engine.email.sent if one.address == "person1@example.org")
        assert (seen.subject, seen.text, seen.html) == (sent.subject, sent.text, sent.html)

    def test_what_a_campaign_gives_to_all_stands_in_it_and_fills_the_gaps_of_a_check(
        self, application: Application
    ) -> None:
        make_list(application, [row(1)])
        common = {
            **{"event_date": "25.12.2026", "work_kind": "ремонт линии", "reason": "износ", "duration": "час"},
            **{"event_time": "с 9:00", "contact_phone": "8-800", "responsible_name": "Сидоров"},
            "responsible_position": "инженер",
        }
        seen = preview(application, template="planned_outage", common_fields=common).envelope.text
        assert "ремонт линии" in seen
        assert "25 декабря" in seen
        with application.database.transaction() as session:
            bare = check_list(session, "planned_outage", "Должники")
            filled = check_list(session, "planned_outage", "Должники", common_fields=common)
        assert set(bare.missing) - set(filled.missing) == set(common)
        with pytest.raises(CampaignError):
            preview(application, common_fields={"event_date": "скоро"})

    def test_a_recipient_is_found_by_account_or_position_whatever_their_consent(
        self, application: Application
    ) -> None:
        make_list(application, [row(1), row(2, consent="нет", name="Олег Второй")])
        assert "Олег Второй" in preview(application, account="0000000002").envelope.text
        assert "Олег Второй" in preview(application, position=2).envelope.text
        with pytest.raises(UnknownRecipientError):
            preview(application, account="777")
        with pytest.raises(UnknownListError):
            preview(application, list_name="нет такого")
        with pytest.raises(UnknownTemplateError):
            preview(application, template="nothing")

    @pytest.mark.requirement(51, "personal data only for organising electricity supply; protected")
    def test_each_look_is_on_record_by_ids_only(self, application: Application) -> None:
        make_list(application, [row(1, name="Иванова Анна Петровна")])
        preview(application, position=1)
        with application.database.transaction() as session:
            event = session.execute(
                text("SELECT * FROM audit_event WHERE action = 'template.previewed'")
            ).one()
            recipient = session.execute(text("SELECT id FROM recipient")).scalar_one()
        assert (event.actor, event.subject_id) == ("anna", str(recipient))
        assert set(event.after) == {"template", "language", "version", "list"}
        assert "Анна" not in json.dumps(event.after, ensure_ascii=False)

    def test_a_short_text_is_shown_with_its_phone_its_parts_and_what_makes_it_ucs2(
        self, application: Application
    ) -> None:
        make_list(application, rows(1))
        found = preview(application, template="debt_reminder_sms")
        assert found.envelope.address == "+79000000001"
        assert found.length is not None
        assert (found.length.alphabet, found.length.parts) == ("ucs2", 3)
        assert "Э" in found.length.foreign
        assert preview(application).length is None

    @pytest.mark.requirement(61, "what each key does is shown before anybody is called")
    def test_a_call_is_shown_as_text_with_its_keys_and_made_a_script(self, application: Application) -> None:
        make_list(application, [row(1, name="Иванова Анна Петровна")])
        envelope = preview(application, template="debt_reminder_voice").envelope
        assert envelope.address == "+79000000001"
        for shown in (
            "Сообщение для Ивановой Анны Петровны.",
            "  1: это я\n  3: не тот человек\n  9: больше не звонить",
            "[сведения]\nПо лицевому счёту 0000000001",
            "автоответчику: нейтральный текст",
        ):
            assert shown in envelope.text
        assert envelope.call is not None
        assert [type(part).__name__ for part in envelope.call.parts] == ["Say", "Ask", "Say", "Say", "Ask"]
        assert envelope.call.parts[2].phrases[0].text.startswith("По лицевому счёту")
        assert envelope.html is None

    def test_a_missing_file_is_told_and_the_text_still_shown(self, application: Application) -> None:
        make_list(application, rows(1))
        save(application, TemplateText("Счёт", "Счёт {{ full_name }}", None, (AttachmentRule("Файл"),)))
        found = preview(application, template="own")
        assert found.envelope.text.startswith("Счёт Петров")
        assert found.file_problem is not None


class TestCheckList:
    @pytest.mark.requirement(39, "debt/due templates should be able to carry term, period and contact")
    def test_what_a_list_lacks_is_counted_over_all_recipients(self, application: Application) -> None:
        make_list(application, [row(1), row(2, due=""), row(3, due="")])
        with application.database.transaction() as session:
            report = check_list(session, "payment_due", "Должники")
            assert report.empty == {"due_date": 2}
            assert report.missing == ()
            assert report.checked == 3
            assert check_list(session, "debt_reminder", "Должники").is_ready

    def test_a_field_that_is_nowhere_in_the_list_is_missing(self, application: Application) -> None:
        make_list(application, rows(2))
        save(application, TemplateText("Долг", "{{ tariff }} {{ full_name }}"))
        with application.database.transaction() as session:
            assert check_list(session, "own", "Должники").missing == ("tariff",)


def run(application: Application, *arguments: str, code: int = 0) -> str:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DISPATCHER_")},
        "DISPATCHER_DATABASE_URL": application.addresses.database_url,
        "DISPATCHER_REDIS_URL": application.addresses.redis_url,
        "DISPATCHER_SECRET_KEY": SECRET_KEY,
        "USER": "anna",
    }
    done = subprocess.run(
        [sys.executable, "-m", "dispatcher", "template", *arguments],
        env=environment,
        cwd=application.settings.data_directory,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


class TestCommands:
    @pytest.mark.requirement(59, "shared template library with owners")
    def test_staff_save_compare_check_and_preview(self, application: Application, tmp_path: Path) -> None:
        make_list(application, [row(1, name="Иванова Анна Петровна", due="")])
        folder = tmp_path / "own"
        folder.mkdir()
        (folder / "subject.txt").write_text("Долг {{ debt | money }}\n", "utf-8")
        (folder / "body.txt").write_text("{{ full_name | name_case('дательный') }}\n", "utf-8")
        (folder / "body.html").write_text("<p>{{ full_name }}</p>", "utf-8")
        assert "версия 1" in run(application, "save", "own", str(folder))
        (folder / "body.txt").write_text("{{ full_name }}: до {{ due_date | date_full }}\n", "utf-8")
        assert '"version": 2' in run(application, "save", "own", str(folder), "--json")
        assert "+{{ full_name }}: до" in run(application, "diff", "own", "1", "2")
        assert "anna" in run(application, "list", "own")
        assert "поле «due_date» пусто у 1 из 1" in run(
            application, "check", "own", "--list", "Должники", code=2
        )
        page = tmp_path / "page.html"
        shown = run(
            *(application, "preview", "own", "--list", "Должники", "--account", "0000000001"),
            *("--version", "1", "--html", str(page)),
        )
        assert "Ивановой Анне Петровне" in shown
        assert page.read_text("utf-8") == "<p>Иванова Анна Петровна</p>"
        assert "нет шаблона" in run(application, "show", "nothing", code=1)
