"""`dispatcher import`, `list …` and `mapping …`: lists in, what was not taken and why, what differs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from sqlalchemy.orm import Session

from campaigns.import_list import ImportRequest, ImportResult, import_list, open_list
from campaigns.list_check import ListCheck, check_list
from campaigns.list_diff import ListDifference, diff_lists
from campaigns.list_errors import REASONS, ListFileError
from campaigns.list_mapping import SavedMapping, delete_mapping, get_mapping, list_mappings
from campaigns.list_rejected import RejectedFile, rejected_name, write_rejected
from campaigns.list_report import list_problems
from consent.purposes import Purpose
from dispatcher.bootstrap import Application
from dispatcher.cli import list_versions
from dispatcher.cli.console import errors, output, print_json
from dispatcher.cli.start import actor, application

SHOWN_PROBLEMS = 20
SHOWN_CHANGES = 1000

_KINDS = {"added": "добавлен", "removed": "убран", "changed": "изменён:"}

list_app = typer.Typer(name="list", help="Look at recipient lists.", no_args_is_help=True)
mapping_app = typer.Typer(name="mapping", help="Saved column mappings.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


list_versions.add_to(list_app)


def import_(
    path: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX, XLS or ODS.")],
    name: Annotated[str | None, typer.Option(help="Name of the list; default: the file's name.")] = None,
    purpose: Annotated[Purpose, typer.Option(help="What the consent column speaks about.")] = Purpose.DEBT,
    encoding: Annotated[str | None, typer.Option(help="utf-8, cp1251, …; default: found out.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet; default: the first with a header.")] = None,
    source: Annotated[str | None, typer.Option(help="Billing system, whose saved mapping is used.")] = None,
    maps: Annotated[list[str] | None, typer.Option("--map", help='"Столбец=debt"; may be repeated.')] = None,
    save_mapping: Annotated[bool, typer.Option(help="Keep the mapping for the source.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only show how the file is understood.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a recipient list. Bad rows are reported, the good ones are taken."""
    with application() as built:
        settings = built.settings
        request = ImportRequest(
            path=path,
            name=name or path.stem,
            purpose=purpose.value,
            encoding=encoding,
            mapping=_mapping(maps or []),
            country=settings.country,
            default_zone=ZoneInfo(settings.time_zone),
            sheet=sheet,
            source=source,
            saves_mapping=save_mapping,
            lease_seconds=settings.imports.lease_seconds,
        )
        if check:
            _show_check(check_list(open_list(built.database, request)), as_json=as_json)
            return
        result = _import(built, request, show=not as_json)
        found = built.database.run(lambda session: list_problems(session, result.list_id, SHOWN_PROBLEMS))
    _show(request.name, result, found, as_json=as_json)


def _mapping(maps: Sequence[str]) -> dict[str, str]:
    mapping = {}
    for one in maps:
        title, equals, field = one.rpartition("=")
        if not equals or not title.strip():
            raise typer.BadParameter(f"«{one}»: пишите «Столбец=поле»", param_hint="--map")
        mapping[title.strip()] = field.strip()
    return mapping


def _import(built: Application, request: ImportRequest, *, show: bool) -> ImportResult:
    try:
        return import_with_progress(built, request, show=show)
    except ListFileError as error:
        if error.list_id is not None:
            errors.print(f"Что не так: dispatcher list-problems {error.list_id}", highlight=False)
        raise


def import_with_progress(application: Application, request: ImportRequest, *, show: bool) -> ImportResult:
    """Import, with a bar that fills in the terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, disable=not show) as progress:
        task = progress.add_task("Импорт…", total=None)
        return import_list(
            application.database,
            application.clock,
            request,
            actor=actor(),
            progress=lambda rows, bad: progress.update(
                task, completed=rows, description=f"Импорт: замечаний {bad}"
            ),
            on_total=lambda rows: progress.update(task, total=rows),
        )


def problems(
    list_id: Annotated[UUID, typer.Argument(help="The list's id, as the import printed it.")],
    limit: Annotated[int, typer.Option(min=1)] = 1000,
    rejected: Annotated[Path | None, typer.Option(help="Write the rejected rows to this file.")] = None,
    save_rejected: Annotated[bool, typer.Option(help="The same, here, named after the source.")] = False,
) -> None:
    """Show what was not taken from a list, line by line, or write those rows to a file to be mended."""
    with application() as built:
        if rejected or save_rejected:
            written = built.database.run(lambda session: _write_rejected(session, list_id, rejected))
            output.print(f"Отклонённых строк {written.rows}: {written.path}", highlight=False, markup=False)
            return

        def read(session: Session) -> Sequence[Any]:
            return list_problems(session, list_id, limit)

        for one in built.database.run(read):
            output.print(one.in_words(), highlight=False, markup=False)


def _write_rejected(session: Session, list_id: UUID, path: Path | None) -> RejectedFile:
    return write_rejected(session, list_id, path or Path(rejected_name(session, list_id)))


@list_app.command()
def diff(
    name: Annotated[str, typer.Argument(help="Name of the list.")],
    earlier: Annotated[int | None, typer.Argument(help="Version; default: the last but one.")] = None,
    later: Annotated[int | None, typer.Argument(help="Version; default: the last.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two versions of a list, by account number."""
    with application() as built:
        found = built.database.run(
            lambda session: diff_lists(session, name, earlier, later, limit=SHOWN_CHANGES)
        )
    if as_json:
        print_json(found.as_dict())
    else:
        _show_difference(name, found)


