"""The error limit: a run in which too many attempts fail is paused before it burns the whole list.

Nobody it tripped on is lost: passing faults and faults of ours have their next attempt planned, which
waits with the rest of the run until staff resume it.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.delivery.errors import RunStateError
from dispatcher.delivery.progress import read_progress
from dispatcher.delivery.runs import attempt_totals, pause_run
from dispatcher.delivery.states import AttemptState

log = structlog.get_logger()

_RUNNING = text(
    "SELECT id, error_base FROM run WHERE state = 'running' AND started_at IS NOT NULL ORDER BY id"
)
_ENDED: Final = (AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.FAILED, AttemptState.UNKNOWN)


def pause_failing_runs(session: Session, *, limit: float, sample: int, now: datetime) -> list[UUID]:
    """Pause running runs whose share of failed attempts since start or resume is over `limit`.

    Judged once `sample` attempts have ended; returns the runs that were paused.
    """
    paused = []
    for run, base in session.execute(_RUNNING).all():
        totals = attempt_totals(read_progress(session, run))
        since = {state: totals.get(state, 0) - base.get(state, 0) for state in _ENDED}
        ended = sum(since.values())
        if ended >= sample and since[AttemptState.FAILED] > limit * ended:
            try:
                pause_run(session, run, actor="system", reason="error_rate", now=now)
            except RunStateError:
                continue  # staff paused or stopped it in this very moment
            log.warning("delivery.run_paused", run_id=str(run), reason="error_rate", ended=ended)
            paused.append(run)
    return paused
