"""The SQL of linked runs: the parent, and frozen lists derived from what became of its notices."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.ids import new_id, new_ids

SLICE: Final = 1000

_PARENT = text(
    """
    SELECT r.id, r.campaign_id, r.number, r.kind, r.state, r.period, r.list_id, r.priority, r.purpose,
           r.purpose_group, r.starts_at, r.ends_at, r.hours, r.caps, r.policies, r.step_plan,
           r.max_per_second, r.common_fields, r.needs_approval, l.name AS list_name, c.name AS campaign,
           c.daily_from,
           c.daily_to, c.working_days_only, c.policy_profile, s.name AS scenario
    FROM run r JOIN recipient_list l ON l.id = r.list_id JOIN campaign c ON c.id = r.campaign_id
    JOIN scenario_version v ON v.id = c.scenario_version_id JOIN scenario s ON s.id = v.scenario_id
    WHERE r.id = :run
    """
)
_OPEN_CHILD = text(
    """
    SELECT id FROM run
    WHERE parent_run_id = :run AND kind = :kind AND state NOT IN ('closed', 'rejected')
    """
)
# Every run that was made to reach the same people once more, however deep.
_RESENDS = text(
    """
    WITH RECURSIVE below AS (
        SELECT id, period, list_id FROM run WHERE parent_run_id = :run AND kind = 'resend'
        UNION ALL
        SELECT r.id, r.period, r.list_id FROM run r JOIN below b ON r.parent_run_id = b.id
        WHERE r.kind = 'resend'
    )
    SELECT id, period, list_id FROM below
    """
)
_ADD_LIST = text(
    """
    INSERT INTO recipient_list (id, name, version, state, file_name, fingerprint, recipient_count, source,
                                created_by, created_at)
    SELECT :id, :name, coalesce(max(version), 0) + 1, 'frozen', '', :fingerprint, 0, CAST(:source AS jsonb),
           :by, :now
    FROM recipient_list WHERE name = :name
    """
)
# In the order of the parent's list, by its unique keys: the cost per recipient does not depend on the size.
# Whom a resend has reached meanwhile, or may have, is left out: nobody is told twice by accident (P2).
_CHOOSE = text(
    """
    SELECT r.position, r.id
    FROM recipient r
    JOIN notice n ON n.period = :period AND n.run_id = :run AND n.recipient_id = r.id
    WHERE r.list_id = :list AND r.position > :position AND n.state = ANY(:states)
      AND NOT EXISTS (
          SELECT 1
          FROM unnest(CAST(:child_runs AS uuid[]), CAST(:child_periods AS date[]),
                      CAST(:child_lists AS uuid[])) AS child(run, period, list)
          JOIN recipient cr ON cr.list_id = child.list AND cr.account_id = r.account_id
          JOIN notice cn ON cn.period = child.period AND cn.run_id = child.run AND cn.recipient_id = cr.id
          WHERE cn.state IN ('notified', 'partly_notified', 'unknown'))
    ORDER BY r.position LIMIT :slice
    """
)
_COPY = text(
    """
    INSERT INTO recipient (id, list_id, position, line, account_id, person_id, full_name, customer_group,
                           address, time_zone, language, email_contact_id, phone_contact_id, fields)
    SELECT w.id, :list, :taken + w.place, r.line, r.account_id, r.person_id, r.full_name, r.customer_group,
           r.address, r.time_zone, r.language, r.email_contact_id, r.phone_contact_id, r.fields
    FROM unnest(CAST(:ids AS uuid[]), CAST(:recipients AS uuid[])) WITH ORDINALITY
         AS w(id, recipient_id, place)
    JOIN recipient r ON r.id = w.recipient_id
    """
)
_COUNTED = text("UPDATE recipient_list SET recipient_count = :count WHERE id = :list")


@dataclass(frozen=True, slots=True)
class Derived:
    """A frozen list made from a run."""

    list_id: UUID
    name: str
    recipient_count: int


def get_parent(session: Session, run: UUID) -> Mapping[str, Any] | None:
    """The run, its list's and its campaign's names and hours; None when there is no such run."""
    row = session.execute(_PARENT, {"run": run}).mappings().first()
    return None if row is None else dict(row)


def find_open_child(session: Session, run: UUID, kind: str) -> UUID | None:
    """A linked run of this kind that is not over."""
    found: UUID | None = session.execute(_OPEN_CHILD, {"run": run, "kind": kind}).scalar_one_or_none()
    return found


def derive_list(
    session: Session,
    parent: Mapping[str, Any],
    *,
    name: str,
    states: Collection[str],
    leave_out_reached: bool,
    actor: str,
    now: datetime,
) -> Derived:
    """Freeze the recipients whose notices of `parent` are in `states` as a list of its own.

    All in the caller's transaction, so that a kill leaves nothing of it; slice by slice, so that memory
    does not grow. `leave_out_reached` leaves out whom a resend of the parent has told meanwhile.
    """
    list_id = new_id()
    source = {"derived_from_run": str(parent["id"]), "states": sorted(states)}
    content = json.dumps(source, sort_keys=True)
    session.execute(
        _ADD_LIST,
        {
            "id": list_id,
            "name": name,
            "fingerprint": hashlib.sha256(f"{list_id}{content}".encode()).digest(),
            "source": content,
            "by": actor,
            "now": now,
        },
    )
    children = session.execute(_RESENDS, {"run": parent["id"]}).all() if leave_out_reached else []
    count = _copy_slices(session, parent, list_id, sorted(states), children)
    session.execute(_COUNTED, {"list": list_id, "count": count})
    return Derived(list_id, name, count)


def _copy_slices(
    session: Session,
    parent: Mapping[str, Any],
    list_id: UUID,
    states: Sequence[str],
    children: Sequence[Any],
) -> int:
    position = taken = 0
    while True:
        chosen = session.execute(
            _CHOOSE,
            {
                "period": parent["period"],
                "run": parent["id"],
                "list": parent["list_id"],
                "position": position,
                "states": list(states),
                "child_runs": [child.id for child in children],
                "child_periods": [child.period for child in children],
                "child_lists": [child.list_id for child in children],
                "slice": SLICE,
            },
        ).all()
        if not chosen:
            return taken
        recipients = [row.id for row in chosen]
        ids = new_ids(len(recipients))
        session.execute(_COPY, {"list": list_id, "taken": taken, "ids": ids, "recipients": recipients})
        taken += len(recipients)
        position = chosen[-1].position
