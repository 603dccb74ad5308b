"""Leases: a worker that lives renews the lease on what it is sending, in plain database time.

An expired lease means that the worker vanished; the sweeper then marks its attempts unknown. A late real
outcome with the same token still resolves them.
"""

import threading
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dispatcher.core.db import Database

log = structlog.get_logger()

_RENEW = text(
    """
    UPDATE attempt a
    SET lease_until = clock_timestamp() + make_interval(secs => CAST(:lease AS float8))
    FROM unnest(CAST(:periods AS date[]), CAST(:ids AS uuid[]), CAST(:tokens AS uuid[]))
         AS w(period, id, token)
    WHERE a.period = w.period AND a.id = w.id AND a.claim_token = w.token AND a.state = 'sending'
    """
)

AttemptKey = tuple[date, UUID]


class LeaseKeeper:
    """Renews, in a thread, the leases of the groups this process is sending."""

    def __init__(self, database: Database, lease_seconds: float) -> None:
        self._database = database
        self._lease_seconds = lease_seconds
        self._lock = threading.Lock()
        self._held: dict[UUID, list[AttemptKey]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_stopped, name="leases", daemon=True)

    def start(self) -> None:
        """Begin renewing."""
        self._thread.start()

    def stop(self) -> None:
        """End renewing; leases then run out by themselves."""
        self._stop.set()
        self._thread.join(timeout=5)

    def hold(self, token: UUID, attempts: Sequence[AttemptKey]) -> None:
        """Renew these attempts' leases from now on."""
        with self._lock:
            self._held[token] = list(attempts)

    def release(self, token: UUID) -> None:
        """Renew them no more."""
        with self._lock:
            self._held.pop(token, None)

    def held(self) -> dict[UUID, list[AttemptKey]]:
        """What is being sent now, by token."""
        with self._lock:
            return {token: list(attempts) for token, attempts in self._held.items()}

    def _renew_until_stopped(self) -> None:
        while not self._stop.wait(self._lease_seconds / 3):
            try:
                self._renew()
            except SQLAlchemyError as error:
                # The database is away: nobody can take the attempts either, so the next round is in time.
                log.warning("delivery.lease_not_renewed", error=type(error).__name__)

    def _renew(self) -> None:
        keys = sorted(
            (attempt, period, token)
            for token, attempts in self.held().items()
            for period, attempt in attempts
        )
        if not keys:
            return

        def renew(session: Session) -> None:
            session.execute(
                _RENEW,
                {
                    "lease": self._lease_seconds,
                    "periods": [period for _, period, _ in keys],
                    "ids": [attempt for attempt, _, _ in keys],
                    "tokens": [token for _, _, token in keys],
                },
            )

        self._database.run(renew)
