"""What a notice asked to be paid, for the company's payment page. Read-only."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# A notice's key begins with the month of its run, which the link does not carry: each month that has runs is
# one look into one index, and there are few of them.
_PAYMENT = text(
    """
    SELECT a.number, CAST(r.fields->>'debt' AS numeric) AS debt, r.fields->>'due_date' AS due_date
    FROM (SELECT DISTINCT period FROM run) m
    JOIN notice n ON n.period = m.period AND n.id = :notice
    JOIN recipient r ON r.id = n.recipient_id JOIN account a ON a.id = r.account_id
    """
)


@dataclass(frozen=True, slots=True)
class Payment:
    """The account and the sum as they stood in the list of that run."""

    account_number: str
    debt: Decimal | None
    due_date: str | None  #: 2026-12-25


def get_payment(session: Session, notice: UUID) -> Payment | None:
    """What a notice asked for, or None when there is no such notice."""
    row = session.execute(_PAYMENT, {"notice": notice}).first()
    return None if row is None else Payment(*row)
