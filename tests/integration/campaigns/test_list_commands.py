"""The commands about lists, on a database of the test's own."""

import json

import pytest
from typer.testing import CliRunner

from dispatcher.cli.app import app
from tests.factories import row, write_list


@pytest.fixture
def ask(database_url, redis_url, tmp_path, monkeypatch):
    values = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a long secret key for tests only",
        "DATA_DIRECTORY": str(tmp_path),
    }
    for name, value in values.items():
        monkeypatch.setenv(f"DISPATCHER_{name}", value)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        done = CliRunner().invoke(app, list(arguments))
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout

    return run


class TestCommands:
    def test_a_list_is_checked_imported_compared_and_its_bad_rows_fetched(self, ask, tmp_path):
        first = write_list(tmp_path / "a.csv", [row(1), row(2, account="1,2E+9")])
        second = write_list(tmp_path / "b.csv", [row(1, debt="7,00")])
        checked = json.loads(ask("import", str(first), "--check", "--json"))
        assert checked["columns"]["Сумма долга"] == "debt"
        mapping = ("--source", "billing", "--map", "Договор=", "--save-mapping")
        imported = json.loads(ask("import", str(first), "--name", "n", *mapping, "--json"))
        assert (imported["recipients"], imported["rejected"], imported["version"]) == (1, 1, 1)
        ask("list-problems", imported["list_id"], "--save-rejected")
        assert "Причина" in (tmp_path / "a-ошибки.csv").read_text("utf-8-sig")
        assert "1,2E+9" not in ask("list-problems", imported["list_id"])
        ask("import", str(second), "--name", "n", "--json")
        assert json.loads(ask("list", "diff", "n", "--json"))["debt"] == 1
        assert "billing" in ask("mapping", "list")
        assert json.loads(ask("mapping", "show", "billing", "--json"))["columns"]["Договор"] == ""
        ask("mapping", "delete", "billing")
        assert json.loads(ask("mapping", "list", "--json")) == {"mappings": []}
