"""The database: engine, models' base, and the only place that commits.

A service takes a session and never commits; the edge (request, task, command) opens one transaction
here. A deadlock (40P01) or a serialisation failure is tried again as a whole, since every transaction
of ours is written to be run twice.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar, Final, TypeVar, cast

import psycopg
from sqlalchemy import MetaData, Text, TextClause, create_engine, make_url, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction

from dispatcher.core.arrays import BytesArray, BytesArrayDumper, UuidArray, UuidArrayDumper
from dispatcher.core.errors import DispatcherError

TRIES_AFTER_DEADLOCK: Final = 20
CONNECT_SECONDS: Final = 5
#: No transaction of ours waits this long for anything but the database. One that does belongs to a
#: frozen process or to a machine that is gone, and a pause of staff must not wait for its locks.
IDLE_TRANSACTION_SECONDS: Final = 30.0

_BY_KEYS: Final = text(
    """
    SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true)
    """
)

# Before any engine is made: each takes a copy of what the driver knows.
psycopg.adapters.register_dumper(BytesArray, BytesArrayDumper)
psycopg.adapters.register_dumper(UuidArray, UuidArrayDumper)
_DIALECT: Final = make_url("postgresql+psycopg://").get_dialect()()

Result = TypeVar("Result")
DriverConnection = psycopg.Connection[tuple[Any, ...]]
_DRIVER_FACT: Final = "driver"  #: under this name a session keeps the connection of its transaction


#: Under this name sessions carry the secret keys, the present one first: they open sealed columns.
SECRET_KEYS_FACT: Final = "secret_keys"  # noqa: S105 - a name, not a secret


class DatabaseUnavailableError(DispatcherError):
    """Raised when PostgreSQL cannot be reached or refuses us."""


class Base(DeclarativeBase):
    """Base of all models; names every constraint so that migrations can find them."""

    # One text type everywhere: varchar beside text makes PostgreSQL guess at parameters.
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database:
    """Transactions on one PostgreSQL.

    `pooled` (a transaction pooler is in between) turns prepared statements off, and settings of the
    session too: set `idle_in_transaction_session_timeout` on the server then. `facts` are what every session
    carries in its `info`: what services need of the settings without being handed it by each caller.
    """

    def __init__(
        self,
        url: str,
        *,
        pooled: bool = False,
        pool_size: int = 10,
        idle_transaction_seconds: float = IDLE_TRANSACTION_SECONDS,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self._facts = dict(facts or {})
        arguments: dict[str, object] = {
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "dispatcher",
            "tcp_user_timeout": int(IDLE_TRANSACTION_SECONDS * 1000),
        }
        if pooled:
            arguments["prepare_threshold"] = None
        else:
            arguments["options"] = _session_options(url, idle_transaction_seconds)
        self.engine: Engine = create_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            connect_args=arguments,
            # Error texts of the driver carry parameters: addresses would end in logs (promise P10).
            hide_parameters=True,
        )

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction: commits at the end, rolls back when the block raises."""
        with Session(self.engine, expire_on_commit=False, info=dict(self._facts)) as session:
            yield session
            session.commit()

    def run(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` in one transaction, again when it lost a deadlock."""
        for _ in range(TRIES_AFTER_DEADLOCK - 1):
            try:
                with self.transaction() as session:
                    return work(session)
            except DBAPIError as error:
                if not is_worth_repeating(error):
                    raise
                time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - only to fall out of step
        with self.transaction() as session:
            return work(session)

    def close(self) -> None:
        """Close all idle connections."""
        self.engine.dispose()


def _session_options(url: str, idle_transaction_seconds: float) -> str:
    """Our settings of each session, behind those that staff wrote into the address."""
    own = f"-c idle_in_transaction_session_timeout={int(idle_transaction_seconds * 1000)}"
    given = make_url(url).query.get("options", "")
    return " ".join([given] if isinstance(given, str) else given) + f" {own}"


def fetch(session: Session, statement: TextClause, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement in the session's transaction and return its rows; none when it returns no rows.

    Straight on the driver, for statements that run for every group of attempts: SQLAlchemy's own road takes
    longer than many a statement. Raises `DBAPIError` as that road does, so retries work alike.
    """
    driver = _driver_of(session)
    try:
        cursor = driver.execute(_driver_sql(statement), values)
        result = cursor.pgresult  # to ask the cursor for its description would describe every column
        return cursor.fetchall() if result is not None and result.nfields else []
    except psycopg.Error as error:
        raise DBAPIError.instance(
            statement.text,
            None,
            error,
            psycopg.Error,
            hide_parameters=True,
            connection_invalidated=driver.closed,
            dialect=_DIALECT,
        ) from error


def _driver_of(session: Session) -> DriverConnection:
    """The driver's connection of the session's transaction: asked of SQLAlchemy once in each transaction."""
    transaction = session.get_transaction()
    known: tuple[SessionTransaction | None, DriverConnection] | None = session.info.get(_DRIVER_FACT)
    if known is not None and known[0] is transaction and transaction is not None:
        return known[1]
    driver = cast(
        DriverConnection, session.connection().connection.dbapi_connection
    )  # SQLAlchemy knows it by the methods of every driver only
    session.info[_DRIVER_FACT] = (session.get_transaction(), driver)
    return driver


@cache  # statements are constants of modules
def _driver_sql(statement: TextClause) -> bytes:
    return str(statement.compile(dialect=_DIALECT)).encode()


def plan_by_keys(session: Session) -> None:
    """Tell the planner that this transaction looks single rows up by their keys.

    Of tables that were filled a moment ago it knows nothing yet, and joins them whole. Holds for this
    transaction alone, so a pooler in between does no harm.
    """
    fetch(session, _BY_KEYS, {})


def driver_url(url: str) -> str:
    """The URL with the psycopg driver, whatever spelling of `postgres` staff used."""
    parsed = make_url(url)
    if parsed.get_backend_name() in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def is_worth_repeating(error: DBAPIError) -> bool:
    """Whether PostgreSQL rolled this transaction back only because of another one."""
    return getattr(error.orig, "sqlstate", None) in {"40P01", "40001"}


def is_database_gone(error: DBAPIError) -> bool:
    """Whether PostgreSQL is unreachable, restarting or out of room: wait and go on later."""
    state = getattr(error.orig, "sqlstate", None) or ""
    # 08 connection, 57P shutting down or starting, 53 out of resources (53100: disk full),
    # 25P03 our transaction was ended while this process was frozen
    return (
        error.connection_invalidated
        or state.startswith(("08", "57P", "53", "25P03"))
        or (not state and isinstance(error, OperationalError))
    )
