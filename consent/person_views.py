"""A person as staff see them: accounts, contact points, and what each of those is permitted to carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

MOST: Final = 20

_FIND = text(
    """
    SELECT p.id, p.external_id, p.full_name, p.customer_group, p.language, p.is_vulnerable,
           p.preferred_channel, p.staff_changed_at
    FROM person p
    WHERE p.id IN (SELECT person_id FROM account WHERE number = :text
                   UNION SELECT person_id FROM contact_point
                         WHERE kind IN ('email', 'phone') AND address = :text
                   UNION SELECT id FROM person WHERE external_id IN (:text, 'customer:' || :text)
                   UNION SELECT id FROM person WHERE id = CAST(:id AS uuid))
    ORDER BY p.id LIMIT :limit
    """
)
_ACCOUNTS = text(
    """
    SELECT person_id, number, address, time_zone, has_contract FROM account
    WHERE person_id = ANY(:persons) ORDER BY number
    """
)
# The latest word of the ledger for each channel and purpose.
_CONTACTS = text(
    """
    SELECT c.person_id, c.id, c.kind, c.address, c.confirmed_at,
           coalesce((SELECT jsonb_agg(jsonb_build_object('channel', said.channel, 'purpose', said.purpose,
                                                         'action', said.action)
                                      ORDER BY said.channel, said.purpose)
                     FROM (SELECT DISTINCT ON (e.channel, e.purpose) e.channel, e.purpose, e.action
                           FROM consent_event e
                           WHERE e.contact_point_id = c.id AND e.action <> 'pending'
                           ORDER BY e.channel, e.purpose, e.sequence DESC) said), '[]') AS consents
    FROM contact_point c WHERE c.person_id = ANY(:persons)
    ORDER BY c.kind, c.confirmed_at DESC NULLS LAST, c.id
    """
)


@dataclass(frozen=True, slots=True)
class ContactView:
    """One address of a person, with the latest word of the ledger per channel and purpose."""

    id: UUID
    kind: str
    address: str
    confirmed_at: datetime | None
    consents: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person. `staff_changed_at` tells since when no list changes the fields above it."""

    id: UUID
    external_id: str
    full_name: str
    customer_group: int
    language: str
    is_vulnerable: bool
    preferred_channel: str | None
    staff_changed_at: datetime | None
    accounts: Sequence[Mapping[str, Any]]
    contacts: Sequence[ContactView]


def find_persons(session: Session, wanted: str) -> list[PersonView]:
    """Who has this account number, address, customer id or id; several may share an address."""
    values = {"text": wanted.strip(), "id": _as_id(wanted), "limit": MOST}
    found = session.execute(_FIND, values).mappings().all()
    persons = {"persons": [row["id"] for row in found]}
    accounts = session.execute(_ACCOUNTS, persons).mappings().all()
    contacts = session.execute(_CONTACTS, persons).mappings().all()
    return [
        PersonView(
            **row,
            accounts=[_without_person(one) for one in accounts if one["person_id"] == row["id"]],
            contacts=[
                ContactView(**_without_person(one)) for one in contacts if one["person_id"] == row["id"]
            ],
        )
        for row in found
    ]


def _without_person(row: RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "person_id"}


def _as_id(wanted: str) -> UUID | None:
    try:
        return UUID(wanted.strip())
    except ValueError:
        return None
