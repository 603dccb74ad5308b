"""The SQL of a list under import: the list itself, its recipients, its report, its rejected rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.import_arrays import array_literal, literals, storable
from campaigns.import_people import Contacts, People
from campaigns.list_errors import RowProblem
from campaigns.list_row import ListRow, RejectedCells
from dispatcher.core.ids import new_id, new_ids

# Two imports of one name at the same moment take their versions one after the other.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('recipient_list'), hashtext(:name))")
_END_INTERRUPTED = text(
    """
    UPDATE recipient_list SET state = 'failed', failure = 'interrupted'
    WHERE name = :name AND state = 'importing'
    """
)
_ADD_LIST = text(
    """
    INSERT INTO recipient_list (id, name, version, state, file_name, fingerprint, created_by, created_at,
                                header, source, lease_until, same_as_version)
    SELECT :id, :name, coalesce(max(version), 0) + 1, 'importing', :file_name, :fingerprint, :by, :now,
           CAST(:header AS text[]), CAST(:source AS jsonb),
           clock_timestamp() + make_interval(secs => CAST(:lease AS float8)),
           max(version) FILTER (WHERE fingerprint = :fingerprint AND state = 'frozen')
    FROM recipient_list WHERE name = :name
    RETURNING id, version, same_as_version
    """
)
_GO_ON = text(
    """
    UPDATE recipient_list
    SET recipient_count = :recipients, problem_count = :problems, rejected_count = :rejected,
        zone_unknown_count = :zones,
        lease_until = clock_timestamp() + make_interval(secs => CAST(:lease AS float8))
    WHERE id = :list AND state = 'importing'
    """
)
_FREEZE = text("UPDATE recipient_list SET state = 'frozen' WHERE id = :list AND state = 'importing'")
_FAIL = text(
    """
    UPDATE recipient_list SET state = 'failed', failure = :failure
    WHERE id = :list AND state = 'importing'
    """
)
_ADD_REJECTED = text(
    """
    INSERT INTO recipient_list_rejected_row (list_id, number, line, cells, reason)
    SELECT :list, r.number, r.line, ARRAY(SELECT jsonb_array_elements_text(CAST(r.cells AS jsonb))), r.reason
    FROM unnest(CAST(:numbers AS int[]), CAST(:lines AS int[]), CAST(:cells AS text[]),
                CAST(:reasons AS text[])) AS r(number, line, cells, reason)
    """
)
# What staff changed by hand is what is told: a list does not bring the wrong name back into the letters.
_ADD_RECIPIENTS = text(
    """
    INSERT INTO recipient (id, list_id, position, line, account_id, person_id, full_name, customer_group,
                           address, time_zone, language, email_contact_id, phone_contact_id, fields)
    SELECT r.id, :list, position, line, account_id, person_id,
           CASE WHEN p.staff_changed_at IS NULL THEN r.full_name ELSE p.full_name END,
           CASE WHEN p.staff_changed_at IS NULL THEN r.customer_group ELSE p.customer_group END,
           address, time_zone,
           CASE WHEN p.staff_changed_at IS NULL THEN r.language ELSE p.language END,
           email, phone, CAST(fields AS jsonb)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:positions AS int[]), CAST(:lines AS int[]),
                CAST(:accounts AS uuid[]), CAST(:persons AS uuid[]), CAST(:names AS text[]),
                CAST(:groups AS smallint[]), CAST(:addresses AS text[]), CAST(:zones AS text[]),
                CAST(:languages AS text[]), CAST(:emails AS uuid[]), CAST(:phones AS uuid[]),
                CAST(:fields AS text[]))
         AS r(id, position, line, account_id, person_id, full_name, customer_group, address, time_zone,
              language, email, phone, fields)
    JOIN person p ON p.id = r.person_id
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
class NewList:
    """What is known about a list before its first row."""

    name: str
    file_name: str
    fingerprint: bytes
    header: Sequence[str]
    source: Mapping[str, Any]
    lease_seconds: float  #: without a batch for so long, the import counts as dead


