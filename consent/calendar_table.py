"""The staff's table of days: the official calendar corrected by what was declared for a country or region."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.calendar import COUNTRIES, DayKind, WorkingCalendar
from consent.errors import PolicyError
from consent.regions import region_code
from dispatcher.core.audit import record_action

REREAD_SECONDS: Final = 30.0
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100
MAX_NOTE_CHARS: Final = 200

_READ = text("SELECT region, day, kind FROM calendar_day WHERE country = :country")
_LIST = text(
    """
    SELECT country, region, day, kind, note, changed_by, changed_at FROM calendar_day
    WHERE country = :country AND day >= :first AND day <= :last ORDER BY day, region
    """
)
_GET = text(
    """
    SELECT kind, note FROM calendar_day
    WHERE country = :country AND region = :region AND day = :day FOR UPDATE
    """
)
_SET = text(
    """
    INSERT INTO calendar_day (country, region, day, is_working, kind, note, changed_by, changed_at)
    VALUES (:country, :region, :day, :working, :kind, :note, :by, :now)
    ON CONFLICT (country, region, day) DO UPDATE
    SET is_working = excluded.is_working, kind = excluded.kind, note = excluded.note,
        changed_by = excluded.changed_by, changed_at = excluded.changed_at
    """
)
_REMOVE = text("DELETE FROM calendar_day WHERE country = :country AND region = :region AND day = :day")


@dataclass(frozen=True, slots=True)
class DeclaredDay:
    """A day that staff declared; `region` empty is the whole country."""

    country: str
    region: str
    day: date
    kind: DayKind
    note: str = ""
    changed_by: str | None = None
    changed_at: datetime | None = None


class CalendarTable:
    """Reads the table at most every half minute: a claim must not pay for it."""

    def __init__(self, country: str) -> None:
        self._country = country
        self._calendar = WorkingCalendar(country)
        self._read_at = float("-inf")

    def read(self, session: Session) -> WorkingCalendar:
        """The calendar in force."""
        if time.monotonic() - self._read_at > REREAD_SECONDS:
            self._calendar = read_calendar(session, self._country)
            self._read_at = time.monotonic()
        return self._calendar


def read_calendar(session: Session, country: str) -> WorkingCalendar:
    """The calendar as it is declared at this moment."""
    regions: dict[str, dict[date, DayKind]] = {}
    for row in session.execute(_READ, {"country": country}):
        regions.setdefault(row.region, {})[row.day] = DayKind(row.kind)
    overrides = regions.pop("", {})
    return WorkingCalendar(country, overrides, regions)


def list_declared(session: Session, country: str, year: int) -> Sequence[DeclaredDay]:
    """What staff declared for the days of a year."""
    values = {"country": country, "first": date(year, 1, 1), "last": date(year, 12, 31)}
    rows = session.execute(_LIST, values).mappings()
    return [DeclaredDay(**{**row, "kind": DayKind(row["kind"])}) for row in rows]


def declare_day(session: Session, wanted: DeclaredDay, *, actor: str, now: datetime) -> DeclaredDay:
    """Declare a day working, short or off; processes follow within half a minute.

    Raises `PolicyError` when country, region, day or note cannot be used. Returns it as it is kept.
    """
    one = _checked(wanted)
    before = session.execute(_GET, _key(one)).first()
    values = {"kind": one.kind.value, "working": one.kind is not DayKind.OFF, "note": one.note}
    session.execute(_SET, {**_key(one), **values, "by": actor, "now": now})
    _record(
        session,
        "calendar.day_declared",
        one,
        before=None if before is None else {"kind": before.kind, "note": before.note},
        after={"kind": one.kind.value, "note": one.note},
        actor=actor,
        now=now,
    )
    return one


def remove_day(session: Session, country: str, region: str, day: date, *, actor: str, now: datetime) -> None:
    """Let the official calendar hold again; raises `PolicyError` when nothing was declared."""
    one = _checked(DeclaredDay(country, region, day, DayKind.OFF))
    before = session.execute(_GET, _key(one)).first()
    if before is None:
        raise PolicyError("этот день никто не объявлял", code="day_not_declared")
    session.execute(_REMOVE, _key(one))
    _record(
        session,
        "calendar.day_removed",
        one,
        before={"kind": before.kind, "note": before.note},
        after=None,
        actor=actor,
        now=now,
    )


def _checked(one: DeclaredDay) -> DeclaredDay:
    if one.country not in COUNTRIES:
        raise PolicyError(
            f"нет календаря страны «{one.country}»; есть: {', '.join(COUNTRIES)}",
            code="unknown_country",
            countries=", ".join(COUNTRIES),
        )
    if not FIRST_YEAR <= one.day.year <= LAST_YEAR:
        raise PolicyError(
            f"день — от {FIRST_YEAR} до {LAST_YEAR} года",
            code="day_out_of_years",
            first=str(FIRST_YEAR),
            last=str(LAST_YEAR),
        )
    region = region_code(one.region)
    if one.region.strip() and not region:
        raise PolicyError("регион пишется кодом, как TA, или названием республики", code="unknown_region")
    note = " ".join(one.note.split())
    if len(note) > MAX_NOTE_CHARS:
        raise PolicyError(
            f"примечание не длиннее {MAX_NOTE_CHARS} знаков", code="note_long", most=str(MAX_NOTE_CHARS)
        )
    return DeclaredDay(one.country, region, one.day, one.kind, note)


def _key(one: DeclaredDay) -> dict[str, object]:
    return {"country": one.country, "region": one.region, "day": one.day}


def _record(
    session: Session,
    action: str,
    one: DeclaredDay,
    *,
    before: dict[str, str] | None,
    after: dict[str, str] | None,
    actor: str,
    now: datetime,
) -> None:
    place = f"{one.country}-{one.region}" if one.region else one.country
    record_action(
        session,
        at=now,
        actor=actor,
        action=action,
        subject_type="calendar_day",
        subject_id=f"{place} {one.day.isoformat()}",
        before=before,
        after=after,
    )
