"""Fixtures for all tests: servers once per session, a migrated template once, a cloned database per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import structlog.testing
from pydantic import SecretStr
from sqlalchemy import text

from consent.erased import FACT, AddressHashes
from dispatcher.bootstrap import Application, open_application
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.settings import DeliverySettings, Settings
from dispatcher.embedded.ownership import ServerAddresses
from dispatcher.migrations.migrate import migrate
from tests.engine import Engine
from tests.factories import NOON
from tests.servers import create_database, running_servers
from tests.spare_databases import SpareDatabases

TEMPLATE = "template_migrated"
_PERIODS = text(
    "SELECT ensure_period((CAST(:first AS date) + make_interval(months => ahead))::date)"
    " FROM generate_series(0, 2) AS ahead"
)
SECRET_KEY = "a long secret key for tests only"


@pytest.fixture(scope="session")
def servers() -> Iterator[ServerAddresses]:
    """PostgreSQL and Valkey for the whole session."""
    with running_servers() as servers:
        yield servers


@pytest.fixture(scope="session")
def migrated_template(servers: ServerAddresses) -> str:
    """The name of a database with the newest schema and nothing in it, to be cloned."""
    database = Database(create_database(servers.database_url, TEMPLATE))
    migrate(database.engine)
    with database.transaction() as session:
        # The months in which tests live: making partitions costs more than most tests.
        session.execute(_PERIODS, {"first": NOON.date().replace(day=1)})
    database.close()
    return TEMPLATE


@pytest.fixture(scope="session")
def spare_databases(servers: ServerAddresses, migrated_template: str) -> SpareDatabases:
    """Where tests get their databases."""
    return SpareDatabases(servers.database_url, migrated_template)


@pytest.fixture
def database_url(spare_databases: SpareDatabases) -> Iterator[str]:
    """A database of the test's own, with the newest schema and nothing in it."""
    url = spare_databases.take()
    yield url
    spare_databases.give_back(url)


@pytest.fixture
def redis_url(servers: ServerAddresses) -> str:
    """An empty Redis."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushall()
    return servers.redis_url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Transactions on the test's own database."""
    database = Database(database_url, facts={FACT: AddressHashes(SECRET_KEY.encode())})
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    """A clock that may be moved."""
    return Clock(may_move=True)


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Settings that no file or variable of this machine changes; short waits."""
    return Settings.model_construct(
        database_url=SecretStr(database_url),
        redis_url=SecretStr(redis_url),
        secret_key=SecretStr(SECRET_KEY),
        data_directory=tmp_path,
        allow_clock_moves=True,
        delivery=DeliverySettings(record_interval_ms=20, sweep_seconds=0.05),
    )


@pytest.fixture
def application(settings: Settings) -> Iterator[Application]:
    """The application on the test's own database."""
    with open_application(settings, check_schema=False) as application:
        yield application


@pytest.fixture
def engine(application: Application) -> Iterator[Engine]:
    """Scheduler, lane worker and scripted channels over the application; see `tests.engine`.

    A duty of the scheduler that failed is only logged; here it fails the test.
    """
    with structlog.testing.capture_logs() as logs:
        with Engine.over(application) as engine:
            yield engine
        assert [one for one in logs if one["event"] == "scheduler.duty_failed"] == []
