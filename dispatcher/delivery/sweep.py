"""The sweepers: they find what stands still and move it on (promises P1, P3, P6, P8).

Each function handles one slice of at most `SLICE` attempts in the caller's transaction and returns how
many it moved; the scheduler calls again while a slice comes back full. All are idempotent, so any number
of schedulers may run them; SKIP LOCKED lets them share the work.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from consent.spent import CAP_REASONS
from dispatcher.core.audit import record_action
from dispatcher.core.outbox import publish
from dispatcher.delivery.bills.states import BILL_WAITING, UNAVAILABLE
from dispatcher.delivery.errors import RunStateError
from dispatcher.delivery.progress import read_progress
from dispatcher.delivery.returns.domains import DOMAIN_PAUSED
from dispatcher.delivery.run_change import change_state, lock_run
from dispatcher.delivery.run_states import RunAction, RunState
from dispatcher.delivery.runs import FIRST_SENT, pause_run
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.transitions import Change, apply_changes

SLICE: Final = 500
#: What somebody waited for until the end says more than that the end has come.
_REASONS_AT_END: Final = {BILL_WAITING: UNAVAILABLE} | {
    reason: reason for reason in (*CAP_REASONS, DOMAIN_PAUSED)
}

# Leases live in plain database time, whatever the product's clock says.
_LOST = text(
    """
    SELECT period, id FROM attempt
    WHERE state = 'sending' AND lease_until < clock_timestamp()
    ORDER BY id LIMIT :slice FOR NO KEY UPDATE SKIP LOCKED
    """
)
_SETTLED = text(
    """
    SELECT period, id FROM attempt WHERE review_at <= :now
    ORDER BY review_at, id LIMIT :slice FOR NO KEY UPDATE SKIP LOCKED
    """
)
_ENDED = text(
    """
    SELECT a.period, a.id, a.hold_reason FROM run r
    JOIN attempt a ON a.period = r.period AND a.run_id = r.id AND a.state = 'planned'
    WHERE r.state IN ('running', 'paused') AND r.ends_at <= :now
    ORDER BY a.id LIMIT :slice FOR NO KEY UPDATE OF a SKIP LOCKED
    """
)
_STOPPED = text(
    """
    SELECT a.period, a.id FROM run r
    JOIN attempt a ON a.period = r.period AND a.run_id = r.id AND a.state = 'planned'
    WHERE r.state = 'stopping'
    ORDER BY a.id LIMIT :slice FOR NO KEY UPDATE OF a SKIP LOCKED
    """
)
_FINISHED = text(
    """
    SELECT r.id FROM run r
    WHERE r.state IN ('running', 'paused', 'stopping') AND r.planned_position = r.recipient_count
      AND NOT EXISTS (SELECT 1 FROM notice n
                      WHERE n.period = r.period AND n.run_id = r.id AND n.state = 'open')
    ORDER BY r.id
    """
)
_DUE = text("SELECT id FROM run WHERE state = 'scheduled' AND starts_at <= :now ORDER BY starts_at, id")
# All first attempts of the first N have had their turn. Who waits for a frequency cap may wait for weeks.
_FIRST_SENT = text(
    """
    SELECT r.id FROM run r
    WHERE r.state = 'running' AND r.first_count < r.recipient_count AND r.first_released_at IS NULL
      AND r.planned_position >= r.first_count AND r.ends_at > :now
      AND NOT EXISTS (SELECT 1 FROM attempt a
                      WHERE a.period = r.period AND a.run_id = r.id AND a.state = 'sending')
      AND NOT EXISTS (SELECT 1 FROM attempt a
                      JOIN notice n ON n.period = a.period AND n.id = a.notice_id
                      WHERE a.period = r.period AND a.run_id = r.id AND a.state = 'planned'
                        AND a.number = 1 AND (a.step = n.first_step OR a.due_at <= :now)
                        AND coalesce(a.hold_reason, '') NOT IN ('frequency_cap', 'address_cap'))
    """
)


def lose_expired(session: Session, now: datetime) -> int:
    """Attempts whose worker vanished become unknown: they may have left."""
    return _apply(session, _LOST, {}, Trigger.LOSE, "worker_vanished", now)


def settle_due(session: Session, now: datetime) -> int:
    """Accepted attempts no bounce came for, and unknown ones nobody could answer for, are decided."""
    return _apply(session, _SETTLED, {"now": now}, Trigger.SETTLE, None, now)


def expire_ended(session: Session, now: datetime) -> int:
    """What did not leave before its window ended expires: not notified.

    Who waited for a bill until then expires for want of it, who waited for a paused domain because of it:
    that is what staff can mend. Who waited for a frequency cap was told often enough by others.
    """
    rows = session.execute(_ENDED, {"slice": SLICE, "now": now}).all()
    reasons = {row.id: _REASONS_AT_END.get(row.hold_reason, "window_ended") for row in rows}
    changes = [Change(row.period, row.id, Trigger.EXPIRE, reasons[row.id]) for row in rows]
    apply_changes(session, changes, now)
    return len(rows)


def stop_planned(session: Session, now: datetime) -> int:
    """What had not left when staff stopped the run is stopped."""
    return _apply(session, _STOPPED, {}, Trigger.STOP, "run_stopped", now)


def start_due(session: Session, now: datetime) -> int:
    """Scheduled runs whose start has come begin."""
    due = session.execute(_DUE, {"now": now}).scalars().all()
    return sum(_start(session, run, now) for run in due)


def _start(session: Session, run: UUID, now: datetime) -> bool:
    locked = lock_run(session, run)
    # Staff may have paused, stopped or moved it in this very moment.
    if locked.state is not RunState.SCHEDULED or locked.starts_at > now:
        return False
    change_state(session, run, locked, RunAction.START, reason=None, now=now)
    publish(session, "run.started", {"run_id": str(run)})
    return True


def hold_first(session: Session, now: datetime) -> int:
    """Runs that were to send their first N and then wait for staff pause by themselves."""
    held = session.execute(_FIRST_SENT, {"now": now}).scalars().all()
    for run in held:
        try:
            pause_run(session, run, actor="system", reason=FIRST_SENT, now=now)
        except RunStateError:
            continue  # staff paused or stopped it in this very moment
    return len(held)


def close_finished(session: Session, now: datetime) -> int:
    """Runs in which every recipient is in a terminal state are closed and announced (promise P1)."""
    finished = session.execute(_FINISHED).scalars().all()
    for run in finished:
        locked = lock_run(session, run)
        if locked.state is RunState.CLOSED:
            continue
        change_state(session, run, locked, RunAction.CLOSE, reason=locked.state_reason, now=now)
        counts = {
            f"{count.state}:{count.reason}": count.count
            for count in read_progress(session, run)
            if count.kind == "notice"
        }
        publish(session, "run.closed", {"run_id": str(run), "notices": counts})
        record_action(
            session,
            at=now,
            actor="system",
            action="run.closed",
            subject_type="run",
            subject_id=run,
            after=counts,
        )
    return len(finished)


def _apply(
    session: Session,
    find: TextClause,
    values: dict[str, object],
    trigger: Trigger,
    reason: str | None,
    now: datetime,
) -> int:
    rows = session.execute(find, {"slice": SLICE, **values}).all()
    apply_changes(session, [Change(row.period, row.id, trigger, reason) for row in rows], now)
    return len(rows)
