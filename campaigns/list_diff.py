"""What differs between two versions of a list: who came and went; contact, debt, due date that changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.errors import UnknownListError

_VERSIONS = text(
    """
    SELECT version, id FROM recipient_list WHERE name = :name AND state = 'frozen' ORDER BY version DESC
    """
)
# One hash join of two lists by account; 500 000 rows take seconds, so nothing is kept.
_SIDES = """
    WITH earlier AS (SELECT * FROM recipient WHERE list_id = :earlier),
         later AS (SELECT * FROM recipient WHERE list_id = :later),
    compared AS (
        SELECT coalesce(l.account_id, e.account_id) AS account_id,
               e.id IS NULL AS is_added, l.id IS NULL AS is_removed,
               e.email_contact_id IS DISTINCT FROM l.email_contact_id AS email,
               e.phone_contact_id IS DISTINCT FROM l.phone_contact_id AS phone,
               e.fields->>'debt' IS DISTINCT FROM l.fields->>'debt' AS debt,
               e.fields->>'due_date' IS DISTINCT FROM l.fields->>'due_date' AS due_date
        FROM earlier e FULL JOIN later l ON l.account_id = e.account_id
    )
"""
_COUNTS = text(
    f"""{_SIDES}
    SELECT count(*) FILTER (WHERE is_added) AS added, count(*) FILTER (WHERE is_removed) AS removed,
           count(*) FILTER (WHERE is_both AND (email OR phone OR debt OR due_date)) AS changed,
           count(*) FILTER (WHERE is_both AND email) AS email,
           count(*) FILTER (WHERE is_both AND phone) AS phone,
           count(*) FILTER (WHERE is_both AND debt) AS debt,
           count(*) FILTER (WHERE is_both AND due_date) AS due_date,
           count(*) FILTER (WHERE is_both AND NOT (email OR phone OR debt OR due_date)) AS same
    FROM (SELECT *, NOT is_added AND NOT is_removed AS is_both FROM compared) c
    """  # noqa: S608 - a constant of this module
)
_CHANGES = text(
    f"""{_SIDES}
    SELECT a.number, c.is_added, c.is_removed, c.email, c.phone, c.debt, c.due_date
    FROM compared c JOIN account a ON a.id = c.account_id
    WHERE CASE CAST(:kind AS text)
              WHEN 'added' THEN is_added WHEN 'removed' THEN is_removed
              WHEN 'changed' THEN NOT is_added AND NOT is_removed AND (email OR phone OR debt OR due_date)
              ELSE is_added OR is_removed OR email OR phone OR debt OR due_date END
    ORDER BY a.number LIMIT :limit OFFSET :skip
    """  # noqa: S608 - a constant of this module
)
_FIELDS = ("email", "phone", "debt", "due_date")


@dataclass(frozen=True, slots=True)
class AccountChange:
    """One account: `added`, `removed`, or `changed` in these fields."""

    account_number: str
    kind: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListDifference:
    """Counts over all accounts, and the first changes by account number."""

    earlier_version: int
    later_version: int
    counts: dict[str, int]  #: added, removed, changed, same; email, phone, debt, due_date among changed
    changes: Sequence[AccountChange]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        changes = [
            {"account": one.account_number, "kind": one.kind, "fields": list(one.fields)}
            for one in self.changes
        ]
        versions = {"earlier": self.earlier_version, "later": self.later_version}
        return {**versions, **self.counts, "changes": changes}


def diff_lists(
    session: Session,
    name: str,
    earlier: int | None = None,
    later: int | None = None,
    *,
    limit: int = 1000,
    skip: int = 0,
    kind: str | None = None,
) -> ListDifference:
    """Compare two frozen versions; by default the last two. Raises `UnknownListError`.

    `kind` (added, removed, changed) and `skip` choose which changes are told; the counts are of all.
    """
    versions: dict[int, UUID] = {row.version: row.id for row in session.execute(_VERSIONS, {"name": name})}
    newest = sorted(versions, reverse=True)
    later = later if later is not None else next(iter(newest), None)
    if earlier is None:
        earlier = next((version for version in newest if later is not None and version < later), None)
    if earlier not in versions or later not in versions or earlier is None or later is None:
        raise UnknownListError(
            f"У списка «{name}» нет двух готовых версий для сравнения.", code="nothing_to_compare", list=name
        )
    sides = {"earlier": versions[earlier], "later": versions[later]}
    counts = dict(session.execute(_COUNTS, sides).one()._mapping)
    rows = session.execute(_CHANGES, {**sides, "limit": limit, "skip": skip, "kind": kind})
    return ListDifference(earlier, later, counts, [_change(row) for row in rows])


def _change(row: Any) -> AccountChange:
    if row.is_added or row.is_removed:
        return AccountChange(row.number, "added" if row.is_added else "removed")
    return AccountChange(row.number, "changed", tuple(name for name in _FIELDS if getattr(row, name)))
