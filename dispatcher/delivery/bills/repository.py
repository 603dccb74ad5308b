"""The SQL of bills. A fetch is claimed by a lease in database time: a worker that vanishes costs its length,
then somebody else fetches once more, which harms nobody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.db import plan_by_keys
from dispatcher.core.ids import new_ids
from dispatcher.delivery.bills.content import FetchedBill
from dispatcher.delivery.bills.states import BILL_WAITING, BillState

DROP_SLICE: Final = 500

_ADD = text(
    """
    INSERT INTO bill (id, run_id, url_hash, origin, rank, recipient_id, field, is_patient, state,
                      next_try_at, created_at)
    SELECT w.id, :run, w.url_hash, w.origin, CASE r.priority WHEN 'urgent' THEN 0 ELSE 1 END, w.recipient_id,
           w.field, w.is_patient, 'waiting', :now, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:hashes AS bytea[]), CAST(:origins AS text[]),
                CAST(:recipients AS uuid[]), CAST(:fields AS text[]), CAST(:patient AS boolean[]))
         AS w(id, url_hash, origin, recipient_id, field, is_patient)
    JOIN run r ON r.id = :run
    ORDER BY w.url_hash
    ON CONFLICT (run_id, url_hash) DO NOTHING
    """
)
_CELLS = text(
    """
    SELECT r.id, f.name, r.fields ->> f.name AS cell
    FROM recipient r CROSS JOIN unnest(CAST(:fields AS text[])) AS f(name)
    WHERE r.id = ANY(:recipients) AND r.fields ->> f.name LIKE '%://%'
    """
)
# Claims come one after the other, so that the limit for each host holds over all machines.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('bill.claim', 0))")
_BUSY = text(
    """
    SELECT origin, count(*) AS running FROM bill
    WHERE leased_until > clock_timestamp() AND state = 'waiting' GROUP BY origin
    """
)
# Materialised: the planner may otherwise run the locking part more than once.
_CLAIM = text(
    """
    WITH chosen AS MATERIALIZED (
        SELECT w.id FROM unnest(CAST(:origins AS text[]), CAST(:free AS int[])) AS o(origin, free)
        CROSS JOIN LATERAL (
            SELECT b.id, b.rank, b.next_try_at FROM bill b JOIN run r ON r.id = b.run_id
            WHERE b.origin = o.origin AND b.state = 'waiting' AND b.next_try_at <= :now
              AND (b.leased_until IS NULL OR b.leased_until <= clock_timestamp())
              AND r.state IN ('running', 'paused') AND r.ends_at > :now
            ORDER BY b.rank, b.next_try_at, b.id LIMIT o.free
            FOR NO KEY UPDATE OF b SKIP LOCKED
        ) AS w
        ORDER BY w.rank, w.next_try_at, w.id LIMIT :limit
    )
    UPDATE bill b
    SET claim_token = :token, tries = b.tries + 1,
        leased_until = clock_timestamp() + make_interval(secs => CAST(:lease AS float8))
    FROM chosen c, recipient p
    WHERE b.id = c.id AND p.id = b.recipient_id
    RETURNING b.id, b.run_id, b.origin, b.tries, b.is_patient, p.fields ->> b.field AS url
    """
)
_ANY_DUE = text(
    """
    SELECT 1 FROM unnest(CAST(:origins AS text[])) AS o(origin)
    JOIN LATERAL (
        SELECT 1 FROM bill b JOIN run r ON r.id = b.run_id
        WHERE b.origin = o.origin AND b.state = 'waiting' AND b.next_try_at <= :now
          AND (b.leased_until IS NULL OR b.leased_until <= clock_timestamp())
          AND r.state IN ('running', 'paused') AND r.ends_at > :now LIMIT 1
    ) AS b ON true LIMIT 1
    """
)
_READY = text(
    """
    UPDATE bill SET state = 'ready', fault = NULL, sha256 = :sha256, byte_count = :bytes, fetched_at = :now,
                    leased_until = NULL
    WHERE id = :id AND claim_token = :token AND state = 'waiting'
    RETURNING run_id
    """
)
_KEEP = text(
    """
    INSERT INTO bill_content (run_id, sha256, content_type, content)
    VALUES (:run, :sha256, :content_type, :content) ON CONFLICT (run_id, sha256) DO NOTHING
    """
)
_FAULT = text(
    """
    UPDATE bill SET state = :state, fault = :fault, next_try_at = :next_try_at, leased_until = NULL
    WHERE id = :id AND claim_token = :token AND state = 'waiting'
    """
)
_RENEW = text(
    """
    UPDATE bill SET leased_until = clock_timestamp() + make_interval(secs => CAST(:lease AS float8))
    WHERE id = ANY(:ids) AND claim_token = :token AND state = 'waiting'
    """
)
_GIVE_BACK = text(
    """
    UPDATE bill SET leased_until = NULL, tries = greatest(0, tries - 1)
    WHERE id = ANY(:ids) AND claim_token = :token AND state = 'waiting'
    """
)
# Who was held for this bill first; others who share it have their own times (unique keys serve all of it).
_HELD = text(
    """
    SELECT a.period, a.id FROM bill b
    JOIN run r ON r.id = b.run_id
    JOIN notice n ON n.period = r.period AND n.run_id = b.run_id AND n.recipient_id = b.recipient_id
    JOIN attempt a ON a.period = n.period AND a.notice_id = n.id
    WHERE b.id = :bill AND a.state = 'planned' AND a.hold_reason = :held
    """
)
_STANDINGS = text(
    """
    SELECT url_hash, state, created_at, next_try_at FROM bill WHERE run_id = :run AND url_hash = ANY(:hashes)
    """
)
_CONTENTS = text(
    """
    SELECT b.url_hash, b.fault, c.content_type, c.content FROM bill b
    LEFT JOIN bill_content c ON c.run_id = b.run_id AND c.sha256 = b.sha256
    WHERE b.run_id = :run AND b.url_hash = ANY(:hashes) AND b.state IN ('ready', 'failed')
    """
)
_BY_STATE = text(
    "SELECT state, count(*) AS bills FROM bill WHERE run_id = :run GROUP BY state ORDER BY state"
)
_RETRY = text(
    """
    UPDATE bill SET state = 'waiting', tries = 0, next_try_at = :now
    WHERE run_id = :run AND (state = 'failed' OR (state = 'waiting' AND next_try_at > :now))
    """
)
_DROP = text(
    """
    WITH over AS MATERIALIZED (
        SELECT b.id FROM bill b JOIN run r ON r.id = b.run_id
        WHERE r.state = 'closed' AND b.state IN ('waiting', 'ready') ORDER BY b.id LIMIT :slice
        FOR NO KEY UPDATE OF b SKIP LOCKED
    )
    UPDATE bill b SET state = 'dropped', leased_until = NULL FROM over WHERE b.id = over.id
    """
)
_DROP_CONTENT = text(
    """
    DELETE FROM bill_content WHERE (run_id, sha256) IN (
        SELECT c.run_id, c.sha256 FROM bill_content c JOIN run r ON r.id = c.run_id
        WHERE r.state = 'closed' LIMIT :slice
    )
    """
)


@dataclass(frozen=True, slots=True)
class WantedBill:
    """A URL that a recipient's notice needs."""

    url_hash: bytes
    origin: str
    recipient_id: UUID
    field: str
    is_patient: bool


