"""Killing a process in the very middle of its transaction, and not only at about that time.

    with halfway(product, "audit_event") as middle:
        victim = product.start("campaign", "submit", run)
        middle.kill(victim)

The table is locked against writing, so the victim comes as far as its first write there and waits. It is
killed then; what it had written before must be gone, and nothing of what was to come may be there.
"""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from tests.acceptance.product import Product, wait_until
from tests.servers import plain_url

#: Of this database alone: tables of cloned databases have the same numbers.
_WAITING = """
    SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.relation = to_regclass(%s) AND NOT l.granted
"""
_END_LEASES = """
    UPDATE attempt SET lease_until = clock_timestamp() WHERE state = 'sending' RETURNING id
"""
_THERE = "SELECT 1 FROM pg_stat_activity WHERE pid = ANY(%s)"


class Middle:
    """A table that nobody can write to until the block ends."""

    def __init__(self, product: Product, table: str) -> None:
        self._product = product
        self._table = table
        self._connection = psycopg.connect(url_of(product))

    def lock(self) -> None:
        """Wait for those who write at this moment, and let nobody in after them."""
        self._connection.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(sql.Identifier(self._table)))

    def kill(self, victim: "subprocess.Popen[bytes]") -> None:
        """Kill -9 once it waits for the table; returns when the database has forgotten it."""
        waiting = self._wait_for(victim)
        victim.kill()
        victim.wait()
        self.release()
        wait_until(lambda: not rows(self._product, _THERE, waiting), "its transaction is gone")

    def let_through(self, writer: "subprocess.Popen[bytes]") -> None:
        """Let the transaction go that waits for the table, and catch the one behind it.

        The writer never runs on its own for longer than it takes to ask for the lock again.
        """
        self._wait_for(writer)
        self.release()
        self.lock()

    def _wait_for(self, writer: "subprocess.Popen[bytes]") -> list[int]:
        wait_until(
            lambda: self._waiting() or writer.poll() is not None, f"{writer.args!r} writes into {self._table}"
        )
        assert writer.poll() is None, "it ended by itself"
        return self._waiting()

    def release(self) -> None:
        """Let everybody write again."""
        self._connection.rollback()

    def close(self) -> None:
        self._connection.close()

    def _waiting(self) -> list[int]:
        return [pid for (pid,) in rows(self._product, _WAITING, self._table)]


@contextmanager
def halfway(product: Product, table: str) -> Iterator[Middle]:
    """See the module's docstring."""
    middle = Middle(product, table)
    try:
        middle.lock()
        yield middle
    finally:
        middle.close()


def rows(product: Product, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
    """Look into the product's database."""
    with psycopg.connect(url_of(product), autocommit=True) as connection:
        return connection.execute(statement, values).fetchall()


def end_leases(product: Product) -> None:
    """As if the time were over for which the dead hold what they were sending.

    A lease that is over soon by itself is too short for a living worker on a starved machine.
    """
    rows(product, _END_LEASES)


def value(product: Product, statement: str, *values: object) -> Any:
    """The one value that a question has."""
    [(found,)] = rows(product, statement, *values)
    return found


def url_of(product: Product) -> str:
    """The product's database as psycopg understands it."""
    return plain_url(product.environment["DISPATCHER_DATABASE_URL"])
