"""Keys of other systems: made once, shown once, kept as hashes, limited by scopes and by time.

A token is 32 random bytes, so a plain SHA-256 keeps it as well as a slow hash would: nobody guesses it,
with or without our database. Its prefix lets scanners of source code recognise a leaked one.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.core.errors import DispatcherError
from dispatcher.core.ids import new_id

PREFIX: Final = "ndk_"
TOKEN_BYTES: Final = 32

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ADD = text(
    """
    INSERT INTO api_key (id, name, key_hash, scopes, created_at, expires_at)
    VALUES (:id, :name, :key_hash, CAST(:scopes AS jsonb), :now, :expires_at)
    ON CONFLICT (name) DO NOTHING
    """
)
_FIND = text(
    """
    SELECT id, name, scopes FROM api_key
    WHERE key_hash = :key_hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)
    """
)
_LIST = text("SELECT id, name, scopes, created_at, expires_at, revoked_at FROM api_key ORDER BY name")
_REVOKE = text("UPDATE api_key SET revoked_at = :now WHERE name = :name AND revoked_at IS NULL RETURNING id")


class ApiKeyError(DispatcherError):
    """Raised when a key cannot be made or changed as asked."""


class UnknownApiKeyError(ApiKeyError):
    """Raised when there is no such key, or it is revoked already."""


class Scope(StrEnum):
    """What a key may do."""

    #: see lists, their reports and imports
    LISTS_READ = "lists:read"
    #: upload lists
    LISTS_WRITE = "lists:write"
    #: see campaigns, runs and their figures
    CAMPAIGNS_READ = "campaigns:read"
    #: make campaigns; pause, resume, stop and extend runs
    CAMPAIGNS_WRITE = "campaigns:write"
    #: see what the ledger says about an address
    CONSENT_READ = "consent:read"
    #: record consents and withdrawals
    CONSENT_WRITE = "consent:write"


@dataclass(frozen=True, slots=True)
class ApiClient:
    """Who asks by a valid key."""

    id: UUID
    name: str
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        """How this client is named in the audit."""
        return f"api:{self.name}"


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """One key, without the secret."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def create_api_key(
    session: Session,
    *,
    name: str,
    scopes: Collection[Scope],
    expires_at: datetime | None,
    actor: str,
    now: datetime,
) -> str:
    """Make a key and return its token, which is kept nowhere; raises `ApiKeyError`."""
    if _NAME.fullmatch(name) is None:
        raise ApiKeyError("a key's name has 1 to 64 small Latin letters, digits and the signs . _ -")
    if not scopes:
        raise ApiKeyError("a key without a scope may do nothing: name at least one")
    if expires_at is not None and expires_at <= now:
        raise ApiKeyError("the key would have expired already: choose a moment in the future")
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    key_id, named = new_id(), sorted(scopes)
    values = {"id": key_id, "name": name, "key_hash": _hash(token), "scopes": json.dumps(named)}
    added = session.execute(_ADD, {**values, "now": now, "expires_at": expires_at})
    if not added.rowcount:  # type: ignore[attr-defined]
        raise ApiKeyError(f"the name {name} is taken, maybe by a revoked key: choose another one")
    record_action(
        session,
        at=now,
        actor=actor,
        action="api_key.created",
        subject_type="api_key",
        subject_id=key_id,
        after={"name": name, "scopes": named, "expires_at": expires_at},
    )
    return token


def find_client(session: Session, token: str, now: datetime) -> ApiClient | None:
    """Whose token this is, or None when it is unknown, expired or revoked."""
    row = session.execute(_FIND, {"key_hash": _hash(token), "now": now}).first()
    return None if row is None else ApiClient(row.id, row.name, frozenset(row.scopes))


def list_api_keys(session: Session) -> Sequence[ApiKeyView]:
    """Every key there ever was, by name."""
    return [
        ApiKeyView(row.id, row.name, tuple(row.scopes), row.created_at, row.expires_at, row.revoked_at)
        for row in session.execute(_LIST)
    ]


def revoke_api_key(session: Session, *, name: str, actor: str, now: datetime) -> None:
    """Let nobody in by this key from now on; raises `UnknownApiKeyError`."""
    key_id = session.execute(_REVOKE, {"name": name, "now": now}).scalar_one_or_none()
    if key_id is None:
        raise UnknownApiKeyError(f"there is no live key {name}: `dispatcher api-key list` shows them all")
    record_action(
        session, at=now, actor=actor, action="api_key.revoked", subject_type="api_key", subject_id=key_id
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
