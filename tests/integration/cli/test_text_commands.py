"""`dispatcher seed …`, `template …` and `list versions` through the real command line."""

import pytest

from tests.engine import Engine
from tests.factories import make_list, row, rows


class TestSeed:
    def test_a_colleague_is_added_listed_and_removed(self, engine: Engine, ask, run):
        added = ask("seed", "add", "boss@example.org", "--name", "Ольга", "--zone", "Asia/Omsk")
        [seed] = ask("seed", "list")["seeds"]
        assert (seed["id"], seed["address"], seed["time_zone"]) == (
            added["seed_id"],
            "boss@example.org",
            "Asia/Omsk",
        )
        assert "boss@example.org" in run("seed", "list")
        assert ask("seed", "remove", "boss@example.org") == {"removed": True}
        assert ask("seed", "list") == {"seeds": []}

    def test_who_is_not_there_cannot_be_removed(self, engine: Engine, refuse):
        assert refuse("seed", "remove", "nobody@example.org")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "text"
    made.mkdir()
    (made / "subject.txt").write_text("Долг {{ debt | money }}", "utf-8")
    (made / "body.txt").write_text(
        "{{ full_name }}, заплатите {{ debt | money }} до {{ due_date | date_full }}.", "utf-8"
    )
    return made


class TestTemplate:
    def test_a_text_is_saved_listed_compared_and_shown(self, engine: Engine, ask, run, folder):
        assert ask("template", "save", "debt_reminder", folder)["is_new"] is True
        (folder / "body.txt").write_text("{{ full_name }}, просим заплатить {{ debt | money }}.", "utf-8")
        second = ask("template", "save", "debt_reminder", folder)
        assert ask("template", "save", "debt_reminder", folder)["is_new"] is False
        versions = ask("template", "list", "debt_reminder")["versions"]
        assert {one["version"] for one in versions} >= {second["version"], second["version"] - 1}
        assert {one["created_by"] for one in versions} == {"cli:olga"}
        shown = run("template", "show", "debt_reminder")
        assert "просим заплатить" in shown
        assert ask("template", "show", "debt_reminder")["text"] in shown
        different = run("template", "diff", "debt_reminder", second["version"] - 1, second["version"])
        assert "+{{ full_name }}, просим заплатить {{ debt | money }}." in different
        numbers = (str(second["version"] - 1), str(second["version"]))
        assert ask("template", "diff", "debt_reminder", *numbers)["difference"].strip() == different.strip()

    def test_a_list_is_checked_against_a_text_and_a_letter_shown(
        self, engine: Engine, ask, run, invoke, folder
    ):
        ask("template", "save", "debt_reminder", folder)
        make_list(engine.application, rows(2))
        assert ask("template", "check", "debt_reminder", "--list", "Должники")["checked"] == 2
        letter = run("template", "preview", "debt_reminder", "--list", "Должники", "--position", "2")
        assert "заплатите 1" in letter
        as_json = ask("template", "preview", "debt_reminder", "--list", "Должники", "--position", "2")
        assert as_json["text"].strip() in letter
        assert as_json["file_problem"] is None
        make_list(engine.application, [row(1, due="")])
        lacking = invoke("template", "check", "debt_reminder", "--list", "Должники", "--json")
        assert lacking.exit_code == 2
        assert "due_date" in lacking.stdout

    @pytest.mark.requirement(62, "client groups 1/2/3 are treated differently: a text tells them apart")
    def test_a_text_speaks_to_each_group_in_its_own_way(self, engine: Engine, ask, run, folder):
        words = "{% if customer_group == 3 %}Уважаемые партнёры{% else %}Уважаемый абонент{% endif %}!"
        words += " {{ full_name }}: {{ debt | money }}"
        (folder / "body.txt").write_text(words, "utf-8")
        ask("template", "save", "debt_reminder", folder)
        make_list(engine.application, [row(number, group=str(number)) for number in (1, 2, 3)])
        for position, greeting in ((1, "абонент"), (2, "абонент"), (3, "партнёры")):
            letter = run("template", "preview", "debt_reminder", "--list", "Должники", "--position", position)
            assert greeting in letter

    def test_a_broken_text_is_refused_and_not_kept(self, engine: Engine, refuse, folder):
        (folder / "body.txt").write_text("{{ full_name", "utf-8")
        assert refuse("template", "save", "debt_reminder", folder)
        assert engine.sql("SELECT 1 FROM template_version WHERE created_by = 'cli:olga'") == []


class TestListVersions:
    def test_each_version_says_whether_it_can_be_used_and_why_not(self, engine: Engine, ask, run):
        make_list(engine.application, rows(1))
        make_list(engine.application, rows(1))
        engine.sql("UPDATE recipient_list SET state = 'failed', failure = 'interrupted' WHERE version = 2")
        found = ask("list", "versions", "Должники")["versions"]
        assert [(one["version"], one["state"], one["failure"]) for one in found] == [
            (2, "failed", "interrupted"),
            (1, "frozen", None),
        ]
        assert "Загрузите файл ещё раз" in run("list", "versions")
        assert ask("list", "versions", "нет такого") == {"versions": []}


class TestImport:
    def test_a_purpose_that_nobody_asks_about_is_refused_by_naming_those_there_are(
        self, engine: Engine, invoke, tmp_path
    ):
        done = invoke("import", tmp_path / "any.csv", "--purpose", "meter")
        assert done.exit_code == 2
        assert "meter_reading" in done.output
