"""The file of rejected rows: the shape of the source with the column «Причина», ready to mend and send again.

A text file keeps its delimiter and encoding, a workbook becomes XLSX. Cells stand as they were typed; what
a spreadsheet would take for a formula is written as text. The import passes the last column over.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.errors import UnknownListError
from campaigns.list_header import REASON_TITLE

_LIST = text("SELECT file_name, header, source, rejected_purged_at FROM recipient_list WHERE id = :list")
_ROWS = text("SELECT cells, reason FROM recipient_list_rejected_row WHERE list_id = :list ORDER BY number")
_FETCH = 1_000
#: What spreadsheets run; «+7 900 …» and «-5» are numbers and stay as they are.
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d\s().,-]*$)")
_PLAIN_SIGNS = str.maketrans({"«": '"', "»": '"', "–": "-", "—": "-", "…": "..."})


@dataclass(frozen=True, slots=True)
class RejectedFile:
    """What was written: where, and how many rows."""

    path: Path
    rows: int


def write_rejected(session: Session, list_id: UUID, path: Path) -> RejectedFile:
    """Write the rejected rows of a list to `path`; raises `UnknownListError`, also once they were purged.

    For an unknown suffix call `rejected_name` first: it says what the file should be called.
    """
    found = session.execute(_LIST, {"list": list_id}).first()
    if found is None or found.header is None:
        raise UnknownListError(
            "there is no such list, or it was imported before rejected rows were kept",
            code="no_rejected_rows",
        )
    if found.rejected_purged_at is not None:
        raise UnknownListError("the rejected rows of this list were deleted when their time was over")
    header = [*_without_reason(found.header), REASON_TITLE]
    rows = _rows(session, list_id, len(found.header), len(header) - 1)
    if found.source["format"] == "csv":
        count = _write_csv(path, header, rows, found.source)
    else:
        count = _write_xlsx(path, header, rows)
    return RejectedFile(path, count)


def as_plain_cell(cell: str) -> str:
    """A cell of a text file that a spreadsheet shows as it stands, and does not run."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def rejected_name(session: Session, list_id: UUID) -> str:
    """A name for the file, after the source's own: «debtors.csv» → «debtors-ошибки.csv»."""
    found = session.execute(_LIST, {"list": list_id}).first()
    if found is None or found.source is None:
        raise UnknownListError(
            "there is no such list, or it was imported before rejected rows were kept",
            code="no_rejected_rows",
        )
    source = Path(found.file_name)
    suffix = (source.suffix or ".csv") if found.source["format"] == "csv" else ".xlsx"
    return f"{source.stem}-ошибки{suffix}"


def _without_reason(header: Sequence[str]) -> Sequence[str]:
    # The file of rejected rows itself was imported, and some of its rows are still bad.
    return header[:-1] if header and header[-1] == REASON_TITLE else header


def _rows(session: Session, list_id: UUID, width: int, kept: int) -> Iterator[list[str]]:
    result = session.execute(_ROWS.execution_options(yield_per=_FETCH), {"list": list_id})
    for row in result:
        cells = [*row.cells, *[""] * (width - len(row.cells))]
        # Cells beyond the header go behind the reason, where they lose nobody anything.
        yield [*cells[:kept], row.reason, *cells[width:]]


def _write_csv(path: Path, header: Sequence[str], rows: Iterator[list[str]], source: Any) -> int:
    encoding = source["encoding"]
    is_old = not encoding.startswith("utf")
    place, count = len(header) - 1, 0
    with path.open("w", encoding=_with_mark(encoding), errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=source["delimiter"], lineterminator="\r\n")
        writer.writerow(header)
        for row in rows:
            count += 1
            if is_old:
                row[place] = row[place].translate(_PLAIN_SIGNS)
            writer.writerow([as_plain_cell(cell) for cell in row])
    return count


def _with_mark(encoding: str) -> str:
    """Excel opens UTF-8 only by its byte order mark."""
    if encoding.startswith("utf-16"):
        return "utf-16"
    return "utf-8-sig" if encoding == "utf-8" else str(encoding)


def _write_xlsx(path: Path, header: Sequence[str], rows: Iterator[list[str]]) -> int:
    import xlsxwriter  # type: ignore[import-untyped]

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet()
        as_text = book.add_format({"num_format": "@"})
        _write_row(sheet, 0, header, as_text)
        for count, row in enumerate(rows, start=1):
            _write_row(sheet, count, row, as_text)
    return count


def _write_row(sheet: Any, line: int, row: Sequence[str], as_text: Any) -> None:
    for column, cell in enumerate(row):
        if cell:
            sheet.write_string(line, column, cell, as_text)
