"""All commands in one place, and the one place where errors become plain words and exit codes."""

import sys
from types import MappingProxyType
from typing import Final

import typer

from dispatcher.cli.faults import in_plain_words
from dispatcher.cli.lazy import Place, lazy_group

EXIT_FAULT: Final = 1
_HERE: Final = "dispatcher.cli."

#: Every command and group, in the order of the help.
COMMANDS: Final = MappingProxyType(
    {
        name: Place(_HERE + place, line)
        for name, place, line in (
            (
                "up",
                "up:up",
                "Run everything: servers (embedded unless configured), web, scheduler, workers, "
                "bounce listener.",
            ),
            ("web", "processes:web", "Serve the staff pages and the public pages."),
            ("worker", "processes:worker", "Send what is due."),
            (
                "scheduler",
                "processes:scheduler",
                "Start runs, fan them out, sweep and close them. Any number may run; one leads.",
            ),
            ("bounces", "processes:bounces", "Receive non-delivery reports."),
            (
                "sandbox",
                "processes:sandbox",
                "Play providers whose answers follow the address; for trying things out, "
                "never for customers.",
            ),
            ("migrate", "processes:migrate", "Bring the database to the newest schema."),
            (
                "import",
                "lists:import_",
                "Import a recipient list. Bad rows are reported, the good ones are taken.",
            ),
            (
                "list-problems",
                "lists:problems",
                "Show what was not taken from a list, line by line, or write those rows to a file "
                "to be mended.",
            ),
            ("list", "lists:list_app", "Look at recipient lists."),
            ("mapping", "lists:mapping_app", "Saved column mappings."),
            ("campaign", "campaign:app", "Campaigns and their runs."),
            ("seed", "seed:app", "Colleagues who receive every campaign's text."),
            ("template", "template:app", "Texts of notices and their versions."),
            ("prompt", "prompt:app", "Recordings that calls play instead of speaking."),
            ("scenario", "scenario:app", "What can be told: the catalogue of scenarios."),
            ("consent", "consent:app", "Consent per address, channel and purpose."),
            ("person", "person:person_app", "Persons, as staff know them."),
            ("contact", "person:contact_app", "Addresses and numbers of persons."),
            ("task", "task:app", "Notices that are told by hand."),
            (
                "retention",
                "personal_data:retention_app",
                "How long personal data are kept, and purging what is too old.",
            ),
            ("policy", "policy:app", "When and how often each purpose may speak to whom."),
            ("calendar", "calendar:app", "Days off, short days and working Saturdays."),
            ("stop-list", "returns:stop_list_app", "Addresses that are not written to."),
            ("domain", "returns:domain_app", "Recipient domains that wait."),
            ("letter", "returns:letter_app", "Letters of people."),
            ("report", "report:app", "Figures over a period for managers; they name nobody."),
            ("staff", "staff:app", "People of the company who may sign in."),
            ("api-key", "api_key:app", "Keys of other systems for the API."),
            ("dkim", "dkim:app", "Keys that sign our e-mail (DKIM)."),
            (
                "doctor",
                "doctor:doctor",
                "Say what is missing or unreachable, and what to do. Exit code 1 when anything is wrong.",
            ),
            (
                "demo",
                "demo:demo",
                "Run a campaign from the bundled list through the sandbox and show it live.",
            ),
            ("clock", "clock:clock", "Show the one clock that all processes share."),
        )
    }
)

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    name="dispatcher",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def dispatcher() -> None:
    """Notification and mass-informing dispatcher for energy-supply companies."""


def main() -> None:
    """Run the command; errors that a person can act on end it with their message and exit code 1."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        words = in_plain_words(error)
        if words is None:
            raise
        _tell(words)
        sys.exit(EXIT_FAULT)


def _tell(words: str) -> None:
    # Loaded here: a worker starts by this module, too, and never writes in colours.
    from rich.markup import escape

    from dispatcher.cli.console import errors

    errors.print(f"[red]{escape(words)}[/red]", highlight=False)
