"""`dispatcher list versions`: which versions of lists there are, and why one cannot be used."""

from typing import Annotated

import typer

from dispatcher.cli.campaign_options import AsJson
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import application
from reports.lists import list_versions
from reports.words import LIST_FAILURES, LIST_STATES, word_for

KEYS = ("id", "name", "version", "state", "failure", "recipient_count", "problem_count", "rejected_count")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(name="versions")(versions)


def versions(
    name: Annotated[str | None, typer.Argument(help="Only versions of this list.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the newest versions; only a complete one can be sent to."""
    with application() as built:
        found = built.database.run(lambda session: list_versions(session, limit=limit, name=name))
    if as_json:
        print_json({"versions": [{key: getattr(one, key) for key in KEYS} for one in found]})
        return
    for one in found:
        why = f": {word_for(LIST_FAILURES, one.failure, 'ru')}" if one.failure else ""
        output.print(
            f"{one.id}  «{one.name}», версия {one.version}, получателей {one.recipient_count}"
            f" — {word_for(LIST_STATES, one.state, 'ru')}{why}",
            highlight=False,
            markup=False,
        )
