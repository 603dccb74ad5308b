"""One clock for all processes, by the database, movable only where it is allowed."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.errors import ConfigurationError

A_MINUTE = timedelta(minutes=1)


class TestClock:
    def test_a_move_is_followed_by_every_clock(self, database: Database) -> None:
        mine, other = Clock(may_move=True), Clock()
        with database.transaction() as session:
            before = other.refresh(session, force=True)
            mine.move(session, timedelta(days=3))
        with database.transaction() as session:
            for clock in (mine, other):
                moved = clock.refresh(session, force=True)
                assert timedelta(days=3) <= moved - before < timedelta(days=3) + A_MINUTE
                assert clock.now() >= moved

    def test_a_move_replaces_the_one_before(self, database: Database) -> None:
        clock = Clock(may_move=True)
        with database.transaction() as session:
            clock.move(session, timedelta(days=300))
            clock.move(session, timedelta(0))
            assert abs(clock.refresh(session, force=True) - datetime.now(UTC)) < A_MINUTE

    def test_where_it_is_not_allowed_it_cannot_be_moved(self, database: Database) -> None:
        with database.transaction() as session, pytest.raises(ConfigurationError):
            Clock().move(session, timedelta(days=1))

    def test_time_is_aware_and_in_utc(self, database: Database) -> None:
        clock = Clock()
        assert clock.now().utcoffset() == timedelta(0)
        with database.transaction() as session:
            assert clock.refresh(session).tzinfo is UTC

    def test_within_a_second_the_database_is_not_asked_again(self, database: Database) -> None:
        clock = Clock(may_move=True)
        with database.transaction() as session:
            first = clock.refresh(session, force=True)
            clock.move(session, timedelta(days=9))
            assert clock.refresh(session) - first < A_MINUTE
