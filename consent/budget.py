"""The contact budget: every attempt to a person is counted once against the caps of its purpose group.

Consent cannot count attempts, so it owns this table instead: the claim reserves, and an outcome that
turns out not to be an attempt (not sent, throttled) releases, at most once, by attempt id.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.caps import Contact
from dispatcher.core.arrays import text_array, uuid_array
from dispatcher.core.db import fetch

_RESERVE = text(
    """
    INSERT INTO contact_budget (attempt_id, person_id, contact_point_id, purpose_group, channel, reserved_at)
    SELECT attempt_id, person_id, contact_point_id, purpose_group, :channel, :now
    FROM unnest(CAST(:attempts AS uuid[]), CAST(:persons AS uuid[]), CAST(:contacts AS uuid[]),
                CAST(:groups AS text[]))
         AS r(attempt_id, person_id, contact_point_id, purpose_group)
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
_OF_PERSONS = text(
    """
    SELECT person_id, purpose_group, channel, reserved_at FROM contact_budget
    WHERE person_id = ANY(CAST(:persons AS uuid[])) AND purpose_group = ANY(:groups)
      AND reserved_at > :since AND released_at IS NULL
    """
)
# The index on persons serves this too: whoever has the address, and then what was counted against them. One
# look-up after the other (OFFSET 0): joined freely, all that was ever counted was read for every group.
_AT_ADDRESSES = text(
    """
    SELECT w.kind, w.address, b.purpose_group, b.channel, b.reserved_at
    FROM unnest(CAST(:kinds AS text[]), CAST(:addresses AS text[])) AS w(kind, address)
    CROSS JOIN LATERAL (SELECT id, person_id FROM contact_point
                        WHERE kind = w.kind AND address = w.address OFFSET 0) c
    CROSS JOIN LATERAL (SELECT purpose_group, channel, reserved_at FROM contact_budget
                        WHERE person_id = c.person_id AND contact_point_id = c.id
                          AND purpose_group = ANY(:groups) AND reserved_at > :since AND released_at IS NULL
                        OFFSET 0) b
    """
)

Address = tuple[str, str]  #: kind (email, phone) and address


@dataclass(frozen=True, slots=True)
class Reservation:
    """One attempt that is about to be sent."""

    attempt_id: UUID
    person_id: UUID
    contact_point_id: UUID
    purpose_group: str


def reserve(session: Session, reservations: Sequence[Reservation], *, channel: str, now: datetime) -> None:
    """Count these attempts; must run in the transaction that locked their persons and addresses."""
    if not reservations:
        return
    fetch(
        session,
        _RESERVE,
        {
            "attempts": uuid_array(item.attempt_id for item in reservations),
            "persons": uuid_array(item.person_id for item in reservations),
            "contacts": uuid_array(item.contact_point_id for item in reservations),
            "groups": text_array(item.purpose_group for item in reservations),
            "channel": channel,
            "now": now,
        },
    )


def release(session: Session, attempts: Sequence[UUID], now: datetime) -> None:
    """Give the budget of these attempts back; a second call changes nothing."""
    if attempts:
        fetch(session, _RELEASE, {"attempts": uuid_array(attempts), "now": now})


def contacts_of_persons(
    session: Session, persons: Collection[UUID], *, groups: Collection[str], since: datetime
) -> Mapping[tuple[UUID, str], list[Contact]]:
    """(person, purpose group) → every counted attempt after `since`, over all campaigns."""
    found: dict[tuple[UUID, str], list[Contact]] = {}
    values = {"persons": uuid_array(persons), "groups": list(groups), "since": since}
    for person, group, channel, at in fetch(session, _OF_PERSONS, values):
        found.setdefault((person, group), []).append((channel, at))
    return found


def contacts_at_addresses(
    session: Session, addresses: Collection[Address], *, groups: Collection[str], since: datetime
) -> Mapping[tuple[Address, str], list[Contact]]:
    """(address, purpose group) → every counted attempt after `since`, to whomever it was."""
    found: dict[tuple[Address, str], list[Contact]] = {}
    values = {
        "kinds": text_array(kind for kind, _ in addresses),
        "addresses": text_array(address for _, address in addresses),
        "groups": list(groups),
        "since": since,
    }
    for kind, address, group, channel, at in fetch(session, _AT_ADDRESSES, values):
        found.setdefault(((kind, address), group), []).append((channel, at))
    return found
