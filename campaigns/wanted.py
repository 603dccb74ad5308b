"""What staff ask for when they make a campaign, and the checks that need nothing but the list."""

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.errors import CampaignError, UnknownListError
from consent.calendar import WorkingCalendar
from consent.hours import MIDNIGHT, SendingHours, intersect, next_allowed
from consent.policy import PolicyProfile

_LIST = text(
    """
    SELECT id, state, recipient_count, version FROM recipient_list
    WHERE name = :name ORDER BY version DESC LIMIT 1
    """
)
_ZONES = text("SELECT DISTINCT time_zone FROM recipient WHERE list_id = :list")


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
class FrozenList:
    """The version of a list that a run will work on."""

    id: UUID
    recipient_count: int
    version: int


def check_window(wanted: NewCampaign, now: datetime) -> None:
    """Raise `CampaignError` when the window or the priority makes no sense."""
    if wanted.ends_at <= wanted.starts_at:
        raise CampaignError("the end of the campaign must be after its start")
    if wanted.ends_at <= now:
        raise CampaignError("the end of the campaign is in the past: nothing could be sent")
    if wanted.priority not in {"bulk", "urgent"}:
        raise CampaignError("the priority is either bulk or urgent")


def newest_frozen(session: Session, name: str) -> FrozenList:
    """The newest version of a list; raises `UnknownListError` when there is none or it is not complete."""
    row = session.execute(_LIST, {"name": name}).first()
    if row is None:
        raise UnknownListError(f"there is no recipient list {name!r}: import it first")
    if row.state != "frozen":
        raise UnknownListError(f"the newest version of list {name!r} is not complete: import it again")
    return FrozenList(row.id, row.recipient_count, row.version)


def check_hours(
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
