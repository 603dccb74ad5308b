"""The commands about personal data, as an administrator types them."""

import json

import pytest
from sqlalchemy import text

from tests.factories import contact_of, make_campaign, make_list, rows

EMAIL = "person1@example.org"


@pytest.fixture
def person(engine):
    make_list(engine.application, rows(2))
    engine.start(make_campaign(engine.application).run_id)
    engine.work()
    contact_of(engine.application, EMAIL)
    with engine.application.database.transaction() as session:
        query = text("SELECT person_id FROM contact_point WHERE address = :address")
        return session.execute(query, {"address": EMAIL}).scalar_one()


def close(engine):
    engine.advance(hours=30)
    engine.work()


class TestExport:
    def test_writes_a_file_for_its_owner_alone_and_never_over_another(self, invoke, run, person, tmp_path):
        run("person", "export", person, "--file", "out.json")
        written = tmp_path / "out.json"
        assert json.loads(written.read_text())["person_id"] == str(person)
        assert written.stat().st_mode & 0o077 == 0
        assert invoke("person", "export", person, "--file", "out.json").exit_code != 0
        run("person", "export", person, "--html", "--file", "out.html")
        assert EMAIL in (tmp_path / "out.html").read_text()


class TestErase:
    def test_from_erasing_to_a_restored_backup(self, engine, invoke, run, person, tmp_path):
        refused = invoke("person", "erase", person, "--reason", "заявление № 7", "--yes")
        assert "need this person" in str(refused.exception)
        close(engine)
        assert run("person", "erase", person, "--reason", "заявление № 7", "--yes").strip() == "Удалено."
        assert "раньше" in run("person", "erase", person, "--reason", "заявление № 7", "--yes")
        run("person", "erased", "--file", "erased.jsonl")
        kept = (tmp_path / "erased.jsonl").read_text()
        assert str(person) in kept
        assert EMAIL not in kept
        assert "были удалены и в копии: 1" in run("person", "reapply", "erased.jsonl")
        proof = run("person", "prove", EMAIL)
        assert "email debt: given (import)" in proof
        assert "email *: withdrawn (erasure)" in proof

    def test_a_list_that_is_none_is_refused_with_its_line(self, invoke, engine, tmp_path):
        (tmp_path / "bad.jsonl").write_text("\n{}\n")
        assert "line 2" in str(invoke("person", "reapply", "bad.jsonl").exception)


class TestRetention:
    def test_says_why_and_how_long_and_purges_on_demand(self, engine, run):
        said = run("retention", "show")
        assert "доставлять сообщения" in said
        assert "1096 дн." in said
        assert "Готово" in run("retention", "run")
