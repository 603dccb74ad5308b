"""Identifiers: UUIDv7 made by us, so that ids exist before anything is queued and sort by time."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562)."""
    return uuid_utils.compat.uuid7()


def new_ids(count: int) -> list[UUID]:
    """`count` fresh UUIDv7 in rising order."""
    return [uuid_utils.compat.uuid7() for _ in range(count)]
