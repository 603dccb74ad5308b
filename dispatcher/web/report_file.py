"""The report to managers on its way out as a file; the download is on record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from fastapi.responses import Response
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.web.downloads import send_file
from dispatcher.web.errors import NotFoundError
from dispatcher.web.services import WebServices
from reports.management.asked import ReportAsked
from reports.management.files import write_csv, write_workbook
from reports.management.report import read_report, read_terms_report
from reports.management.runs import Figures
from reports.management.tables import Table, tables_of, tables_of_terms
from reports.words import Language

Format = Literal["xlsx", "csv"]
WORKBOOK_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class ReportTables:
    """The tables of a report, and the figures of all its runs where it has them."""

    tables: Sequence[Table]
    total: Figures | None = None


def report_tables(services: WebServices, asked: ReportAsked) -> ReportTables:
    """The report, read in a transaction of its own."""
    now = services.database.run(services.clock.refresh)
    report = services.database.run(lambda session: read_report(session, asked, now))
    return ReportTables(tables_of(report), report.runs.total)


def terms_tables(services: WebServices, asked: ReportAsked) -> ReportTables:
    """The terms, read in a transaction of their own."""
    now = services.database.run(services.clock.refresh)
    report = services.database.run(lambda session: read_terms_report(session, asked, now))
    return ReportTables(tables_of_terms(report))


def send_report(
    services: WebServices,
    asked: ReportAsked,
    *,
    read: Callable[[WebServices, ReportAsked], ReportTables],
    table: str | None,
    language: Language,
    actor: str,
) -> Response:
    """One table as CSV, or all as a workbook when none is named; raises `NotFoundError`."""
    tables = read(services, asked).tables
    found = next((one for one in tables if one.name == table), None)
    if table is not None and found is None:
        raise NotFoundError("the report has no such table")

    def write(session: Session, path: Path) -> None:
        if found is None:
            write_workbook(path, tables, zone=asked.zone, language=language)
        else:
            write_csv(path, found, zone=asked.zone, language=language)
        record_action(
            session,
            at=services.clock.refresh(session),
            actor=actor,
            action="report.downloaded",
            subject_type="report",
            subject_id=table or "*",
            after={
                "first": asked.first,
                "last": asked.last,
                "purpose": asked.purpose,
                "scenario": asked.scenario,
                "customer_group": asked.customer_group,
            },
        )

    name = f"report-{asked.first}-{asked.last}"
    if found is None:
        return send_file(services, write, name=f"{name}.xlsx", media_type=WORKBOOK_TYPE)
    return send_file(services, write, name=f"{name}-{found.name}.csv")
