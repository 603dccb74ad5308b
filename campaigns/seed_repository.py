"""The SQL of seed contacts: colleagues who receive every campaign's text."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.ids import new_id, new_ids

LIST_NAME: Final = "Сотрудники: образцы"

_PERSON = text(
    """
    INSERT INTO person (id, external_id, full_name, customer_group, language, created_at, updated_at)
    VALUES (:id, :external, :name, 1, :language, :now, :now)
    ON CONFLICT (external_id) DO UPDATE
    SET full_name = excluded.full_name, language = excluded.language, updated_at = :now
    RETURNING id
    """
)
_ACCOUNT_OF = text("SELECT id FROM account WHERE person_id = :person ORDER BY id LIMIT 1")
_ACCOUNT = text(
    """
    INSERT INTO account (id, number, person_id, address, time_zone, is_zone_known, has_contract, created_at,
                         updated_at)
    VALUES (:id, :number, :person, :address, :zone, true, true, :now, :now)
    """
)
_MOVE_ACCOUNT = text("UPDATE account SET time_zone = :zone, updated_at = :now WHERE id = :id")
_CONTACT = text(
    """
    INSERT INTO contact_point (id, person_id, kind, address, created_at)
    VALUES (:id, :person, 'email', :address, :now)
    ON CONFLICT (person_id, kind, address) DO UPDATE SET address = excluded.address RETURNING id
    """
)
_ADD = text(
    """
    INSERT INTO seed_contact (id, contact_point_id, account_id, name, created_by, created_at)
    VALUES (:id, :contact, :account, :name, :by, :now)
    ON CONFLICT (contact_point_id) DO UPDATE SET name = excluded.name, removed_at = NULL
    RETURNING id
    """
)
_REMOVE = text(
    """
    UPDATE seed_contact s SET removed_at = :now FROM contact_point c
    WHERE c.id = s.contact_point_id AND c.address = :address AND s.removed_at IS NULL
    RETURNING s.id, s.contact_point_id
    """
)
_LIST = text(
    """
    SELECT s.id, s.name, c.address, a.time_zone, p.language, s.created_at
    FROM seed_contact s JOIN contact_point c ON c.id = s.contact_point_id
    JOIN account a ON a.id = s.account_id JOIN person p ON p.id = c.person_id
    WHERE s.removed_at IS NULL ORDER BY c.address, s.id
    """
)
# Runs that speak to customers and have begun; one seed run each, by the unique index.
_WANTING = text(
    """
    SELECT r.id FROM run r
    WHERE r.state IN ('running', 'paused') AND r.started_at IS NOT NULL AND r.ends_at > :now
      AND r.kind IN ('main', 'correction')
      AND EXISTS (SELECT 1 FROM seed_contact WHERE removed_at IS NULL)
      AND NOT EXISTS (SELECT 1 FROM run s WHERE s.parent_run_id = r.id AND s.kind = 'seed')
    ORDER BY r.id LIMIT 1
    """
)
_PARENT = text(
    """
    SELECT id, campaign_id, priority, purpose, purpose_group, ends_at, hours, policies, step_plan,
           common_fields
    FROM run WHERE id = :run
    """
)
_ADD_LIST = text(
    """
    INSERT INTO recipient_list (id, name, version, state, file_name, fingerprint, recipient_count, source,
                                created_by, created_at)
    SELECT :id, :name, coalesce(max(version), 0) + 1, 'frozen', '', :fingerprint, :count,
           CAST(:source AS jsonb), 'system', :now
    FROM recipient_list WHERE name = :name
    """
)
_ADD_RECIPIENTS = text(
    """
    INSERT INTO recipient (id, list_id, position, line, account_id, person_id, full_name, customer_group,
                           address, time_zone, language, email_contact_id, fields)
    SELECT w.id, :list, w.place, w.place, a.id, c.person_id, s.name, 1, a.address, a.time_zone, p.language,
           c.id, CAST(:fields AS jsonb)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:seeds AS uuid[])) WITH ORDINALITY AS w(id, seed, place)
    JOIN seed_contact s ON s.id = w.seed
    JOIN contact_point c ON c.id = s.contact_point_id
    JOIN account a ON a.id = s.account_id JOIN person p ON p.id = c.person_id
    """
)


@dataclass(frozen=True, slots=True)
class SeedContactView:
    """One colleague who receives every campaign's text."""

    id: UUID
    name: str
    address: str
    time_zone: str
    language: str
    created_at: datetime


def upsert_seed(
    session: Session,
    *,
    name: str,
    address: str,
    sample_address: str,
    time_zone: str,
    language: str,
    actor: str,
    now: datetime,
) -> tuple[UUID, UUID]:
    """Add or renew a colleague as a person of his own; returns the seed's id and the contact point's."""
    person = session.execute(
        _PERSON,
        {"id": new_id(), "external": f"seed:{address}", "name": name, "language": language, "now": now},
    ).scalar_one()
    account = session.execute(_ACCOUNT_OF, {"person": person}).scalar_one_or_none()
    if account is None:
        account = new_id()
        values = {"id": account, "number": f"ОБРАЗЕЦ-{account.hex[-8:]}", "person": person}
        session.execute(_ACCOUNT, {**values, "address": sample_address, "zone": time_zone, "now": now})
    else:
        session.execute(_MOVE_ACCOUNT, {"id": account, "zone": time_zone, "now": now})
    contact = session.execute(
        _CONTACT, {"id": new_id(), "person": person, "address": address, "now": now}
    ).scalar_one()
    seed = session.execute(
        _ADD,
        {"id": new_id(), "contact": contact, "account": account, "name": name, "by": actor, "now": now},
    ).scalar_one()
    return seed, contact


def remove_seed_row(session: Session, address: str, now: datetime) -> tuple[UUID, UUID] | None:
    """Mark a colleague as removed; returns the seed's id and the contact point's, None: there is none."""
    row = session.execute(_REMOVE, {"address": address, "now": now}).first()
    return None if row is None else (row.id, row.contact_point_id)


def list_seed_rows(session: Session) -> Sequence[SeedContactView]:
    """Everybody on the list now."""
    return [SeedContactView(**row) for row in session.execute(_LIST).mappings()]


def find_run_without_seeds(session: Session, now: datetime) -> UUID | None:
    """A run that has begun and whose text our own staff have not been sent."""
    found: UUID | None = session.execute(_WANTING, {"now": now}).scalar_one_or_none()
    return found


def get_seed_parent(session: Session, run: UUID) -> Mapping[str, Any]:
    """What a seed run takes over from its parent."""
    return dict(session.execute(_PARENT, {"run": run}).mappings().one())


def add_seed_list(
    session: Session, seeds: Sequence[SeedContactView], fields: Mapping[str, Any], run: UUID, now: datetime
) -> UUID:
    """Freeze the colleagues, with made-up fields, as a list."""
    list_id = new_id()
    session.execute(
        _ADD_LIST,
        {
            "id": list_id,
            "name": LIST_NAME,
            "fingerprint": hashlib.sha256(list_id.bytes).digest(),
            "count": len(seeds),
            "source": json.dumps({"seeds_of_run": str(run)}),
            "now": now,
        },
    )
    session.execute(
        _ADD_RECIPIENTS,
        {
            "list": list_id,
            "ids": new_ids(len(seeds)),
            "seeds": [seed.id for seed in seeds],
            "fields": json.dumps(fields, ensure_ascii=False),
        },
    )
    return list_id
