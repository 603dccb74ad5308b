"""Statements about consent out of a file: CSV or a workbook, read as recipient lists are.

Every row is one statement about an address: who agreed to what, or took it back, by which source and
document. A row that says nothing clear is reported by its line and reason and comes back in the file of
rejected rows; the good rows are taken. A file that comes twice changes nothing the second time.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.contact_values import read_contact
from campaigns.list_errors import REASONS, ListFileError
from campaigns.list_file import records_below
from campaigns.list_header import REASON_TITLE, normalise_title
from campaigns.list_limits import ListLimits
from campaigns.list_record import Record, Source
from campaigns.list_rejected import as_plain_cell
from campaigns.list_shape import find_header
from campaigns.list_source import open_source
from campaigns.list_values import BadValueError, clean_text, read_channel, read_date
from consent.errors import BadPersonValueError, ConsentError
from consent.ledger import ConsentEntry, check_stated
from consent.purposes import Purpose
from consent.sources import Action, Basis
from consent.standing import EVERY_PURPOSE
from dispatcher.core.arrays import uuid_array
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.delivery.statements import contacts_at, give_consent, in_flight_of, withdraw_at

BATCH: Final = 200  #: rows of one transaction
MOST_ROWS: Final = 100_000
MOST_CHARS: Final = 300
MOST_REPORTED: Final = 1_000

_TITLES: Final[Mapping[str, tuple[str, ...]]] = {
    "address": ("адрес или телефон", "контакт", "e-mail", "телефон", "address", "contact", "email", "phone"),
    "channel": ("канал", "channel"),
    "purpose": ("цель", "назначение", "мета", "purpose"),
    "action": ("действие", "что", "дія", "action"),
    "source": ("источник", "джерело", "source"),
    "reference": ("документ", "основание записи", "reference"),
    "basis": ("основание", "правовое основание", "підстава", "basis"),
    "text_version": ("редакция текста", "версия текста", "text version", "text_version"),
    "valid_from": ("действует с", "дата согласия", "діє з", "valid from", "valid_from"),
    "valid_until": ("действует по", "действует до", "діє до", "valid until", "valid_until"),
}
_BY_TITLE: Final = {normalise_title(title): name for name, titles in _TITLES.items() for title in titles}
_ACTIONS: Final = {
    **dict.fromkeys(("given", "да", "дано", "согласие", "так"), Action.GIVEN),
    **dict.fromkeys(("confirmed", "подтверждено", "підтверджено"), Action.CONFIRMED),
    **dict.fromkeys(("withdrawn", "нет", "отозвано", "отзыв", "ні", "відкликано"), Action.WITHDRAWN),
}
_EVERY: Final = frozenset({EVERY_PURPOSE, "все", "всё", "усі", "all"})
# The same statement of the same document: the file has come before, or a person is named twice in it.
_KNOWN: Final = text(
    """
    SELECT count(DISTINCT contact_point_id) FROM consent_event
    WHERE contact_point_id = ANY(CAST(:contacts AS uuid[])) AND channel = :channel AND purpose = :purpose
      AND action = :action AND source = :source AND source_reference = :reference
      AND (CAST(:valid_from AS timestamptz) IS NULL OR valid_from = :valid_from)
    """
)


@dataclass(frozen=True, slots=True)
class StatementProblem:
    """A row that was not taken: line of the file, column, reason in words without the value (P10)."""

    line: int
    column: str
    message: str


@dataclass
class ConsentImport:
    """What came of a file. `rejected` are the bad rows as they stood, for `rejected_csv`."""

    titles: Sequence[str]
    taken: int = 0
    unchanged: int = 0  #: said before in the very same way
    in_flight: int = 0  #: attempts that withdrawals of the file could not call back
    rejected_count: int = 0
    problems: list[StatementProblem] = field(default_factory=list)  #: the first thousand
    rejected: list[Sequence[str]] = field(default_factory=list)

    def reject(self, record: Record, column: str, message: str) -> None:
        """Keep a bad row with its reason."""
        self.rejected_count += 1
        if len(self.problems) < MOST_REPORTED:
            self.problems.append(StatementProblem(record.line, column, message))
        width = len(self.titles)
        cells = [*(record.cells or record.raw), *[""] * width][:width]
        self.rejected.append([*cells, f"{column}: {message}" if column else message])

    def rejected_csv(self) -> str:
        """The bad rows with their reasons: to be mended and sent again as they are."""
        file = io.StringIO()
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow([*self.titles, REASON_TITLE])
        writer.writerows([as_plain_cell(cell) for cell in row] for row in self.rejected)
        return file.getvalue()


_Value = TypeVar("_Value")


class _BadCellError(Exception):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads rows of one file."""

    positions: Mapping[str, int]
    titles: Sequence[str]
    country: str
    zone: ZoneInfo
    actor: str

    def statement(self, record: Record) -> tuple[str, ConsentEntry]:
        """Address and entry of a row; raises `_BadCellError`."""
        if record.cells is None:
            raise _BadCellError("", REASONS["bad_quotes"][0])
        cell = self._cells(record.cells)
        if not cell["address"]:
            raise _BadCellError(self.title("address"), REASONS["required_empty"][0])
        address = self._read("address", lambda: read_contact(cell["address"], self.country))
        channel = self._channel(cell["channel"], address)
        entry = ConsentEntry(
            channel,
            self._purpose(cell["purpose"]),
            self._choice("action", cell["action"].casefold(), _ACTIONS) if cell["action"] else Action.GIVEN,
            source=cell["source"].casefold() or "import",
            recorded_by=self.actor,
            basis=cell["basis"].casefold() or Basis.CONSENT,
            source_reference=cell["reference"] or None,
            text_version=cell["text_version"] or None,
            valid_from=self._moment("valid_from", cell["valid_from"]),
            valid_until=self._moment("valid_until", cell["valid_until"]),
        )
        return address, entry

    def title(self, name: str) -> str:
        """The column's title in the file."""
        return self.titles[self.positions[name]] if name in self.positions else _TITLES[name][0]

    def _cells(self, cells: Sequence[str]) -> dict[str, str]:
        found = dict.fromkeys(_TITLES, "")
        for name, position in self.positions.items():
            found[name] = clean_text(cells[position]) if position < len(cells) else ""
            if len(found[name]) > MOST_CHARS:
                raise _BadCellError(self.title(name), REASONS["too_long"][0])
        return found

    def _channel(self, typed: str, address: str) -> str:
        if typed:
            return self._read("channel", lambda: read_channel(typed))
        return "email" if "@" in address else "sms"

    def _purpose(self, typed: str) -> str:
        word = typed.casefold()
        if not word:
            raise _BadCellError(self.title("purpose"), REASONS["required_empty"][0])
        return (
            EVERY_PURPOSE if word in _EVERY else self._choice("purpose", word, {one: one for one in Purpose})
        )

    def _choice(self, name: str, word: str, choices: Mapping[str, str]) -> str:
        if word not in choices:
            raise _BadCellError(self.title(name), f"такого значения нет; есть: {', '.join(choices)}")
        return choices[word]

    def _moment(self, name: str, typed: str) -> datetime | None:
        if not typed:
            return None
        day = self._read(name, lambda: read_date(typed))
        return datetime.combine(day, time(0), self.zone)

    def _read(self, name: str, read: "Callable[[], _Value]") -> "_Value":
        try:
            return read()
        except BadValueError as error:
            raise _BadCellError(self.title(name), REASONS[error.reason][0]) from error
        except BadPersonValueError as error:
            raise _BadCellError(self.title(name), "не адрес e-mail и не номер телефона") from error


