"""What staff do about bills that were not fetched."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.delivery.bills.repository import retry_given_up
from dispatcher.delivery.errors import RunStateError
from dispatcher.delivery.run_change import lock_run
from dispatcher.delivery.run_states import OVER


def retry_bills(session: Session, run: UUID, *, actor: str, now: datetime) -> int:
    """Ask at once again for all that was given up or waits for its next try; returns for how many.

    Notices that were refused already stay refused: who was not told is told by a linked run. Raises
    `UnknownRunError`, and `RunStateError` for a run that is over.
    """
    state = lock_run(session, run).state
    if state in OVER:
        raise RunStateError(
            "the run is over: send again to those who were not reached", code="run_state", state=state.value
        )
    count = retry_given_up(session, run, now)
    record_action(
        session,
        at=now,
        actor=actor,
        action="run.bills_retried",
        subject_type="run",
        subject_id=run,
        after={"bills": count},
    )
    return count
