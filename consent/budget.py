"""The contact budget: every attempt to a person is counted once against the caps of its purpose group.

Consent cannot count attempts, so it owns this table instead: the claim reserves, and an outcome that
turns out not to be an attempt (not sent, throttled) releases, at most once, by attempt id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.arrays import uuid_array

_RESERVE = text(
    """
    INSERT INTO contact_budget (attempt_id, person_id, contact_point_id, purpose_group, channel, reserved_at)
    SELECT attempt_id, person_id, contact_point_id, :purpose_group, :channel, :now
    FROM unnest(CAST(:attempts AS uuid[]), CAST(:persons AS uuid[]), CAST(:contacts AS uuid[]))
         AS r(attempt_id, person_id, contact_point_id)
    ORDER BY attempt_id
    ON CONFLICT (attempt_id) DO UPDATE SET reserved_at = excluded.reserved_at, released_at = NULL
    """
)
_RELEASE = text(
    """
    UPDATE contact_budget SET released_at = :now
    WHERE attempt_id = ANY(CAST(:attempts AS uuid[])) AND released_at IS NULL
    """
)
_COUNT = text(
    """
    SELECT person_id, channel, reserved_at FROM contact_budget
    WHERE person_id = ANY(CAST(:persons AS uuid[])) AND purpose_group = :purpose_group
      AND reserved_at > :since AND released_at IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class Reservation:
    """One attempt that is about to be sent."""

    attempt_id: UUID
    person_id: UUID
    contact_point_id: UUID


def reserve(
    session: Session, reservations: Sequence[Reservation], *, purpose_group: str, channel: str, now: datetime
) -> None:
    """Count these attempts; must run in the transaction that locked their persons."""
    if not reservations:
        return
    session.execute(
        _RESERVE,
        {
            "attempts": uuid_array(item.attempt_id for item in reservations),
            "persons": uuid_array(item.person_id for item in reservations),
            "contacts": uuid_array(item.contact_point_id for item in reservations),
            "purpose_group": purpose_group,
            "channel": channel,
            "now": now,
        },
    )


def release(session: Session, attempts: Sequence[UUID], now: datetime) -> None:
    """Give the budget of these attempts back; a second call changes nothing."""
    if attempts:
        session.execute(_RELEASE, {"attempts": uuid_array(attempts), "now": now})


def contacts_since(
    session: Session, persons: Sequence[UUID], *, purpose_group: str, since: datetime
) -> Mapping[UUID, list[tuple[str, datetime]]]:
    """Per person the channel and time of every counted attempt after `since`, over all campaigns."""
    found: dict[UUID, list[tuple[str, datetime]]] = {}
    values = {"persons": uuid_array(persons), "purpose_group": purpose_group, "since": since}
    rows = session.execute(_COUNT, values)
    for person_id, channel, at in rows:
        found.setdefault(person_id, []).append((channel, at))
    return found
