"""Campaigns with their runs, for the API. Read-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_COLUMNS = """
    SELECT c.id, c.name, s.name AS scenario, c.policy_profile, c.priority, c.starts_at, c.ends_at,
           c.daily_from, c.daily_to, c.working_days_only, c.created_by, c.created_at
    FROM campaign c JOIN scenario_version v ON v.id = c.scenario_version_id
    JOIN scenario s ON s.id = v.scenario_id
"""
_LIST = text(
    _COLUMNS + " WHERE CAST(:before AS uuid) IS NULL OR c.id < :before ORDER BY c.id DESC LIMIT :limit"
)
_ONE = text(_COLUMNS + " WHERE c.id = :campaign")
_RUNS = text(
    """
    SELECT campaign_id, id, number, state, recipient_count, kind, parent_run_id, first_count FROM run
    WHERE campaign_id = ANY(:campaigns) ORDER BY campaign_id, number
    """
)


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What staff chose."""

    id: UUID
    name: str
    scenario: str
    policy_profile: str
    priority: str
    starts_at: datetime
    ends_at: datetime
    daily_from: time
    daily_to: time | None
    working_days_only: bool
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CampaignRun:
    """One run of a campaign, in short."""

    id: UUID
    number: int
    state: str
    recipient_count: int
    kind: str
    parent_run_id: UUID | None
    first_count: int | None  #: send so many, then wait for staff


def list_campaigns(session: Session, *, limit: int, before: UUID | None = None) -> Sequence[CampaignFacts]:
    """The newest campaigns first; `before` is the last id of the page before."""
    return [CampaignFacts(*row) for row in session.execute(_LIST, {"limit": limit, "before": before})]


def get_campaign(session: Session, campaign: UUID) -> CampaignFacts | None:
    """One campaign, or None."""
    row = session.execute(_ONE, {"campaign": campaign}).first()
    return None if row is None else CampaignFacts(*row)


def runs_of(session: Session, campaigns: Sequence[UUID]) -> Mapping[UUID, Sequence[CampaignRun]]:
    """The runs of these campaigns, each in the order of their numbers."""
    found: dict[UUID, list[CampaignRun]] = {campaign: [] for campaign in campaigns}
    for campaign, *run in session.execute(_RUNS, {"campaigns": list(campaigns)}):
        found[campaign].append(CampaignRun(*run))
    return found
