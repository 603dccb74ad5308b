"""What people entered in the calls of a run (meter readings), as a table for a file."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy.orm import Session

from reports.calls import each_entered_call
from reports.management.tables import Column, Kind, Table, Value


class EnteredRows:
    """The rows, read while they are written; `count` is how many there were."""

    def __init__(self, session: Session, run: UUID) -> None:
        self._session = session
        self._run = run
        self.count = 0

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        for one in each_entered_call(self._session, self._run):
            for name, digits in one.collected.items():
                self.count += 1
                # Digits stay text: a reading may begin with noughts.
                place = (one.ended_at, one.attempt_number, str(one.attempt_id))
                yield (one.account_number, name, str(digits), *place)


def entered_table(rows: EnteredRows) -> Table:
    """Account, field, digits, when and in which attempt."""
    columns = (
        Column("account", Kind.TEXT),
        Column("entered_name", Kind.ENTERED),
        Column("entered_digits", Kind.TEXT),
        Column("called_at", Kind.MOMENT),
        Column("attempt_number"),
        Column("attempt_id", Kind.TEXT),
    )
    return Table("entered", columns, rows)
