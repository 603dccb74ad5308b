"""Persons, accounts and contact points from lists: upserted in key order, so that no two imports deadlock.

What staff confirmed or changed by hand stands against every list. What is the same is not written again:
next month's list of 500 000 people makes no 500 000 dead rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.import_arrays import Parameter, literals
from campaigns.list_row import ListRow
from consent.erased import recall_refusals
from dispatcher.core.ids import new_ids

CONTACT_CHANNELS: Final[Mapping[str, tuple[str, ...]]] = {"email": ("email",), "phone": ("sms", "voice")}

_PERSONS = text(
    """
    INSERT INTO person AS p (id, external_id, full_name, customer_group, language, is_vulnerable,
                             preferred_channel, created_at, updated_at)
    SELECT id, external_id, full_name, customer_group, language, coalesce(vulnerable, false), channel,
           :now, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:external AS text[]), CAST(:names AS text[]),
                CAST(:groups AS smallint[]), CAST(:languages AS text[]), CAST(:vulnerable AS boolean[]),
                CAST(:channels AS text[]))
         AS w(id, external_id, full_name, customer_group, language, vulnerable, channel)
    ORDER BY external_id
    ON CONFLICT (external_id) DO UPDATE
    SET full_name = excluded.full_name, customer_group = excluded.customer_group,
        is_vulnerable = CASE WHEN :tells THEN excluded.is_vulnerable ELSE p.is_vulnerable END,
        preferred_channel = coalesce(excluded.preferred_channel, p.preferred_channel), updated_at = :now
    WHERE p.staff_changed_at IS NULL
      AND (p.full_name, p.customer_group, p.is_vulnerable, p.preferred_channel) IS DISTINCT FROM
          (excluded.full_name, excluded.customer_group,
           CASE WHEN :tells THEN excluded.is_vulnerable ELSE p.is_vulnerable END,
           coalesce(excluded.preferred_channel, p.preferred_channel))
    """
)
_PERSON_IDS = text("SELECT external_id, id FROM person WHERE external_id = ANY(CAST(:external AS text[]))")
_ACCOUNTS = text(
    """
    INSERT INTO account AS a (id, number, person_id, address, time_zone, is_zone_known, has_contract,
                              created_at, updated_at)
    SELECT id, number, person_id, address, time_zone, is_zone_known, has_contract, :now, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS text[]), CAST(:persons AS uuid[]),
                CAST(:addresses AS text[]), CAST(:zones AS text[]), CAST(:known AS boolean[]),
                CAST(:contracts AS boolean[]))
         AS w(id, number, person_id, address, time_zone, is_zone_known, has_contract)
    ORDER BY number
    ON CONFLICT (number) DO UPDATE
    SET person_id = excluded.person_id, address = excluded.address, time_zone = excluded.time_zone,
        is_zone_known = excluded.is_zone_known, has_contract = excluded.has_contract, updated_at = :now
    WHERE (a.person_id, a.address, a.time_zone, a.is_zone_known, a.has_contract) IS DISTINCT FROM
          (excluded.person_id, excluded.address, excluded.time_zone, excluded.is_zone_known,
           excluded.has_contract)
    """
)
_ACCOUNT_IDS = text("SELECT number, id FROM account WHERE number = ANY(CAST(:numbers AS text[]))")
_CONFIRMED = text(
    """
    SELECT DISTINCT ON (person_id, kind) person_id, kind, id FROM contact_point
    WHERE person_id = ANY(CAST(:persons AS uuid[])) AND confirmed_at IS NOT NULL
    ORDER BY person_id, kind, confirmed_at DESC, id
    """
)
_CONTACTS = text(
    """
    INSERT INTO contact_point (id, person_id, kind, address, created_at)
    SELECT id, person_id, kind, address, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:persons AS uuid[]), CAST(:kinds AS text[]),
                CAST(:addresses AS text[])) AS c(id, person_id, kind, address)
    ORDER BY person_id, kind, address
    ON CONFLICT (person_id, kind, address) DO NOTHING
    """
)
# Locked in id order: the same rows that a claim and a withdrawal lock.
_LOCK_CONTACTS = text(
    """
    SELECT c.id, c.person_id, c.kind, c.address
    FROM contact_point c
    JOIN unnest(CAST(:persons AS uuid[]), CAST(:kinds AS text[]), CAST(:addresses AS text[]))
         AS w(person_id, kind, address)
      ON c.person_id = w.person_id AND c.kind = w.kind AND c.address = w.address
    ORDER BY c.id FOR NO KEY UPDATE OF c
    """
)


@dataclass(frozen=True, slots=True)
class People:
    """Who the rows of a batch speak about: person by external id, account by number."""

    persons: Mapping[str, UUID]
    accounts: Mapping[str, UUID]

    def person_of(self, row: ListRow) -> UUID:
        """The person of a row."""
        return self.persons[external_id(row)]


ContactKey = tuple[UUID, str, str]


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contact points of a batch: those its rows name, and the latest confirmed one by person and kind."""

    named: Mapping[ContactKey, UUID]
    confirmed: Mapping[tuple[UUID, str], UUID]

    def preferred(self, person: UUID, kind: str, address: str | None) -> UUID | None:
        """Where to write: what staff confirmed, else what the list names first."""
        confirmed = self.confirmed.get((person, kind))
        return confirmed or (None if address is None else self.named[(person, kind, address)])


