"""Files with a statement about an address in each row (consents, bans): what their readers share.

Every column has a name of ours and the titles by which files call it. A row that says nothing clear is
reported by its line and reason, and comes back in the file of rejected rows; the good rows are taken.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Final, TypeVar

from campaigns.contact_values import read_contact
from campaigns.list_errors import REASONS, ListFileError
from campaigns.list_file import records_below
from campaigns.list_header import REASON_TITLE, normalise_title
from campaigns.list_record import Record, Source
from campaigns.list_rejected import as_plain_cell
from campaigns.list_shape import find_header
from campaigns.list_values import BadValueError, clean_text, read_channel, read_date
from consent.errors import BadPersonValueError

Titles = Mapping[str, tuple[str, ...]]  #: name → how files call the column, the usual title first

MOST_REPORTED: Final = 1_000

_Value = TypeVar("_Value")


class BadCellError(Exception):
    """Raised for a cell that says nothing clear: its column, and a reason of `REASONS`."""

    def __init__(self, column: str, reason: str, suggestion: str | None = None) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason
        self.suggestion = suggestion  #: words of our own, never of the file


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that was not taken: line, column, reason as a code and in Russian, without the value (P10)."""

    line: int
    column: str
    reason: str
    message: str


@dataclass
class RowReport:
    """What was wrong with a file's rows. `rejected` are the bad ones as they stood."""

    titles: Sequence[str]
    rejected_count: int = 0
    problems: list[RowFault] = field(default_factory=list)  #: the first thousand, by line
    rejected: list[Sequence[str]] = field(default_factory=list)

    def reject(self, record: Record, fault: BadCellError) -> None:
        """Keep a bad row with its reason."""
        message = REASONS[fault.reason][0].format(suggestion=fault.suggestion)
        self.rejected_count += 1
        if len(self.problems) < MOST_REPORTED:
            self.problems.append(RowFault(record.line, fault.column, fault.reason, message))
            self.problems.sort(key=lambda one: one.line)  # some faults show only when a batch is written
        width = len(self.titles)
        cells = [*(record.cells or record.raw), *[""] * width][:width]
        self.rejected.append([*cells, f"{fault.column}: {message}" if fault.column else message])

    def rejected_csv(self) -> str:
        """The bad rows with their reasons: to be mended and sent again as they are."""
        return csv_text([*self.titles, REASON_TITLE], self.rejected)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a file is which, and its rows."""

    source: Source
    names: Titles
    titles: Sequence[str]
    positions: Mapping[str, int]
    header_line: int

    def title(self, name: str) -> str:
        """The column's title in the file."""
        return self.titles[self.positions[name]] if name in self.positions else self.names[name][0]

    def cells(self, record: Record, most_chars: int) -> dict[str, str]:
        """A row's cells by name, empty where there is none; raises `BadCellError`."""
        if record.cells is None:
            raise BadCellError("", "bad_quotes")
        found = dict.fromkeys(self.names, "")
        for name, position in self.positions.items():
            found[name] = clean_text(record.cells[position]) if position < len(record.cells) else ""
            if len(found[name]) > most_chars:
                raise BadCellError(self.title(name), "too_long")
        return found

    def address(self, typed: str, country: str) -> str:
        """An e-mail address or a telephone number; raises `BadCellError`."""
        if not typed:
            raise BadCellError(self.title("address"), "required_empty")
        try:
            return read_contact(typed, country)
        except BadPersonValueError as error:
            raise BadCellError(self.title("address"), "contact_unclear") from error

    def channel(self, typed: str) -> str:
        """A channel; raises `BadCellError`."""
        return self._read("channel", lambda: read_channel(typed))

    def day(self, name: str, typed: str) -> date:
        """A date; raises `BadCellError`."""
        return self._read(name, lambda: read_date(typed))

    def batches(self, size: int, most_rows: int) -> Iterator[list[Record]]:
        """The rows below the header; raises `ListFileError` for a file with too many of them."""
        records, rows = records_below(self.source, self.header_line), 0
        while batch := list(islice(records, size)):
            rows += len(batch)
            if rows > most_rows:
                raise ListFileError(
                    "too_many_rows", f"В файле больше {most_rows} строк. Разделите его на несколько."
                )
            yield batch

    def _read(self, name: str, read: Callable[[], _Value]) -> _Value:
        try:
            return read()
        except BadValueError as error:
            raise BadCellError(self.title(name), error.reason) from error


def by_title(names: Titles) -> dict[str, str]:
    """Title as it is compared → name."""
    return {normalise_title(title): name for name, titles in names.items() for title in titles}


def understand(source: Source, names: Titles, required: Sequence[str]) -> Columns:
    """Which column is which; raises `ListFileError` when a required one is missing, or two are the same."""
    known = by_title(names)
    header, _ = find_header(source.records(), list(known))
    if header is None or header.cells is None:
        raise ListFileError("empty", "Файл пуст: в нём нет ни одной строки.")
    titles = [clean_text(title) for title in header.cells]
    # The file of rejected rows comes back with our own last column.
    if len(titles) > 1 and normalise_title(titles[-1]) == normalise_title(REASON_TITLE):
        titles = titles[:-1]
    positions: dict[str, int] = {}
    for position, title in enumerate(titles):
        name = known.get(normalise_title(title))
        if name is not None and name in positions:
            raise ListFileError("duplicate_column", "Два столбца означают одно и то же: оставьте один.")
        if name is not None:
            positions[name] = position
    missing = [f"«{names[name][0]}»" for name in required if name not in positions]
    if missing:
        raise ListFileError(
            "missing_column",
            f"В первой строке должны быть названия столбцов. Не найдены: {', '.join(missing)}. Есть ещё:"
            f" {', '.join(titles_of[0] for titles_of in names.values())}.",
        )
    return Columns(source, names, titles, positions, header.line)


def csv_text(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as CSV that a spreadsheet shows as it stands, and does not run."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow(titles)
    writer.writerows([as_plain_cell(cell) for cell in row] for row in rows)
    return file.getvalue()
