"""Withdrawals against a campaign that runs: the product as real processes, many people who change their mind.

`race` loads a list, lets `dispatcher up` send to it with four workers, and withdraws at random moments of the
run, over every road that a withdrawal can come: of one purpose or of all, for an address, for a whole person.
Half of those who withdraw are just being sent to. Under its own locks each withdrawal notes which attempts
of the person had been begun; whatever is begun beside these afterwards has broken promise P5.
"""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.sandbox import JournalVerdict, read_journal
from dispatcher.core.db import Database
from dispatcher.delivery.statements import stop_address
from dispatcher.delivery.withdrawal import Withdrawal, stop_person, withdraw_consent
from tests.acceptance.product import Product, in_an_hour
from tests.benchmarks.recipients import LIST_NAME, load_list

WITHDRAWING: Final = 4  #: at once
POLL_SECONDS: Final = 0.02
#: The last withdrawals come when so much of the run is over: later there is nothing left to withdraw from.
LATEST: Final = 0.7

_BEGUN = text(
    """
    SELECT coalesce(sum(count), 0) FROM progress
    WHERE run_id = :run AND kind = 'attempt' AND state <> 'planned'
    """
)
# Those being sent at this moment, and those whose turn is next.
_LIKELY = text(
    """
    (SELECT contact_point_id, person_id FROM attempt
     WHERE run_id = :run AND state = 'sending' ORDER BY random() LIMIT 20)
    UNION ALL
    (SELECT contact_point_id, person_id FROM attempt
     WHERE run_id = :run AND state = 'planned' ORDER BY due_at, id LIMIT 1000)
    """
)
_ADDRESS = text("SELECT address FROM contact_point WHERE id = :contact")
_BEGUN_OF = text(
    """
    SELECT id FROM attempt WHERE run_id = :run AND contact_point_id = :contact AND sending_at IS NOT NULL
    """
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One withdrawal: what had been begun under its locks, what it said was in flight, when it was over."""

    contact: UUID
    begun: frozenset[UUID]
    in_flight: frozenset[UUID]
    over_at: datetime


@dataclass
class RaceResult:
    """What a race has shown. All but `withdrawn` and `in_flight` must be empty or zero."""

    withdrawn: int = 0
    in_flight: int = 0  #: named by the answers
    sent: int = 0
    blocked: int = 0
    begun_after: list[UUID] = field(default_factory=list)  #: entered `sending` after the commit
    arrived_unnamed: list[UUID] = field(default_factory=list)  #: arrived after it and was not named


def race(product: Product, database: Database, *, recipients: int, withdrawals: int, seed: int) -> RaceResult:
    """Send to everybody, let some withdraw meanwhile, and compare what was said with what happened."""
    load(product, recipients)
    begin = product.ask(
        "campaign", "create", "--list", LIST_NAME, "--ends", in_an_hour(), "--policy", "always"
    )
    run = UUID(begin["run_id"])
    statements = _withdraw_along(database, run, recipients, withdrawals, random.Random(seed))
    product.wait_for(str(run), "closed")
    return _judge(product, database, run, statements)


def load(product: Product, recipients: int) -> None:
    """The list, straight into the database."""
    address = product.environment["DISPATCHER_DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        load_list(connection, recipients)


def _withdraw_along(
    database: Database, run: UUID, recipients: int, withdrawals: int, chance: random.Random
) -> list[Statement]:
    moments = sorted(chance.uniform(0, LATEST * recipients) for _ in range(withdrawals))
    taken: set[UUID] = set()
    waiting = []
    with ThreadPoolExecutor(WITHDRAWING) as pool:
        while moments and not _is_closed(database, run):
            begun = _value(database, run)
            due = sum(moment <= begun for moment in moments)
            del moments[:due]
            for victim in _choose(database, run, taken, chance, due):
                taken.add(victim[0])
                waiting.append(pool.submit(_withdraw, database, run, *victim, chance.choice(_ROADS)))
            time.sleep(POLL_SECONDS)
        return [one.result() for one in waiting]


def _choose(
    database: Database, run: UUID, taken: set[UUID], chance: random.Random, count: int
) -> list[tuple[UUID, UUID]]:
    """So many of those who are being sent to or come next."""
    if not count:
        return []
    with database.transaction() as session:
        found = [(row.contact_point_id, row.person_id) for row in session.execute(_LIKELY, {"run": run})]
    free = [one for one in found if one[0] not in taken]
    return chance.sample(free, min(count, len(free)))


def _withdraw(database: Database, run: UUID, contact: UUID, person: UUID, road: "Road") -> Statement:
    with database.transaction() as session:
        withdrawals = road(session, contact, person, datetime.now(UTC))
        named = [one for one in withdrawals if one.contact_point_id == contact]
        # The locks are held until the commit: nothing of this contact can be claimed in between.
        begun = frozenset(session.execute(_BEGUN_OF, {"run": run, "contact": contact}).scalars())
    in_flight = frozenset(attempt for one in named for attempt in one.attempts)
    return Statement(contact, begun, in_flight, datetime.now(UTC))


def _one_purpose(session: Session, contact: UUID, _person: UUID, now: datetime) -> Sequence[Withdrawal]:
    return [_plain(session, contact, "debt", now)]


def _every_purpose(session: Session, contact: UUID, _person: UUID, now: datetime) -> Sequence[Withdrawal]:
    return [_plain(session, contact, "*", now)]


def _plain(session: Session, contact: UUID, purpose: str, now: datetime) -> Withdrawal:
    return withdraw_consent(
        session,
        contact,
        channel="email",
        purpose=purpose,
        source="one_click",
        recorded_by="recipient",
        now=now,
    )


def _whole_address(session: Session, contact: UUID, _person: UUID, now: datetime) -> Sequence[Withdrawal]:
    address = session.execute(_ADDRESS, {"contact": contact}).scalar_one()
    return stop_address(session, address, source="mail_reply", recorded_by="recipient", now=now)


def _whole_person(session: Session, _contact: UUID, person: UUID, now: datetime) -> Sequence[Withdrawal]:
    return stop_person(session, person, source="call", recorded_by="staff:race", now=now)


Road = Callable[[Session, UUID, UUID, datetime], Sequence[Withdrawal]]
_ROADS: Final[tuple[Road, ...]] = (_one_purpose, _every_purpose, _whole_address, _whole_person)


def _judge(product: Product, database: Database, run: UUID, statements: Sequence[Statement]) -> RaceResult:
    result = RaceResult(withdrawn=len(statements))
    arrived: dict[UUID, datetime] = {}
    for entry in read_journal(product.journal):
        if entry.attempt is not None and entry.verdict is JournalVerdict.ACCEPTED:
            arrived[entry.attempt.attempt_id] = entry.at
    result.sent = len(arrived)
    with database.transaction() as session:
        states = session.execute(
            text("SELECT count(*) FROM notice WHERE run_id = :run AND state = 'blocked'"), {"run": run}
        )
        result.blocked = states.scalar_one()
        for one in statements:
            result.in_flight += len(one.in_flight)
            ids = session.execute(_BEGUN_OF, {"run": run, "contact": one.contact}).scalars()
            for attempt in ids:
                if attempt not in one.begun:
                    result.begun_after.append(attempt)
                is_late = attempt in arrived and arrived[attempt] > one.over_at
                if is_late and attempt not in one.in_flight:
                    result.arrived_unnamed.append(attempt)
    return result


def _value(database: Database, run: UUID) -> int:
    with database.transaction() as session:
        return int(session.execute(_BEGUN, {"run": run}).scalar_one())


def _is_closed(database: Database, run: UUID) -> bool:
    with database.transaction() as session:
        state = session.execute(text("SELECT state FROM run WHERE id = :run"), {"run": run}).scalar_one()
    return bool(state == "closed")
