"""Commands run in this process, on the database and with the clock of the test's own engine."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from dispatcher.cli.app import app
from tests.conftest import SECRET_KEY

Run = Callable[..., str]
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def invoke(engine, database_url, redis_url, tmp_path, monkeypatch):
    """Run a command; its result, whatever that is."""
    values = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": SECRET_KEY,
        "DATA_DIRECTORY": str(tmp_path),
        "ALLOW_CLOCK_MOVES": "true",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"DISPATCHER_{name}", value)
    monkeypatch.setenv("USER", "olga")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def run(invoke) -> Run:
    """Run a command that must succeed; what it prints."""

    def succeed(*arguments: object) -> str:
        done = invoke(*arguments)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout

    return succeed


@pytest.fixture
def ask(run) -> Ask:
    """Run a command with --json; its object."""
    return lambda *arguments: json.loads(run(*arguments, "--json"))


@pytest.fixture
def refuse(invoke) -> Run:
    """Run a command that must be refused; what it says."""

    def fail(*arguments: object) -> str:
        done = invoke(*arguments)
        assert done.exit_code != 0, done.output
        return str(done.exception)

    return fail
