"""Read a recipient list from CSV, row by row, in flat memory.

Everything that is wrong with the file as a whole is said before the first row; everything that is wrong
with one row is a `RowProblem` in the stream, and the other rows stay good. A bad contact beside a good
one costs only itself. Nothing is guessed: a spoiled account number is a problem, never a number.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from campaigns.first_seen import FirstSeen
from campaigns.list_errors import ListFileError, RowProblem, Severity, value_class
from campaigns.list_header import HeaderMap, count_known, map_header
from campaigns.list_source import (
    DELIMITERS,
    ListSource,
    Record,
    detect_encoding,
    read_delimiter_hint,
    read_records,
)
from campaigns.list_values import (
    BadValueError,
    clean_text,
    read_account,
    read_consent,
    read_contract,
    read_date,
    read_email,
    read_group,
    read_language,
    read_phone,
    read_sum,
)
from consent.zones import zone_of

DEFAULT_ZONE = ZoneInfo("Europe/Moscow")
_FINGERPRINT_CHUNK = 1 << 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListLimits:
    """What is still a list; beyond it the file is refused with a message."""

    file_bytes: int = 512 * 1024 * 1024
    rows: int = 1_000_000
    columns: int = 200
    cell_chars: int = 4_000


@dataclass(frozen=True, slots=True)
class ListRow:
    """One recipient as the list tells it. `line` is the line of the file on which the row begins.

    `consent` is None when the list says nothing, an empty set when it says no. `time_zone` is the
    default when `time_zone_known` is false. `fields` holds the further columns as text.
    """

    line: int
    account_number: str
    person_id: str | None
    full_name: str
    address: str
    time_zone: str
    time_zone_known: bool
    email: str | None = None
    phone: str | None = None
    debt: Decimal | None = None
    due_date: date | None = None
    consent: frozenset[str] | None = None
    customer_group: int = 1
    language: str = "ru"
    contract: bool = True
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListReading:
    """A list that was understood; iterate for its rows and problems, as often as you like."""

    source: ListSource
    header: HeaderMap
    limits: ListLimits
    country: str
    default_zone: ZoneInfo

    def __iter__(self) -> Iterator[ListRow | RowProblem]:
        """Yield problems of a row before the row; raises `ListFileError` when the file breaks off."""
        seen = FirstSeen()
        records = islice(read_records(self.source), 1, None)
        for count, record in enumerate(records, start=1):
            if count > self.limits.rows:
                raise ListFileError(
                    "too_many_rows", f"В списке больше {self.limits.rows} строк. Разделите его на несколько."
                )
            yield from _RowReader(self, record, seen).read()


def read_list(
    path: Path | str,
    *,
    encoding: str | None = None,
    mapping: Mapping[str, str] | None = None,
    limits: ListLimits | None = None,
    country: str = "RU",
    default_zone: ZoneInfo = DEFAULT_ZONE,
) -> ListReading:
    """Understand a list's file and header; raises `ListFileError` with what to do.

    `mapping` is title in the file → field (see `campaigns.list_header.FIELDS`), or "" to leave a column
    out. `country` is the one of phone numbers without a code. No file is held open between iterations.
    """
    limits = limits or ListLimits()
    source = detect_encoding(Path(path), encoding, limits.file_bytes)
    source = _with_delimiter(source)
    head = list(islice(read_records(source), 2))
    if not head:
        raise ListFileError("empty", "Файл пуст: в списке нет ни одной строки.")
    titles = head[0].cells
    if titles is None:
        raise ListFileError(
            "header_broken", "Не читается первая строка: проверьте кавычки в названиях столбцов."
        )
    if len(titles) > limits.columns:
        raise ListFileError("too_many_columns", f"В файле больше {limits.columns} столбцов.")
    header = map_header([clean_text(title) for title in titles], mapping)
    if len(head) == 1:
        raise ListFileError("no_rows", "В файле только названия столбцов: в списке нет ни одной строки.")
    return ListReading(source, header, limits, country, default_zone)


def fingerprint(path: Path | str) -> bytes:
    """SHA-256 of the file, read in pieces."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(_FINGERPRINT_CHUNK):
            digest.update(chunk)
    return digest.digest()


def _with_delimiter(source: ListSource) -> ListSource:
    """Choose the delimiter under which the header has most known titles, then most cells."""
    hint = read_delimiter_hint(source)
    if hint is not None:
        return replace(source, delimiter=hint, skip_lines=1)
    best: tuple[tuple[int, int], str] = ((-1, -1), DELIMITERS[0])
    for delimiter in DELIMITERS:
        first = next(read_records(replace(source, delimiter=delimiter)), None)
        cells = first.cells if first and first.cells else []
        score = (count_known([clean_text(cell) for cell in cells]), len(cells))
        if score > best[0]:
            best = (score, delimiter)
    return replace(source, delimiter=best[1])


