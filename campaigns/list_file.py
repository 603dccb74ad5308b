"""Read a recipient list from any kind of file, row by row, in flat memory.

Everything that is wrong with the file as a whole is said before the first row; everything that is wrong
with one row is a `RowProblem` in the stream, followed by the row itself as `RejectedCells`, and the other
rows stay good.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from campaigns.list_accounts import SAMPLE_ROWS, AccountShape, learn_shape
from campaigns.list_errors import ListFileError, RowProblem, Severity
from campaigns.list_header import HeaderMap, map_header
from campaigns.list_limits import ListLimits
from campaigns.list_record import Record, Source
from campaigns.list_row import ListRow, RejectedCells, RowContext, RowReader
from campaigns.list_shape import find_header, is_footer, is_numbering, is_totals
from campaigns.list_source import open_source
from campaigns.list_values import clean_text

DEFAULT_ZONE: Final = ZoneInfo("Europe/Moscow")
_FINGERPRINT_CHUNK = 1 << 20

Item = ListRow | RowProblem | RejectedCells


@dataclass(frozen=True, slots=True)
class ListReading:
    """A list that was understood; iterate for its rows and problems, as often as you like."""

    source: Source
    header: HeaderMap
    header_line: int
    limits: ListLimits
    country: str
    default_zone: ZoneInfo
    shape: AccountShape

    def describe(self) -> dict[str, Any]:
        """How the file was read: kept with the list, shown before and after an import."""
        return {**self.source.describe(), "header_line": self.header_line, "columns": self.columns()}

    def columns(self) -> dict[str, str]:
        """Title in the file → field, of the columns that were understood."""
        return {self.header.titles[position]: name for name, position in self.header.positions.items()}

    def __iter__(self) -> Iterator[Item]:
        """Yield problems of a row before the row; raises `ListFileError` when the file breaks off."""
        context = RowContext(
            self.header,
            self.limits.cell_chars,
            self.source.delimiter,
            self.country,
            self.default_zone,
            self.shape,
        )
        if not context.tells_zones:
            yield RowProblem(self.header_line, "", "empty", "zone_column_absent", Severity.WARNING)
        rows = 0
        furniture = _Furniture(self.header)
        for record in records_below(self.source, self.header_line):
            if reason := furniture.reason_to_pass(record):
                yield RowProblem(record.line, "", "text", reason, Severity.NOTE)
                continue
            rows += 1
            if rows > self.limits.rows:
                raise ListFileError(
                    "too_many_rows", f"В списке больше {self.limits.rows} строк. Разделите его на несколько."
                )
            reader = RowReader(context, record)
            yield from reader.problems
            if reader.row is not None:
                yield reader.row
            else:
                yield from reader.rejected()


class _Furniture:
    """Tells the rows that are no recipients: column numbers, totals, what stands below the totals."""

    def __init__(self, header: HeaderMap) -> None:
        self._account = header.positions["account_number"]
        self._is_first = True
        self._after_totals = False

    def reason_to_pass(self, record: Record) -> str | None:
        is_first, self._is_first = self._is_first, False
        if record.cells is None:
            return None
        if is_first and is_numbering(record.cells):
            return "numbering_row"
        account = record.cells[self._account].strip() if len(record.cells) > self._account else ""
        if not self._after_totals and account[:1].isdigit():
            return None  # nearly every row: this road is short
        cells = [clean_text(cell) for cell in record.cells]
        if is_totals(cells, account):
            self._after_totals = True
            return "totals_row"
        return "footer_row" if self._after_totals and is_footer(cells, account) else None


def records_below(source: Source, header_line: int) -> Iterator[Record]:
    """The records after the header."""
    return (record for record in source.records() if record.line > header_line)


def read_list(
    path: Path | str,
    *,
    encoding: str | None = None,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
    saved_mapping: Mapping[str, str] | None = None,
    limits: ListLimits | None = None,
    country: str = "RU",
    default_zone: ZoneInfo = DEFAULT_ZONE,
) -> ListReading:
    """Understand a list's file and header; raises `ListFileError` with what to do.

    `mapping` and `saved_mapping` are title in the file → field (see `campaigns.list_header.map_header`).
    `sheet` names the sheet of a workbook. `country` is the one of phone numbers without a code. No file is
    held open between iterations.
    """
    limits = limits or ListLimits()
    titles = [*(mapping or {}), *(saved_mapping or {})]
    source = open_source(Path(path), limits, encoding=encoding, sheet=sheet, titles=titles)
    found, _ = find_header(source.records(), titles)
    header = _map(found, mapping, saved_mapping, limits)
    line = found.line if found else 0
    sample = list(islice(records_below(source, line), SAMPLE_ROWS))
    if not sample:
        raise ListFileError("no_rows", "В файле только названия столбцов: в списке нет ни одной строки.")
    account = header.positions["account_number"]
    shape = learn_shape(
        (record.cells[account].strip(), account in record.numeric)
        for record in sample
        if record.cells is not None and len(record.cells) > account
    )
    return ListReading(source, header, line, limits, country, default_zone, shape)


def _map(
    found: Record | None,
    mapping: Mapping[str, str] | None,
    saved: Mapping[str, str] | None,
    limits: ListLimits,
) -> HeaderMap:
    if found is None:
        raise ListFileError("empty", "Файл пуст: в списке нет ни одной строки.")
    if found.cells is None:
        raise ListFileError(
            "header_broken", "Не читается первая строка: проверьте кавычки в названиях столбцов."
        )
    titles = [clean_text(title) for title in found.cells]
    if len(titles) > limits.columns:
        raise ListFileError("too_many_columns", f"В файле больше {limits.columns} столбцов.")
    return map_header(titles, mapping, saved)


def fingerprint(path: Path | str) -> bytes:
    """SHA-256 of the file, read in pieces."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(_FINGERPRINT_CHUNK):
            digest.update(chunk)
    return digest.digest()
