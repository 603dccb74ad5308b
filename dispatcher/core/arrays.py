"""PostgreSQL arrays made in one go, for statements that run for every group of attempts.

The driver turns a list into an array value by value, through a dumper for each; on the hot path that took
longer than the statement itself. What is made here is cast by the statement: `CAST(:ids AS uuid[])`. Most are
text; ids and octets travel as they are: their text form is twice as long, and read digit by digit.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from psycopg.adapt import Dumper
from psycopg.pq import Format

_ID: Final = 2950  #: PostgreSQL's number of the type `uuid`
_ID_ARRAY: Final = 2951  #: and of `uuid[]`
_OCTETS: Final = 17  #: PostgreSQL's number of the type `bytea`
_OCTETS_ARRAY: Final = 1001  #: and of `bytea[]`
_HEAD: Final = struct.Struct("!iiIii")  #: dimensions, whether there are nulls, type; length, first index
_LENGTH: Final = struct.Struct("!i")
_NULL: Final = _LENGTH.pack(-1)
_ID_LENGTH: Final = _LENGTH.pack(16)


@dataclass(frozen=True, slots=True)
class BytesArray:
    """The binary form of a `bytea[]`, ready to travel."""

    octets: bytes = field(repr=False)


class BytesArrayDumper(Dumper):
    """Hands a `BytesArray` to the driver as it is."""

    format = Format.BINARY
    oid = _OCTETS_ARRAY

    def dump(self, obj: BytesArray) -> bytes:
        """See the base."""
        return obj.octets


@dataclass(frozen=True, slots=True)
class UuidArray:
    """The binary form of a `uuid[]`, ready to travel."""

    octets: bytes


class UuidArrayDumper(Dumper):
    """Hands a `UuidArray` to the driver as it is."""

    format = Format.BINARY
    oid = _ID_ARRAY

    def dump(self, obj: UuidArray) -> bytes:
        """See the base."""
        return obj.octets


def uuid_array(values: Iterable[UUID | None]) -> UuidArray:
    """The binary form of a `uuid[]`."""
    parts = [_NULL if value is None else _ID_LENGTH + value.bytes for value in values]
    if not parts:
        return UuidArray(_HEAD.pack(0, 0, _ID, 0, 1)[:12])
    return UuidArray(_HEAD.pack(1, _NULL in parts, _ID, len(parts), 1) + b"".join(parts))


def time_array(values: Iterable[date | None]) -> str:
    """The text form of a `date[]` or, from aware datetimes, of a `timestamptz[]`."""
    parts: list[str] = []
    last: date | None = None
    written = "NULL"
    for value in values:
        if value is not last and not _is_same(value, last):  # most often a group shares one moment
            last, written = value, "NULL" if value is None else value.isoformat()
        parts.append(written)
    return _array(parts)


def text_array(values: Iterable[str | None]) -> str:
    """The text form of a `text[]`; every value in quotes, whatever it holds."""
    return _array(["NULL" if value is None else _quoted(value) for value in values])


def bytes_array(values: Iterable[bytes | None]) -> BytesArray:
    """The binary form of a `bytea[]`."""
    parts = [b""]
    has_nulls, count = False, 0
    for count, value in enumerate(values, start=1):  # noqa: B007 - counts
        if value is None:
            has_nulls = True
            parts.append(_NULL)
        else:
            parts += (_LENGTH.pack(len(value)), value)
    parts[0] = _HEAD.pack(1 if count else 0, has_nulls, _OCTETS, count, 1)[: None if count else 12]
    return BytesArray(b"".join(parts))


def number_array(values: Iterable[int]) -> str:
    """The text form of an array of whole numbers."""
    return _array([str(value) for value in values])


def _is_same(value: date | None, last: date | None) -> bool:
    """Comparing is cheaper than writing. An hour that comes twice, in autumn, compares as if it came once."""
    return value == last and getattr(value, "fold", 0) == getattr(last, "fold", 0)


def _array(parts: list[str]) -> str:
    return "{" + ",".join(parts) + "}"


def _quoted(value: str) -> str:
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'
