"""Who waits for a frequency cap and until when: for a run as a whole, and for one account in it.

The whole costs the same however many wait: the first and the last of them are the ends of an index.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.delivery.models import WAITS_FOR_CAP

_ENDS = text(
    f"""
    SELECT (SELECT due_at FROM attempt WHERE period = :period AND run_id = :run AND {WAITS_FOR_CAP}
            ORDER BY due_at LIMIT 1) AS first_at,
           (SELECT due_at FROM attempt WHERE period = :period AND run_id = :run AND {WAITS_FOR_CAP}
            ORDER BY due_at DESC LIMIT 1) AS last_at
    """  # noqa: S608 - our own text
)
_OF_ACCOUNT = text(
    """
    SELECT n.id AS notice_id, a.id AS attempt_id, a.channel, a.hold_reason AS reason, a.due_at AS until,
           r.ends_at
    FROM run r
    JOIN account o ON o.number = :account
    JOIN recipient p ON p.list_id = r.list_id AND p.account_id = o.id
    JOIN notice n ON n.period = r.period AND n.run_id = r.id AND n.recipient_id = p.id
    JOIN attempt a ON a.period = r.period AND a.notice_id = n.id AND a.state = 'planned'
    WHERE r.id = :run AND a.hold_reason IS NOT NULL
    ORDER BY a.due_at, a.id
    """
)


@dataclass(frozen=True, slots=True)
class CapWindow:
    """When the first and the last of those who wait for a cap may be spoken to again."""

    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingAttempt:
    """Why one attempt waits and until when; `is_too_late` when that is past the end of the run."""

    notice_id: UUID
    attempt_id: UUID
    channel: str
    reason: str
    until: datetime
    is_too_late: bool


def read_cap_window(session: Session, run: UUID, period: date) -> CapWindow | None:
    """The window of a run; None when nobody waits for a cap."""
    row = session.execute(_ENDS, {"run": run, "period": period}).one()
    return None if row.first_at is None else CapWindow(row.first_at, row.last_at)


def list_waiting(session: Session, run: UUID, account: str) -> Sequence[WaitingAttempt]:
    """What waits for one account in a run."""
    rows = session.execute(_OF_ACCOUNT, {"run": run, "account": account})
    return [
        WaitingAttempt(
            row.notice_id, row.attempt_id, row.channel, row.reason, row.until, row.until >= row.ends_at
        )
        for row in rows
    ]


def profiles_of(policies: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Customer group → the profiles that a run goes by, each with its version; empty for older runs."""
    return {
        group: [f"{one['name']} v{one['version']}" for one in policy["profiles"]]
        for group, policy in sorted((policies or {}).items())
    }
