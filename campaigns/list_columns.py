"""The columns of a file, for staff who correct what they were taken for. Here values are shown: a column
«Код 2» says nothing, its first cells say what it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from campaigns.list_errors import ListFileError
from campaigns.list_file import records_below
from campaigns.list_header import FIELDS, FURTHER, IGNORE, guess_fields, is_without_titles, normalise_title
from campaigns.list_limits import ListLimits
from campaigns.list_shape import find_header
from campaigns.list_source import open_source
from campaigns.list_values import clean_text

SHOWN_ROWS: Final = 3
SHOWN_CHARS: Final = 40


@dataclass(frozen=True, slots=True)
class FileColumn:
    """One column: its title, what it is taken for, its first cells (personal data, never logged)."""

    title: str
    field: str  #: a field, `IGNORE` or `FURTHER`
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileColumns:
    """A file as it is understood without a judgement: required columns may be missing or twice there."""

    source: Mapping[str, Any]
    header_line: int
    columns: Sequence[FileColumn]
    has_titles: bool  #: false: the first row seems to be data, so there is nothing to correct by title


def read_columns(
    path: Path,
    *,
    encoding: str | None = None,
    sheet: str | None = None,
    saved: Mapping[str, str] | None = None,
    limits: ListLimits | None = None,
) -> FileColumns:
    """Read the header and the first rows; raises `ListFileError` when it is no list at all."""
    limits = limits or ListLimits()
    known = list(saved or {})
    source = open_source(path, limits, encoding=encoding, sheet=sheet, titles=known)
    header, _ = find_header(source.records(), known)
    if header is None or header.cells is None:
        raise ListFileError("empty", "Файл пуст: в списке нет ни одной строки.")
    if len(header.cells) > limits.columns:
        raise ListFileError("too_many_columns", f"В файле больше {limits.columns} столбцов.")
    titles = [clean_text(title) for title in header.cells]
    rows = [record.cells or [] for record in islice(records_below(source, header.line), SHOWN_ROWS)]
    columns = [
        FileColumn(title, field, tuple(_shown(row, position) for row in rows))
        for position, (title, field) in enumerate(zip(titles, guess_fields(titles, None, saved), strict=True))
    ]
    has_titles = bool(known) or not is_without_titles(titles)
    return FileColumns(source.describe(), header.line, columns, has_titles)


def mapping_of(columns: Sequence[FileColumn], fields: Mapping[int, str]) -> dict[str, str]:
    """The mapping by title that gives each position its field; raises `ListFileError`.

    Columns without a title are left as they are: nothing could name them in the next file.
    """
    mapping: dict[str, str] = {}
    taken: dict[str, str] = {}
    for position, column in enumerate(columns):
        field = fields.get(position, column.field)
        key = normalise_title(column.title)
        if not key:
            continue
        if field not in (IGNORE, FURTHER, *FIELDS):
            raise ListFileError("mapping_wrong", "Для столбца выбрано поле, которого нет.")
        if taken.setdefault(key, field) != field:
            raise ListFileError(
                "same_title", "Два столбца называются одинаково: переименуйте один из них в файле."
            )
        mapping[column.title] = field
    return mapping


def _shown(row: Sequence[str], position: int) -> str:
    value = clean_text(row[position]) if position < len(row) else ""
    return value if len(value) <= SHOWN_CHARS else f"{value[:SHOWN_CHARS]}…"
