"""The SQL of an import: sets of rows, upserted in key order so that two imports never deadlock for long."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.list_errors import RowProblem
from campaigns.list_file import ListRow
from dispatcher.core.ids import new_id, new_ids

CONTACT_CHANNELS: Final[Mapping[str, tuple[str, ...]]] = {"email": ("email",), "phone": ("sms", "voice")}

_ADD_LIST = text(
    """
    INSERT INTO recipient_list (id, name, version, state, file_name, fingerprint, created_by, created_at)
    SELECT :id, :name, coalesce(max(version), 0) + 1, 'importing', :file_name, :fingerprint, :by, :now
    FROM recipient_list WHERE name = :name
    RETURNING id, version
    """
)
_FREEZE = text(
    """
    UPDATE recipient_list SET state = 'frozen', recipient_count = :recipients, problem_count = :problems
    WHERE id = :list
    """
)
_PERSONS = text(
    """
    INSERT INTO person (id, external_id, full_name, customer_group, language, created_at, updated_at)
    SELECT id, external_id, full_name, customer_group, language, :now, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:external AS text[]), CAST(:names AS text[]),
                CAST(:groups AS smallint[]), CAST(:languages AS text[]))
         AS p(id, external_id, full_name, customer_group, language)
    ORDER BY external_id
    ON CONFLICT (external_id) DO UPDATE
    SET full_name = excluded.full_name, customer_group = excluded.customer_group, updated_at = :now
    RETURNING external_id, id
    """
)
_ACCOUNTS = text(
    """
    INSERT INTO account (id, number, person_id, address, time_zone, is_zone_known, has_contract, created_at,
                         updated_at)
    SELECT id, number, person_id, address, time_zone, is_zone_known, has_contract, :now, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS text[]), CAST(:persons AS uuid[]),
                CAST(:addresses AS text[]), CAST(:zones AS text[]), CAST(:known AS boolean[]),
                CAST(:contracts AS boolean[]))
         AS a(id, number, person_id, address, time_zone, is_zone_known, has_contract)
    ORDER BY number
    ON CONFLICT (number) DO UPDATE
    SET person_id = excluded.person_id, address = excluded.address, time_zone = excluded.time_zone,
        is_zone_known = excluded.is_zone_known, has_contract = excluded.has_contract, updated_at = :now
    RETURNING number, id
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
_ADD_RECIPIENTS = text(
    """
    INSERT INTO recipient (id, list_id, position, line, account_id, person_id, full_name, customer_group,
                           address, time_zone, language, email_contact_id, phone_contact_id, fields)
    SELECT id, :list, position, line, account_id, person_id, full_name, customer_group, address, time_zone,
           language, email, phone, CAST(fields AS jsonb)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:positions AS int[]), CAST(:lines AS int[]),
                CAST(:accounts AS uuid[]), CAST(:persons AS uuid[]), CAST(:names AS text[]),
                CAST(:groups AS smallint[]), CAST(:addresses AS text[]), CAST(:zones AS text[]),
                CAST(:languages AS text[]), CAST(:emails AS uuid[]), CAST(:phones AS uuid[]),
                CAST(:fields AS text[]))
         AS r(id, position, line, account_id, person_id, full_name, customer_group, address, time_zone,
              language, email, phone, fields)
    """
)
_ADD_PROBLEMS = text(
    """
    INSERT INTO recipient_list_problem (list_id, number, line, "column", severity, value_class, reason,
                                        message)
    SELECT :list, * FROM unnest(CAST(:numbers AS int[]), CAST(:lines AS int[]), CAST(:columns AS text[]),
                                CAST(:severities AS text[]), CAST(:classes AS text[]),
                                CAST(:reasons AS text[]), CAST(:messages AS text[]))
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
Contacts = Mapping[ContactKey, UUID]


def external_id(row: ListRow) -> str:
    """The billing system's customer id; without one every account has a person of its own.

    Never the same phone or address: those do not make two rows one person.
    """
    return f"customer:{row.person_id}" if row.person_id else f"account:{row.account_number}"


def add_list(
    session: Session, *, name: str, file_name: str, fingerprint: bytes, actor: str, now: datetime
) -> tuple[UUID, int]:
    """Begin the next version of a list; returns its id and version."""
    row = session.execute(
        _ADD_LIST,
        {
            "id": new_id(),
            "name": name,
            "file_name": file_name,
            "fingerprint": fingerprint,
            "by": actor,
            "now": now,
        },
    ).one()
    return row.id, row.version


def freeze_list(session: Session, list_id: UUID, recipients: int, problems: int) -> None:
    """From now on the list can be used, and never changes."""
    session.execute(_FREEZE, {"list": list_id, "recipients": recipients, "problems": problems})


def upsert_people(session: Session, rows: Sequence[ListRow], now: datetime) -> People:
    """Add or refresh the persons and accounts of these rows."""
    by_person = {external_id(row): row for row in rows}
    persons = session.execute(
        _PERSONS,
        {
            "now": now,
            "ids": new_ids(len(by_person)),
            "external": list(by_person),
            "names": [row.full_name for row in by_person.values()],
            "groups": [row.customer_group for row in by_person.values()],
            "languages": [row.language for row in by_person.values()],
        },
    )
    person_ids = {row.external_id: row.id for row in persons}
    accounts = session.execute(
        _ACCOUNTS,
        {
            "now": now,
            "ids": new_ids(len(rows)),
            "numbers": [row.account_number for row in rows],
            "persons": [person_ids[external_id(row)] for row in rows],
            "addresses": [row.address for row in rows],
            "zones": [row.time_zone for row in rows],
            "known": [row.time_zone_known for row in rows],
            "contracts": [row.contract for row in rows],
        },
    )
    return People(person_ids, {row.number: row.id for row in accounts})


def upsert_contacts(session: Session, rows: Sequence[ListRow], people: People, now: datetime) -> Contacts:
    """Add the contact points of these rows and lock them all."""
    keys = sorted({key for row in rows for key in contact_keys(row, people)})
    if not keys:
        return {}
    values = {
        "persons": [person for person, _, _ in keys],
        "kinds": [kind for _, kind, _ in keys],
        "addresses": [address for _, _, address in keys],
    }
    session.execute(_CONTACTS, {"now": now, "ids": new_ids(len(keys)), **values})
    found = session.execute(_LOCK_CONTACTS, values)
    return {(row.person_id, row.kind, row.address): row.id for row in found}


def contact_keys(row: ListRow, people: People) -> list[ContactKey]:
    """Person, kind and address of each contact that the row names."""
    person = people.person_of(row)
    given = (("email", row.email), ("phone", row.phone))
    return [(person, kind, address) for kind, address in given if address is not None]


def add_recipients(
    session: Session,
    list_id: UUID,
    rows: Sequence[ListRow],
    people: People,
    contacts: Contacts,
    *,
    first: int,
) -> None:
    """Freeze the rows as recipients, numbered from `first`."""
    if not rows:
        return

    def contact(row: ListRow, kind: str, address: str | None) -> UUID | None:
        return None if address is None else contacts[(people.person_of(row), kind, address)]

    session.execute(
        _ADD_RECIPIENTS,
        {
            "list": list_id,
            "ids": new_ids(len(rows)),
            "positions": list(range(first, first + len(rows))),
            "lines": [row.line for row in rows],
            "accounts": [people.accounts[row.account_number] for row in rows],
            "persons": [people.person_of(row) for row in rows],
            "names": [row.full_name for row in rows],
            "groups": [row.customer_group for row in rows],
            "addresses": [row.address for row in rows],
            "zones": [row.time_zone for row in rows],
            "languages": [row.language for row in rows],
            "emails": [contact(row, "email", row.email) for row in rows],
            "phones": [contact(row, "phone", row.phone) for row in rows],
            "fields": [_fields(row) for row in rows],
        },
    )


def _fields(row: ListRow) -> str:
    own = {
        "debt": None if row.debt is None else str(row.debt),
        "due_date": None if row.due_date is None else row.due_date.isoformat(),
    }
    return json.dumps({**row.fields, **own}, ensure_ascii=False)


def add_problems(session: Session, list_id: UUID, problems: Sequence[RowProblem], *, first: int) -> None:
    """Keep the report lines, numbered from `first`."""
    if not problems:
        return
    session.execute(
        _ADD_PROBLEMS,
        {
            "list": list_id,
            "numbers": list(range(first, first + len(problems))),
            "lines": [one.line for one in problems],
            "columns": [one.column for one in problems],
            "severities": [one.severity.value for one in problems],
            "classes": [one.value_class for one in problems],
            "reasons": [one.reason for one in problems],
            "messages": [one.message for one in problems],
        },
    )
