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

from sqlalchemy import text
from sqlalchemy.orm import Session

FACTOR: Final = 20
LEAST: Final = 10
SHOWN_LINES: Final = 20

_SUMS: Final = """
    SELECT line, (fields ->> 'debt')::numeric AS debt FROM recipient
    WHERE list_id = :list AND fields ->> 'debt' ~ '^-?[0-9]{1,15}([.][0-9]{1,15})?$'
"""
_MEDIAN = text(
    f"""
    SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY debt) FROM ({_SUMS}) AS sums
    """  # noqa: S608 - our own text
)
_ABNORMAL = text(
    f"""
    SELECT count(*) FILTER (WHERE debt > :high) AS large, count(*) FILTER (WHERE debt < :low) AS small,
           count(*) FILTER (WHERE debt <= 0) AS not_positive,
           (array_agg(line ORDER BY line) FILTER (WHERE debt > :high OR debt < :low OR debt <= 0))[1 : :shown]
               AS lines
    FROM ({_SUMS}) AS sums
    """  # noqa: S608 - our own text
)


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
    count, median = session.execute(_MEDIAN, {"list": list_id}).one()
    if not count:
        return SumCheck(None, 0, 0, ())
    is_judged = count >= LEAST and median > 0
    row = session.execute(
        _ABNORMAL,
        {
            "list": list_id,
            "high": median * FACTOR if is_judged else Decimal("Infinity"),
            "low": median / FACTOR if is_judged else Decimal("-Infinity"),
            "shown": SHOWN_LINES,
        },
    ).one()
    return SumCheck(median, row.large, max(row.small, row.not_positive), row.lines or ())
