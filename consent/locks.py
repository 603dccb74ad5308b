"""The rows that a claim, a withdrawal, a suppression and a merge of persons all lock (promise P5)."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from dispatcher.core.arrays import uuid_array
from dispatcher.core.db import fetch

# SKIP LOCKED: a claim leaves attempts whose person is busy elsewhere and takes them next time.
_PERSONS = """
    SELECT id FROM person WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
_CONTACTS = """
    SELECT id FROM contact_point WHERE id = ANY(CAST(:ids AS uuid[]))
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
_COUNT = "SELECT count(*) FROM ({}) AS locked"
_LOCK_PERSONS, _COUNT_PERSONS = text(_PERSONS), text(_COUNT.format(_PERSONS))
_LOCK_CONTACTS, _COUNT_CONTACTS = text(_CONTACTS), text(_COUNT.format(_CONTACTS))
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
    return _lock_free(session, persons, _COUNT_PERSONS, _LOCK_PERSONS)


def lock_free_contacts(session: Session, contacts: Collection[UUID]) -> frozenset[UUID]:
    """Lock those of the contact points that nobody else holds; persons must be locked before."""
    return _lock_free(session, contacts, _COUNT_CONTACTS, _LOCK_CONTACTS)


def lock_free_addresses(session: Session, contacts: Collection[UUID]) -> frozenset[UUID]:
    """The contact points whose address nobody else is about to send to; for caps that count addresses."""
    rows = fetch(session, _ADDRESSES, {"ids": uuid_array(contacts)})
    return frozenset(contact for contact, is_mine in rows if is_mine)


def _lock_free(
    session: Session, ids: Collection[UUID], count: TextClause, lock: TextClause
) -> frozenset[UUID]:
    """Almost always all of them are free, and then nobody need be told which ones."""
    wanted = frozenset(ids)
    values = {"ids": uuid_array(wanted)}
    [(locked,)] = fetch(session, count, values)
    return wanted if locked == len(wanted) else frozenset(row[0] for row in fetch(session, lock, values))
