"""The stop list as a file: bans out of CSV or a workbook, and all bans in force as CSV.

A row that says nothing clear is reported by its line and reason and comes back in the file of rejected
rows; the good rows are taken. A file that comes twice bans nobody a second time.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

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
from consent.errors import BadPersonValueError
from consent.suppression import MAX_REASON_CHARS, NewSuppression, SuppressionReason, suppress
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database

BATCH: Final = 500
MOST_ROWS: Final = 500_000
MOST_REPORTED: Final = 1_000
EXPORT_TITLES: Final = ("Адрес или телефон", "Канал", "Код причины", "Действует по", "Примечание", "Добавлен")

_TITLES: Final[Mapping[str, tuple[str, ...]]] = {
    "address": ("адрес или телефон", "адрес", "контакт", "e-mail", "телефон", "address", "email", "phone"),
    "channel": ("канал", "channel"),
    "reason": ("код причины", "reason"),
    "until": ("действует по", "действует до", "діє до", "until", "expires", "expires_at"),
    "note": ("примечание", "комментарий", "примітка", "note"),
}
_BY_TITLE: Final = {normalise_title(title): name for name, titles in _TITLES.items() for title in titles}
_CHANNELS_OF: Final = {True: ("email",), False: ("sms", "voice")}


@dataclass(frozen=True, slots=True)
class BanProblem:
    """A row that was not taken: line, column, reason in words without the value (P10)."""

    line: int
    column: str
    message: str


@dataclass
class StopListImport:
    """What came of a file. `rejected` are the bad rows as they stood."""

    titles: Sequence[str]
    added: int = 0
    known: int = 0  #: banned for as long already
    rejected_count: int = 0
    problems: list[BanProblem] = field(default_factory=list)  #: the first thousand
    rejected: list[Sequence[str]] = field(default_factory=list)

    def reject(self, record: Record, column: str, message: str) -> None:
        """Keep a bad row with its reason."""
        self.rejected_count += 1
        if len(self.problems) < MOST_REPORTED:
            self.problems.append(BanProblem(record.line, column, message))
        width = len(self.titles)
        cells = [*(record.cells or record.raw), *[""] * width][:width]
        self.rejected.append([*cells, f"{column}: {message}" if column else message])

    def rejected_csv(self) -> str:
        """The bad rows with their reasons: to be mended and sent again as they are."""
        return _csv([*self.titles, REASON_TITLE], self.rejected)


class _BadCellError(Exception):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class _Reader:
    positions: Mapping[str, int]
    titles: Sequence[str]
    country: str
    zone: ZoneInfo
    now: datetime

    def bans(self, record: Record) -> list[NewSuppression]:
        """The bans of a row: over its channel, or over all that its address has; raises `_BadCellError`."""
        if record.cells is None:
            raise _BadCellError("", REASONS["bad_quotes"][0])
        cell = self._cells(record.cells)
        if not cell["address"]:
            raise _BadCellError(self.title("address"), REASONS["required_empty"][0])
        try:
            address = read_contact(cell["address"], self.country)
        except BadPersonValueError as error:
            raise _BadCellError(self.title("address"), "не адрес e-mail и не номер телефона") from error
        reason, until = self._reason(cell["reason"]), self._until(cell["until"])
        note = cell["note"] or (cell["reason"] if reason is SuppressionReason.IMPORTED else "") or None
        return [
            NewSuppression(channel, address, reason, "import", expires_at=until, note=note)
            for channel in self._channels(cell["channel"], address)
        ]

    def title(self, name: str) -> str:
        """The column's title in the file."""
        return self.titles[self.positions[name]] if name in self.positions else _TITLES[name][0]

    def _cells(self, cells: Sequence[str]) -> dict[str, str]:
        found = dict.fromkeys(_TITLES, "")
        for name, position in self.positions.items():
            found[name] = clean_text(cells[position]) if position < len(cells) else ""
            if len(found[name]) > MAX_REASON_CHARS:
                raise _BadCellError(self.title(name), REASONS["too_long"][0])
        return found

    def _channels(self, typed: str, address: str) -> Sequence[str]:
        possible = _CHANNELS_OF["@" in address]
        if not typed:
            return possible
        try:
            channel = read_channel(typed)
        except BadValueError as error:
            raise _BadCellError(self.title("channel"), REASONS[error.reason][0]) from error
        if channel not in possible:
            raise _BadCellError(self.title("channel"), "на e-mail только пишут, на телефон шлют SMS и звонят")
        return (channel,)

    def _reason(self, typed: str) -> SuppressionReason:
        known = {one.value: one for one in SuppressionReason}
        return known.get(typed.casefold(), SuppressionReason.IMPORTED)

    def _until(self, typed: str) -> datetime | None:
        if not typed:
            return None
        try:
            day = read_date(typed)
        except BadValueError as error:
            raise _BadCellError(self.title("until"), REASONS[error.reason][0]) from error
        until = datetime.combine(day, time(0), self.zone) + timedelta(days=1)
        if until <= self.now:
            raise _BadCellError(self.title("until"), "срок уже прошёл")
        return until


