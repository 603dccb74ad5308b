"""Real servers for tests: one PostgreSQL and Valkey per session, one cloned database per test.

    with running_servers() as servers:
        servers.database_url, servers.redis_url
        clone = clone_database(servers.database_url, "template_migrated")
        ...
        drop_database(servers.database_url, clone)

A template must have no connections while it is cloned: dispose of the engine that migrated it.
"""

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from dispatcher.embedded.ownership import ServerAddresses
from dispatcher.embedded.servers import EmbeddedServers


@contextlib.contextmanager
def running_servers() -> Iterator[ServerAddresses]:
    """Fast, forgetful servers in a temporary directory. For a session fixture; main thread only."""
    with open_directory() as directory, EmbeddedServers(directory / "data", durable=False) as servers:
        yield servers.addresses


@contextlib.contextmanager
def open_directory() -> Iterator[Path]:
    """A short temporary directory that every user may pass through (as root the servers are `nobody`).

    pytest's own tmp_path lies below a 0700 directory.
    """
    directory = Path(tempfile.mkdtemp(prefix="dispatcher-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        _remove_shelter(directory)
        shutil.rmtree(directory)


def clone_database(admin_url: str, template_name: str) -> str:
    """A new database with the content of `template_name`; returns its URL. ~50 ms."""
    name = f"test_{secrets.token_hex(6)}"
    # Where nothing is synced to disk, copying files takes half the time of writing pages to the log.
    _run(admin_url, "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, template_name)
    return with_database(admin_url, name)


def create_database(admin_url: str, name: str) -> str:
    """A new empty database called `name`, such as a template to be migrated; returns its URL."""
    _run(admin_url, "CREATE DATABASE {}", name)
    return with_database(admin_url, name)


def drop_database(admin_url: str, url: str) -> None:
    """Drop the database of `url`, ending connections to it; no error if it is gone."""
    _run(admin_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", urlsplit(url).path.lstrip("/"))


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def plain_url(url: str) -> str:
    """What psycopg itself understands, from a URL for SQLAlchemy."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _run(admin_url: str, statement: str, *names: str) -> None:
    url = plain_url(with_database(admin_url, "postgres"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))


def _remove_shelter(directory: Path) -> None:
    """As root, servers below a closed directory keep their files elsewhere; remove those too."""
    for note in directory.rglob("servers-directory.txt"):
        shutil.rmtree(note.read_text().strip(), ignore_errors=os.geteuid() == 0)
