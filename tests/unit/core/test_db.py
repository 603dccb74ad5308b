"""Which driver, and which errors mean: wait, or try again."""

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError, OperationalError

from dispatcher.core.db import driver_url, is_database_gone, is_worth_repeating


def wrapped(error: psycopg.Error, kind: type[DBAPIError] = DBAPIError) -> DBAPIError:
    return kind("SELECT 1", {}, error)


class TestDriverUrl:
    @pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
    def test_every_spelling_gets_our_driver_and_keeps_the_password(self, scheme: str) -> None:
        url = driver_url(f"{scheme}://user:p%40ss@host:5433/name?sslmode=require")
        assert url == "postgresql+psycopg://user:p%40ss@host:5433/name?sslmode=require"


class TestErrors:
    @pytest.mark.parametrize("error", [errors.DeadlockDetected(), errors.SerializationFailure()])
    def test_a_lost_race_is_worth_repeating(self, error: psycopg.Error) -> None:
        assert is_worth_repeating(wrapped(error))
        assert not is_database_gone(wrapped(error))

    @pytest.mark.parametrize(
        "error",
        [
            errors.AdminShutdown(),
            errors.CannotConnectNow(),
            errors.CrashShutdown(),
            errors.ConnectionFailure(),
            errors.DiskFull(),
            errors.TooManyConnections(),
            errors.IdleInTransactionSessionTimeout(),
        ],
    )
    def test_a_database_that_is_away_is_waited_for(self, error: psycopg.Error) -> None:
        assert is_database_gone(wrapped(error))

    def test_a_connection_refused_has_no_state_and_is_waited_for(self) -> None:
        assert is_database_gone(wrapped(psycopg.OperationalError("connection refused"), OperationalError))

    @pytest.mark.parametrize("error", [errors.UniqueViolation(), errors.UndefinedTable()])
    def test_a_bug_is_neither(self, error: psycopg.Error) -> None:
        assert not is_database_gone(wrapped(error))
        assert not is_worth_repeating(wrapped(error))
