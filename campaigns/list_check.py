"""Look at a list without importing it: how it was understood, what kinds of value its first rows hold."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from campaigns.list_errors import RowProblem, value_class
from campaigns.list_file import ListReading, records_below

CHECKED_ROWS = 1_000
SHOWN_ROWS = 5


@dataclass(frozen=True, slots=True)
class ListCheck:
    """Never a value: it is shown to whoever prepares the import."""

    source: Mapping[str, Any]
    columns: Mapping[str, str | None]  #: title → field; None is a further merge field, "" is passed over
    rows: Sequence[Sequence[str]]  #: the kinds of value of the first rows, column by column
    checked: int
    reasons: Mapping[str, int]  #: reason → how often, within the checked rows

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "source": self.source,
            "columns": self.columns,
            "rows": self.rows,
            "checked": self.checked,
            "reasons": self.reasons,
        }


def check_list(reading: ListReading) -> ListCheck:
    """Read the first rows and count what is wrong with them."""
    header = reading.header
    fields = {position: name for name, position in header.positions.items()}
    columns = {
        title: fields.get(position, None if position in header.extras else "")
        for position, title in enumerate(header.titles)
    }
    first = islice(records_below(reading.source, reading.header_line), SHOWN_ROWS)
    rows = [[value_class(cell) for cell in record.cells or ()] for record in first]
    reasons, checked = Counter[str](), 0
    for item in reading:
        if isinstance(item, RowProblem):
            reasons[item.reason] += 1
            continue
        checked += 1
        if checked >= CHECKED_ROWS:
            break
    return ListCheck(reading.describe(), columns, rows, checked, reasons)