def external_id(row: ListRow) -> str:
    """The billing system's customer id; without one every account has a person of its own.

    Never the same phone or address: those do not make two rows one person.
    """
    return f"customer:{row.person_id}" if row.person_id else f"account:{row.account_number}"


def upsert_people(session: Session, rows: Sequence[ListRow], now: datetime) -> People:
    """Add or refresh the persons and accounts of these rows.

    Name, group, vulnerability and preferred channel follow the list until staff change the person by hand
    (`consent.persons`); from then on lists change none of them. What a list is silent about stays.
    """
    if not rows:
        return People({}, {})
    by_person = {external_id(row): row for row in rows}
    _upsert_persons(session, by_person, now)
    found = session.execute(_PERSON_IDS, literals({"external": list(by_person)}))
    person_ids: dict[str, UUID] = {row.external_id: row.id for row in found}
    numbers = [row.account_number for row in rows]
    session.execute(
        _ACCOUNTS,
        literals(
            {
                "now": now,
                "ids": new_ids(len(rows)),
                "numbers": numbers,
                "persons": [person_ids[external_id(row)] for row in rows],
                "addresses": [row.address for row in rows],
                "zones": [row.time_zone for row in rows],
                "known": [row.time_zone_known for row in rows],
                "contracts": [row.contract for row in rows],
            }
        ),
    )
    accounts = session.execute(_ACCOUNT_IDS, literals({"numbers": numbers}))
    return People(person_ids, {row.number: row.id for row in accounts})


def _upsert_persons(session: Session, by_person: Mapping[str, ListRow], now: datetime) -> None:
    # Rows that speak about vulnerability and rows that are silent are two statements: silence is no "no".
    for tells in (True, False):
        said = {key: row for key, row in by_person.items() if (row.is_vulnerable is not None) is tells}
        if not said:
            continue
        session.execute(
            _PERSONS,
            literals(
                {
                    "now": now,
                    "tells": tells,
                    "ids": new_ids(len(said)),
                    "external": list(said),
                    "names": [row.full_name for row in said.values()],
                    "groups": [row.customer_group for row in said.values()],
                    "languages": [row.language for row in said.values()],
                    "vulnerable": [row.is_vulnerable for row in said.values()],
                    "channels": [row.preferred_channel for row in said.values()],
                }
            ),
        )


def upsert_contacts(session: Session, rows: Sequence[ListRow], people: People, now: datetime) -> Contacts:
    """Add the contact points of these rows and lock them; find those that staff have confirmed."""
    found = session.execute(_CONFIRMED, literals({"persons": list(people.persons.values())}))
    confirmed = {(row.person_id, row.kind): row.id for row in found}
    keys = sorted({key for row in rows for key in contact_keys(row, people)})
    if not keys:
        return Contacts({}, confirmed)
    values: dict[str, Parameter] = {
        "persons": [person for person, _, _ in keys],
        "kinds": [kind for _, kind, _ in keys],
        "addresses": [address for _, _, address in keys],
    }
    session.execute(_CONTACTS, literals({"now": now, "ids": new_ids(len(keys)), **values}))
    locked = session.execute(_LOCK_CONTACTS, literals(values)).all()
    recall_refusals(session, {row.id: (row.kind, row.address) for row in locked}, now)
    return Contacts({(row.person_id, row.kind, row.address): row.id for row in locked}, confirmed)


def contact_keys(row: ListRow, people: People) -> list[ContactKey]:
    """Person, kind and address of each contact that the row names; the first of a kind is preferred."""
    person = people.person_of(row)
    keys = [(person, "email", address) for address in (row.email, *row.further_emails) if address]
    return keys + [(person, "phone", address) for address in (row.phone, *row.further_phones) if address]