def import_stop_list(
    database: Database, clock: Clock, path: Path, *, country: str, zone: ZoneInfo, actor: str
) -> StopListImport:
    """Ban the addresses of the good rows, batch by batch; raises `ListFileError` for the file as a whole."""
    source = open_source(path, ListLimits(), titles=list(_BY_TITLE))
    reader, line = _understand(source, country, zone, clock.now())
    result = StopListImport(reader.titles)
    records, rows = records_below(source, line), 0
    while batch := list(islice(records, BATCH)):
        rows += len(batch)
        if rows > MOST_ROWS:
            raise ListFileError(
                "too_many_rows", f"В файле больше {MOST_ROWS} строк. Разделите его на несколько."
            )
        bans = list(_good_bans(reader, batch, result))
        done = database.run(partial(_ban, bans=bans, actor=actor, clock=clock))
        result.added += done[0]
        result.known += done[1]
    return result


def stop_list_csv(rows: Iterable[Sequence[str]]) -> str:
    """A stop list for another system; `import_stop_list` reads it."""
    return _csv(EXPORT_TITLES, rows)


def _ban(session: Session, bans: Sequence[NewSuppression], actor: str, clock: Clock) -> tuple[int, int]:
    done = suppress(session, bans, actor=actor, now=clock.refresh(session))
    return len(done.added), done.known


def _good_bans(reader: _Reader, batch: Sequence[Record], result: StopListImport) -> Iterator[NewSuppression]:
    for record in batch:
        try:
            yield from reader.bans(record)
        except _BadCellError as error:
            result.reject(record, error.column, str(error))


def _understand(source: Source, country: str, zone: ZoneInfo, now: datetime) -> tuple[_Reader, int]:
    header, _ = find_header(source.records(), list(_BY_TITLE))
    if header is None or header.cells is None:
        raise ListFileError("empty", "Файл пуст: в нём нет ни одной строки.")
    titles = [clean_text(title) for title in header.cells]
    if titles and normalise_title(titles[-1]) == normalise_title(REASON_TITLE) and len(titles) > 1:
        titles = titles[:-1]
    positions: dict[str, int] = {}
    for position, title in enumerate(titles):
        name = _BY_TITLE.get(normalise_title(title))
        if name is not None and name in positions:
            raise ListFileError("duplicate_column", "Два столбца означают одно и то же: оставьте один.")
        if name is not None:
            positions[name] = position
    if "address" not in positions:
        known = ", ".join(titles_of[0] for titles_of in _TITLES.values())
        raise ListFileError(
            "missing_column",
            f"В первой строке должны быть названия столбцов, «адрес или телефон» обязателен. Есть: {known}.",
        )
    return _Reader(positions, titles, country, zone, now), header.line


def _csv(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow(titles)
    writer.writerows([as_plain_cell(cell) for cell in row] for row in rows)
    return file.getvalue()