@dataclass(slots=True)
class ListCounts:
    """How far an import has come."""

    recipients: int = 0
    problems: int = 0
    rejected: int = 0
    zone_unknown: int = 0


@dataclass(frozen=True, slots=True)
class BegunList:
    """A list that is being imported."""

    id: UUID
    version: int
    same_as_version: int | None  #: an earlier version made of the very same file


def add_list(session: Session, new: NewList, *, actor: str, now: datetime) -> BegunList:
    """Begin the next version of a list; an import of that name that never ended is marked failed.

    The same file again is the next version too, with a note of the version that it equals: people and
    consents may have changed since, and a version that a campaign used must not grow or move.
    """
    session.execute(_ONE_AT_A_TIME, {"name": new.name})
    session.execute(_END_INTERRUPTED, {"name": new.name})
    row = session.execute(
        _ADD_LIST,
        {
            "id": new_id(),
            "name": new.name,
            "file_name": new.file_name,
            "fingerprint": new.fingerprint,
            "by": actor,
            "now": now,
            "header": array_literal(new.header),
            "source": storable(json.dumps(new.source, ensure_ascii=False)),
            "lease": new.lease_seconds,
        },
    ).one()
    return BegunList(*row)


def go_on(session: Session, list_id: UUID, counts: ListCounts, lease_seconds: float) -> bool:
    """Note how far the import has come, and that it lives.

    False when another import of the name has taken over, or it was given up as dead.
    """
    values = {
        "list": list_id,
        "recipients": counts.recipients,
        "problems": counts.problems,
        "rejected": counts.rejected,
        "zones": counts.zone_unknown,
        "lease": lease_seconds,
    }
    return bool(session.execute(_GO_ON, values).rowcount)  # type: ignore[attr-defined]


def freeze_list(session: Session, list_id: UUID) -> bool:
    """From now on the list can be used, and never changes; false when it was given up meanwhile."""
    return bool(session.execute(_FREEZE, {"list": list_id}).rowcount)  # type: ignore[attr-defined]


def fail_list(session: Session, list_id: UUID, failure: str) -> None:
    """The list cannot be used; its report and rejected rows stay."""
    session.execute(_FAIL, {"list": list_id, "failure": failure})


def add_rejected(session: Session, list_id: UUID, rows: Sequence[RejectedCells], *, first: int) -> None:
    """Keep rows that were not taken as they stand in the file, numbered from `first`."""
    if not rows:
        return
    session.execute(
        _ADD_REJECTED,
        literals(
            {
                "list": list_id,
                "numbers": list(range(first, first + len(rows))),
                "lines": [row.line for row in rows],
                "cells": [json.dumps([storable(cell) for cell in row.cells]) for row in rows],
                "reasons": [storable(row.reason) for row in rows],
            }
        ),
    )


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

    persons = [people.person_of(row) for row in rows]
    with_person = list(zip(persons, rows, strict=True))
    session.execute(
        _ADD_RECIPIENTS,
        literals(
            {
                "list": list_id,
                "ids": new_ids(len(rows)),
                "positions": list(range(first, first + len(rows))),
                "lines": [row.line for row in rows],
                "accounts": [people.accounts[row.account_number] for row in rows],
                "persons": persons,
                "names": [row.full_name for row in rows],
                "groups": [row.customer_group for row in rows],
                "addresses": [row.address for row in rows],
                "zones": [row.time_zone for row in rows],
                "languages": [row.language for row in rows],
                "emails": [contacts.preferred(person, "email", row.email) for person, row in with_person],
                "phones": [contacts.preferred(person, "phone", row.phone) for person, row in with_person],
                "fields": [_fields(row) for row in rows],
            }
        ),
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
        literals(
            {
                "list": list_id,
                "numbers": list(range(first, first + len(problems))),
                "lines": [one.line for one in problems],
                "columns": [one.column for one in problems],
                "severities": [one.severity.value for one in problems],
                "classes": [one.value_class for one in problems],
                "reasons": [one.reason for one in problems],
                "messages": [one.message for one in problems],
            }
        ),
    )
