"""Open a list as text: what kind of file it is, its encoding, its delimiter, its records one by one.

The file is never held in memory. One pass over the bytes decides the encoding: a byte order mark, else
strict UTF-8, else Windows-1251, but only when what comes out reads as Russian or Ukrainian words. A
wrong guess would put garbage into thousands of letters, so anything else must be named by a person.
"""

import codecs
import csv
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from campaigns.list_errors import ListFileError

DELIMITERS = (";", "\t", ",")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1251", "cp866", "koi8-r")
MAX_RECORD_CHARS = 1_000_000  #: a record longer than this is not a row of a list

_CHUNK_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 16
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAVE_AS = "Откройте файл в табличном редакторе и сохраните как «CSV UTF-8»."
_MAGIC = (
    (b"PK\x03\x04", "книга XLSX, ODS или архив ZIP"),
    (b"\xd0\xcf\x11\xe0", "книга XLS старого Excel"),
    (b"%PDF", "документ PDF"),
    (b"{\\rtf", "документ RTF"),
    (b"\x1f\x8b", "сжатый файл GZIP"),
    (b"Rar!", "архив RAR"),
    (b"7z\xbc\xaf", "архив 7-Zip"),
    (b"<", "страница HTML или XML"),
)
_COMMON_LETTERS = frozenset("оеаинтсрвлі")
_RUSSIAN = re.compile(r"[А-Яа-яЁёІіЇїЄєҐґ]")
_HINT = re.compile(r"sep=([;,\t])", re.IGNORECASE)
_HINT_CHARS = 8
_CASE_INSIDE = re.compile(r"[а-яё][А-ЯЁ]")


@dataclass(frozen=True, slots=True)
class ListSource:
    """How a file is read. `encoding_guessed` is true when nothing but the look of the text decided."""

    path: Path
    encoding: str
    encoding_guessed: bool
    delimiter: str = ";"
    skip_lines: int = 0  #: an Excel line `sep=;` stands before the header


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record and the lines it takes; `cells` is None when its quotes are broken."""

    line: int
    last_line: int
    cells: list[str] | None


def detect_encoding(path: Path, encoding: str | None, max_bytes: int) -> ListSource:
    """Return how to decode the file; raises `ListFileError` for what is no text list."""
    if encoding is not None and encoding.lower() not in ENCODINGS:
        raise ListFileError(
            "encoding_unsupported", f"Кодировка должна быть одной из: {', '.join(ENCODINGS)}."
        )
    _check_file(path, max_bytes)
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
        _check_is_text(head)
        marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
        if encoding is not None or marked is not None:
            return ListSource(path, marked or str(encoding).lower(), encoding_guessed=False)
        file.seek(0)
        broken = _find_broken_utf8(file)
    if broken is None:
        return ListSource(path, "utf-8", encoding_guessed=False)
    if not (reads_as_russian(head) and reads_as_russian(broken)):
        raise ListFileError(
            "encoding_unknown",
            f"Не удалось определить кодировку файла. {_SAVE_AS} Или укажите кодировку явно, например cp1251.",
        )
    return ListSource(path, "cp1251", encoding_guessed=True)


def reads_as_russian(data: bytes) -> bool:
    """True when the bytes, taken as Windows-1251, are Russian or Ukrainian words (or plain ASCII).

    Letters of other encodings come out as rare letters, signs, or capitals inside words.
    """
    try:
        text = data.decode("cp1251")
    except UnicodeDecodeError:
        return False
    foreign = [sign for sign in text if ord(sign) > 127 and sign not in "«»№–—\xa0…₽"]
    if not foreign:
        return True
    letters = [sign.lower() for sign in foreign if _RUSSIAN.match(sign)]
    common = sum(letter in _COMMON_LETTERS for letter in letters)
    return (
        len(letters) >= 0.95 * len(foreign)
        and common >= 0.45 * len(letters)
        and len(_CASE_INSIDE.findall(text)) <= 0.05 * len(letters)
    )


def read_records(source: ListSource) -> Iterator[Record]:
    """Yield the records that are not blank, the header first; raises `ListFileError`.

    A record with broken quotes is yielded without cells. A quote that is never closed would swallow the
    rest of the file, so it is an error of the file.
    """
    try:
        with source.path.open(encoding=source.encoding, newline="") as file:
            lines = _Lines(file, source.skip_lines)
            reader = csv.reader(lines, delimiter=source.delimiter, strict=True)
            yield from _records(reader, lines)
    except UnicodeError as exc:
        raise ListFileError(
            "encoding_broken",
            f"После строки {lines.number} файл не читается в кодировке {source.encoding}. {_SAVE_AS}",
        ) from exc
    except OSError as exc:
        raise ListFileError("unreadable", f"Файл не читается: {exc.strerror}.") from exc


def read_delimiter_hint(source: ListSource) -> str | None:
    """Return the delimiter that Excel's own first line `sep=;` states, if there is such a line."""
    with source.path.open(encoding=source.encoding, errors="replace", newline="") as file:
        match = _HINT.fullmatch(file.readline(_HINT_CHARS).rstrip("\r\n"))
    return match[1] if match else None


def _records(reader: Iterator[list[str]], lines: "_Lines") -> Iterator[Record]:
    while True:
        first = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            if lines.ended or "limit" in str(exc):
                raise ListFileError(
                    "quote_open", f"Кавычка, открытая в строке {first}, не закрыта. Исправьте её в файле."
                ) from exc
            yield Record(first, lines.number, None)
            continue
        if any(cell.strip() for cell in cells):
            yield Record(first, lines.number, cells)


class _Lines:
    """Lines of a text file with a bound on their length, counted."""

    def __init__(self, file: TextIO, skip: int) -> None:
        self._file = file
        self.number = 0
        self.ended = False
        for _ in range(skip):
            next(self, None)

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
                "line_too_long", f"Строка {self.number} слишком длинная: это не список. {_SAVE_AS}"
            )
        return line


def _check_file(path: Path, max_bytes: int) -> None:
    try:
        status = path.stat()
    except OSError as exc:
        raise ListFileError("unreadable", f"Файл «{path.name}» не найден или недоступен.") from exc
    if not stat.S_ISREG(status.st_mode) or not os.access(path, os.R_OK):
        raise ListFileError("unreadable", f"«{path.name}» не файл или его нельзя прочитать.")
    if status.st_size == 0:
        raise ListFileError("empty", "Файл пуст: в списке нет ни одной строки.")
    if status.st_size > max_bytes:
        limit = max_bytes // (1 << 20)
        raise ListFileError("too_large", f"Файл больше {limit} МБ. Разделите список на несколько файлов.")


def _check_is_text(head: bytes) -> None:
    for magic, kind in _MAGIC:
        if head.lstrip().startswith(magic):
            raise ListFileError("binary", f"Это не CSV, а {kind}. {_SAVE_AS}")
    if b"\0" in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ListFileError("binary", f"Это двоичный файл, а не CSV. {_SAVE_AS}")


def _find_broken_utf8(file: BinaryIO) -> bytes | None:
    """Return the bytes around the first place that is not UTF-8, or None when there is none."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    while chunk := file.read(_CHUNK_BYTES):
        if b"\0" in chunk:
            raise ListFileError("binary", f"Это двоичный файл, а не CSV. {_SAVE_AS}")
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as exc:
            start = max(0, exc.start - _SAMPLE_BYTES // 2)
            return bytes(exc.object[start : start + _SAMPLE_BYTES])
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as exc:
        return bytes(exc.object)
    return None
