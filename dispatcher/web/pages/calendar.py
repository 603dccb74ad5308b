"""The calendar of a year: what is off, short or worked against the usual week, and what staff declared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, File, Form, Path, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from consent.calendar import DayKind, WorkingCalendar, official_kind
from consent.calendar_import import MAX_BYTES, DaysTaken, import_days, read_day
from consent.calendar_table import (
    FIRST_YEAR,
    LAST_YEAR,
    DeclaredDay,
    declare_day,
    list_declared,
    read_calendar,
    remove_day,
)
from consent.errors import PolicyError
from consent.regions import REPUBLICS
from dispatcher.core.errors import DispatcherError
from dispatcher.web.auth import RuleKeeper, Services, SignedIn, Staff, require_csrf
from dispatcher.web.flash import Flash
from dispatcher.web.pages.showing import fault, go_on, one_line, refusal, show
from dispatcher.web.pages.typed import FormFaultError
from dispatcher.web.services import WebServices

router = APIRouter(prefix="/calendar")

SATURDAY: Final = 5
Year = Annotated[int, Path(ge=FIRST_YEAR, le=LAST_YEAR)]
Typed = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class DayForm:
    """A day as it was typed."""

    day: Typed = ""
    kind: Typed = "off"
    region: Typed = ""
    note: Typed = ""


Filled = Annotated[DayForm, Depends()]


@router.get("")
def show_now(services: Services, signed_in: Staff) -> Response:  # noqa: ARG001 - signed in is enough
    """The calendar of this year."""
    return RedirectResponse(f"/calendar/{services.clock.now().year}", 303)


@router.get("/{year}")
def show_year(request: Request, services: Services, signed_in: Staff, year: Year) -> Response:
    """The special days of a year."""
    return _page(request, services, signed_in, year)


@router.post("/{year}/days", dependencies=[Depends(require_csrf)])
def declare(
    request: Request, services: Services, signed_in: RuleKeeper, year: Year, form: Filled
) -> Response:
    """Declare a day."""

    def work(session: Session) -> DeclaredDay:
        if form.kind not in set(DayKind):
            raise FormFaultError("no such kind", code="choice")
        one = DeclaredDay(
            services.settings.country,
            one_line(form.region),
            read_day(form.day),
            DayKind(form.kind),
            one_line(form.note),
        )
        now = services.clock.refresh(session)
        return declare_day(session, one, actor=signed_in.member.actor, now=now)

    try:
        made = services.database.run(work)
    except (PolicyError, FormFaultError) as error:
        return _page(request, services, signed_in, year, form=form, problem=error)
    return go_on(services, f"/calendar/{made.day.year}", Flash("day_declared"))


@router.post("/{year}/remove", dependencies=[Depends(require_csrf)])
def remove(services: Services, signed_in: RuleKeeper, year: Year, form: Filled) -> Response:
    """Let the official calendar hold again."""

    def work(session: Session) -> None:
        now = services.clock.refresh(session)
        country = services.settings.country
        remove_day(session, country, form.region, read_day(form.day), actor=signed_in.member.actor, now=now)

    try:
        services.database.run(work)
    except PolicyError as error:
        return go_on(services, f"/calendar/{year}", refusal(error))
    return go_on(services, f"/calendar/{year}", Flash("day_removed"))


@router.post("/{year}/import", dependencies=[Depends(require_csrf)])
def import_table(
    request: Request,
    services: Services,
    signed_in: RuleKeeper,
    year: Year,
    table: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Declare the days of a CSV file; bad rows are shown and the good ones stay."""
    content = table.file.read(MAX_BYTES + 1) if table else b""

    def work(session: Session) -> DaysTaken:
        return import_days(
            session,
            content,
            country=services.settings.country,
            actor=signed_in.member.actor,
            now=services.clock.refresh(session),
        )

    try:
        taken = services.database.run(work)
    except PolicyError as error:
        return _page(request, services, signed_in, year, problem=error)
    return _page(request, services, signed_in, year, taken=taken)


def _page(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    year: int,
    *,
    form: DayForm | None = None,
    problem: DispatcherError | None = None,
    taken: DaysTaken | None = None,
) -> Response:
    country = services.settings.country

    def read(session: Session) -> Any:
        return read_calendar(session, country), list_declared(session, country, year)

    calendar, declared = services.database.run(read)
    values = {
        "year": year,
        "country": country,
        "years": [one for one in (year - 1, year + 1) if FIRST_YEAR <= one <= LAST_YEAR],
        "months": _special_days(calendar, year),
        "working_days": sum(calendar.is_working_day(day) for day in _days(year)),
        "declared": [(one, official_kind(country, one.day)) for one in declared],
        "regions": {code: name for code, (name, _, _) in REPUBLICS.items()} if country == "RU" else {},
        "kinds": list(DayKind),
        "form": form or DayForm(),
        "taken": taken,
        "problem": fault(request, problem) if problem else "",
    }
    return show(request, signed_in, "calendar.html", values, 422 if problem else 200)


def _special_days(calendar: WorkingCalendar, year: int) -> Sequence[tuple[date, DayKind]]:
    """The days that are not what their weekday says."""
    found = [(day, calendar.kind_of(day)) for day in _days(year)]
    return [
        (day, kind)
        for day, kind in found
        if kind is not (DayKind.OFF if day.weekday() >= SATURDAY else DayKind.WORKING)
    ]


def _days(year: int) -> Sequence[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=number) for number in range((date(year, 12, 31) - first).days + 1)]
