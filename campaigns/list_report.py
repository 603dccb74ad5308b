"""The row-level report of an import: line, column, kind of value, reason. Never the value itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_LIST = text(
    """
    SELECT line, "column", severity, value_class, reason, message FROM recipient_list_problem
    WHERE list_id = :list ORDER BY number LIMIT :limit
    """
)


_WEIGHTS = {"error": "строка не взята", "warning": "предупреждение", "note": "не получатель"}


@dataclass(frozen=True, slots=True)
class ReportedProblem:
    """One line of the report as it was stored."""

    line: int
    column: str
    severity: str
    value_class: str
    reason: str
    message: str

    def in_words(self) -> str:
        """One line for staff."""
        weight = _WEIGHTS.get(self.severity, self.severity)
        place = f"строка {self.line}" + (f", столбец «{self.column}»" if self.column else "")
        return f"{place}: {self.message} ({weight}; значение: {self.value_class})"


def list_problems(session: Session, list_id: UUID, limit: int) -> Sequence[ReportedProblem]:
    """The first `limit` problems of a list, in the order of the file."""
    rows = session.execute(_LIST, {"list": list_id, "limit": limit})
    return [ReportedProblem(*row) for row in rows]