def import_statements(
    database: Database,
    clock: Clock,
    path: Path,
    *,
    country: str,
    zone: ZoneInfo,
    actor: str,
    encoding: str | None = None,
    sheet: str | None = None,
) -> ConsentImport:
    """Take the good rows into the ledger, batch by batch; raises `ListFileError` for the file as a whole.

    What is in the ledger stays when the file breaks off further down: send it again, nothing comes twice.
    """
    source = open_source(path, ListLimits(), encoding=encoding, sheet=sheet, titles=list(_BY_TITLE))
    reader, line = _understand(source, country, zone, actor)
    result = ConsentImport(reader.titles)
    records = records_below(source, line)
    rows = 0
    while batch := list(islice(records, BATCH)):
        rows += len(batch)
        if rows > MOST_ROWS:
            raise ListFileError(
                "too_many_rows", f"В файле больше {MOST_ROWS} строк. Разделите его на несколько."
            )
        good = list(_good_rows(reader, batch, result))
        database.run(partial(_record, rows=good, clock=clock)).add_to(result)
    return result


def _understand(source: Source, country: str, zone: ZoneInfo, actor: str) -> tuple[_Reader, int]:
    header, _ = find_header(source.records(), list(_BY_TITLE))
    if header is None or header.cells is None:
        raise ListFileError("empty", "Файл пуст: в нём нет ни одной строки.")
    titles = [clean_text(title) for title in header.cells]
    if titles and normalise_title(titles[-1]) == normalise_title(REASON_TITLE):
        titles = titles[:-1]
    positions: dict[str, int] = {}
    for position, title in enumerate(titles):
        name = _BY_TITLE.get(normalise_title(title))
        if name is not None and name in positions:
            raise ListFileError("duplicate_column", "Два столбца означают одно и то же: оставьте один.")
        if name is not None:
            positions[name] = position
    missing = [f"«{_TITLES[name][0]}»" for name in ("address", "purpose") if name not in positions]
    if missing:
        raise ListFileError(
            "missing_column",
            f"В первой строке должны быть названия столбцов. Не найдены: {', '.join(missing)}. Есть ещё:"
            f" {', '.join(titles_of[0] for titles_of in _TITLES.values())}.",
        )
    return _Reader(positions, titles, country, zone, actor), header.line


