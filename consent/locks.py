"""The rows that a claim, a withdrawal, a suppression and a merge of persons all lock (promise P5)."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.arrays import uuid_array

# SKIP LOCKED: a claim leaves attempts whose person is busy elsewhere and takes them next time.
_PERSONS = text(
    """
    SELECT id FROM person WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    """
)
_CONTACTS = text(
    """
    SELECT id FROM contact_point WHERE id = ANY(CAST(:ids AS uuid[]))
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    """
)
# An address that persons share has a row for each of them, so it is locked by itself. Locks of the
# transaction, never waited for: a pooler in between and the order of locks are safe. Two addresses with
# the same hash cost a turn, no more.
_ADDRESSES = text(
    """
    SELECT id, pg_try_advisory_xact_lock(hashtextextended(kind || ':' || address, 0)) AS is_mine
    FROM contact_point WHERE id = ANY(CAST(:ids AS uuid[]))
    """
)


def lock_free_persons(session: Session, persons: Collection[UUID]) -> frozenset[UUID]:
    """Lock those of the persons that nobody else holds."""
    return frozenset(session.execute(_PERSONS, {"ids": uuid_array(persons)}).scalars())


def lock_free_contacts(session: Session, contacts: Collection[UUID]) -> frozenset[UUID]:
    """Lock those of the contact points that nobody else holds; persons must be locked before."""
    return frozenset(session.execute(_CONTACTS, {"ids": uuid_array(contacts)}).scalars())


def lock_free_addresses(session: Session, contacts: Collection[UUID]) -> frozenset[UUID]:
    """The contact points whose address nobody else is about to send to; for caps that count addresses."""
    rows = session.execute(_ADDRESSES, {"ids": uuid_array(contacts)})
    return frozenset(row.id for row in rows if row.is_mine)
