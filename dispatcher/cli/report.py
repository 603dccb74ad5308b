"""`dispatcher report …`: figures over a period for managers; they name nobody."""

from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table as Printed
from sqlalchemy.orm import Session

from dispatcher.bootstrap import Application
from dispatcher.cli.console import output
from dispatcher.cli.start import actor, application
from dispatcher.cli.times import BadTimeError
from dispatcher.core.audit import record_action
from reports.management.asked import ReportAsked, usual_periods
from reports.management.files import as_text, write_workbook
from reports.management.report import read_report, read_terms_report
from reports.management.tables import FIGURES, Table, tables_of, tables_of_terms
from reports.management.words import COLUMNS, TABLES
from reports.words import word_for

app = typer.Typer(help="Figures over a period for managers; they name nobody.", no_args_is_help=True)

First = Annotated[str, typer.Option(help="The first day: 2026-11-01. Default: the first of this month.")]
Last = Annotated[str, typer.Option(help="The last day. Default: the last of this month.")]
OfPurpose = Annotated[str | None, typer.Option("--purpose", help="Of this purpose only.")]
OfScenario = Annotated[str | None, typer.Option("--scenario", help="Of this scenario only.")]
OfGroup = Annotated[
    int | None, typer.Option("--customer-group", help="Of this customer group only: 1, 2, 3.")
]
WithTerms = Annotated[bool, typer.Option("--terms", help="Whether terms were kept, instead of the report.")]


@app.command()
def show(
    first: First = "",
    last: Last = "",
    purpose: OfPurpose = None,
    scenario: OfScenario = None,
    customer_group: OfGroup = None,
    terms: WithTerms = False,
) -> None:
    """Print the report."""
    with application() as built:
        asked = _asked(built, first, last, purpose, scenario, customer_group)
        tables = _tables(built, asked, is_of_terms=terms)
    for table in tables:
        _print(table, asked.zone)


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="The XLSX file to write.")],
    first: First = "",
    last: Last = "",
    purpose: OfPurpose = None,
    scenario: OfScenario = None,
    customer_group: OfGroup = None,
    terms: WithTerms = False,
) -> None:
    """Write the report as a workbook; the export is on record."""

    def work(session: Session) -> None:
        write_workbook(path, tables, zone=asked.zone, language="ru")
        record_action(
            session,
            at=built.clock.refresh(session),
            actor=actor(),
            action="report.downloaded",
            subject_type="report",
            subject_id="*",
            after={"first": asked.first, "last": asked.last, "terms": terms},
        )

    with application() as built:
        asked = _asked(built, first, last, purpose, scenario, customer_group)
        tables = _tables(built, asked, is_of_terms=terms)
        built.database.run(work)
    output.print(f"Записано: {path}", highlight=False, markup=False)


def _asked(
    built: Application,
    first: str,
    last: str,
    purpose: str | None,
    scenario: str | None,
    customer_group: int | None,
) -> ReportAsked:
    zone = ZoneInfo(built.settings.time_zone)
    now = built.database.run(built.clock.refresh)
    usual = usual_periods(now.astimezone(zone).date())["month"]
    return ReportAsked(_day(first, usual[0]), _day(last, usual[1]), zone, purpose, scenario, customer_group)


def _tables(built: Application, asked: ReportAsked, *, is_of_terms: bool) -> list[Table]:
    now = built.clock.now()

    def read(session: Session) -> list[Table]:
        if is_of_terms:
            return tables_of_terms(read_terms_report(session, asked, now))
        return tables_of(read_report(session, asked, now))

    return built.database.run(read)


def _print(table: Table, zone: ZoneInfo) -> None:
    printed = Printed(title=word_for(TABLES, table.name, "ru"), title_justify="left")
    for column in table.columns:
        printed.add_column(
            word_for(COLUMNS, column.name, "ru"), justify="right" if column.kind in FIGURES else "left"
        )
    for row in table.rows:
        cells = zip(table.columns, row, strict=True)
        printed.add_row(*(as_text(column, value, zone, "ru") for column, value in cells))
    output.print(printed, markup=False)


def _day(typed: str, usual: date) -> date:
    try:
        return date.fromisoformat(typed) if typed else usual
    except ValueError as error:
        raise BadTimeError(f"{typed!r} is not a day: write 2026-11-23") from error
