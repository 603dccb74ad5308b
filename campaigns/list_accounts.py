"""Have spreadsheets dropped the zeros at the head of account numbers?

«0012345678» opened in Excel becomes the number 12345678, and some other customer may own that. Where the
other numbers of the column show a fixed width, a shorter one is a fault of its row: padding it would be
a guess. What the column looks like is learnt from its first rows.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

SAMPLE_ROWS = 2_000
_LEAST_WITH_ZEROS = 10  #: in a text file, where short numbers may be real
_LEAST_SHARE = 0.9
_LEAST_NUMBERS = 20  #: of a column that is nothing but numbers
_LEAST_NUMBER_WIDTH = 8  #: 1 … 100 000 counted up have one width too, mostly


@dataclass(frozen=True, slots=True)
class AccountShape:
    """Widths below which an account has lost zeros: of a number cell, and of digits in a text cell."""

    number_width: int = 0
    text_width: int = 0

    def lost_zeros(self, account: str, *, is_number: bool) -> bool:
        """Whether this account is shorter than the others allow."""
        width = self.number_width if is_number else self.text_width
        return len(account) < width and account.isdecimal() and account[0] != "0"


def learn_shape(cells: Iterable[tuple[str, bool]]) -> AccountShape:
    """Look at (account, is a number cell) of the first rows."""
    texts, numbers = Counter[int](), Counter[int]()
    with_zeros = Counter[int]()
    for account, is_number in cells:
        if not account.isdecimal():
            continue
        (numbers if is_number else texts)[len(account)] += 1
        if account[0] == "0" and not is_number:
            with_zeros[len(account)] += 1
    return AccountShape(
        number_width=_number_width(texts, numbers, with_zeros), text_width=_text_width(texts, with_zeros)
    )


def _number_width(texts: Counter[int], numbers: Counter[int], with_zeros: Counter[int]) -> int:
    if with_zeros:
        return max(with_zeros)
    if len(texts) == 1 and texts.total() > 1:  # all the text cells have one width
        return next(iter(texts))
    width, count = _commonest(numbers)
    is_fixed = count >= _LEAST_NUMBERS and count >= _LEAST_SHARE * numbers.total()
    return width if is_fixed and width >= _LEAST_NUMBER_WIDTH else 0


def _text_width(texts: Counter[int], with_zeros: Counter[int]) -> int:
    width, count = _commonest(texts)
    is_fixed = with_zeros[width] >= _LEAST_WITH_ZEROS and count >= _LEAST_SHARE * texts.total()
    return width if is_fixed else 0


def _commonest(widths: Counter[int]) -> tuple[int, int]:
    return widths.most_common(1)[0] if widths else (0, 0)
