"""Recipient lists for pages and API: versions, and the row-level report. Read-only, no value of any row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# Ids are UUIDv7: their order is that of making, so they serve as the cursor.
_VERSIONS = text(
    """
    SELECT id, name, version, state, file_name, recipient_count, problem_count, rejected_count, failure,
           created_by, created_at, rejected_purged_at IS NOT NULL
    FROM recipient_list
    WHERE (CAST(:before AS uuid) IS NULL OR id < :before) AND (CAST(:name AS text) IS NULL OR name = :name)
    ORDER BY id DESC LIMIT :limit
    """
)
_ONE = text(
    """
    SELECT id, name, version, state, file_name, recipient_count, problem_count, rejected_count, failure,
           created_by, created_at, rejected_purged_at IS NOT NULL
    FROM recipient_list WHERE id = :list
    """
)
# What a campaign can be made of: names with a version that is whole. What was derived from a run, or made of
# our own staff, came from no file and belongs to its run alone.
_READY = text(
    """
    SELECT name FROM recipient_list WHERE state = 'frozen' AND file_name <> ''
    GROUP BY name ORDER BY max(created_at) DESC, name LIMIT :limit
    """
)
_PROBLEMS = text(
    """
    SELECT number, line, "column", severity, value_class, reason, message FROM recipient_list_problem
    WHERE list_id = :list AND number > :after
      AND (CAST(:severity AS text) IS NULL OR severity = :severity)
      AND (CAST(:reason AS text) IS NULL OR reason = :reason)
    ORDER BY number LIMIT :limit
    """
)
_BY_REASON = text(
    """
    SELECT severity, reason, min(message) AS example, count(*) AS count FROM recipient_list_problem
    WHERE list_id = :list GROUP BY severity, reason ORDER BY count(*) DESC, reason
    """
)


@dataclass(frozen=True, slots=True)
class ListVersion:
    """One version of a list. `rejected_count` rows were not taken at all."""

    id: UUID
    name: str
    version: int
    state: str
    file_name: str
    recipient_count: int
    problem_count: int
    rejected_count: int
    failure: str | None
    created_by: str
    created_at: datetime
    is_rejected_purged: bool = False  #: the rejected rows themselves are kept no longer


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One line of the report; `value_class` names the kind of the value, never the value."""

    number: int
    line: int
    column: str
    severity: str
    value_class: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How often one reason occurs; `example` is the message of one of them."""

    severity: str
    reason: str
    example: str
    count: int


def list_versions(
    session: Session, *, limit: int, before: UUID | None = None, name: str | None = None
) -> Sequence[ListVersion]:
    """The newest versions first, of all lists or of one name; `before` is the last id of the page before."""
    rows = session.execute(_VERSIONS, {"limit": limit, "before": before, "name": name})
    return [ListVersion(*row) for row in rows]


def get_list_version(session: Session, list_id: UUID) -> ListVersion | None:
    """One version, or None."""
    row = session.execute(_ONE, {"list": list_id}).first()
    return None if row is None else ListVersion(*row)


def list_ready_names(session: Session, *, limit: int) -> Sequence[str]:
    """Names of lists that have a version which can be sent to, the newest first."""
    return list(session.execute(_READY, {"limit": limit}).scalars())


def list_problem_rows(
    session: Session,
    list_id: UUID,
    *,
    limit: int,
    after: int = 0,
    severity: str | None = None,
    reason: str | None = None,
) -> Sequence[ProblemRow]:
    """The report in the order of the file, by keyset on its number."""
    values = {"list": list_id, "limit": limit, "after": after, "severity": severity, "reason": reason}
    return [ProblemRow(*row) for row in session.execute(_PROBLEMS, values)]


def count_by_reason(session: Session, list_id: UUID) -> Sequence[ReasonCount]:
    """The report in short: the most frequent reasons first."""
    return [ReasonCount(*row) for row in session.execute(_BY_REASON, {"list": list_id})]
