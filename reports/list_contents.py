"""What is in a version of a list: how its file was read, and which accounts differ from another version.

Read-only. Account numbers are personal data: who shows them asks for the right to see them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_SOURCE = text("SELECT source FROM recipient_list WHERE id = :list")
_BEFORE = text(
    """
    SELECT e.id FROM recipient_list e JOIN recipient_list l ON l.name = e.name AND e.version < l.version
    WHERE l.id = :list AND e.state = 'frozen' ORDER BY e.version DESC LIMIT 1
    """
)
# One hash join of two lists by account for each page: 500 000 rows take a second or two. The cursor is the
# id of an account and not its number, for cursors stand in addresses (promise P10).
_CHANGES = text(
    """
    WITH compared AS (
        SELECT coalesce(l.account_id, e.account_id) AS account_id,
               e.id IS NULL AS is_added, l.id IS NULL AS is_removed,
               e.email_contact_id IS DISTINCT FROM l.email_contact_id AS email,
               e.phone_contact_id IS DISTINCT FROM l.phone_contact_id AS phone,
               e.fields->>'debt' IS DISTINCT FROM l.fields->>'debt' AS debt,
               e.fields->>'due_date' IS DISTINCT FROM l.fields->>'due_date' AS due_date
        FROM (SELECT * FROM recipient WHERE list_id = :earlier) e
        FULL JOIN (SELECT * FROM recipient WHERE list_id = :later) l ON l.account_id = e.account_id
    )
    SELECT a.id, a.number, c.is_added, c.is_removed, c.email, c.phone, c.debt, c.due_date
    FROM compared c JOIN account a ON a.id = c.account_id
    WHERE (is_added OR is_removed OR email OR phone OR debt OR due_date)
      AND (CAST(:after AS uuid) IS NULL OR a.number > (SELECT number FROM account WHERE id = :after))
    ORDER BY a.number LIMIT :limit
    """
)
_FIELDS: Final = ("email", "phone", "debt", "due_date")


@dataclass(frozen=True, slots=True)
class ChangedAccount:
    """One account: `added`, `removed`, or `changed` in these fields."""

    account_id: UUID
    account_number: str
    kind: str
    fields: tuple[str, ...] = ()


def read_as(session: Session, list_id: UUID) -> dict[str, Any] | None:
    """How the file of a version was understood, or None for lists that were not made of a file."""
    found: dict[str, Any] | None = session.execute(_SOURCE, {"list": list_id}).scalar_one_or_none()
    return found


def get_version_before(session: Session, list_id: UUID) -> UUID | None:
    """The frozen version of the same list that came before this one, or None."""
    found: UUID | None = session.execute(_BEFORE, {"list": list_id}).scalar_one_or_none()
    return found


def list_changed_accounts(
    session: Session, earlier: UUID, later: UUID, *, limit: int, after: UUID | None = None
) -> Sequence[ChangedAccount]:
    """What differs between two versions by account number; `after` is the last account of the page before."""
    values = {"earlier": earlier, "later": later, "limit": limit, "after": after}
    return [_changed(row) for row in session.execute(_CHANGES, values)]


def _changed(row: Any) -> ChangedAccount:
    if row.is_added or row.is_removed:
        return ChangedAccount(row.id, row.number, "added" if row.is_added else "removed")
    return ChangedAccount(
        row.id, row.number, "changed", tuple(name for name in _FIELDS if getattr(row, name))
    )
