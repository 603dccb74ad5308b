"""The report as files: a workbook with a sheet for each table, or one table as CSV."""

import csv
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from campaigns.list_rejected import as_plain_cell
from reports.management.tables import Column, Kind, Table, Value, say
from reports.management.words import COLUMNS, TABLES
from reports.words import Language, word_for

_FORMATS: Final = {Kind.MONEY: "#,##0.00", Kind.SHARE: "0.0%", Kind.MOMENT: "dd.mm.yyyy hh:mm"}
_WIDE: Final = 40
_NARROW: Final = 14
_NUMBERS: Final = frozenset({Kind.NUMBER, Kind.MONEY, Kind.SHARE, Kind.MOMENT})


def write_csv(path: Path, table: Table, *, zone: ZoneInfo, language: Language) -> None:
    """One table for a spreadsheet: semicolons, and a decimal comma where the language writes one."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow([word_for(COLUMNS, column.name, language) for column in table.columns])
        for row in table.rows:
            cells = zip(table.columns, row, strict=True)
            writer.writerow([as_text(column, value, zone, language) for column, value in cells])


def write_workbook(path: Path, tables: Sequence[Table], *, zone: ZoneInfo, language: Language) -> None:
    """Every table on a sheet of its own; figures and moments stay figures and moments."""
    import xlsxwriter  # type: ignore[import-untyped]

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        formats = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        for table in tables:
            # A sheet's name has at most 31 signs; ours are shorter in every language, as a test holds.
            sheet = book.add_worksheet(word_for(TABLES, table.name, language))
            sheet.freeze_panes(1, 0)
            for place, column in enumerate(table.columns):
                sheet.set_column(place, place, _NARROW if column.kind in _NUMBERS else _WIDE)
                sheet.write_string(0, place, word_for(COLUMNS, column.name, language), head)
            for line, row in enumerate(table.rows, start=1):
                for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
                    _write(
                        sheet, line, place, _plain(column, value, zone, language), formats.get(column.kind)
                    )


def as_text(column: Column, value: Value, zone: ZoneInfo, language: Language) -> str:
    """A value in words and signs; nothing where there is none."""
    said = say(column.kind, value, language)
    if said is None:
        return ""
    if isinstance(said, datetime):
        return f"{said.astimezone(zone):%d.%m.%Y %H:%M}"
    if isinstance(said, Decimal):
        written = f"{said:.3f}" if column.kind is Kind.SHARE else f"{said:.2f}"
        return written if language == "en" else written.replace(".", ",")
    return str(said) if isinstance(said, int) else as_plain_cell(said)


def _write(sheet: Any, line: int, place: int, value: Value, form: Any) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(line, place, value, form)
    elif isinstance(value, int | Decimal):
        sheet.write_number(line, place, value, form)
    elif value:
        sheet.write_string(line, place, value)


def _plain(column: Column, value: Value, zone: ZoneInfo, language: Language) -> Value:
    if isinstance(value, datetime):
        # Workbooks know no zones: the company's wall is what staff read.
        return value.astimezone(zone).replace(tzinfo=None)
    return say(column.kind, value, language)
