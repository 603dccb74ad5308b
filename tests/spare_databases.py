"""Databases that tests hand on to each other, emptied in between: making one costs more than most tests.

A test gets a database as if it were new. One that a test has left otherwise than empty in a way that is not
worth mending (another schema, changed rows of the template, a lot of data) is dropped, and the next test
gets a fresh one.
"""

import psycopg

from tests.servers import clone_database, drop_database, plain_url

#: A database that has grown by more is dropped: its dead rows would slow down the tests to come.
LARGEST_GROWTH_BYTES = 12_000_000
_TABLES = """
    SELECT c.oid::regclass::text FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY 1
"""
_SCHEMA = """
    SELECT md5(string_agg(concat_ws(':', c.relname, a.attname, a.atttypid), ',' ORDER BY c.relname, a.attnum))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
"""
_END_OTHERS = """
    SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_RESTART_NUMBERS = """
    SELECT setval(c.oid, 1, false) FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'
"""


class SpareDatabases:
    """Clones of one template."""

    def __init__(self, admin_url: str, template: str) -> None:
        self._admin_url = admin_url
        self._template = template
        self._spare: list[str] = []
        self._schema: str | None = None
        self._filled: dict[str, str] = {}  #: tables with rows of the template → what they hold
        self._size = 0

    def take(self) -> str:
        """A database with the template's content; returns its URL."""
        if self._spare:
            return self._spare.pop()
        url = clone_database(self._admin_url, self._template)
        if self._schema is None:
            self._remember(url)
        return url

    def give_back(self, url: str) -> None:
        """The test is over; connections that it left open are ended."""
        if self._empty(url):
            self._spare.append(url)
        else:
            drop_database(self._admin_url, url)

    def _remember(self, url: str) -> None:
        with psycopg.connect(plain_url(url), autocommit=True) as connection:
            self._schema = _value(connection, _SCHEMA)
            self._size = _size(connection)
            for table in _tables(connection):
                content = _content(connection, table)
                if content is not None:
                    self._filled[table] = content

    def _empty(self, url: str) -> bool:
        with psycopg.connect(plain_url(url), autocommit=True) as connection:
            connection.execute(_END_OTHERS)
            if (
                _value(connection, _SCHEMA) != self._schema
                or _size(connection) > self._size + LARGEST_GROWTH_BYTES
            ):
                return False
            if any(_content(connection, table) != content for table, content in self._filled.items()):
                return False
            # Neither foreign keys nor the guards of append-only tables are asked.
            connection.execute("SET session_replication_role = replica")
            wipe = [f"DELETE FROM {table}" for table in _tables(connection) if table not in self._filled]
            connection.execute("; ".join(wipe))
            connection.execute(_RESTART_NUMBERS)
            return True


def _tables(connection: psycopg.Connection) -> list[str]:
    return [row[0] for row in connection.execute(_TABLES)]


def _content(connection: psycopg.Connection, table: str) -> str | None:
    return _value(connection, f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t")


def _size(connection: psycopg.Connection) -> int:
    return int(_value(connection, "SELECT pg_database_size(current_database())"))


def _value(connection: psycopg.Connection, statement: str):
    return connection.execute(statement).fetchone()[0]
