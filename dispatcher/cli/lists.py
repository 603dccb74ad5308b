"""`dispatcher import`: a recipient list into the database, with what was not taken and why."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.orm import Session

from campaigns.import_list import ImportRequest, ImportResult, import_list
from campaigns.list_report import list_problems
from dispatcher.bootstrap import Application
from dispatcher.cli.console import errors, output, print_json
from dispatcher.cli.start import actor, application

SHOWN_PROBLEMS = 20


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command(name="import")(import_)
    app.command(name="list-problems")(problems)


def import_(
    path: Annotated[Path, typer.Argument(help="A CSV file.")],
    name: Annotated[str | None, typer.Option(help="Name of the list; default: the file's name.")] = None,
    purpose: Annotated[str, typer.Option(help="What the consent column speaks about.")] = "debt",
    encoding: Annotated[str | None, typer.Option(help="utf-8, cp1251, …; default: found out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Import a recipient list. Bad rows are reported, the good ones are taken."""
    with application() as built:
        settings = built.settings
        request = ImportRequest(
            path=path,
            name=name or path.stem,
            purpose=purpose,
            encoding=encoding,
            country=settings.country,
            default_zone=ZoneInfo(settings.time_zone),
        )
        result = import_with_progress(built, request, show=not as_json)
        found = built.database.run(lambda session: list_problems(session, result.list_id, SHOWN_PROBLEMS))
    _show(request.name, result, found, as_json=as_json)


def import_with_progress(application: Application, request: ImportRequest, *, show: bool) -> ImportResult:
    """Import, with the number of rows counting up in the terminal."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, disable=not show) as progress:
        task = progress.add_task("Импорт…", total=None)
        return import_list(
            application.database,
            application.clock,
            request,
            actor=actor(),
            progress=lambda rows, bad: progress.update(
                task, description=f"Импорт: строк взято {rows}, замечаний {bad}"
            ),
        )


def problems(
    list_id: Annotated[UUID, typer.Argument(help="The list's id, as the import printed it.")],
    limit: Annotated[int, typer.Option(min=1)] = 1000,
) -> None:
    """Show what was not taken from a list, line by line."""
    with application() as built:

        def read(session: Session) -> Sequence[Any]:
            return list_problems(session, list_id, limit)

        for one in built.database.run(read):
            output.print(one.in_words(), highlight=False, markup=False)


def _show(name: str, result: ImportResult, found: Sequence[Any], *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "list": name,
                "list_id": result.list_id,
                "version": result.version,
                "recipients": result.recipients,
                "rejected": result.rejected,
                "problems": result.problems,
            }
        )
        return
    output.print(
        f"Список «{name}», версия {result.version}: получателей {result.recipients},"
        f" отклонено строк {result.rejected}, замечаний {result.problems}. Id: {result.list_id}",
        highlight=False,
    )
    for one in found:
        output.print("  " + one.in_words(), highlight=False, markup=False)
    if result.problems > len(found):
        output.print(f"  … остальные: dispatcher list-problems {result.list_id}", highlight=False)
