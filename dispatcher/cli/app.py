"""All commands in one place, and the one place where errors become plain words and exit codes."""

import sys
from typing import Final

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.markup import escape
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from dispatcher.cli import (
    api_key,
    calendar,
    campaign,
    clock,
    consent,
    demo,
    dkim,
    doctor,
    lists,
    person,
    personal_data,
    policy,
    processes,
    returns,
    seed,
    staff,
    task,
    template,
    up,
)
from dispatcher.cli.console import errors
from dispatcher.core.db import is_database_gone
from dispatcher.core.errors import DispatcherError
from dispatcher.embedded.errors import EmbeddedError

EXIT_FAULT: Final = 1

app = typer.Typer(
    name="dispatcher",
    help="Notification and mass-informing dispatcher for energy-supply companies.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
up.add_to(app)
processes.add_to(app)
lists.add_to(app)
app.add_typer(campaign.app, name="campaign")
app.add_typer(seed.app, name="seed")
app.add_typer(template.app, name="template")
app.add_typer(consent.app, name="consent")
app.add_typer(person.person_app, name="person")
personal_data.add_to(person.person_app)
app.add_typer(person.contact_app, name="contact")
app.add_typer(task.app, name="task")
app.add_typer(personal_data.retention_app, name="retention")
app.add_typer(policy.app, name="policy")
app.add_typer(calendar.app, name="calendar")
app.add_typer(returns.stop_list_app, name="stop-list")
app.add_typer(returns.domain_app, name="domain")
app.add_typer(returns.letter_app, name="letter")
app.add_typer(staff.app, name="staff")
app.add_typer(api_key.app, name="api-key")
app.add_typer(dkim.app, name="dkim")
doctor.add_to(app)
demo.add_to(app)
clock.add_to(app)


def main() -> None:
    """Run the command; errors that a person can act on end it with their message and exit code 1."""
    try:
        app()
    except (DispatcherError, EmbeddedError) as error:
        _fail(str(error))
    except (ValidationError, SettingsError) as error:
        _fail(_settings_in_words(error))
    except (ArgumentError, NoSuchModuleError):
        _fail(
            "DISPATCHER_DATABASE_URL is not a PostgreSQL address: write postgresql://user:password@host/name"
        )
    except DBAPIError as error:
        if not is_database_gone(error):
            raise
        _fail("PostgreSQL cannot be reached or has no room: run `dispatcher doctor` to see what is wrong")
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(message: str) -> None:
    errors.print(f"[red]{escape(message)}[/red]", highlight=False)
    sys.exit(EXIT_FAULT)


def _settings_in_words(error: ValidationError | SettingsError) -> str:
    if isinstance(error, SettingsError):
        return f"the settings cannot be read: {error}"
    faults = [
        f"  DISPATCHER_{'__'.join(str(part) for part in one['loc']).upper()}: {one['msg']}"
        for one in error.errors(include_input=False)
    ]
    return "\n".join(["these settings cannot be used (environment, .env or dispatcher.toml):", *faults])
