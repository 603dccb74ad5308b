"""The SQL of recurring campaigns and their occurrences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_ADD = text(
    """
    INSERT INTO recurrence (campaign_id, state, cron, time_zone, list_name, window_seconds, until, max_count,
                            allows_unchanged, first_count, max_per_second, needs_approval, next_wall, next_at,
                            created_by, created_at)
    VALUES (:campaign, 'active', :cron, :zone, :list_name, :window, :until, :max_count, :allows_unchanged,
            :first_count, :max_per_second, :needs_approval, :next_wall, :next_at, :by, :now)
    """
)
_READ = """
    SELECT r.*, c.name, c.priority, c.starts_at, c.ends_at, c.daily_from, c.daily_to, c.working_days_only,
           c.policy_profile, c.basis, c.common_fields, s.name AS scenario,
           v.id AS scenario_version_id, v.version AS scenario_version, v.purpose, v.steps,
           v.policy_profile AS scenario_profile
    FROM recurrence r JOIN campaign c ON c.id = r.campaign_id
    JOIN scenario_version v ON v.id = c.scenario_version_id JOIN scenario s ON s.id = v.scenario_id
"""
_LOCK = text(f"{_READ} WHERE r.campaign_id = :campaign FOR UPDATE OF r")
# SKIP LOCKED: staff may be pausing it; two schedulers never work on one.
_DUE = text(
    f"""
    {_READ} WHERE r.state = 'active' AND r.next_at <= :now
    ORDER BY r.next_at, r.campaign_id LIMIT 1 FOR UPDATE OF r SKIP LOCKED
    """
)
_LIST = text(
    """
    SELECT r.campaign_id, c.name, r.state, r.cron, r.time_zone, r.list_name, r.next_at, r.made_count
    FROM recurrence r JOIN campaign c ON c.id = r.campaign_id ORDER BY r.created_at DESC, r.campaign_id
    """
)
_MOVE = text(
    """
    UPDATE recurrence SET state = :state, next_wall = :next_wall, next_at = :next_at,
                          made_count = made_count + :made
    WHERE campaign_id = :campaign
    """
)
_ADD_OCCURRENCE = text(
    """
    INSERT INTO occurrence (campaign_id, wall, due_at, result, reason, run_id, list_id, decided_at)
    VALUES (:campaign, :wall, :due_at, :result, :reason, :run, :list, :now)
    """
)
_OCCURRENCES = text(
    """
    SELECT wall, due_at, result, reason, run_id, decided_at FROM occurrence
    WHERE campaign_id = :campaign ORDER BY wall DESC LIMIT :limit
    """
)
_LAST_LIST = text(
    """
    SELECT l.fingerprint FROM occurrence o JOIN recipient_list l ON l.id = o.list_id
    WHERE o.campaign_id = :campaign AND o.result = 'made' ORDER BY o.wall DESC LIMIT 1
    """
)


@dataclass(frozen=True, slots=True)
class RecurrenceView:
    """One line of the list of recurring campaigns; `next_at` is None when nothing more will come."""

    campaign_id: UUID
    name: str
    state: str
    cron: str
    time_zone: str
    list_name: str
    next_at: datetime | None
    made_count: int


@dataclass(frozen=True, slots=True)
class OccurrenceView:
    """What became of one time: `made` with its run, `missed` or `skipped` with the reason."""

    wall: datetime
    due_at: datetime
    result: str
    reason: str | None
    run_id: UUID | None
    decided_at: datetime


def add_recurrence(session: Session, values: Mapping[str, Any]) -> None:
    """Write a new recurrence."""
    session.execute(_ADD, values)


def lock_recurrence(session: Session, campaign: UUID) -> Mapping[str, Any] | None:
    """The recurrence of a campaign with all it needs, locked; None when it does not repeat."""
    row = session.execute(_LOCK, {"campaign": campaign}).mappings().first()
    return None if row is None else dict(row)


def lock_due(session: Session, now: datetime) -> Mapping[str, Any] | None:
    """One recurrence whose time has come, locked."""
    row = session.execute(_DUE, {"now": now}).mappings().first()
    return None if row is None else dict(row)


def move_recurrence(
    session: Session,
    campaign: UUID,
    *,
    state: str,
    next_wall: datetime | None,
    next_at: datetime | None,
    made: int = 0,
) -> None:
    """Set what comes next; `made` runs are added to the count."""
    values = {"campaign": campaign, "state": state, "next_wall": next_wall, "next_at": next_at, "made": made}
    session.execute(_MOVE, values)


def add_occurrence(session: Session, values: Mapping[str, Any]) -> None:
    """Write down what became of one time; the key refuses a second answer for the same time."""
    session.execute(_ADD_OCCURRENCE, values)


def last_fingerprint(session: Session, campaign: UUID) -> bytes | None:
    """Of the list of the latest run that was made."""
    found = session.execute(_LAST_LIST, {"campaign": campaign}).scalar_one_or_none()
    return None if found is None else bytes(found)


def list_recurrences(session: Session) -> Sequence[RecurrenceView]:
    """Every campaign that repeats, the newest first."""
    return [RecurrenceView(**row) for row in session.execute(_LIST).mappings()]


def list_occurrences(session: Session, campaign: UUID, *, limit: int = 100) -> Sequence[OccurrenceView]:
    """What became of each time, the latest first."""
    rows = session.execute(_OCCURRENCES, {"campaign": campaign, "limit": limit}).mappings()
    return [OccurrenceView(**row) for row in rows]