def _show_difference(name: str, found: ListDifference) -> None:
    counts = found.counts
    output.print(
        f"Список «{name}», версии {found.earlier_version} и {found.later_version}: добавлено"
        f" {counts['added']}, убрано {counts['removed']}, изменено {counts['changed']} (e-mail"
        f" {counts['email']}, телефон {counts['phone']}, долг {counts['debt']}, срок {counts['due_date']}),"
        f" без изменений {counts['same']}",
        highlight=False,
    )
    for one in found.changes:
        output.print(
            f"  {one.account_number}: {one.kind} {', '.join(one.fields)}", highlight=False, markup=False
        )


@mapping_app.command(name="list")
def list_saved(as_json: AsJson = False) -> None:
    """Show for which sources a mapping is saved."""
    with application() as built:
        found = built.database.run(list_mappings)
    if as_json:
        print_json({"mappings": [one.as_dict() for one in found]})
        return
    for one in found:
        output.print(f"{one.source}: столбцов {len(one.columns)}", highlight=False, markup=False)


@mapping_app.command()
def show(source: str, as_json: AsJson = False) -> None:
    """Show the mapping of a source."""
    with application() as built:
        found = built.database.run(lambda session: get_mapping(session, source))
    if found is None:
        errors.print(f"Для источника «{source}» сопоставление не сохранено.", highlight=False, markup=False)
        raise typer.Exit(1)
    _show_mapping(found, as_json=as_json)


def _show_mapping(found: SavedMapping, *, as_json: bool) -> None:
    if as_json:
        print_json(found.as_dict())
        return
    for title, field in found.columns.items():
        output.print(f"{title} = {field or '(не загружать)'}", highlight=False, markup=False)


@mapping_app.command()
def delete(source: str) -> None:
    """Forget the mapping of a source."""
    with application() as built:
        built.database.run(
            lambda session: delete_mapping(
                session, source=source, actor=actor(), now=built.clock.refresh(session)
            )
        )
    output.print(f"Сопоставление источника «{source}» удалено.", highlight=False, markup=False)


def _show_check(found: ListCheck, *, as_json: bool) -> None:
    if as_json:
        print_json(found.as_dict())
        return
    source = {key: value for key, value in found.source.items() if key != "columns"}
    output.print(f"Файл: {source}", highlight=False, markup=False)
    table = Table("Столбец", "Поле", *[f"строка {n}" for n in range(1, len(found.rows) + 1)])
    for position, (title, field) in enumerate(found.columns.items()):
        kinds = [row[position] if position < len(row) else "empty" for row in found.rows]
        table.add_row(title, "(не загружается)" if field == "" else field or "(как есть)", *kinds)
    output.print(table)
    for reason, count in found.reasons.items():
        words = REASONS[reason][0].format(line="…", last_line="…", first_line="…", suggestion="…")
        output.print(f"  {count} × {words}", highlight=False, markup=False)


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
                "same_as_version": result.same_as_version,
                "zone_unknown": result.zone_unknown,
                "source": result.source,
            }
        )
        return
    output.print(
        f"Список «{name}», версия {result.version}: получателей {result.recipients},"
        f" отклонено строк {result.rejected}, замечаний {result.problems}. Id: {result.list_id}",
        highlight=False,
    )
    if result.same_as_version is not None:
        output.print(f"  Это тот же файл, что и версия {result.same_as_version}.", highlight=False)
    if result.source.get("encoding_guessed"):
        encoding = result.source.get("encoding")
        output.print(
            f"  Кодировка определена по виду текста: {encoding}; иначе — --encoding.", highlight=False
        )
    if others := result.source.get("other_sheets"):
        output.print(f"  Прочитан лист «{result.source.get('sheet')}»; не прочитаны: {others}", markup=False)
    if result.zone_unknown:
        output.print(f"  Часовой пояс по умолчанию: {result.zone_unknown} получателей.", highlight=False)
    for one in found:
        output.print("  " + one.in_words(), highlight=False, markup=False)
    if result.problems > len(found):
        output.print(f"  … остальные: dispatcher list-problems {result.list_id}", highlight=False)
    if result.rejected:
        output.print(
            f"  Отклонённые строки в файл: dispatcher list-problems {result.list_id} --save-rejected",
            highlight=False,
        )