@dataclass(frozen=True, slots=True)
class ClaimedBill:
    """A bill that this worker may fetch until its lease ends; `tries` counts this one."""

    id: UUID
    run_id: UUID
    origin: str
    tries: int
    is_patient: bool
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a bill stands, as a claim sees it."""

    state: BillState
    wanted_at: datetime
    next_try_at: datetime


def add_wanted(session: Session, run: UUID, wanted: Sequence[WantedBill], now: datetime) -> None:
    """Note what is to be fetched; what is known of this run stays as it is."""
    if not wanted:
        return
    session.execute(
        _ADD,
        {
            "run": run,
            "now": now,
            "ids": new_ids(len(wanted)),
            "hashes": [one.url_hash for one in wanted],
            "origins": [one.origin for one in wanted],
            "recipients": [one.recipient_id for one in wanted],
            "fields": [one.field for one in wanted],
            "patient": [one.is_patient for one in wanted],
        },
    )


def list_cells(
    session: Session, recipients: Sequence[UUID], fields: Collection[str]
) -> list[tuple[UUID, str, str]]:
    """Recipient, field and cell wherever something like a URL stands in one of these fields."""
    found = session.execute(_CELLS, {"recipients": list(recipients), "fields": sorted(fields)})
    return [(row.id, row.name, row.cell) for row in found]


def claim_bills(
    session: Session,
    origins: Collection[str],
    *,
    limit: int,
    per_host: int,
    token: UUID,
    lease_seconds: float,
    now: datetime,
) -> list[ClaimedBill]:
    """Take at most `limit` due bills, urgent runs first, at most `per_host` at once from one host."""
    plan_by_keys(session)
    session.execute(_ONE_AT_A_TIME)
    busy: Mapping[str, int] = {row.origin: row.running for row in session.execute(_BUSY)}
    free = {origin: min(limit, per_host - busy.get(origin, 0)) for origin in origins}
    open_origins = [origin for origin in sorted(free) if free[origin] > 0]
    if not open_origins:
        return []
    values = {"origins": open_origins, "free": [free[origin] for origin in open_origins], "limit": limit}
    rows = session.execute(_CLAIM, {**values, "token": token, "lease": lease_seconds, "now": now})
    return [ClaimedBill(**row._asdict()) for row in rows]


def is_any_due(session: Session, origins: Collection[str], now: datetime) -> bool:
    """Whether a worker that looks now finds something to fetch."""
    return session.execute(_ANY_DUE, {"origins": list(origins), "now": now}).first() is not None


def keep_ready(
    session: Session, bill: UUID, fetched: FetchedBill, sha256: bytes, *, token: UUID, now: datetime
) -> bool:
    """Keep the bytes; False when the lease had passed to somebody else: then nothing changes."""
    values = {"id": bill, "token": token, "sha256": sha256, "bytes": len(fetched.content), "now": now}
    run = session.execute(_READY, values).scalar_one_or_none()
    if run is None:
        return False
    content = {"run": run, "sha256": sha256, "content_type": fetched.content_type}
    session.execute(_KEEP, {**content, "content": fetched.content})
    return True


def keep_fault(
    session: Session, bill: UUID, fault: str, state: BillState, next_try_at: datetime, *, token: UUID
) -> None:
    """Keep why it did not work, and whether it is tried again."""
    values = {"id": bill, "fault": fault, "state": state.value, "next_try_at": next_try_at, "token": token}
    session.execute(_FAULT, values)


def renew(session: Session, bills: Sequence[UUID], token: UUID, lease_seconds: float) -> None:
    """Hold on to bills that are being fetched; what has passed to somebody else stays with them."""
    values = {"ids": sorted(bills), "token": token, "lease": lease_seconds}
    session.execute(_RENEW, values)


def give_back(session: Session, bills: Sequence[UUID], token: UUID) -> None:
    """Let others have at once what this worker did not come to fetch."""
    session.execute(_GIVE_BACK, {"ids": list(bills), "token": token})


def count_states(session: Session, run: UUID) -> dict[str, int]:
    """How many bills of a run stand in each state; empty for a run without bills by URL."""
    return {row.state: row.bills for row in session.execute(_BY_STATE, {"run": run})}


def list_held(session: Session, bill: UUID) -> list[tuple[date, UUID]]:
    """The attempts of the bill's recipient that wait for it, by period and id."""
    rows = session.execute(_HELD, {"bill": bill, "held": BILL_WAITING})
    return [(row.period, row.id) for row in rows]