def _good_rows(
    reader: _Reader, batch: Sequence[Record], result: ConsentImport
) -> Iterator[tuple[Record, str, ConsentEntry]]:
    for record in batch:
        try:
            yield (record, *reader.statement(record))
        except _BadCellError as error:
            result.reject(record, error.column, str(error))


def _record(session: Session, rows: Sequence[tuple[Record, str, ConsentEntry]], clock: Clock) -> "_Recorded":
    now = clock.refresh(session)
    done = _Recorded()
    for record, address, entry in rows:
        try:
            if _is_known(session, address, entry):
                done.unchanged += 1
            else:
                done.in_flight += _take(session, address, entry, now)
                done.taken += 1
        except ConsentError as error:
            done.refused.append((record, _in_words(error)))
    return done


@dataclass
class _Recorded:
    """What a transaction wrote; added to the result only once it has committed, for it may be run again."""

    taken: int = 0
    unchanged: int = 0
    in_flight: int = 0
    refused: list[tuple[Record, str]] = field(default_factory=list)

    def add_to(self, result: ConsentImport) -> None:
        result.taken += self.taken
        result.unchanged += self.unchanged
        result.in_flight += self.in_flight
        for record, message in self.refused:
            result.reject(record, "", message)


def _take(session: Session, address: str, entry: ConsentEntry, now: datetime) -> int:
    """Write one statement; returns how many attempts a withdrawal could not call back."""
    check_stated(entry)
    if entry.action != Action.WITHDRAWN:
        give_consent(session, address, entry, now=now)
        return 0
    withdrawals = withdraw_at(
        session,
        address,
        channel=entry.channel,
        purpose=entry.purpose,
        source=entry.source,
        source_reference=entry.source_reference,
        recorded_by=entry.recorded_by,
        valid_from=entry.valid_from,
        now=now,
    )
    return in_flight_of(withdrawals)


def _is_known(session: Session, address: str, entry: ConsentEntry) -> bool:
    contacts = contacts_at(session, address)
    if entry.source_reference is None:
        return False
    values = {
        "contacts": uuid_array(contacts),
        "channel": entry.channel,
        "purpose": entry.purpose,
        "action": entry.action,
        "source": entry.source,
        "reference": entry.source_reference,
        "valid_from": entry.valid_from,
    }
    return bool(session.execute(_KNOWN, values).scalar_one() == len(contacts))


_WORDS: Final = {
    "consent_reference": "не указан документ, который это подтверждает",
    "consent_channel": "на e-mail только пишут, на телефон шлют SMS и звонят",
    "consent_end_before_begin": "согласие закончилось бы раньше, чем началось",
    "consent_end_of_no": "срок бывает только у согласия",
    "consent_source_not_stated": "такой источник сотрудник не записывает",
    "consent_word": "неизвестный источник или основание",
}


def _in_words(error: ConsentError) -> str:
    return _WORDS.get(error.code, "такого адреса ни у кого нет: сначала загрузите список с ним")
