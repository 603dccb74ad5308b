"""Keys of other systems: made once, shown once, kept as hashes, limited by scopes and by time.

A token is 32 random bytes, so a plain SHA-256 keeps it as well as a slow hash would: nobody guesses it,
with or without our database. Its prefix lets scanners of source code recognise a leaked one.

Approving is for people: a key that may approve is bound to one member of the staff and dies with that
person's right to sign in; it may make or change no campaign, so that nobody approves by it what came from
it (decision 0014).
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
from dispatcher.core.staff import StaffMember, StaffRole

PREFIX: Final = "ndk_"
TOKEN_BYTES: Final = 32

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ADD = text(
    """
    INSERT INTO api_key (id, name, key_hash, scopes, approver_id, created_at, expires_at)
    VALUES (:id, :name, :key_hash, CAST(:scopes AS jsonb), :approver, :now, :expires_at)
    ON CONFLICT (name) DO NOTHING
    """
)
_FIND = text(
    """
    SELECT k.id, k.name, k.scopes, k.approver_id, s.login, s.full_name, s.role
    FROM api_key k LEFT JOIN staff s ON s.id = k.approver_id
    WHERE k.key_hash = :key_hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :now)
      AND (k.approver_id IS NULL OR s.is_active)
    """
)
_LIST = text(
    """
    SELECT k.id, k.name, k.scopes, k.created_at, k.expires_at, k.revoked_at, s.login AS approver
    FROM api_key k LEFT JOIN staff s ON s.id = k.approver_id ORDER BY k.name
    """
)
_REVOKE = text("UPDATE api_key SET revoked_at = :now WHERE name = :name AND revoked_at IS NULL RETURNING id")


class ApiKeyError(DispatcherError):
    """Raised when a key cannot be made or changed as asked."""


class UnknownApiKeyError(ApiKeyError):
    """Raised when there is no such key, or it is revoked already."""


class Scope(StrEnum):
    """What a key may do."""

    #: see lists, their reports and imports
    LISTS_READ = "lists:read"
    #: upload lists, save the column mappings of their sources
    LISTS_WRITE = "lists:write"
    #: see campaigns, runs and their figures
    CAMPAIGNS_READ = "campaigns:read"
    #: make campaigns, also recurring and linked ones; submit, edit, pause, resume, stop and extend runs
    CAMPAIGNS_WRITE = "campaigns:write"
    #: approve and reject runs as the member of the staff whom the key is bound to
    CAMPAIGNS_APPROVE = "campaigns:approve"
    #: see texts of notices and their versions
    TEMPLATES_READ = "templates:read"
    #: save texts of notices
    TEMPLATES_WRITE = "templates:write"
    #: see personal data of recipients: previews, samples, rejected rows, changed accounts
    RECIPIENTS_READ = "recipients:read"
    #: see which colleagues receive every campaign's text
    SEEDS_READ = "seeds:read"
    #: add and remove such colleagues
    SEEDS_WRITE = "seeds:write"
    #: ask what a payment link stands for
    PAYMENTS_READ = "payments:read"
    #: record how people were told by hand; the list itself needs recipients:read
    TASKS_WRITE = "tasks:write"
    #: see what the ledger says about an address
    CONSENT_READ = "consent:read"
    #: hand out everything that is held about a person
    PERSONAL_DATA_READ = "personal-data:read"
    #: erase a person's data
    PERSONAL_DATA_ERASE = "personal-data:erase"
    #: see the report to managers: figures, nobody's data
    REPORTS_READ = "reports:read"
    #: see policies, the table of purposes and the calendar
    POLICY_READ = "policy:read"
    #: change them
    POLICY_WRITE = "policy:write"
    #: record consents and withdrawals
    CONSENT_WRITE = "consent:write"


#: Approving excludes making what would be approved.
NEVER_WITH_APPROVING: Final = frozenset({Scope.CAMPAIGNS_WRITE})


@dataclass(frozen=True, slots=True)
class ApiClient:
    """Who asks by a valid key. `approver` is the person that a key for approving is bound to."""

    id: UUID
    name: str
    scopes: frozenset[str]
    approver: StaffMember | None = None

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
    approver: str | None = None  #: login


def create_api_key(
    session: Session,
    *,
    name: str,
    scopes: Collection[Scope],
    expires_at: datetime | None,
    actor: str,
    now: datetime,
    approver: StaffMember | None = None,
) -> str:
    """Make a key and return its token, which is kept nowhere; raises `ApiKeyError`.

    `approver` is needed for the scope to approve and refused without it; whether the person's role permits
    to approve is asked each time.
    """
    if _NAME.fullmatch(name) is None:
        raise ApiKeyError("a key's name has 1 to 64 small Latin letters, digits and the signs . _ -")
    if not scopes:
        raise ApiKeyError("a key without a scope may do nothing: name at least one")
    if expires_at is not None and expires_at <= now:
        raise ApiKeyError("the key would have expired already: choose a moment in the future")
    _check_approver(scopes, approver)
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    key_id, named = new_id(), sorted(scopes)
    bound = None if approver is None else approver.id
    values = {"id": key_id, "name": name, "key_hash": _hash(token), "scopes": json.dumps(named)}
    added = session.execute(_ADD, {**values, "approver": bound, "now": now, "expires_at": expires_at})
    if not added.rowcount:  # type: ignore[attr-defined]
        raise ApiKeyError(f"the name {name} is taken, maybe by a revoked key: choose another one")
    record_action(
        session,
        at=now,
        actor=actor,
        action="api_key.created",
        subject_type="api_key",
        subject_id=key_id,
        after={"name": name, "scopes": named, "expires_at": expires_at, "approver_id": bound},
    )
    return token


def find_client(session: Session, token: str, now: datetime) -> ApiClient | None:
    """Whose token this is, or None when it is unknown, expired or revoked."""
    row = session.execute(_FIND, {"key_hash": _hash(token), "now": now}).first()
    if row is None:
        return None
    approver = (
        None
        if row.approver_id is None
        else StaffMember(row.approver_id, row.login, row.full_name, StaffRole(row.role))
    )
    return ApiClient(row.id, row.name, frozenset(row.scopes), approver)


def list_api_keys(session: Session) -> Sequence[ApiKeyView]:
    """Every key there ever was, by name."""
    return [
        ApiKeyView(
            row.id,
            row.name,
            tuple(row.scopes),
            row.created_at,
            row.expires_at,
            row.revoked_at,
            row.approver,
        )
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


def _check_approver(scopes: Collection[Scope], approver: StaffMember | None) -> None:
    may_approve = Scope.CAMPAIGNS_APPROVE in scopes
    if may_approve != (approver is not None):
        raise ApiKeyError(
            f"the scope {Scope.CAMPAIGNS_APPROVE} and the person who approves belong together: give both"
        )
    if approver is not None and not approver.is_active:
        raise ApiKeyError("this person may not sign in: bind the key to somebody who may")
    clash = NEVER_WITH_APPROVING & set(scopes)
    if may_approve and clash:
        raise ApiKeyError(
            f"a key that approves may not have {', '.join(sorted(clash))}: make two keys, for two people"
        )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
