"""`dispatcher calendar …`: days that staff declare working, short or off, against the official calendar."""

from pathlib import Path
from typing import Annotated

import typer

from consent.calendar import DayKind
from consent.calendar_import import import_days, read_day
from consent.calendar_table import DeclaredDay, declare_day, list_declared, remove_day
from dispatcher.cli.campaign_options import AsJson
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application

app = typer.Typer(help="Days off, short days and working Saturdays.", no_args_is_help=True)

Day = Annotated[str, typer.Argument(help="As 2026-12-31.")]
Region = Annotated[str, typer.Option(help="Code of a region, as TA; default: the whole country.")]


@app.command(name="list")
def list_(
    year: Annotated[int, typer.Argument(min=2000, max=2100, help="As 2026.")], as_json: AsJson = False
) -> None:
    """Show what was declared for a year."""
    with application() as built:
        days = built.database.run(lambda session: list_declared(session, built.settings.country, year))
    if as_json:
        names = ("country", "region", "day", "kind", "note", "changed_by", "changed_at")
        print_json({"days": [{name: getattr(one, name) for name in names} for one in days]})
        return
    for one in days:
        output.print(
            f"{one.day} {one.region or one.country:<4} {one.kind:<8} {one.note}",
            highlight=False,
            markup=False,
        )


@app.command(name="set")
def set_(
    day: Day,
    kind: Annotated[DayKind, typer.Argument(help="working, short or off.")],
    region: Region = "",
    note: Annotated[str, typer.Option(help="Why: the decree, the holiday.")] = "",
    as_json: AsJson = False,
) -> None:
    """Declare a day; processes follow within half a minute."""
    with application() as built:
        made = built.database.run(
            lambda session: declare_day(
                session,
                DeclaredDay(built.settings.country, region, read_day(day), kind, note),
                actor=actor(),
                now=built.clock.refresh(session),
            )
        )
    if as_json:
        print_json({"day": made.day, "region": made.region, "kind": made.kind})
    else:
        output.print("День объявлен.")


@app.command()
def remove(day: Day, region: Region = "", as_json: AsJson = False) -> None:
    """Let the official calendar hold for a day again."""
    with application() as built:
        built.database.run(
            lambda session: remove_day(
                session,
                built.settings.country,
                region,
                read_day(day),
                actor=actor(),
                now=built.clock.refresh(session),
            )
        )
    if as_json:
        print_json({"removed": True})
    else:
        output.print("Для этого дня снова действует официальный календарь.")


@app.command(name="import")
def import_(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV: day;kind;region;note.")],
    as_json: AsJson = False,
) -> None:
    """Declare the days of a CSV file; bad rows are named and the good ones stay."""
    content = path.read_bytes()
    with application() as built:
        result = built.database.run(
            lambda session: import_days(
                session,
                content,
                country=built.settings.country,
                actor=actor(),
                now=built.clock.refresh(session),
            )
        )
    bad = [{"line": one.line, "code": one.code, "reason": one.reason} for one in result.bad]
    if as_json:
        print_json({"taken": result.taken, "bad": bad})
    else:
        output.print(f"Дней объявлено: {result.taken}, строк не взято: {len(bad)}.")
        for one in bad:
            output.print(f"строка {one['line']}: {one['reason']}", highlight=False, markup=False)
    if bad:
        raise typer.Exit(1)
