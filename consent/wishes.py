"""What a person wants to hear, by channel and purpose, as the public page shows and changes it.

A link stands for one contact point and says nothing about who it is. It may be forwarded, so its holder may
switch off everything of that person, which harms nobody, but may switch on only what comes to the address to
which the link itself was sent: a permission for another address must come from there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger import CHANNELS, list_histories
from consent.purposes import Purpose
from consent.standing import EVERY_PURPOSE, LedgerEntry, standing
from consent.unsubscribe import UnsubscribeLink

_OF_PERSON = text(
    """
    SELECT c.id, c.kind, c.person_id FROM contact_point c
    WHERE c.person_id = (SELECT person_id FROM contact_point WHERE id = :contact)
    ORDER BY c.id
    """
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One purpose over one channel, over all addresses of the person that the channel reaches."""

    channel: str
    purpose: str
    is_on: bool
    may_be_given: bool  #: only over the address to which the link was sent


@dataclass(frozen=True, slots=True)
class PersonContacts:
    """The contact points of the person behind a link, by kind."""

    person_id: UUID
    kinds: dict[UUID, str]

    def reached_by(self, channel: str) -> list[UUID]:
        """Those that the channel reaches."""
        return [contact for contact, kind in self.kinds.items() if channel in CHANNELS[kind]]

    def channels(self) -> list[str]:
        """Every channel over which the person can be reached at all."""
        kinds = set(self.kinds.values())
        return [channel for kind, reached in CHANNELS.items() if kind in kinds for channel in reached]


def read_contacts(session: Session, contact: UUID) -> PersonContacts | None:
    """Every contact point of the person who has this one; None when it was removed."""
    rows = session.execute(_OF_PERSON, {"contact": contact}).all()
    return PersonContacts(rows[0].person_id, {row.id: row.kind for row in rows}) if rows else None


def read_wishes(
    session: Session, link: UnsubscribeLink, contacts: PersonContacts, now: datetime
) -> list[Wish]:
    """Every purpose that was ever spoken of with this person, and the link's own, over every channel."""
    histories = list_histories(session, list(contacts.kinds))
    own_channels = CHANNELS[contacts.kinds[link.contact_point_id]]
    return [
        Wish(
            channel,
            purpose,
            is_on=bool(permitting(histories, contacts.reached_by(channel), channel, purpose, now)),
            may_be_given=channel in own_channels,
        )
        for purpose in _purposes(histories.values(), link.purpose)
        for channel in contacts.channels()
    ]


def permitting(
    histories: dict[UUID, list[LedgerEntry]],
    contacts: Iterable[UUID],
    channel: str,
    purpose: str,
    now: datetime,
) -> list[UUID]:
    """Those of the contact points at which the ledger permits the purpose over the channel."""
    return [
        contact for contact in contacts if standing(histories[contact], channel, purpose, at=now).is_permitted
    ]


def _purposes(histories: Iterable[Sequence[LedgerEntry]], own: str) -> list[str]:
    said = {entry.purpose for entries in histories for entry in entries} | {own}
    known = [str(purpose) for purpose in Purpose]
    if EVERY_PURPOSE in said and said == {EVERY_PURPOSE}:
        # Only "everything" was ever spoken of: each kind that informs can be told apart on the page.
        return [purpose for purpose in known if purpose != Purpose.ADVERTISING]
    return [purpose for purpose in known if purpose in said] + sorted(said - set(known) - {EVERY_PURPOSE})
