"""What a group of recipients has spent of its caps, read once and kept while the group is judged.

Caps count per person and per address (design: section 2): two persons who share a telephone do not get
twice as much. The next recipient of the same group sees those before as spent.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from consent.budget import Address, contacts_at_addresses, contacts_of_persons
from consent.caps import Contact, counted_since, free_again_at
from consent.group_policy import GroupPolicy

#: Why somebody waits: too much to this person, or too much to this address, for whomever.
FREQUENCY_CAP: Final = "frequency_cap"
ADDRESS_CAP: Final = "address_cap"
CAP_REASONS: Final = (FREQUENCY_CAP, ADDRESS_CAP)


@dataclass(frozen=True, slots=True)
class CapWait:
    """Why and until when a further attempt does not fit."""

    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Spent:
    """Counted attempts by person and by address; see the module."""

    of_persons: dict[tuple[UUID, str], list[Contact]] = field(default_factory=dict)
    at_addresses: dict[tuple[Address, str], list[Contact]] = field(default_factory=dict)

    def wait(
        self,
        policy: GroupPolicy,
        channel: str,
        *,
        person: UUID,
        address: str,
        zone: ZoneInfo,
        now: datetime,
    ) -> CapWait | None:
        """What holds a further attempt back; None: it fits. The longer wait is the one that counts."""
        if not policy.caps:
            return None
        group = policy.purpose_group
        found = [
            (FREQUENCY_CAP, self.of_persons.get((person, group), ())),
            (ADDRESS_CAP, self.at_addresses.get((address_of(channel, address), group), ())),
        ]
        waits = [
            CapWait(reason, until)
            for reason, contacts in found
            if (until := free_again_at(policy.caps, channel, contacts, now, zone)) is not None
        ]
        return max(waits, key=lambda wait: wait.until, default=None)

    def spend(self, policy: GroupPolicy, channel: str, *, person: UUID, address: str, now: datetime) -> None:
        """Count one more, for the rest of the group."""
        group = policy.purpose_group
        self.of_persons.setdefault((person, group), []).append((channel, now))
        self.at_addresses.setdefault((address_of(channel, address), group), []).append((channel, now))


def read_spent(
    session: Session,
    policies: Collection[GroupPolicy],
    *,
    persons: Collection[UUID],
    addresses: Collection[Address],
    now: datetime,
) -> Spent:
    """What these persons and addresses have spent; without caps the database is not asked."""
    capped = [policy for policy in policies if policy.caps]
    since = counted_since([cap for policy in capped for cap in policy.caps], now)
    if since is None:
        return Spent()
    groups = {policy.purpose_group for policy in capped}
    return Spent(
        dict(contacts_of_persons(session, set(persons), groups=groups, since=since)),
        dict(contacts_at_addresses(session, set(addresses), groups=groups, since=since)),
    )


def address_of(channel: str, address: str) -> Address:
    """The address with its kind, as contact points have it."""
    return ("email" if channel == "email" else "phone", address)
