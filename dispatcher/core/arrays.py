"""PostgreSQL arrays as text, for statements that run for every group of attempts.

The driver turns a list into an array value by value, through a dumper for each; on the hot path that took
longer than the statement itself. What is made here is cast by the statement: `CAST(:ids AS uuid[])`.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID


def uuid_array(values: Iterable[UUID | None]) -> str:
    """The text form of a `uuid[]`."""
    return _array(["NULL" if value is None else value.hex for value in values])


def time_array(values: Iterable[date | None]) -> str:
    """The text form of a `date[]` or, from aware datetimes, of a `timestamptz[]`."""
    return _array(["NULL" if value is None else value.isoformat() for value in values])


def text_array(values: Iterable[str | None]) -> str:
    """The text form of a `text[]`; every value in quotes, whatever it holds."""
    return _array(["NULL" if value is None else _quoted(value) for value in values])


def bytes_array(values: Iterable[bytes | None]) -> str:
    """The text form of a `bytea[]`, in hexadecimal digits."""
    return _array(["NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values])


def number_array(values: Iterable[int]) -> str:
    """The text form of an array of whole numbers."""
    return _array([str(value) for value in values])


def _array(parts: list[str]) -> str:
    return "{" + ",".join(parts) + "}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
