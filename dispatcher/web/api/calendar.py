"""The calendar: days that staff declare working, short or off, against the official one."""

from datetime import date, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from consent.calendar import DayKind
from consent.calendar_import import MAX_ROWS, import_days
from consent.calendar_table import DeclaredDay, declare_day, list_declared, remove_day
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Changes, Made, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, example, json_bytes

router = APIRouter(prefix="/calendar", tags=["policies"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.POLICY_READ))]
Writer = Annotated[ApiCall, Depends(Changes(Scope.POLICY_WRITE))]
Year = Annotated[int, Path(ge=2000, le=2100)]
Region = Annotated[
    str,
    StringConstraints(max_length=20, pattern=r"^[A-Za-z0-9-]*$"),
    Field(description="Code of a region, as TA; empty: the whole country."),
]
AskedRegion = Annotated[
    str, Query(max_length=20, pattern=r"^[A-Za-z0-9-]*$", description="Code of a region; empty: the country.")
]
Note = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]

_DAY: Final = {"day": "2026-08-30", "region": "TA", "kind": "off", "note": "День Республики"}


class DayIn(Body):
    """What a day is."""

    model_config = example({"kind": "off", "region": "TA", "note": "День Республики"})
    kind: DayKind
    region: Region = ""
    note: Note = ""


class DayOut(BaseModel):
    """A day that was declared."""

    model_config = example({**_DAY, "country": "RU", "changed_by": "staff:olga", "changed_at": None})
    country: str
    region: str
    day: date
    kind: DayKind
    note: str
    changed_by: str | None
    changed_at: datetime | None


class DaysOut(BaseModel):
    """The declared days of a year; the official calendar holds for all others."""

    model_config = example({"items": [{**_DAY, "country": "RU", "changed_by": None, "changed_at": None}]})
    items: list[DayOut]


class KeptOut(BaseModel):
    """The day as it is kept."""

    model_config = example(_DAY)
    day: date
    region: str
    kind: DayKind
    note: str


class TableIn(Body):
    """A year's table as CSV text."""

    model_config = example({"csv": "day;kind;region;note\n2026-08-30;off;TA;День Республики\n"})
    csv: str = Field(min_length=1, max_length=50_000, description="Columns day;kind;region;note.")


class BadDayOut(BaseModel):
    """A row that was not taken."""

    model_config = example({"line": 3, "code": "day_kind", "reason": "вид дня — working, short или off"})
    line: int
    code: str
    reason: str


class TakenOut(BaseModel):
    """How many rows were taken, and which were not."""

    model_config = example({"taken": 14, "bad": []})
    taken: int
    bad: list[BadDayOut] = Field(max_length=MAX_ROWS)


class RemovedDayOut(BaseModel):
    """The official calendar holds again."""

    model_config = example({"removed": True})
    removed: bool


@router.get("/{year}", responses=answers())
def show_days(call: Reader, year: Year) -> DaysOut:
    """What was declared for a year."""
    found = call.read(lambda session: list_declared(session, call.services.settings.country, year))
    return DaysOut(items=[DayOut.model_validate(one, from_attributes=True) for one in found])


@router.put("/days/{day}", response_model=KeptOut, responses=answers(404, 409))
def declare(call: Writer, day: date, wanted: DayIn) -> object:
    """Declare a day; workers follow within half a minute."""

    def put(session: Session, now: datetime) -> Made:
        one = DeclaredDay(call.services.settings.country, wanted.region, day, wanted.kind, wanted.note)
        kept = declare_day(session, one, actor=call.client.actor, now=now)
        return Made(KeptOut(day=kept.day, region=kept.region, kind=kept.kind, note=kept.note))

    return call.change(put, request=json_bytes(wanted))


@router.delete("/days/{day}", response_model=RemovedDayOut, responses=answers(404, 409))
def remove(call: Writer, day: date, region: AskedRegion = "") -> object:
    """Let the official calendar hold for a day again."""

    def take(session: Session, now: datetime) -> Made:
        country = call.services.settings.country
        remove_day(session, country, region, day, actor=call.client.actor, now=now)
        return Made(RemovedDayOut(removed=True))

    return call.change(take, request=b"")


@router.post("/import", response_model=TakenOut, responses=answers(404, 409))
def import_table(call: Writer, table: TableIn) -> object:
    """Declare the days of a CSV table; bad rows are named and the good ones stay."""

    def put(session: Session, now: datetime) -> Made:
        country = call.services.settings.country
        found = import_days(session, table.csv.encode(), country=country, actor=call.client.actor, now=now)
        bad = [BadDayOut(line=one.line, code=one.code, reason=one.reason) for one in found.bad]
        return Made(TakenOut(taken=found.taken, bad=bad))

    return call.change(put, request=json_bytes(table))
