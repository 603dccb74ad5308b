"""What every kind of file comes down to: records of text cells, with the place where they stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record and the lines it takes; `cells` is None when its quotes are broken."""

    line: int
    last_line: int
    cells: list[str] | None
    numeric: tuple[int, ...] = ()  #: positions of cells that a spreadsheet keeps as numbers
    raw: tuple[str, ...] = ()  #: lines of the file, where the record takes several or is broken
    is_cut: bool = False  #: the file ends in the middle of this line


class Source(Protocol):
    """An opened list: its records may be read as often as one likes, each time from the first one."""

    @property
    def delimiter(self) -> str:
        """What stands between cells; empty for a spreadsheet."""

    def records(self) -> Iterator[Record]:
        """The records that are not blank; raises `ListFileError` when the file breaks off."""

    def count_lines(self) -> int:
        """About how many records there are, found fast: for a progress bar."""

    def describe(self) -> dict[str, Any]:
        """Format, encoding, delimiter or sheet: kept with the list, shown to staff."""
