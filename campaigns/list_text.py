"""A list in a text file: CSV or TSV, record by record, never held in memory."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from campaigns.list_encoding import SAVE_AS
from campaigns.list_errors import ListFileError
from campaigns.list_record import Record

DELIMITERS = (";", "\t", ",")
MAX_RECORD_CHARS = 1_000_000  #: a record longer than this is not a row of a list

_HINT = re.compile(r"sep=([;,\t])", re.IGNORECASE)
_HINT_CHARS = 8
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class TextSource:
    """How a text file is read. `encoding_guessed` is true when nothing but the look of the text decided."""

    path: Path
    encoding: str
    encoding_guessed: bool
    delimiter: str = ";"
    skip_lines: int = 0  #: an Excel line `sep=;` stands before the header

    def describe(self) -> dict[str, Any]:
        """How the file was read, for the list's record and for the file of rejected rows."""
        return {
            "format": "csv",
            "encoding": self.encoding,
            "encoding_guessed": self.encoding_guessed,
            "delimiter": self.delimiter,
        }

    def count_lines(self) -> int:
        """Line ends, of whatever encoding."""
        count = 0
        with self.path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                count += chunk.count(b"\n")
        return count

    def records(self) -> Iterator[Record]:
        """Yield the records that are not blank; raises `ListFileError`.

        A record with broken quotes is yielded without cells. A quote that is never closed would swallow
        the rest of the file, so it is an error of the file.
        """
        lines: _Lines | None = None
        try:
            with self.path.open(encoding=self.encoding, newline="") as file:
                lines = _Lines(file, self.skip_lines)
                reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
                yield from _records(reader, lines)
        except UnicodeError as exc:
            raise ListFileError(
                "encoding_broken",
                f"После строки {lines.number if lines else 0} файл не читается в кодировке {self.encoding}."
                f" {SAVE_AS}",
            ) from exc
        except OSError as exc:
            raise ListFileError("unreadable", f"Файл не читается: {exc.strerror}.") from exc


def read_delimiter_hint(source: TextSource) -> str | None:
    """Return the delimiter that Excel's own first line `sep=;` states, if there is such a line."""
    with source.path.open(encoding=source.encoding, errors="replace", newline="") as file:
        match = _HINT.fullmatch(file.readline(_HINT_CHARS).rstrip("\r\n"))
    return match[1] if match else None


def _records(reader: Iterator[list[str]], lines: "_Lines") -> Iterator[Record]:
    while True:
        first = lines.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            if lines.ended or "limit" in str(exc):
                raise ListFileError(
                    "quote_open", f"Кавычка, открытая в строке {first}, не закрыта. Исправьте её в файле."
                ) from exc
            yield Record(first, lines.number, None, raw=tuple(lines.taken))
            continue
        if any(map(str.strip, cells)):
            raw = tuple(lines.taken) if lines.number > first else ()
            yield Record(first, lines.number, cells, raw=raw, is_cut=lines.is_cut)


class _Lines:
    """Lines of a text file with a bound on their length, counted; keeps those of the current record."""

    def __init__(self, file: TextIO, skip: int) -> None:
        self._file = file
        self.number = 0
        self.ended = False
        self.is_cut = False
        self.taken: list[str] = []
        for _ in range(skip):
            next(self, None)

    def begin_record(self) -> int:
        self.taken.clear()
        return self.number + 1

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(MAX_RECORD_CHARS)
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        if len(line) == MAX_RECORD_CHARS:
            raise ListFileError(
                "line_too_long", f"Строка {self.number} слишком длинная: это не список. {SAVE_AS}"
            )
        self.is_cut = line[-1] not in "\r\n"
        self.taken.append(line)
        return line
