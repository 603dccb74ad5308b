"""The run's lock: claims hold it shared, whoever changes the run holds it alone (promise P8).

A transaction-level advisory lock, safe behind a pooler. Unlike row locks it queues fairly, so a pause
does not starve behind a stream of claims, and it writes nothing.
"""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.db import fetch

_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(CAST(:run AS text), 0))")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:run AS text), 0))")


def hold_shared(session: Session, run: UUID) -> None:
    """Keep the run from being changed until this transaction ends."""
    fetch(session, _SHARED, {"run": str(run)})


def hold_alone(session: Session, run: UUID) -> None:
    """Wait for running claims of the run and keep new ones out until this transaction ends."""
    session.execute(_ALONE, {"run": str(run)})
