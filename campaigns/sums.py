"""The guard over sums: an abnormally large or small bill is looked at before it goes out (requirement 44).

The rule is simple enough to be explained at the telephone: a sum is abnormal when it is more than
`FACTOR` times the middle sum (median) of the list, less than the middle sum divided by `FACTOR`, or not
above zero. Lists with fewer than `LEAST` sums are judged by "not above zero" alone. It only warns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.dry_run_repository import abnormal_sums, middle_sum

FACTOR: Final = 20
LEAST: Final = 10
SHOWN_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class SumCheck:
    """How many sums of a list are abnormal; `lines` are lines of the file, at most `SHOWN_LINES`."""

    median: Decimal | None
    large: int
    small: int  #: those not above zero among them
    lines: Sequence[int]

    @property
    def abnormal(self) -> int:
        """How many sums staff should look at."""
        return self.large + self.small


def check_sums(session: Session, list_id: UUID) -> SumCheck:
    """Judge the sums of a list by the rule above."""
    count, median = middle_sum(session, list_id)
    if median is None:
        return SumCheck(None, 0, 0, ())
    is_judged = count >= LEAST and median > 0
    found = abnormal_sums(
        session,
        list_id,
        above=median * FACTOR if is_judged else Decimal("Infinity"),
        below=median / FACTOR if is_judged else Decimal("-Infinity"),
        shown=SHOWN_LINES,
    )
    return SumCheck(median, found.large, max(found.small, found.not_positive), found.lines or ())