class _RowReader:
    """Reads one record; collects its problems."""

    def __init__(self, reading: ListReading, record: Record, seen: FirstSeen) -> None:
        self._reading = reading
        self._header = reading.header
        self._line = record.line
        self._last_line = record.last_line
        self._raw = record.cells
        self._seen = seen
        self._cells: list[str] = []
        self._problems: list[RowProblem] = []

    def read(self) -> Iterator[ListRow | RowProblem]:
        row = self._row() if self._shape_is_good() else None
        yield from self._problems
        if row is not None and not any(one.severity is Severity.ERROR for one in self._problems):
            self._seen.add(_account_key(row.account_number), self._line)
            yield row

    def _shape_is_good(self) -> bool:
        titles = self._header.titles
        if self._raw is None:
            self._add("", "text", "bad_quotes" if self._last_line == self._line else "swallowed_rows")
            return False
        for number, cell in enumerate(self._raw):
            title = titles[number] if number < len(titles) else f"столбец {number + 1}"
            if "\n" in cell and _holds_rows(cell, self._reading.source.delimiter, len(titles)):
                self._add(title, "text", "swallowed_rows")
            elif len(cell) > self._reading.limits.cell_chars:
                self._add(title, "long text", "too_long")
            elif number >= len(titles) and cell.strip():
                self._add(title, value_class(cell), "too_many_cells")
        # Rows that a spreadsheet cut short lack only empty cells at their end.
        self._cells = [clean_text(cell) for cell in self._raw[: len(titles)]]
        self._cells += [""] * (len(titles) - len(self._cells))
        return not self._problems

    def _row(self) -> ListRow | None:
        account = self._take("account_number", read_account, required=True)
        full_name = self._take("full_name", str, required=True)
        if account is None or full_name is None:
            return None
        first_line = self._seen.line_of(_account_key(account))
        if first_line is not None:
            self._add(
                self._header.title("account_number"), value_class(account), "duplicate_account", first_line
            )
            return None
        address = self._text("address")
        zone, zone_known = self._zone(address)
        return ListRow(
            line=self._line,
            account_number=account,
            person_id=self._take("person_id", read_account),
            full_name=full_name,
            address=address,
            time_zone=zone,
            time_zone_known=zone_known,
            email=self._take("email", read_email, Severity.WARNING),
            phone=self._phone(),
            debt=self._take("debt", read_sum),
            due_date=self._take("due_date", read_date),
            consent=self._take("consent", read_consent, Severity.WARNING),
            customer_group=self._take("customer_group", read_group) or 1,
            language=self._take("language", read_language, Severity.WARNING) or "ru",
            contract=self._take("contract", read_contract) is not False,
            fields={name: self._cells[position] for position, name in self._header.extras.items()},
        )

    def _take(
        self,
        name: str,
        read: Callable[[str], T],
        severity: Severity = Severity.ERROR,
        *,
        required: bool = False,
    ) -> T | None:
        text = self._text(name)
        if not text:
            if required:
                self._add(self._header.title(name), "empty", "required_empty")
            return None
        try:
            return read(text)
        except BadValueError as exc:
            self._add(self._header.title(name), value_class(text), exc.reason, severity=severity)
            return None

    def _phone(self) -> str | None:
        taken = self._take("phone", lambda text: read_phone(text, self._reading.country), Severity.WARNING)
        if taken is None:
            return None
        number, has_extension = taken
        if has_extension:
            self._add(self._header.title("phone"), "phone", "phone_extension", severity=Severity.WARNING)
        return number

    def _zone(self, address: str) -> tuple[str, bool]:
        stated = self._text("time_zone")
        if stated:
            zone, known = zone_of(stated, self._reading.default_zone)
            if known:
                return zone.key, True
            self._add(
                self._header.title("time_zone"),
                value_class(stated),
                "zone_unclear",
                severity=Severity.WARNING,
            )
        zone, known = zone_of(address, self._reading.default_zone)
        return zone.key, known

    def _text(self, name: str) -> str:
        position = self._header.positions.get(name)
        return "" if position is None else self._cells[position]

    def _add(
        self,
        column: str,
        kind: str,
        reason: str,
        first_line: int | None = None,
        *,
        severity: Severity = Severity.ERROR,
    ) -> None:
        last_line = self._last_line if self._last_line > self._line else None
        self._problems.append(RowProblem(self._line, column, kind, reason, severity, first_line, last_line))


def _account_key(account: str) -> str:
    return "".join(account.casefold().split())


def _holds_rows(cell: str, delimiter: str, columns: int) -> bool:
    # An address of two lines is fine; a cell with whole rows inside is the work of a stray quote.
    return any(line.count(delimiter) >= max(1, columns // 2) for line in cell.splitlines())
