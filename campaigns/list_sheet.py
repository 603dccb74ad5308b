"""A list in a workbook (XLSX, XLS, ODS): one sheet, as a stream of records.

The sheet is unpacked by a child process (see `campaigns.list_sheet_child`) into a nameless temporary file
that vanishes with this object, so the memory of this process stays flat and a broken or hostile workbook
can harm nothing here.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaigns.list_archive import broken_workbook, encrypted_workbook
from campaigns.list_encoding import SAVE_AS
from campaigns.list_errors import ListFileError
from campaigns.list_limits import ListLimits
from campaigns.list_record import Record

_CHILD = ("-P", "-m", "campaigns.list_sheet_child")


@dataclass(frozen=True, slots=True)
class SheetSource:
    """An unpacked sheet."""

    path: Path
    kind: str
    sheet: str
    shown_sheets: tuple[str, ...]
    hidden_sheets: tuple[str, ...]
    spool: "Spool"
    delimiter: str = ""

    def describe(self) -> dict[str, Any]:
        """Format and sheets: staff must see that others were not read."""
        others = [name for name in self.shown_sheets if name != self.sheet]
        return {
            "format": self.kind,
            "sheet": self.sheet,
            "other_sheets": others,
            "hidden_sheets": [name for name in self.hidden_sheets if name != self.sheet],
        }

    def count_lines(self) -> int:
        """Rows of the sheet."""
        return sum(1 for _ in self.spool.lines()) - 1

    def records(self) -> Iterator[Record]:
        """The rows that are not blank."""
        lines = self.spool.lines()
        next(lines)
        for text in lines:
            line, cells, numeric = json.loads(text)
            yield Record(line, line, cells, tuple(numeric))


class Spool:
    """A temporary file without a name, closed when nobody holds this any more."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the finalizer below
        weakref.finalize(self, self.file.close)

    def lines(self) -> Iterator[bytes]:
        """The lines from the first one; several readers do not disturb each other."""
        yield from io.BufferedReader(_Positioned(self), 1 << 16)


class _Positioned(io.RawIOBase):
    """Reads the spool at a place of its own: duplicated descriptors would share one."""

    def __init__(self, spool: Spool) -> None:
        super().__init__()
        self._spool = spool
        self._offset = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = os.preadv(self._spool.file.fileno(), [buffer], self._offset)
        self._offset += count
        return count


def open_sheet(
    path: Path, kind: str, *, sheet: str | None, titles: Collection[str], limits: ListLimits
) -> SheetSource:
    """Unpack the named sheet, or the first visible one with a header; raises `ListFileError`."""
    spool = Spool()
    request = {
        "path": str(path.resolve()),
        "sheet": sheet,
        "titles": list(titles),
        "rows": limits.rows + 1_000,  # headings and totals are no rows of the list
        "memory": limits.sheet_memory_bytes,
    }
    _unpack(request, spool, limits.sheet_seconds)
    found = _first_line(spool)
    if found["sheet"] is None:
        names = ", ".join(f"«{name}»" for name in found["shown"] + found["hidden"])
        raise ListFileError("sheet_unknown", f"В книге нет листа «{sheet or ''}». Есть: {names}.")
    return SheetSource(path, kind, found["sheet"], tuple(found["shown"]), tuple(found["hidden"]), spool)


def _unpack(request: Mapping[str, Any], spool: Spool, seconds: int) -> None:
    try:
        done = subprocess.run(
            (sys.executable, *_CHILD),
            input=json.dumps(request).encode(),
            stdout=spool.file,
            stderr=subprocess.DEVNULL,  # a panic of the reader may quote cells
            env={**os.environ, "PYTHONIOENCODING": "utf-8:surrogatepass", "PYTHONUTF8": "1"},
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise _too_large() from exc
    code = _error_code(spool)
    if code == "encrypted":
        raise encrypted_workbook()
    if code == "workbook_too_large" or done.returncode < 0:
        raise _too_large()
    if code is not None or done.returncode != 0:
        raise broken_workbook()


def _error_code(spool: Spool) -> str | None:
    size = os.fstat(spool.file.fileno()).st_size
    tail = os.pread(spool.file.fileno(), 64, max(0, size - 64)).splitlines()
    if not tail or not tail[-1].startswith(b'{"error"'):
        return None
    return str(json.loads(tail[-1])["error"])


def _first_line(spool: Spool) -> dict[str, Any]:
    found = next(spool.lines(), None)
    if found is None:
        raise broken_workbook()
    answer: dict[str, Any] = json.loads(found)
    return answer


def _too_large() -> ListFileError:
    return ListFileError(
        "workbook_too_large", f"Лист слишком велик: он не помещается в память. Разделите его. {SAVE_AS}"
    )
