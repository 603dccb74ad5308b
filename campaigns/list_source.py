"""Open a list, whatever kind of file it is: text or workbook. The first bytes decide, not the name."""

import os
import stat
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from campaigns.list_archive import OLE_MAGIC, ZIP_MAGIC, check_workbook
from campaigns.list_encoding import SAVE_AS, detect_encoding
from campaigns.list_errors import ListFileError
from campaigns.list_limits import MEGABYTE, ListLimits
from campaigns.list_record import Source
from campaigns.list_shape import find_header
from campaigns.list_sheet import open_sheet
from campaigns.list_text import DELIMITERS, TextSource, read_delimiter_hint

_HEAD_BYTES = 4096
_FOREIGN = (
    (b"%PDF", "документ PDF"),
    (b"{\\rtf", "документ RTF"),
    (b"\x1f\x8b", "сжатый файл GZIP"),
    (b"Rar!", "архив RAR"),
    (b"7z\xbc\xaf", "архив 7-Zip"),
    (b"PK\x05\x06", "пустой архив ZIP"),
    (b"<", "страница HTML или XML"),
)


def open_source(
    path: Path,
    limits: ListLimits,
    *,
    encoding: str | None = None,
    sheet: str | None = None,
    titles: Collection[str] = (),
) -> Source:
    """Understand a file; `titles` are titles that a mapping makes known. Raises `ListFileError`."""
    _check_file(path, limits.file_bytes)
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith((ZIP_MAGIC, OLE_MAGIC)):
        kind = check_workbook(path, limits)
        return open_sheet(path, kind, sheet=sheet, titles=titles, limits=limits)
    if sheet is not None:
        raise ListFileError("sheet_unknown", "Это текстовый файл: листов в нём нет.")
    for magic, kind in _FOREIGN:
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(magic):
            raise ListFileError("binary", f"Это не список, а {kind}. {SAVE_AS}")
    found, guessed = detect_encoding(path, encoding)
    return _with_delimiter(TextSource(path, found, guessed), titles)


def _with_delimiter(source: TextSource, titles: Collection[str]) -> TextSource:
    """Choose the delimiter under which the header has most known titles, then most cells."""
    hint = read_delimiter_hint(source)
    if hint is not None:
        return replace(source, delimiter=hint, skip_lines=1)
    best: tuple[tuple[int, int], str] = ((-1, -1), DELIMITERS[0])
    for delimiter in DELIMITERS:
        header, known = find_header(replace(source, delimiter=delimiter).records(), titles)
        score = (known, len(header.cells) if header and header.cells else 0)
        if score > best[0]:
            best = (score, delimiter)
    return replace(source, delimiter=best[1])


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
        limit = max_bytes // MEGABYTE
        raise ListFileError("too_large", f"Файл больше {limit} МБ. Разделите список на несколько файлов.")
