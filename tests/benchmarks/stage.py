"""PostgreSQL and Redis of a measurement: embedded and durable, or servers named by their addresses.

Set `BENCH_DATABASE_URL` (of a user who may create databases) and `BENCH_REDIS_URL` to use servers of your
own. Everything measured runs on the same servers; each round has a database of its own, cloned from a
template, so that every round begins alike. Redis is emptied between rounds: never name one that is in use.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

from dispatcher.embedded.servers import EmbeddedServers
from tests.benchmarks.errors import BenchmarkError
from tests.servers import create_database, drop_database, open_directory, plain_url, with_database

MUST_BE_ON: Final = ("fsync", "synchronous_commit", "full_page_writes")
LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})
PREFIX: Final = "dispatcher_bench_"


@dataclass(frozen=True, slots=True)
class Stage:
    """Running servers. `roots` are their main processes, where they run on this machine."""

    directory: Path
    database_url: str
    redis_url: str
    roots: dict[str, int]
    conditions: dict[str, Any]

    def connect(self, url: str | None = None) -> "psycopg.Connection[tuple[Any, ...]]":
        """An autocommitting connection, by default to the maintenance database."""
        url = url or with_database(self.database_url, "postgres")
        return psycopg.connect(plain_url(url), autocommit=True)

    def create_database(self, name: str) -> str:
        """A new empty database; its URL. One of that name, left by an earlier run, is dropped."""
        drop_database(self.database_url, with_database(self.database_url, PREFIX + name))
        return create_database(self.database_url, PREFIX + name)

    @contextmanager
    def clone(self, template_url: str, name: str) -> Iterator[str]:
        """A copy of a database for one round, dropped behind it; everything is on the disk before."""
        template = urlsplit(template_url).path.lstrip("/")
        url = with_database(self.database_url, PREFIX + name)
        drop_database(self.database_url, url)
        with self.connect() as connection:
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(PREFIX + name), sql.Identifier(template)
            )
            connection.execute(copy)
            self.settle(connection)
        try:
            yield url
        finally:
            drop_database(self.database_url, url)

    def settle(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
        """Let no round pay for the writing of the one before."""
        connection.execute("CHECKPOINT")
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()

    def redis_database(self, number: int) -> str:
        """The URL of another database of the same Redis."""
        return urlsplit(self.redis_url)._replace(path=f"/{number}").geturl()


@contextmanager
def open_stage(parent: Path, *, extra_settings: str = "") -> Iterator[Stage]:
    """The servers, in a directory below `parent` that is removed behind the block; main thread only.

    `extra_settings` are lines for the configuration of the embedded PostgreSQL. Raises `BenchmarkError`
    when the servers are not as durable as in production.
    """
    with _directory_below(parent) as directory:
        addresses = os.environ.get("BENCH_DATABASE_URL"), os.environ.get("BENCH_REDIS_URL")
        if all(addresses):
            yield _stage(directory, str(addresses[0]), str(addresses[1]), "given")
            return
        if any(addresses):
            raise BenchmarkError("set both BENCH_DATABASE_URL and BENCH_REDIS_URL, or neither")
        servers = EmbeddedServers(directory / "data")
        _write_extra_settings(directory / "data", extra_settings)
        with servers:
            yield _stage(directory, servers.addresses.database_url, servers.addresses.redis_url, "embedded")


@contextmanager
def _directory_below(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    earlier, tempfile.tempdir = tempfile.tempdir, str(parent)
    try:
        with open_directory() as directory:
            tempfile.tempdir = earlier
            yield directory
    finally:
        tempfile.tempdir = earlier


def _write_extra_settings(data: Path, lines: str) -> None:
    """`local.conf` of the servers' home is read after the product's own configuration."""
    if not lines:
        return
    data.mkdir(mode=0o711)
    (data / "servers").mkdir(mode=0o711)
    (data / "servers" / "local.conf").write_text(lines)
    (data / "servers" / "local.conf").chmod(0o644)
    # Files of ours make the directory look like somebody else's, which then keeps its mode.
    data.chmod(0o711)


def _stage(directory: Path, database_url: str, redis_url: str, kind: str) -> Stage:
    url = plain_url(with_database(database_url, "postgres"))
    with psycopg.connect(url, autocommit=True) as connection:
        settings = {name: _show(connection, name) for name in MUST_BE_ON}
        off = [name for name, value in settings.items() if value == "off"]
        if off:
            raise BenchmarkError(f"PostgreSQL has {', '.join(off)} off: figures without safety say nothing")
        conditions = {
            "servers": kind,
            "postgresql": _show(connection, "server_version"),
            **settings,
            "shared_buffers": _show(connection, "shared_buffers"),
        }
        roots = _postgres_root(connection, database_url)
    with redis.Redis.from_url(redis_url) as client:
        facts: Any = client.info("server")
    conditions["redis"] = facts.get("valkey_version") or facts["redis_version"]
    if urlsplit(redis_url).hostname in LOCAL:
        roots["redis"] = int(facts["process_id"])
    return Stage(directory, database_url, redis_url, roots, conditions)


def _show(connection: "psycopg.Connection[tuple[Any, ...]]", name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return str(row[0])


def _postgres_root(connection: "psycopg.Connection[tuple[Any, ...]]", url: str) -> dict[str, int]:
    """The postmaster: parent of every backend."""
    if urlsplit(url).hostname not in LOCAL:
        return {}
    status = Path(f"/proc/{connection.info.backend_pid}/status").read_text()
    parents = [line.split()[1] for line in status.splitlines() if line.startswith("PPid:")]
    return {"postgres": int(parents[0])}
