"""Rules of the house that no single test of behaviour would miss, each held by reading the code."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

import dispatcher.worker  # noqa: F401 - importing it declares every actor
from dispatcher.core.queue import broker
from dispatcher.core.queue_names import QueueName
from dispatcher.delivery.tasks import LANES, WAKE

ROOT = Path(__file__).parents[2]
PACKAGES = ("dispatcher", "channels", "campaigns", "templates", "consent", "reports")
STATES = (
    ("dispatcher.core.queue_names", "QueueName"),
    ("dispatcher.delivery.states", "AttemptState"),
    ("dispatcher.delivery.states", "Trigger"),
    ("dispatcher.delivery.states", "NoticeState"),
    ("dispatcher.delivery.runs", "RunState"),
    ("dispatcher.delivery.bills.states", "BillState"),
    ("dispatcher.delivery.step_plan", "Combination"),
    ("dispatcher.delivery.step_plan", "OnUnknown"),
    ("channels.port", "OutcomeKind"),
    ("campaigns.list_errors", "Severity"),
    ("consent.confirmations", "ConfirmationState"),
    ("consent.confirmations", "Proof"),
    ("consent.sources", "Action"),
    ("consent.sources", "Source"),
    ("dispatcher.delivery.manual_tasks", "ManualTaskState"),
    ("dispatcher.delivery.manual_tasks", "HandWay"),
    ("consent.purposes", "Purpose"),
)
#: The rim writes no SQL: pages, commands, processes, providers. Domain folders, kernel and reports do.
#: Named exceptions ask only whether the database answers, or check the product's account from outside.
RIM = re.compile(r"(channels|dispatcher/(web|cli|embedded))/.*|dispatcher/\w+\.py")
SQL_AT_THE_RIM = frozenset(
    {
        "dispatcher/scheduler.py",
        "dispatcher/cli/doctor.py",
        "dispatcher/cli/demo_summary.py",
        "dispatcher/web/public/health.py",
    }
)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


class TestImports:
    def test_they_go_only_downwards(self) -> None:
        program = Path(sys.executable).parent / "lint-imports"
        done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


class TestQueues:
    def test_every_queue_has_a_worker_and_every_actor_a_known_queue(self) -> None:
        served = {broker.get_actor(name).queue_name for name in broker.get_declared_actors()}
        assert served == {str(queue) for queue in QueueName}

    def test_every_queue_is_a_lane_that_can_be_woken_but_that_of_bills(self) -> None:
        assert set(LANES) == set(WAKE) == set(QueueName) - {QueueName.BILLS}

    def test_no_actor_keeps_the_brokers_defaults(self) -> None:
        for name in broker.get_declared_actors():
            options = broker.get_actor(name).options
            assert {"max_retries", "max_age"} <= set(options), name


class TestSchema:
    def test_there_is_one_newest_migration(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(files("dispatcher") / "migrations"))
        assert len(ScriptDirectory.from_config(config).get_heads()) == 1


class TestCode:
    def test_only_the_database_module_commits(self) -> None:
        places = {name for name, tree in modules() for called, _ in calls(tree) if called.endswith(".commit")}
        assert places == {"dispatcher/core/db.py"}

    def test_no_module_is_called_utils_or_helpers(self) -> None:
        bad = {"utils", "util", "helpers", "helper", "common", "misc"}
        assert [name for name, _ in modules() if Path(name).stem in bad] == []

    def test_no_clock_is_asked_for_naive_time(self) -> None:
        bad = {"datetime.utcnow", "datetime.datetime.utcnow", "datetime.today", "datetime.datetime.today"}
        naive = [
            f"{name}:{call.lineno}"
            for name, tree in modules()
            for called, call in calls(tree)
            if called in bad
            or (called in {"datetime.now", "datetime.datetime.now"} and not call.args and not call.keywords)
        ]
        assert naive == []

    def test_the_rim_writes_no_sql(self) -> None:
        astray = {
            name
            for name, tree in modules()
            if RIM.fullmatch(name) and name not in SQL_AT_THE_RIM
            for called, _ in calls(tree)
            if called in {"text", "sqlalchemy.text", "sa.text"} and _imports_text(tree)
        }
        assert astray == set()

    @pytest.mark.parametrize(("module", "name"), STATES)
    def test_every_state_is_explained(self, module: str, name: str) -> None:
        words = getattr(import_module(module), name)
        assert issubclass(words, StrEnum)
        source = inspect.getsource(words)
        for word in words:
            explained = rf"#: .+\n\s+{word.name} =|^\s+{word.name} = .*#: .+"
            assert re.search(explained, source, re.MULTILINE), f"{name}.{word.name}"


def _imports_text(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("sqlalchemy")
        and any(alias.name == "text" for alias in node.names)
        for node in ast.walk(tree)
    )
