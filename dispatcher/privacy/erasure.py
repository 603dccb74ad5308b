"""Erasing a person: names, addresses, texts and answers go; what the law wants proven stays without them.

The first transaction takes the claim's locks, keeps keyed hashes of the addresses with what was refused
there, withdraws everything, and blanks all that is found by name or address. The rest (recipients, texts,
receipts) goes in slices, each a transaction of its own. A process that is killed leaves an erasure
`running`; the scheduler carries it on. Doing any of it twice changes nothing.

What stays are ids, states, times, the ledger and the salted hashes in the sealed events: the chain of
evidence verifies as before (design, section 6), but no longer says about whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from consent.erased import keep_refusals
from consent.ledger import lock_all_of
from consent.sources import Source
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id
from dispatcher.delivery.withdrawal import stop_contacts
from dispatcher.privacy.errors import ErasureRefusedError
from dispatcher.privacy.register import ABOUT_PEOPLE, Held
from dispatcher.privacy.subject import Subject, find_subject
from dispatcher.privacy.tables import table_named

SLICE: Final = 500
LEAST_REASON_CHARS: Final = 5
MAX_REASON_CHARS: Final = 500

_FIND = text("SELECT id, state, requested_at, finished_at FROM erasure WHERE person_id = :person")
_OPEN_RUNS = text(
    """
    SELECT DISTINCT c.name, r.number FROM run r JOIN campaign c ON c.id = r.campaign_id
    WHERE r.state NOT IN ('closed', 'rejected')
      AND r.list_id IN (SELECT list_id FROM recipient WHERE person_id = :person)
    ORDER BY c.name, r.number LIMIT 20
    """
)
_BEGIN = text(
    """
    INSERT INTO erasure (id, person_id, reason, state, requested_by, requested_at)
    VALUES (:id, :person, :reason, 'running', :actor, :now)
    """
)
_LOCK = text("SELECT person_id FROM erasure WHERE id = :id AND state = 'running' FOR NO KEY UPDATE")
_COUNT = text(
    """
    UPDATE erasure
    SET counts = counts || jsonb_build_object(CAST(:table AS text),
                                              coalesce(CAST(counts ->> :table AS bigint), 0) + :rows)
    WHERE id = :id
    """
)
_FINISH = text(
    """
    UPDATE erasure SET state = 'done', finished_at = :now WHERE id = :id
    RETURNING person_id, requested_by, counts
    """
)
_RUNNING = text("SELECT id FROM erasure WHERE state = 'running' ORDER BY id LIMIT 1")
_KEPT = text(
    """
    SELECT e.contact_point_id FROM erased_address e JOIN contact_point c ON c.id = e.contact_point_id
    WHERE c.person_id = :person
    """
)
_ALL = text("SELECT person_id, reason, requested_by FROM erasure ORDER BY requested_at, id")


@dataclass(frozen=True, slots=True)
class BegunErasure:
    """An erasure, new or old."""

    id: UUID
    is_new: bool
    is_done: bool


@dataclass(frozen=True, slots=True)
class ErasedPerson:
    """What must be known to erase again after a restore; no personal data."""

    person_id: UUID
    reason: str
    requested_by: str


def begin_erasure(session: Session, person: UUID, *, reason: str, actor: str, now: datetime) -> BegunErasure:
    """Erase what identifies the person; `erase_slice` does the rest.

    Raises `UnknownPersonError`, and `ErasureRefusedError` without a reason or while a run needs the person.
    """
    contacts = lock_all_of(session, person)
    subject = find_subject(session, person)
    found = session.execute(_FIND, {"person": person}).first()
    if found is not None:
        return BegunErasure(found.id, is_new=False, is_done=found.state == "done")
    said = _checked(reason)
    _refuse_while_needed(session, person)
    erasure = new_id()
    values = {"id": erasure, "person": person, "reason": said, "actor": actor, "now": now}
    session.execute(_BEGIN, values)
    record_action(
        session,
        at=now,
        actor=actor,
        action="person.erasure_begun",
        subject_type="person",
        subject_id=person,
        after={"erasure_id": erasure, "reason": said},
    )
    keep_refusals(session, contacts, now)
    stop_contacts(session, contacts, source=Source.ERASURE, recorded_by=actor, now=now)
    for held in _erased(by_address=True):
        _count(session, erasure, held, _erase_slice(session, held, subject, limit=None))
    return BegunErasure(erasure, is_new=True, is_done=False)


def erase_slice(session: Session, erasure: UUID, now: datetime) -> bool:
    """One slice of what is left; false when all is done and on record."""
    person = session.execute(_LOCK, {"id": erasure}).scalar_one_or_none()
    if person is None:
        return False
    subject = find_subject(session, person)
    for held in _erased(by_address=False):
        rows = _erase_slice(session, held, subject, limit=SLICE)
        if rows:
            _count(session, erasure, held, rows)
            return True
    if _erase_late(session, erasure, subject, now):
        return True
    done = session.execute(_FINISH, {"id": erasure, "now": now}).one()
    record_action(
        session,
        at=now,
        actor=done.requested_by,
        action="person.erased",
        subject_type="person",
        subject_id=done.person_id,
        after={"erasure_id": erasure, "rows": done.counts},
    )
    return False


def continue_erasures(session: Session, now: datetime) -> int:
    """One slice of an erasure that is not done, whoever began it; 0 when there is none."""
    found = session.execute(_RUNNING).scalar_one_or_none()
    if found is None:
        return 0
    erase_slice(session, found, now)
    return 1


def list_erased(session: Session) -> Sequence[ErasedPerson]:
    """Every person erased so far, to be kept outside the database and its backups."""
    return [ErasedPerson(*row) for row in session.execute(_ALL)]


def _erase_late(session: Session, erasure: UUID, subject: Subject, now: datetime) -> bool:
    """What an import that was under way when the erasure began has written about the person since."""
    contacts = lock_all_of(session, subject.person)
    kept = set(session.execute(_KEPT, {"person": subject.person}).scalars())
    keep_refusals(session, [one for one in contacts if one not in kept], now)
    rows = 0
    for held in _erased(by_address=True):
        changed = _erase_slice(session, held, subject, limit=None)
        if changed:
            _count(session, erasure, held, changed)
        rows += changed
    return rows > 0


def _checked(reason: str) -> str:
    said = " ".join(reason.split())
    if len(said) < LEAST_REASON_CHARS:
        raise ErasureRefusedError("say why, and by which document", code="erasure_reason")
    if len(said) > MAX_REASON_CHARS:
        raise ErasureRefusedError(
            f"a reason has at most {MAX_REASON_CHARS} characters",
            code="erasure_reason_long",
            most=MAX_REASON_CHARS,
        )
    return said


def _refuse_while_needed(session: Session, person: UUID) -> None:
    runs = session.execute(_OPEN_RUNS, {"person": person}).all()
    if runs:
        names = ", ".join(f"{row.name} ({row.number})" for row in runs)
        raise ErasureRefusedError(
            f"runs that are not closed need this person: {names}", code="erasure_needed", runs=names
        )


def _erased(*, by_address: bool) -> list[Held]:
    return [
        held
        for held in ABOUT_PEOPLE
        if (held.erase or held.erases_rows) and held.is_found_by_address is by_address
    ]


def _erase_slice(session: Session, held: Held, subject: Subject, *, limit: int | None) -> int:
    values = {**subject.parameters(), "limit": limit}
    return session.execute(_statement(held.table), values).rowcount  # type: ignore[attr-defined,no-any-return]


def _count(session: Session, erasure: UUID, held: Held, rows: int) -> None:
    session.execute(_COUNT, {"id": erasure, "table": held.table, "rows": rows})


@lru_cache
def _statement(table: str) -> TextClause:
    """Erase at most `:limit` rows that still hold something, found by their keys."""
    held = next(one for one in ABOUT_PEOPLE if one.table == table)
    keys = [column.name for column in table_named(table).primary_key]
    key = "(" + ", ".join(f"t.{name}" for name in keys) + ")"
    # The register is ours: no value of anybody stands in these statements.
    if held.erases_rows:
        found = f"SELECT {key[1:-1]} FROM {table} t WHERE {held.where} LIMIT :limit"  # noqa: S608
        return text(f"DELETE FROM {table} t WHERE {key} IN ({found})")  # noqa: S608
    still = " OR ".join(f"t.{name} IS DISTINCT FROM ({value})" for name, value in held.erase.items())
    found = f"SELECT {key[1:-1]} FROM {table} t WHERE ({held.where}) AND ({still}) LIMIT :limit"  # noqa: S608
    changes = ", ".join(f"{name} = ({value})" for name, value in held.erase.items())
    return text(f"UPDATE {table} t SET {changes} WHERE {key} IN ({found})")  # noqa: S608
