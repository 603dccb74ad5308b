"""Transactions: all or nothing, tried again after a deadlock, no parameters in error texts."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dispatcher.core.db import Database, fetch, is_database_gone

_SET = text(
    "INSERT INTO setting (key, value, updated_at) VALUES (:key, '{}', now())"
    " ON CONFLICT (key) DO UPDATE SET updated_at = now()"
)
_COUNT = text("SELECT count(*) FROM setting")


class TestTransaction:
    def test_a_block_that_raises_leaves_nothing(self, database: Database) -> None:
        def write_and_fail(session: Session) -> None:
            session.execute(_SET, {"key": "a"})
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            database.run(write_and_fail)
        with database.transaction() as session:
            assert session.execute(_COUNT).scalar_one() == 0

    def test_error_texts_hold_no_parameters(self, database: Database) -> None:
        with pytest.raises(DBAPIError) as failure, database.transaction() as session:
            session.execute(text("INSERT INTO setting (key) VALUES (:key)"), {"key": "secret@b.example"})
        assert "secret@b.example" not in str(failure.value).partition("DETAIL")[0]


class TestRun:
    def test_a_deadlock_is_tried_again_until_both_are_done(self, database: Database) -> None:
        for key in ("a", "b"):
            database.run(lambda s, key=key: s.execute(_SET, {"key": key}))
        both_hold_one = threading.Barrier(2, timeout=100)
        tries: list[str] = []

        def work(first: str, second: str) -> None:
            def lock_both(session: Session) -> None:
                tries.append(first)
                session.execute(_SET, {"key": first})
                if tries.count(first) == 1:
                    both_hold_one.wait()
                session.execute(_SET, {"key": second})

            database.run(lock_both)

        threads = [threading.Thread(target=work, args=order) for order in (("a", "b"), ("b", "a"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(tries) > 2


class TestFetch:
    def test_it_stays_in_the_transaction_that_the_session_is_in_now(self, database: Database) -> None:
        with Session(database.engine) as session:
            fetch(session, _SET, {"key": "kept"})
            session.commit()
            with Session(database.engine) as other:  # takes the connection that the first one has let go
                fetch(other, _SET, {"key": "the other's"})
                fetch(session, _SET, {"key": "dropped"})
                session.rollback()
                other.commit()
            assert fetch(session, _COUNT, {}) == [(2,)]

    def test_it_works_in_the_sessions_own_transaction(self, database: Database) -> None:
        def write_and_fail(session: Session) -> None:
            assert fetch(session, _SET, {"key": "a"}) == []
            assert fetch(session, _COUNT, {}) == [(1,)]
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            database.run(write_and_fail)
        with database.transaction() as session:
            assert fetch(session, _COUNT, {}) == [(0,)]

    def test_its_errors_are_those_of_the_session_and_hold_no_parameters(self, database: Database) -> None:
        with pytest.raises(DBAPIError) as failure, database.transaction() as session:
            fetch(session, text("INSERT INTO setting (key) VALUES (:key)"), {"key": "secret@b.example"})
        assert "secret@b.example" not in str(failure.value).partition("DETAIL")[0]
        assert not is_database_gone(failure.value)

    def test_a_lost_connection_is_told_and_the_next_transaction_has_another(self, database: Database) -> None:
        end = text("SELECT pg_terminate_backend(pg_backend_pid())")
        with pytest.raises(DBAPIError) as failure, database.transaction() as session:
            fetch(session, end, {})
        assert is_database_gone(failure.value)
        with database.transaction() as session:
            assert fetch(session, _COUNT, {}) == [(0,)]

    def test_a_deadlock_is_tried_again(self, database: Database) -> None:
        tries: list[int] = []

        def lose_once(session: Session) -> None:
            tries.append(1)
            if len(tries) == 1:
                fetch(session, text("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"), {})

        database.run(lose_once)
        assert len(tries) == 2


class TestFrozenTransaction:
    def test_it_is_ended_its_locks_are_free_and_the_next_one_works(self, database_url: str) -> None:
        frozen = Database(database_url, idle_transaction_seconds=0.2)
        other = Database(database_url)

        def freeze(session: Session) -> None:
            session.execute(_SET, {"key": "held"})
            # Waits for the lock of the first, which thinks of nothing to do.
            other.run(lambda s: s.execute(_SET, {"key": "held"}))
            session.execute(_COUNT)

        try:
            with pytest.raises(DBAPIError) as failure:
                frozen.run(freeze)
            assert is_database_gone(failure.value)
            assert frozen.run(lambda s: s.execute(_COUNT).scalar_one()) == 1
        finally:
            frozen.close()
            other.close()

    def test_options_of_the_address_are_kept(self, database_url: str) -> None:
        database = Database(f"{database_url}?options=-c%20work_mem%3D5MB")
        try:
            with database.transaction() as session:
                assert session.execute(text("SHOW work_mem")).scalar_one() == "5MB"
                idle = session.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
            assert idle == "30s"
        finally:
            database.close()
