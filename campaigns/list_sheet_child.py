"""Unpacks one sheet of a workbook in a process of its own: `python -m campaigns.list_sheet_child`.

The reader of sheets holds a sheet whole, and a file of a few kilobytes can claim a sheet of billions of
cells. Here that costs only this process, which has limits of memory and time. It takes a JSON request on
standard input and writes JSON lines: first what was found, then `[line, cells, numeric positions]`.
Formulas are never evaluated: the value that the file holds is the value.
"""

import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, TextIO

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum, load_workbook

from campaigns.list_record import Record
from campaigns.list_shape import find_header, trimmed

EXACT_NUMBERS = 10**15  #: spreadsheets keep 15 digits; of longer numbers the rest is lost

_Row = tuple[int, list[str], tuple[int, ...]]


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    memory = request["memory"]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        with load_workbook(request["path"]) as workbook:
            _answer(workbook, request, sys.stdout)
    except PasswordError:
        _fail("encrypted")
    except MemoryError:
        _fail("workbook_too_large")
    except BrokenPipeError:
        raise
    except BaseException:  # noqa: BLE001 - a panic of the Rust reader is none of Exception's children
        _fail("workbook_broken")


def _fail(code: str) -> None:
    # A line of its own: rows may have been written already.
    print(json.dumps({"error": code}), flush=True)  # noqa: T201 - the pipe is this program's output


def _answer(workbook: CalamineWorkbook, request: dict[str, Any], output: TextIO) -> None:
    sheets = [one for one in workbook.sheets_metadata if one.typ is SheetTypeEnum.WorkSheet]
    shown = [one.name for one in sheets if one.visible is SheetVisibleEnum.Visible]
    hidden = [one.name for one in sheets if one.visible is not SheetVisibleEnum.Visible]
    wanted = request["sheet"]
    if wanted and wanted not in shown + hidden:
        _write(output, {"sheet": None, "shown": shown, "hidden": hidden})
        return
    name = wanted or _first_with_header(workbook, shown, request["titles"])
    _write(output, {"sheet": name, "shown": shown, "hidden": hidden})
    for count, row in enumerate(_rows(workbook, name) if name else ()):
        if count > request["rows"]:  # one more than the limit: the reader of the list says so
            break
        _write(output, row)


def _write(output: TextIO, value: Any) -> None:
    output.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def _first_with_header(workbook: CalamineWorkbook, names: list[str], titles: list[str]) -> str | None:
    """The visible sheet that begins like a list; else the first one, whose faults will be named."""
    for name in names:
        records = (Record(line, line, cells) for line, cells, _ in _rows(workbook, name))
        if find_header(records, titles)[1] > 1:
            return name
    return names[0] if names else None


def _rows(workbook: CalamineWorkbook, name: str) -> Iterator[_Row]:
    for line, values in enumerate(workbook.get_sheet_by_name(name).iter_rows(), start=1):
        cells = trimmed([cell_text(value) for value in values])
        if cells:
            numeric = tuple(
                position
                for position, value in enumerate(values)
                if isinstance(value, (int, float)) and not isinstance(value, bool)
            )
            yield line, cells, numeric


def cell_text(value: object) -> str:
    """A cell as text: whole numbers without «.0», dates as 2026-12-25, numbers past 15 digits as 1.2E+16.

    The last form tells the reader of accounts that digits are lost. Cells with an error (#N/A) are empty.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "да" if value else "нет"
    if isinstance(value, (int, float)):
        return _number_text(float(value))
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == time() else str(value)
    return str(value) if isinstance(value, (date, time, timedelta)) else ""


def _number_text(number: float) -> str:
    if abs(number) >= EXACT_NUMBERS:
        return f"{number:.14E}"
    return str(int(number)) if number.is_integer() else f"{number:.15g}"


if __name__ == "__main__":
    main()
