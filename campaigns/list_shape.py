"""Where the list begins and ends inside what a program printed: header, numbering row, totals, footers.

1С and billing systems put a title, a period and a filter above the header, a row «1 2 3 4» below it, and
«Итого» with signatures at the end. None of these is a recipient, and none is a fault.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from campaigns.list_header import count_known
from campaigns.list_record import Record

HEADER_SEARCH_RECORDS = 40
_LEAST_KNOWN = 2  #: a line of a preamble may hold one word that is also a title
_LEAST_NUMBERS = 3
_MOST_FOOTER_CELLS = 2
_TOTALS = re.compile(r"\W*(?:итого|всего|разом|усього|total|grand total)\b.*", re.IGNORECASE | re.DOTALL)


def find_header(records: Iterable[Record], titles: Collection[str] = ()) -> tuple[Record | None, int]:
    """Return the record with the most known titles and how many they are, the first of equals.

    `titles` are further titles that count as known. With fewer than two known ones anywhere it is the
    first record, so that the message can name what is missing from it.
    """
    best: Record | None = None
    most = 0
    for record in islice(records, HEADER_SEARCH_RECORDS):
        known = count_known(record.cells, titles) if record.cells else 0
        if best is None or known > max(most, _LEAST_KNOWN - 1):
            best, most = record, known
    return best, most


def trimmed(cells: Sequence[str]) -> list[str]:
    """The cells without empty ones at the end."""
    last = next((n for n in range(len(cells), 0, -1) if cells[n - 1].strip()), 0)
    return list(cells[:last])


def is_numbering(cells: Sequence[str]) -> bool:
    """Whether this is the row «1 2 3 4» that printed forms have below the header."""
    shown = [cell.strip() for cell in cells if cell.strip()]
    return len(shown) >= _LEAST_NUMBERS and shown == [str(n) for n in range(1, len(shown) + 1)]


def is_totals(cells: Sequence[str], account: str) -> bool:
    """Whether this row adds up others: it says «Итого» and names no account."""
    first = next((cell for cell in cells if cell), "")
    return bool(_TOTALS.fullmatch(first)) and (not account or account == first)


def is_footer(cells: Sequence[str], account: str) -> bool:
    """Whether a row after the totals is a signature or a note: hardly any cells, no number of account."""
    return sum(map(bool, cells)) <= _MOST_FOOTER_CELLS and not any(map(str.isdigit, account))
