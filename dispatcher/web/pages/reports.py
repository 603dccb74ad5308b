"""The report to managers (requirement 56): figures over a period, for everybody of the staff.

It names nobody, so every role may look; files of it are on record.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from campaigns.catalogue import BUILTIN
from consent.purposes import Purpose
from dispatcher.web.auth import Services, SignedIn, Staff
from dispatcher.web.languages import choose_language
from dispatcher.web.pages.showing import fault, show
from dispatcher.web.report_file import ReportTables, report_tables, send_report, terms_tables
from dispatcher.web.services import WebServices
from reports.management.asked import CUSTOMER_GROUPS, BadReportError, ReportAsked, usual_periods

router = APIRouter(prefix="/reports")

PATH: Final = "/reports"
SHOWN: Final = 50  #: rows of a table; the files have them all


@dataclass(frozen=True, slots=True)
class ReportForm:
    """What was chosen; empty is the usual, or all."""

    first: Annotated[str, Query(max_length=20)] = ""
    last: Annotated[str, Query(max_length=20)] = ""
    purpose: Annotated[str, Query(max_length=40)] = ""
    scenario: Annotated[str, Query(max_length=64)] = ""
    group: Annotated[str, Query(max_length=2)] = ""

    def asked(self, zone: ZoneInfo, today: date) -> ReportAsked:
        """What the report is about; raises `BadReportError`."""
        usual = usual_periods(today)["month"]
        if self.group and self.group not in {str(one) for one in CUSTOMER_GROUPS}:
            raise BadReportError("customer groups are 1, 2 and 3", code="report_choice")
        return ReportAsked(
            _day(self.first, usual[0]),
            _day(self.last, usual[1]),
            zone,
            self.purpose or None,
            self.scenario or None,
            int(self.group) if self.group else None,
        )


Chosen = Annotated[ReportForm, Depends()]
TableName = Annotated[str | None, Query(max_length=40)]


@router.get("")
def show_report(request: Request, services: Services, signed_in: Staff, chosen: Chosen) -> Response:
    """What happened in a period."""
    return _page(request, services, signed_in, chosen, report_tables, "summary")


@router.get("/terms")
def show_terms(request: Request, services: Services, signed_in: Staff, chosen: Chosen) -> Response:
    """Which terms were kept in a period: each notice is looked at."""
    return _page(request, services, signed_in, chosen, terms_tables, "terms")


@router.get("/export")
def export(
    request: Request, services: Services, signed_in: Staff, chosen: Chosen, table: TableName = None
) -> Response:
    """The whole report as a workbook, or one table as CSV."""
    return _file(request, services, signed_in, chosen, report_tables, table)


@router.get("/terms/export")
def export_terms(
    request: Request, services: Services, signed_in: Staff, chosen: Chosen, table: TableName = None
) -> Response:
    """The same of the terms."""
    return _file(request, services, signed_in, chosen, terms_tables, table)


def _page(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    chosen: ReportForm,
    read: Callable[[WebServices, ReportAsked], ReportTables],
    part: str,
) -> Response:
    zone, now = _place_and_time(services)
    today = now.astimezone(zone).date()
    values: dict[str, Any] = {
        "part": part,
        "purposes": list(Purpose),
        "scenarios": list(BUILTIN),
        "groups": CUSTOMER_GROUPS,
        "periods": usual_periods(today),
        "shown": SHOWN,
        "chosen": chosen,
    }
    try:
        asked = chosen.asked(zone, today)
        report = read(services, asked)
    except BadReportError as error:
        values |= {"tables": [], "total": None, "asked": None, "query": "", "problem": fault(request, error)}
        return show(request, signed_in, "reports.html", values, 422)
    values |= {
        "tables": report.tables,
        "total": report.total,
        "asked": asked,
        "query": _query(chosen, asked),
        "problem": "",
        "read_at": now,
    }
    return show(request, signed_in, "reports.html", values)


def _file(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    chosen: ReportForm,
    read: Callable[[WebServices, ReportAsked], ReportTables],
    table: str | None,
) -> Response:
    zone, now = _place_and_time(services)
    return send_report(
        services,
        chosen.asked(zone, now.astimezone(zone).date()),
        read=read,
        table=table,
        language=choose_language(request),
        actor=signed_in.member.actor,
    )


def _place_and_time(services: WebServices) -> tuple[ZoneInfo, datetime]:
    return ZoneInfo(services.settings.time_zone), services.database.run(services.clock.refresh)


def _query(chosen: ReportForm, asked: ReportAsked) -> str:
    """What links to the other part and to the files repeat."""
    kept = {"purpose": chosen.purpose, "scenario": chosen.scenario, "group": chosen.group}
    days = {"first": asked.first.isoformat(), "last": asked.last.isoformat()}
    return urlencode({**days, **{name: value for name, value in kept.items() if value}})


def _day(typed: str, usual: date) -> date:
    if not typed:
        return usual
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise BadReportError("that is no day", code="report_period") from error
