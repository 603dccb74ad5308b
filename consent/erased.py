"""Addresses that were erased and must stay refused: known again by a keyed hash, never readable.

Erasing a person takes the addresses away, and with them the way in which a withdrawal or a ban is found. A
list of next month may bring the same address as somebody new. Its keyed hash (HMAC-SHA-256, the key is
outside the database, so a dump alone cannot be tried against all telephone numbers) is compared when a
contact point appears, and what was refused then is refused again, with the source `erasure`. The same hash
lets a lawyer show that the history of a contact point belongs to a given address.

The key comes with the session (`Database.facts`), so whoever adds contact points needs no key of its own.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.ledger import CHANNELS, ConsentEntry, list_histories, record_consent
from consent.purposes import Purpose
from consent.sources import Action, Source
from consent.standing import EVERY_PURPOSE, LedgerEntry, standing
from dispatcher.core.arrays import bytes_array, uuid_array
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.ids import new_id

FACT: Final = "address_hashes"  #: under this name the sessions carry an `AddressHashes`
_SALT: Final = b"erased-address.v1:"

_IS_EMPTY = text("SELECT NOT EXISTS (SELECT 1 FROM erased_address)")
_KNOWN = text(
    """
    SELECT address_hash, contact_point_id, refusals FROM erased_address
    WHERE address_hash = ANY(CAST(:hashes AS bytea[])) ORDER BY erased_at
    """
)
_RECALLED = text(
    """
    SELECT contact_point_id FROM consent_event
    WHERE contact_point_id = ANY(CAST(:contacts AS uuid[])) AND source = 'erasure'
    """
)
_ADDRESSES = text("SELECT id, kind, address FROM contact_point WHERE id = ANY(CAST(:contacts AS uuid[]))")
_BANNED = text(
    """
    SELECT DISTINCT channel FROM suppression
    WHERE lower(address) = lower(:address) AND lifted_at IS NULL AND (expires_at IS NULL OR expires_at > :now)
    """
)
_KEEP = text(
    """
    INSERT INTO erased_address (id, contact_point_id, kind, address_hash, refusals, erased_at)
    VALUES (:id, :contact, :kind, :hash, CAST(:refusals AS jsonb), :now)
    """
)


@dataclass(frozen=True, slots=True)
class AddressHashes:
    """Hashes addresses with the secret key; those of former keys are known again too."""

    secret_key: bytes
    former_keys: tuple[bytes, ...] = ()

    def of(self, kind: str, address: str) -> bytes:
        """The hash under which an address is kept."""
        return _hash(self.secret_key, kind, address)

    def all_of(self, kind: str, address: str) -> list[bytes]:
        """Every hash under which it may have been kept."""
        return [_hash(key, kind, address) for key in (self.secret_key, *self.former_keys)]


@dataclass(frozen=True, slots=True)
class ErasedContact:
    """A contact point that had an address once."""

    contact_point_id: UUID
    refusals: Sequence[Mapping[str, str]]


def keep_refusals(session: Session, contacts: Sequence[UUID], now: datetime) -> None:
    """Before their addresses go: keep the hash of each, and what was refused there."""
    hashes, histories = _hashes_of(session), list_histories(session, contacts)
    for contact, kind, address in session.execute(_ADDRESSES, {"contacts": uuid_array(contacts)}).all():
        refusals = _refusals(histories[contact], CHANNELS[kind], now)
        banned = session.execute(_BANNED, {"address": address, "now": now}).scalars()
        refusals += [{"channel": channel, "purpose": EVERY_PURPOSE} for channel in banned]
        values = {"id": new_id(), "contact": contact, "kind": kind, "now": now}
        session.execute(_KEEP, {**values, "hash": hashes.of(kind, address), "refusals": json.dumps(refusals)})


def recall_refusals(session: Session, contacts: Mapping[UUID, tuple[str, str]], now: datetime) -> int:
    """Refuse at these contact points (kind and address) what was refused before they were erased.

    Call it under the contact points' locks, before any consent is given there. Returns at how many.
    """
    if not contacts or session.execute(_IS_EMPTY).scalar_one():
        return 0
    hashes = _hashes_of(session)
    by_hash = {one: contact for contact, place in contacts.items() for one in hashes.all_of(*place)}
    known = session.execute(_KNOWN, {"hashes": bytes_array(by_hash)}).all()
    wanted = {by_hash[bytes(row.address_hash)]: row.refusals for row in known if row.refusals}
    done = set(session.execute(_RECALLED, {"contacts": uuid_array(wanted)}).scalars()) if wanted else set()
    for contact, refusals in wanted.items():
        if contact not in done:
            _refuse(session, contact, refusals, now)
    return len(wanted.keys() - done)


def find_erased(session: Session, kind: str, address: str) -> list[ErasedContact]:
    """The contact points that had this address before it was erased: for whoever must prove their history."""
    hashes = bytes_array(_hashes_of(session).all_of(kind, address))
    rows = session.execute(_KNOWN, {"hashes": hashes}).all()
    return [ErasedContact(row.contact_point_id, row.refusals) for row in rows]


def _refusals(history: list[LedgerEntry], channels: Iterable[str], now: datetime) -> list[dict[str, str]]:
    found = []
    for channel in channels:
        purposes = {*Purpose, *(entry.purpose for entry in history)} - {EVERY_PURPOSE}
        refused = [
            purpose
            for purpose in sorted(purposes)
            if standing(history, channel, purpose, at=now).reason == "consent_withdrawn"
        ]
        kept = [EVERY_PURPOSE] if len(refused) == len(purposes) else refused
        found += [{"channel": channel, "purpose": str(purpose)} for purpose in kept]
    return found


def _refuse(session: Session, contact: UUID, refusals: Sequence[Mapping[str, Any]], now: datetime) -> None:
    for refusal in refusals:
        entry = ConsentEntry(
            refusal["channel"], refusal["purpose"], Action.WITHDRAWN, Source.ERASURE, "system"
        )
        record_consent(session, contact, entry, now)


def _hashes_of(session: Session) -> AddressHashes:
    hashes = session.info.get(FACT)
    if not isinstance(hashes, AddressHashes):
        raise ConfigurationError("erased addresses can only be known again with the secret key")
    return hashes


def _hash(key: bytes, kind: str, address: str) -> bytes:
    said = f"{kind}:{address.strip().lower()}".encode()
    return hmac.digest(key, _SALT + said, hashlib.sha256)
