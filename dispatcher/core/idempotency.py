"""Answers kept for requests that come again (draft-ietf-httpapi-idempotency-key-header-07).

The answer is stored in the transaction of the change itself: either both are there or neither is, so a
process that dies in between leaves no key that is "running" for ever. While the transaction is open an
advisory lock tells a second request with the same key to come back later.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.errors import DispatcherError

KEPT: Final = timedelta(days=7)
MAX_CHARACTERS: Final = 255

_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:subject, 1))")
_FIND = text(
    "SELECT fingerprint, status, headers, body FROM idempotency_key WHERE client = :client AND key = :key"
)
_ADD = text(
    """
    INSERT INTO idempotency_key (client, key, fingerprint, status, headers, body, created_at)
    VALUES (:client, :key, :fingerprint, :status, CAST(:headers AS jsonb), CAST(:body AS jsonb), :now)
    """
)
_FORGET = text("DELETE FROM idempotency_key WHERE created_at < :before")


class KeyReusedError(DispatcherError):
    """Raised when a key comes again with another request."""


class StillRunningError(DispatcherError):
    """Raised when the first request with this key has not ended yet."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it was given, and will be given again."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RepeatableRequest:
    """A request with its key. `client` and `key` together are unique."""

    client: str
    key: str
    fingerprint: bytes


def fingerprint_of(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same one."""
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode(), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def recall_answer(session: Session, request: RepeatableRequest) -> StoredAnswer | None:
    """The answer to this very request, or None when it is new and this transaction may do it.

    Raises `KeyReusedError` and `StillRunningError`.
    """
    if not session.execute(_TRY_LOCK, {"subject": f"{request.client}\n{request.key}"}).scalar_one():
        raise StillRunningError(
            "the first request with this Idempotency-Key is still running: ask again soon"
        )
    row = session.execute(_FIND, {"client": request.client, "key": request.key}).first()
    if row is None:
        return None
    if bytes(row.fingerprint) != request.fingerprint:
        raise KeyReusedError("this Idempotency-Key was used for another request: make a new one")
    return StoredAnswer(row.status, row.body, row.headers)


def remember_answer(
    session: Session, request: RepeatableRequest, answer: StoredAnswer, now: datetime
) -> None:
    """Keep the answer together with the change of this transaction."""
    session.execute(
        _ADD,
        {
            "client": request.client,
            "key": request.key,
            "fingerprint": request.fingerprint,
            "status": answer.status,
            "headers": json.dumps(dict(answer.headers)),
            "body": json.dumps(answer.body, ensure_ascii=False),
            "now": now,
        },
    )


def forget_old_answers(session: Session, now: datetime) -> None:
    """Drop answers that were given more than a week ago."""
    session.execute(_FORGET, {"before": now - KEPT})
