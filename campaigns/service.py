"""Making campaigns: a scenario version, a window, and a run over a frozen list (requirements 7, 8, 10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.errors import CampaignError, UnknownListError
from campaigns.scenarios import current_version
from consent.calendar import WorkingCalendar
from consent.hours import MIDNIGHT, SendingHours, intersect, next_allowed
from consent.policy import PolicyProfile, profile_named
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id
from dispatcher.core.settings import DeliverySettings
from dispatcher.delivery.runs import NewRun, add_run

_LIST = text(
    """
    SELECT id, state, recipient_count FROM recipient_list
    WHERE name = :name ORDER BY version DESC LIMIT 1
    """
)
_ZONES = text("SELECT DISTINCT time_zone FROM recipient WHERE list_id = :list")
_ADD = text(
    """
    INSERT INTO campaign (id, name, scenario_version_id, policy_profile, priority, starts_at, ends_at,
                          daily_from, daily_to, working_days_only, created_by, created_at)
    VALUES (:id, :name, :scenario, :policy, :priority, :starts_at, :ends_at, :daily_from, :daily_to,
            :working_days_only, :by, :now)
    """
)


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """What staff choose. Daily hours are on the recipient's wall clock; 00:00 as the end is midnight."""

    name: str
    scenario: str
    list_name: str
    starts_at: datetime
    ends_at: datetime
    daily_from: time = MIDNIGHT
    daily_to: time = MIDNIGHT
    working_days_only: bool = False
    policy_profile: str | None = None  #: None takes the scenario's own
    priority: str = "bulk"
    max_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class CreatedCampaign:
    """A campaign with its first run."""

    campaign_id: UUID
    run_id: UUID
    recipient_count: int


def create_campaign(
    session: Session,
    wanted: NewCampaign,
    *,
    delivery: DeliverySettings,
    calendar: WorkingCalendar,
    actor: str,
    now: datetime,
) -> CreatedCampaign:
    """Make a campaign and schedule its run.

    Raises `CampaignError` (window), `UnknownListError`, `UnknownScenarioError` and `PolicyError` (hours
    that leave no minute); nothing is written then.
    """
    _check_window(wanted, now)
    recipients = _frozen_list(session, wanted.list_name)
    scenario = current_version(session, wanted.scenario, delivery=delivery, actor=actor, now=now)
    profile = profile_named(wanted.policy_profile or scenario.policy_profile)
    _check_hours(session, wanted, profile, recipients.id, calendar)
    campaign_id = _add(session, wanted, scenario.id, profile, actor, now)
    run_id = add_run(
        session,
        NewRun(
            campaign_id=campaign_id,
            list_id=recipients.id,
            recipient_count=recipients.recipient_count,
            priority=wanted.priority,
            purpose=scenario.purpose,
            purpose_group=profile.purpose_group,
            starts_at=wanted.starts_at,
            ends_at=wanted.ends_at,
            hours=_hours(wanted, profile),
            caps=_caps(profile),
            plan=scenario.plan,
            max_per_second=wanted.max_per_second,
        ),
        now,
    )
    record_action(
        session,
        at=now,
        actor=actor,
        action="campaign.created",
        subject_type="campaign",
        subject_id=campaign_id,
        after={"run_id": run_id, "recipients": recipients.recipient_count, "ends_at": wanted.ends_at},
    )
    return CreatedCampaign(campaign_id, run_id, recipients.recipient_count)


@dataclass(frozen=True, slots=True)
class _List:
    id: UUID
    recipient_count: int


def _check_window(wanted: NewCampaign, now: datetime) -> None:
    if wanted.ends_at <= wanted.starts_at:
        raise CampaignError("the end of the campaign must be after its start")
    if wanted.ends_at <= now:
        raise CampaignError("the end of the campaign is in the past: nothing could be sent")
    if wanted.priority not in {"bulk", "urgent"}:
        raise CampaignError("the priority is either bulk or urgent")


def _frozen_list(session: Session, name: str) -> _List:
    row = session.execute(_LIST, {"name": name}).first()
    if row is None:
        raise UnknownListError(f"there is no recipient list {name!r}: import it first")
    if row.state != "frozen":
        raise UnknownListError(f"the newest version of list {name!r} is not complete: import it again")
    return _List(row.id, row.recipient_count)


def _check_hours(
    session: Session, wanted: NewCampaign, profile: PolicyProfile, list_id: UUID, calendar: WorkingCalendar
) -> None:
    """Some zone of the list must have a minute in which something may leave, else the run is pointless."""
    zones = session.execute(_ZONES, {"list": list_id}).scalars().all()
    for zone in (ZoneInfo(name) for name in zones):
        own = SendingHours(zone, wanted.daily_from, wanted.daily_to, wanted.working_days_only)
        hours = intersect(own, profile.hours_in(zone))
        if next_allowed(wanted.starts_at, hours, calendar, wanted.starts_at, wanted.ends_at) is not None:
            return
    raise CampaignError(
        "between start and end there is no moment at which the hours of the campaign and of the policy"
        f" profile {profile.name!r} allow sending: move the window or choose another profile"
    )


def _hours(wanted: NewCampaign, profile: PolicyProfile) -> Mapping[str, Any]:
    return {
        "campaign": _part(wanted.daily_from, wanted.daily_to, wanted.working_days_only),
        "policy": _part(profile.daily_from, profile.daily_to, profile.working_days_only),
    }


def _part(daily_from: time, daily_to: time, working_days_only: bool) -> Mapping[str, Any]:
    return {
        "from": daily_from.isoformat(),
        "to": daily_to.isoformat(),
        "working_days_only": working_days_only,
    }


def _caps(profile: PolicyProfile) -> Sequence[Mapping[str, Any]]:
    return [
        {"channel_group": cap.channel_group, "limit": cap.limit, "period": cap.period.value}
        for cap in profile.caps
    ]


def _add(
    session: Session, wanted: NewCampaign, scenario: UUID, profile: PolicyProfile, actor: str, now: datetime
) -> UUID:
    campaign_id = new_id()
    session.execute(
        _ADD,
        {
            "id": campaign_id,
            "name": wanted.name,
            "scenario": scenario,
            "policy": profile.name,
            "priority": wanted.priority,
            "starts_at": wanted.starts_at,
            "ends_at": wanted.ends_at,
            "daily_from": wanted.daily_from,
            "daily_to": wanted.daily_to,
            "working_days_only": wanted.working_days_only,
            "by": actor,
            "now": now,
        },
    )
    return campaign_id
