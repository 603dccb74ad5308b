"""Partitions of a month: whoever needs them first makes them, and nobody trips over another who did."""

import threading
from datetime import date

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dispatcher.core.db import Database

ENSURE = text("SELECT ensure_period(:period)")
KEPT = text(
    """
    SELECT a.attstorage, c.reloptions FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relname = 'attempt_content_p203105' AND a.attname = 'content'
    """
)
PERIOD = {"period": date(2031, 5, 1)}


class TestEnsurePeriod:
    def test_two_transactions_that_open_the_same_month_at_once_both_succeed(self, database: Database) -> None:
        errors: list[Exception] = []
        waiting = threading.Thread(target=self._ensure, args=(database, errors))

        with database.transaction() as session:
            session.execute(ENSURE, PERIOD)
            waiting.start()
            self._until_somebody_waits(database)
        waiting.join(60)

        assert errors == []
        assert not waiting.is_alive()

    def test_a_sent_body_stays_whole_in_its_row(self, database: Database) -> None:
        with database.transaction() as session:
            session.execute(ENSURE, PERIOD)
            storage, options = session.execute(KEPT).one()
        assert storage == "e"  # not compressed once more
        assert "toast_tuple_target=8160" in options

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
