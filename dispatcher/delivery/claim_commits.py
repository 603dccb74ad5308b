"""Commits of claims when PostgreSQL goes away: what a worker knows is kept until it is back.

A commit that was not confirmed may have happened all the same. What it claimed was never sent, so it is
given back before the work is done anew.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatcher.core.clock import Clock
from dispatcher.core.db import Database, is_database_gone
from dispatcher.core.outage import Outage
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.transitions import Change, apply_changes

WAIT_SECONDS: Final = 0.5

Result = TypeVar("Result")

# What a claim of ours left behind when its commit was not confirmed: it was never sent.
# `unknown` too: where the outage was longer than the lease, the sweeper was there first.
_OWN = text(
    """
    SELECT period, id FROM attempt
    WHERE (state = 'sending' OR (state = 'unknown' AND review_at IS NOT NULL)) AND claim_token = :token
    """
)


class ClaimCommits:
    """Of one worker process; threads share it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def run(
        self, work: Callable[[Session], Result], token: UUID, *, give_up_at: Callable[[], float]
    ) -> Result:
        """Run `work`, which claims under `token`, waiting while PostgreSQL is away.

        Raises `DBAPIError` for any other fault, and once `time.monotonic()` is past `give_up_at`.
        """
        is_in_doubt = False
        outage = Outage("delivery.database")
        while True:
            try:
                if is_in_doubt:
                    self._give_back(token)
                result = self._database.run(work)
                outage.end()
                return result
            except DBAPIError as error:
                if not is_database_gone(error) or time.monotonic() > give_up_at():
                    raise
                outage.note()
            is_in_doubt = True
            time.sleep(WAIT_SECONDS)

    def _give_back(self, token: UUID) -> None:
        def give_back(session: Session) -> None:
            rows = session.execute(_OWN, {"token": token}).all()
            changes = [
                Change(row.period, row.id, Trigger.NOT_SENT, "claim_unconfirmed", token=token) for row in rows
            ]
            apply_changes(session, changes, self._clock.refresh(session))

        self._database.run(give_back)
