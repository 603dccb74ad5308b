"""Partitions of a month: whoever needs them first makes them, and nobody trips over another who did."""

import threading
from datetime import date

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dispatcher.core.db import Database

ENSURE = text("SELECT ensure_period(:period)")
PERIOD = {"period": date(2031, 5, 1)}


class TestEnsurePeriod:
    def test_two_transactions_that_open_the_same_month_at_once_both_succeed(self, database: Database) -> None:
        errors: list[Exception] = []
        waiting = threading.Thread(target=self._ensure, args=(database, errors))

        with database.transaction() as session:
            session.execute(ENSURE, PERIOD)
            waiting.start()
            self._until_somebody_waits(database)
        waiting.join(30)

        assert errors == []
        assert not waiting.is_alive()

    @staticmethod
    def _ensure(database: Database, errors: list[Exception]) -> None:
        try:
            with database.transaction() as session:
                session.execute(ENSURE, PERIOD)
        except SQLAlchemyError as error:
            errors.append(error)

    @staticmethod
    def _until_somebody_waits(database: Database) -> None:
        waits = text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        for _ in range(1000):
            with database.transaction() as session:
                if session.execute(waits).scalar_one():
                    return
        raise AssertionError("nobody waits")
