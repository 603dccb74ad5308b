"""A year's table of days as CSV: `day;kind;region;note`, with a report of the rows that were not taken.

A bad row is named with its line and reason and the good ones stay. The file is small by nature: a year has
366 days, and a country some dozens of regions with days of their own.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from consent.calendar import DayKind
from consent.calendar_table import DeclaredDay, declare_day
from consent.errors import PolicyError

MAX_BYTES: Final = 60_000
MAX_ROWS: Final = 2_000
_HEADERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("day", "date", "день", "дата"), "day"),
    **dict.fromkeys(("kind", "вид", "тип"), "kind"),
    **dict.fromkeys(("region", "регион", "регіон"), "region"),
    **dict.fromkeys(("note", "примечание", "примітка"), "note"),
}
_KINDS: Final[Mapping[str, DayKind]] = {
    **{kind.value: kind for kind in DayKind},
    **dict.fromkeys(("рабочий", "робочий", "р"), DayKind.WORKING),
    **dict.fromkeys(("сокращённый", "сокращенный", "скорочений", "с"), DayKind.SHORT),
    **dict.fromkeys(("выходной", "праздник", "вихідний", "свято", "в"), DayKind.OFF),
}
_DATES: Final = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y")


@dataclass(frozen=True, slots=True)
class BadDay:
    """A row that was not taken: its line in the file, a stable code, and the reason in Russian."""

    line: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class DaysTaken:
    """What came of a file."""

    taken: int
    bad: Sequence[BadDay]


def import_days(session: Session, content: bytes, *, country: str, actor: str, now: datetime) -> DaysTaken:
    """Declare the days of a CSV file; raises `PolicyError` when the file as a whole cannot be read.

    Each day is declared as `declare_day` does it, with its line in the audit trail.
    """
    rows = _rows(content)
    taken, bad = 0, list[BadDay]()
    for line, row in rows:
        try:
            declare_day(session, _read(row, country), actor=actor, now=now)
            taken += 1
        except PolicyError as error:
            bad.append(BadDay(line, error.code or "", str(error)))
    return DaysTaken(taken, bad)


def _rows(content: bytes) -> Sequence[tuple[int, Mapping[str, str]]]:
    if len(content) > MAX_BYTES:
        raise PolicyError(f"файл больше {MAX_BYTES} байт: загрузите один год", code="days_file_large")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251", errors="replace")
    lines = io.StringIO(text.replace("\0", " "))
    first = text.partition("\n")[0]
    reader = csv.reader(lines, delimiter=";" if ";" in first else "," if "," in first else "\t")
    try:
        names = [_HEADERS.get(name.strip().casefold(), "") for name in next(reader, [])]
        if not {"day", "kind"} <= set(names):
            raise PolicyError("первая строка называет столбцы: day;kind;region;note", code="days_file_header")
        found = [(reader.line_num, dict(zip(names, row, strict=False))) for row in reader if any(row)]
    except csv.Error as error:
        raise PolicyError("это не CSV: сохраните таблицу как CSV", code="days_file_csv") from error
    if len(found) > MAX_ROWS:
        raise PolicyError(f"строк больше {MAX_ROWS}: загрузите один год", code="days_file_large")
    return found


def _read(row: Mapping[str, str], country: str) -> DeclaredDay:
    kind = _KINDS.get(row.get("kind", "").strip().casefold())
    if kind is None:
        raise PolicyError("вид дня — working, short или off", code="day_kind")
    return DeclaredDay(
        country, row.get("region", ""), read_day(row.get("day", "")), kind, row.get("note", "")
    )


def read_day(typed: str) -> date:
    """A day as 2026-12-31 or 31.12.2026; raises `PolicyError`."""
    for form in _DATES:
        try:
            return datetime.strptime(typed.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise PolicyError("день пишется как 2026-12-31 или 31.12.2026", code="day_form")
