"""The record of staff actions (promise P11), written in the same transaction as the action."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.ids import new_id

_RECORD = text(
    """
    INSERT INTO audit_event (id, at, actor, action, subject_type, subject_id, before, after)
    VALUES (:id, :at, :actor, :action, :subject_type, :subject_id,
            CAST(:before AS jsonb), CAST(:after AS jsonb))
    """
)


def record_action(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject_type: str,
    subject_id: object,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Record one action of a person or of the system itself (`actor="system"`).

    `before` and `after` are plain values without personal data: ids, states, counts, times.
    """
    session.execute(
        _RECORD,
        {
            "id": new_id(),
            "at": at,
            "actor": actor,
            "action": action,
            "subject_type": subject_type,
            "subject_id": str(subject_id),
            "before": _as_json(before),
            "after": _as_json(after),
        },
    )


def _as_json(values: Mapping[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(values, default=str, ensure_ascii=False)
