"""Contacts that nobody has confirmed for a long time (requirement 53), the longest first; and as a file."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.list_rejected import as_plain_cell

SLICE: Final = 1_000
LEAST_MONTHS: Final = 1
MOST_MONTHS: Final = 240
USUAL_MONTHS: Final = 12

# By ix_contact_point_confirmation, so that each page costs the same however many there are. The cursor is a
# contact's id: where it stands is looked up.
_LIST = text(
    """
    SELECT c.id, c.person_id, c.kind, c.address, c.confirmed_at, p.full_name,
           coalesce(c.confirmed_at, c.created_at) AS since,
           (SELECT string_agg(a.number, ', ' ORDER BY a.number) FROM account a
            WHERE a.person_id = c.person_id) AS accounts,
           EXISTS (SELECT 1 FROM consent_event e
                   WHERE e.contact_point_id = c.id AND e.action IN ('given', 'confirmed')) AS is_in_use
    FROM contact_point c JOIN person p ON p.id = c.person_id
    WHERE coalesce(c.confirmed_at, c.created_at)
              < CAST(:now AS timestamptz) - make_interval(months => CAST(:months AS integer))
      AND (CAST(:after AS uuid) IS NULL
           OR (coalesce(c.confirmed_at, c.created_at), c.id)
              > (SELECT coalesce(k.confirmed_at, k.created_at), k.id
                 FROM contact_point k WHERE k.id = :after))
    ORDER BY coalesce(c.confirmed_at, c.created_at), c.id LIMIT :limit
    """
)
_HEADER: Final = ("Лицевые счета", "ФИО", "Контакт", "Подтверждён", "Не подтверждался с", "Есть согласие")


@dataclass(frozen=True, slots=True)
class StaleContact:
    """A contact; `since` is when it was confirmed last, else when it came to us."""

    id: UUID
    person_id: UUID
    kind: str
    address: str
    confirmed_at: datetime | None
    since: datetime
    full_name: str
    accounts: str | None
    is_in_use: bool  #: some permission was given for it


def list_stale_contacts(
    session: Session, *, months: int, now: datetime, limit: int, after: UUID | None = None
) -> list[StaleContact]:
    """Those not confirmed for so many months; `after` is the last one of the page before."""
    values = {"months": months, "now": now, "limit": limit, "after": after}
    return [StaleContact(**row) for row in session.execute(_LIST, values).mappings()]


def write_stale_contacts(session: Session, path: Path, *, months: int, now: datetime) -> int:
    """Write them all to `path` for a spreadsheet, slice by slice; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(_HEADER)
        for one in _each(session, months, now):
            count += 1
            cells = (
                one.accounts or "",
                one.full_name,
                one.address,
                f"{one.confirmed_at:%d.%m.%Y}" if one.confirmed_at else "никогда",
                f"{one.since:%d.%m.%Y}",
                "да" if one.is_in_use else "нет",
            )
            writer.writerow([as_plain_cell(cell) for cell in cells])
    return count


def _each(session: Session, months: int, now: datetime) -> Iterator[StaleContact]:
    after: UUID | None = None
    while found := list_stale_contacts(session, months=months, now=now, limit=SLICE, after=after):
        yield from found
        after = found[-1].id