def read_standings(session: Session, run: UUID, hashes: Collection[bytes]) -> dict[bytes, Standing]:
    """Where these bills of a run stand; one nobody has wanted yet is not in the answer."""
    rows = session.execute(_STANDINGS, {"run": run, "hashes": list(hashes)})
    return {
        bytes(row.url_hash): Standing(BillState(row.state), row.created_at, row.next_try_at) for row in rows
    }


def read_bills(session: Session, run: UUID, hashes: Collection[bytes]) -> dict[bytes, FetchedBill | str]:
    """The bytes of each bill that is there, and the fault of each that was given up."""
    found: dict[bytes, FetchedBill | str] = {}
    for row in session.execute(_CONTENTS, {"run": run, "hashes": list(hashes)}):
        if row.content is not None:
            found[bytes(row.url_hash)] = FetchedBill(row.content_type, bytes(row.content))
        elif row.fault is not None:
            found[bytes(row.url_hash)] = str(row.fault)
    return found


def retry_given_up(session: Session, run: UUID, now: datetime) -> int:
    """Try all again that was given up or waits for its next try; returns how many."""
    return int(session.execute(_RETRY, {"run": run, "now": now}).rowcount)  # type: ignore[attr-defined]


def drop_of_closed_runs(session: Session, _now: datetime) -> int:
    """Let go of what closed runs kept, a slice at a time; returns how many rows it touched."""
    dropped = [session.execute(statement, {"slice": DROP_SLICE}) for statement in (_DROP, _DROP_CONTENT)]
    return sum(result.rowcount for result in dropped)  # type: ignore[attr-defined]
