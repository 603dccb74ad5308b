"""What staff ask for when they make a campaign, and the checks that need nothing but the list."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns.errors import CampaignError
from campaigns.frozen_list_repository import zones_of
from channels.port import ChannelKind
from consent.calendar import WorkingCalendar
from consent.group_policy import GroupPolicy
from consent.hours import MIDNIGHT, SendingHours, intersect, next_allowed
from consent.sources import Basis


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
    policy_profile: str | None = None  #: None takes the scenario's own; `by_purpose` the table's
    priority: str | None = None  #: bulk or urgent; None takes the scenario's own
    max_per_second: float | None = None
    first_count: int | None = None  #: send so many exactly, then wait for staff
    as_draft: bool = False  #: nothing happens until it is submitted
    basis: str | None = None  #: consent, contract, legal_duty; None takes the scenario's own
    common_fields: Mapping[str, str] = field(default_factory=dict)  #: what all recipients share
    channels: tuple[ChannelKind, ...] | None = None  #: in the order they are tried; None: the scenario's own
    needs_approval: bool = False  #: a second person must agree, even where the company does not demand it


def check_window(wanted: NewCampaign, now: datetime) -> None:
    """Raise `CampaignError` when the window or the priority makes no sense."""
    if wanted.ends_at <= wanted.starts_at:
        raise CampaignError("the end of the campaign must be after its start", code="end_before_start")
    if wanted.ends_at <= now:
        raise CampaignError(
            "the end of the campaign is in the past: nothing could be sent", code="end_passed"
        )
    if wanted.priority not in {None, "bulk", "urgent"}:
        raise CampaignError("the priority is either bulk or urgent", code="priority_unknown")
    if wanted.basis is not None and wanted.basis not in set(Basis):
        raise CampaignError(
            f"the legal basis is one of: {', '.join(Basis)}", code="basis_unknown", allowed=", ".join(Basis)
        )
    if wanted.first_count is not None and wanted.first_count < 1:
        raise CampaignError("the number to send first must be at least 1", code="first_count_small")


def check_hours(
    session: Session,
    wanted: NewCampaign,
    policies: Mapping[int, GroupPolicy],
    list_id: UUID,
    calendar: WorkingCalendar,
) -> None:
    """Some zone of the list must have a minute in which something may leave, else the run is pointless.

    So must each customer group: hours that never meet would hold its people for ever.
    """
    for name, group in zones_of(session, list_id):
        zone = ZoneInfo(name)
        own = SendingHours(zone, wanted.daily_from, wanted.daily_to, wanted.working_days_only)
        hours = intersect(own, policies[group].hours_in(zone))
        if next_allowed(wanted.starts_at, hours, calendar, wanted.starts_at, wanted.ends_at) is not None:
            return
    profiles = ", ".join(sorted({name for policy in policies.values() for name, _ in policy.profiles}))
    raise CampaignError(
        "between start and end there is no moment at which the hours of the campaign and of the policy"
        f" profile {profiles!r} allow sending: move the window or choose another profile",
        code="no_moment_to_send",
        profile=profiles,
    )
