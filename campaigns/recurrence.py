"""Campaigns that repeat: staff's side. What the scheduler does when a time has come is in `occurrences`."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns import recurrence_repository as repository
from campaigns.common_fields import read_common_fields
from campaigns.cron import check_cron, explain, instant_of, next_wall
from campaigns.errors import RecurrenceError
from campaigns.frozen_list_repository import newest_frozen
from campaigns.scenarios import current_version
from campaigns.service import add_campaign
from campaigns.wanted import NewCampaign, check_window
from consent.profiles import policies_for
from dispatcher.core.audit import record_action
from dispatcher.core.settings import DeliverySettings

MAX_WINDOW: Final = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class NewRecurrence:
    """A campaign and when it goes again.

    `campaign` is taken as it is but for its window: occurrences begin after its `starts_at` (or now), none
    begins at or after `until`. Each makes a run over the newest frozen version of the list, which may send
    for `window`.
    """

    campaign: NewCampaign
    cron: str
    window: timedelta
    until: datetime | None = None
    max_count: int | None = None
    allows_unchanged: bool = False  #: also when the list is the same as last time


@dataclass(frozen=True, slots=True)
class CreatedRecurrence:
    """The campaign, its first time, and the schedule in words."""

    campaign_id: UUID
    next_at: datetime
    in_words: str


def create_recurrence(
    session: Session,
    wanted: NewRecurrence,
    *,
    delivery: DeliverySettings,
    time_zone: str,
    country: str,
    actor: str,
    now: datetime,
) -> CreatedRecurrence:
    """Make a campaign that repeats by cron on the wall of `time_zone`.

    Each of its runs goes by the profiles that are in force when it is made.

    Raises `RecurrenceError` (schedule, window, nothing ever due), `UnknownListError`,
    `UnknownScenarioError`, `PolicyError`.
    """
    cron, zone = check_cron(wanted.cron), ZoneInfo(time_zone)
    _check(wanted)
    newest_frozen(session, wanted.campaign.list_name)
    start = max(now, wanted.campaign.starts_at)
    wall, due_at = _first(cron, zone, start)
    if wanted.until is not None and due_at >= wanted.until:
        raise RecurrenceError("the schedule has no time before its end", code="schedule_empty")
    campaign = _with_window(wanted, due_at)
    check_window(campaign, now)
    campaign = replace(campaign, common_fields=read_common_fields(campaign.common_fields))
    scenario = current_version(
        session,
        campaign.scenario,
        channels=campaign.channels,
        delivery=delivery,
        actor=actor,
        now=now,
    )
    named = campaign.policy_profile or scenario.policy_profile
    policies_for(session, scenario.purpose, named=named, country=country)
    campaign_id = add_campaign(session, campaign, scenario, named, actor, now)
    repository.add_recurrence(
        session,
        {
            "campaign": campaign_id,
            "cron": cron,
            "zone": time_zone,
            "list_name": campaign.list_name,
            "window": int(wanted.window.total_seconds()),
            "until": wanted.until,
            "max_count": wanted.max_count,
            "allows_unchanged": wanted.allows_unchanged,
            "first_count": campaign.first_count,
            "max_per_second": campaign.max_per_second,
            "needs_approval": campaign.needs_approval or delivery.approval_required,
            "next_wall": wall,
            "next_at": due_at,
            "by": actor,
            "now": now,
        },
    )
    _record(session, "recurrence.created", campaign_id, actor, now, after={"cron": cron, "next_at": due_at})
    return CreatedRecurrence(campaign_id, due_at, explain(cron, zone, start))


def pause_recurrence(session: Session, campaign: UUID, *, actor: str, now: datetime) -> None:
    """Make no more runs until it is resumed; runs that exist go on. Raises `RecurrenceError`."""
    found = _locked(session, campaign, {"active"})
    repository.move_recurrence(
        session, campaign, state="paused", next_wall=found["next_wall"], next_at=found["next_at"]
    )
    _record(session, "recurrence.paused", campaign, actor, now, before={"state": found["state"]})


def resume_recurrence(session: Session, campaign: UUID, *, actor: str, now: datetime) -> datetime:
    """Go on with the next time from now; what fell into the pause was not wanted. Returns that time."""
    found = _locked(session, campaign, {"paused"})
    wall, due_at = _first(found["cron"], ZoneInfo(found["time_zone"]), max(now, found["starts_at"]))
    if found["until"] is not None and due_at >= found["until"]:
        raise RecurrenceError("the schedule has no time before its end", code="schedule_empty")
    repository.move_recurrence(session, campaign, state="active", next_wall=wall, next_at=due_at)
    _record(session, "recurrence.resumed", campaign, actor, now, before={"state": found["state"]})
    return due_at


def end_recurrence(session: Session, campaign: UUID, *, actor: str, now: datetime) -> None:
    """Never make a run again; runs that exist go on. Raises `RecurrenceError`."""
    found = _locked(session, campaign, {"active", "paused"})
    repository.move_recurrence(session, campaign, state="ended", next_wall=None, next_at=None)
    _record(session, "recurrence.ended", campaign, actor, now, before={"state": found["state"]})


def _check(wanted: NewRecurrence) -> None:
    if not timedelta(0) < wanted.window <= MAX_WINDOW:
        raise RecurrenceError(
            "the window of a run is more than nothing and at most 62 days", code="window_length"
        )
    if wanted.max_count is not None and wanted.max_count < 1:
        raise RecurrenceError("the number of runs must be at least 1", code="run_count_small")
    if wanted.campaign.as_draft:
        raise RecurrenceError("a recurring campaign is no draft: pause it instead", code="recurrence_draft")


def _first(cron: str, zone: ZoneInfo, start: datetime) -> tuple[datetime, datetime]:
    """The first time on the wall whose moment is not before `start`."""
    # From an hour before: the wall may have been turned back since.
    wall = start.astimezone(zone).replace(tzinfo=None) - timedelta(hours=2)
    while True:
        wall = next_wall(cron, wall)
        due_at = instant_of(wall, zone)
        if due_at >= start:
            return wall, due_at


def _with_window(wanted: NewRecurrence, due_at: datetime) -> NewCampaign:
    values: dict[str, Any] = {name: getattr(wanted.campaign, name) for name in NewCampaign.__slots__}
    return NewCampaign(**{**values, "starts_at": due_at, "ends_at": wanted.until or due_at + wanted.window})


def _locked(session: Session, campaign: UUID, states: set[str]) -> Any:
    found = repository.lock_recurrence(session, campaign)
    if found is None:
        raise RecurrenceError("there is no such recurring campaign", code="unknown_recurrence")
    if found["state"] not in states:
        raise RecurrenceError(
            f"the recurrence is {found['state']}: possible when {', '.join(sorted(states))}",
            code="recurrence_state",
            recurrence=found["state"],
        )
    return found


def _record(
    session: Session,
    action: str,
    campaign: UUID,
    actor: str,
    now: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    record_action(
        session,
        at=now,
        actor=actor,
        action=action,
        subject_type="campaign",
        subject_id=campaign,
        before=before,
        after=after,
    )
