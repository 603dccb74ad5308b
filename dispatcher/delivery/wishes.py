"""What the holder of an unsubscribe link changes: one kind of messages, everything, or wish by wish.

Every change is an entry of the ledger under the claim's locks, and on record. Nothing is written for what is
so already: a mail program that asks twice, or a page that is sent twice, leaves one entry. How many messages
were in flight is answered to staff through the audit, never to the public page: who holds a forwarded link
learns nothing about what is being sent.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from consent.errors import UnknownContactError
from consent.ledger import ConsentEntry, list_histories, lock_all_of, record_consent
from consent.sources import Action, Source
from consent.standing import EVERY_PURPOSE, LedgerEntry, standing
from consent.unsubscribe import UnsubscribeLink
from consent.wishes import PersonContacts, permitting, read_contacts
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id
from dispatcher.delivery.withdrawal import withdraw_consent

log = structlog.get_logger()

#: Who the ledger and the audit name: nobody but the holder of the link.
RECIPIENT: Final = "recipient"

WishKey = tuple[str, str]  #: channel and purpose


@dataclass(frozen=True, slots=True)
class _Known:
    """The person behind a link, locked, and what the ledger says of each contact point."""

    contacts: PersonContacts
    histories: dict[UUID, list[LedgerEntry]]


def stop_kind(session: Session, link: UnsubscribeLink, *, source: Source, now: datetime) -> bool:
    """Withdraw what the link names; false when it had been withdrawn before. Raises `UnknownContactError`."""
    known = _lock(session, link)
    entries = known.histories[link.contact_point_id]
    if standing(entries, link.channel, link.purpose, at=now).reason == "consent_withdrawn":
        return False
    _withdraw(session, link.contact_point_id, link.channel, link.purpose, source, now)
    return True


def stop_by_mail(session: Session, link: UnsubscribeLink, now: datetime) -> None:
    """The same by a message to the signed address; one that was removed has nothing to withdraw."""
    try:
        stop_kind(session, link, source=Source.MAIL_REPLY, now=now)
    except UnknownContactError:
        log.info("delivery.unsubscribed_unknown", contact_point_id=str(link.contact_point_id))


def stop_everything(session: Session, link: UnsubscribeLink, *, now: datetime) -> bool:
    """Withdraw everything, over every channel, for every address of the person.

    False when nothing was permitted any more and all of it withdrawn. Raises `UnknownContactError`.
    """
    known = _lock(session, link)
    stopped = False
    for channel in known.contacts.channels():
        for contact in known.contacts.reached_by(channel):
            if not _is_all_withdrawn(known.histories[contact], channel):
                _withdraw(session, contact, channel, EVERY_PURPOSE, Source.PREFERENCE_PAGE, now)
                stopped = True
    return stopped


def apply_wishes(
    session: Session,
    link: UnsubscribeLink,
    wanted: Mapping[WishKey, bool],
    *,
    text_version: str,
    now: datetime,
) -> int:
    """Make each wish so; returns how many changed. Raises `UnknownContactError`.

    A wish for an address other than the link's is taken off, never on (`consent.wishes`). `text_version`
    names the words by which the person agrees.
    """
    known = _lock(session, link)
    form = str(new_id())
    changed = 0
    for (channel, purpose), is_wanted in wanted.items():
        reached = known.contacts.reached_by(channel)
        given = permitting(known.histories, reached, channel, purpose, now)
        if is_wanted and not given and link.contact_point_id in reached:
            _give(session, link.contact_point_id, channel, purpose, form, text_version, now)
            changed += 1
        if not is_wanted and given:
            _withdraw_at(session, given, channel, purpose, now)
            changed += 1
    return changed


def _lock(session: Session, link: UnsubscribeLink) -> _Known:
    contacts = read_contacts(session, link.contact_point_id)
    if contacts is None:
        raise UnknownContactError("there is no such contact point: it may have been removed")
    lock_all_of(session, contacts.person_id)
    # Read again: under the locks nothing changes any more.
    contacts = read_contacts(session, link.contact_point_id)
    if contacts is None:
        raise UnknownContactError("there is no such contact point: it may have been removed")
    return _Known(contacts, list_histories(session, list(contacts.kinds)))


def _is_all_withdrawn(entries: list[LedgerEntry], channel: str) -> bool:
    """Whether the last word for every purpose is "no", with no "yes" after it."""
    last = next(
        (one for one in reversed(entries) if one.channel == channel and one.purpose == EVERY_PURPOSE), None
    )
    if last is None or last.action != Action.WITHDRAWN:
        return False
    return not any(
        one.channel == channel
        and one.sequence > last.sequence
        and one.action in {Action.GIVEN, Action.CONFIRMED}
        for one in entries
    )


def _withdraw_at(
    session: Session, contacts: Collection[UUID], channel: str, purpose: str, now: datetime
) -> None:
    for contact in contacts:
        _withdraw(session, contact, channel, purpose, Source.PREFERENCE_PAGE, now)


def _withdraw(
    session: Session, contact: UUID, channel: str, purpose: str, source: Source, now: datetime
) -> None:
    withdraw_consent(
        session, contact, channel=channel, purpose=purpose, source=source, recorded_by=RECIPIENT, now=now
    )


def _give(
    session: Session,
    contact: UUID,
    channel: str,
    purpose: str,
    form: str,
    text_version: str,
    now: datetime,
) -> None:
    entry = ConsentEntry(
        channel,
        purpose,
        Action.GIVEN,
        Source.WEB_FORM,
        RECIPIENT,
        source_reference=form,
        text_version=text_version,
    )
    record_consent(session, contact, entry, now)
    record_action(
        session,
        at=now,
        actor=RECIPIENT,
        action="consent.given",
        subject_type="contact_point",
        subject_id=contact,
        after={"channel": channel, "purpose": purpose, "source": Source.WEB_FORM, "reference": form},
    )
