"""Versions of templates: never changed, compared, audited; the staff's text wins, runs stay pinned."""

from typing import Any

import pytest
from sqlalchemy import text

from dispatcher.bootstrap import Application
from templates.bundled import builtin_template
from templates.errors import ForbiddenConstructError, TemplateError, TemplateSourceError, UnknownTemplateError
from templates.rendering import TemplateText
from templates.repository import SavedVersion, get_version, list_versions
from templates.service import compare_versions, read_version, save_template, seed_builtin
from tests.engine import Engine
from tests.factories import make_campaign, make_list, row

OWN = TemplateText("Ваш долг {{ debt | money }}", "Своими словами: {{ full_name }}, {{ debt | money }}")


def save(application: Application, texts: TemplateText = OWN, **changes: Any) -> SavedVersion:
    with application.database.transaction() as session:
        now = application.clock.refresh(session)
        values = {"name": "debt_reminder", "language": "ru", "actor": "anna", **changes}
        return save_template(session, texts=texts, now=now, **values)


def seed(application: Application) -> Any:
    with application.database.transaction() as session:
        now = application.clock.refresh(session)
        return seed_builtin(session, "debt_reminder", "ru", actor="system", now=now)


class TestSaveTemplate:
    def test_each_new_text_is_a_new_version_and_the_old_one_stays(self, application: Application) -> None:
        first, second = save(application), save(application, TemplateText("Тема", OWN.text + "!"))
        assert (first.version, second.version) == (1, 2)
        with application.database.transaction() as session:
            assert read_version(session, "debt_reminder", "ru", 1).texts == OWN
            newest = read_version(session, "debt_reminder", "ru")
            assert (newest.version, newest.created_by, newest.origin) == (2, "anna", "staff")
            assert [one.version for one in list_versions(session, "debt_reminder")] == [2, 1]

    def test_the_same_text_again_is_the_same_version(self, application: Application) -> None:
        first, again = save(application), save(application)
        assert first.id == again.id
        assert not again.is_new

    def test_saving_is_on_record_without_the_text(self, application: Application) -> None:
        saved = save(application)
        with application.database.transaction() as session:
            event = session.execute(text("SELECT * FROM audit_event WHERE action = 'template.saved'")).one()
        assert (event.actor, event.subject_id) == ("anna", str(saved.id))
        assert event.after == {"version": 1}

    def test_css_is_inlined_and_the_source_is_kept_for_editing(self, application: Application) -> None:
        html = "<html><head><style>p{color:red}</style></head><body>"
        html += "<p>{{ debt | money }}</p>{{ full_name }}</body></html>"
        save(application, TemplateText("Тема", OWN.text, html))
        with application.database.transaction() as session:
            view = read_version(session, "debt_reminder", "ru")
        assert view.texts.html is not None
        assert '<p style="color: red;">{{ debt | money }}</p>' in view.texts.html
        assert view.html_source == html

    @pytest.mark.parametrize(
        ("texts", "error"),
        [
            (TemplateText("Тема", " ", "<p>только HTML</p>"), TemplateError),
            (TemplateText("Тема", "{{ x"), TemplateSourceError),
            (TemplateText("Тема", "{% set x = 1 %}"), ForbiddenConstructError),
        ],
    )
    def test_what_cannot_be_sent_is_not_saved(
        self, application: Application, texts: TemplateText, error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            save(application, texts)
        with application.database.transaction() as session:
            assert list_versions(session) == []

    @pytest.mark.parametrize("name", ["", "../x", "Долг", "A", "a" * 65])
    def test_a_name_is_a_plain_word(self, application: Application, name: str) -> None:
        with pytest.raises(TemplateError):
            save(application, name=name)

    def test_an_unknown_version_is_named_so(self, application: Application) -> None:
        save(application)
        with application.database.transaction() as session, pytest.raises(UnknownTemplateError):
            read_version(session, "debt_reminder", "ru", 7)


class TestCompareVersions:
    def test_the_difference_is_shown_line_by_line(self, application: Application) -> None:
        save(application)
        save(application, TemplateText(OWN.subject, OWN.text + "\nПозвоните нам."))
        with application.database.transaction() as session:
            difference = compare_versions(session, "debt_reminder", "ru", 1, 2)
            assert compare_versions(session, "debt_reminder", "ru", 2, 2) == ""
        assert "+Позвоните нам." in difference
        assert "debt_reminder.ru v1" in difference


class TestSeeds:
    def test_a_seed_is_written_once_and_never_over_a_text_of_the_staff(
        self, application: Application
    ) -> None:
        assert seed(application) == seed(application)
        saved = save(application)
        assert saved.version == 2
        assert seed(application) == saved.id

    @pytest.mark.requirement(1, "typical (templated) information")
    @pytest.mark.requirement(59, "shared template library with owners")
    def test_new_campaigns_take_the_text_of_the_staff_and_running_ones_stay_pinned(
        self, engine: Engine
    ) -> None:
        make_list(engine.application, [row(1, name="Анна Первая", debt="1250,40")])
        before = make_campaign(engine.application, name="до").run_id
        save(engine.application)
        after = make_campaign(engine.application, name="после").run_id
        again = make_campaign(engine.application, name="ещё").run_id
        for run in (before, after, again):
            engine.start(run)
        while engine.work():
            pass
        texts = [letter.text for letter in engine.email.sent]
        assert sum("Своими словами" in one for one in texts) == 2
        assert sum("Это автоматическое сообщение" in one for one in texts) == 1
        with engine.application.database.transaction() as session:
            newest = get_version(session, "debt_reminder", "ru")
        assert newest is not None
        assert newest.version == 2

    def test_a_newer_built_in_text_follows_an_older_one(self, application: Application) -> None:
        old = seed(application)
        with application.database.transaction() as session:
            session.execute(text("UPDATE template_version SET content_hash = 'x'"))
        assert seed(application) != old
        with application.database.transaction() as session:
            newest = read_version(session, "debt_reminder", "ru")
        assert newest.version == 2
        assert newest.texts == builtin_template("debt_reminder")
