"""May this attempt leave now? The verdict of a claim, as a pure function over what the locks protect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from consent.calendar import WorkingCalendar
from consent.caps import free_again_at
from consent.hours import SendingHours, intersect, next_allowed
from consent.permission import Permission
from consent.policy import Cap, CapPeriod
from dispatcher.core.zones import zone
from dispatcher.delivery.bills.states import BILL_WAITING, UNAVAILABLE
from dispatcher.delivery.states import NoticeState, Trigger
from dispatcher.delivery.step_plan import StepPlan

#: Sending a claimed group may take this long: nothing is claimed so near to the window's end (promise P6).
SENDING_MARGIN: Final = timedelta(seconds=2)
TRUTH_WAIT: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class RunView:
    """What the engine needs to know of a run, as its row says inside the claim's transaction."""

    id: UUID
    period: date
    purpose: str
    purpose_group: str
    starts_at: datetime
    ends_at: datetime
    hours: Mapping[str, Any]
    caps: tuple[Cap, ...]
    plan: StepPlan
    needs_truth: bool
    max_per_second: float | None

    def hours_in(self, zone: ZoneInfo) -> SendingHours:
        """The campaign's and the policy's hours together, on the wall clock of `zone`."""
        own, policy = (
            SendingHours(
                zone,
                time.fromisoformat(part["from"]),
                time.fromisoformat(part["to"]),
                bool(part["working_days_only"]),
            )
            for part in (self.hours["campaign"], self.hours["policy"])
        )
        return intersect(own, policy)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A due attempt with everything that is needed to judge and to render it."""

    period: date
    attempt_id: UUID
    notice_id: UUID
    person_id: UUID
    contact_point_id: UUID | None
    channel: str
    step: int
    truth_until: datetime | None
    notice_state: NoticeState
    address: str | None
    full_name: str
    supply_address: str
    time_zone: str
    language: str
    fields: Mapping[str, Any]
    account_number: str
    has_contract: bool
    customer_group: int = 1
    recipient_id: UUID | None = None  #: None in a preview


@dataclass(frozen=True, slots=True)
class Verdict:
    """CLAIM, HOLD until `due_at`, BLOCK, EXPIRE or CANCEL, with the reason that staff see."""

    trigger: Trigger
    reason: str | None = None
    due_at: datetime | None = None


def judge(
    candidate: Candidate,
    run: RunView,
    *,
    permission: Permission | None,
    contacts: Sequence[tuple[str, datetime]],
    allowed_at: datetime | None,
    now: datetime,
) -> Verdict:
    """Judge one candidate. The order is that of the reasons' weight: what is final comes first.

    `allowed_at` is what `next_sending_time` says for the candidate's zone, `contacts` what counts against
    the person's caps.
    """
    if candidate.notice_state is not NoticeState.OPEN:
        return Verdict(Trigger.CANCEL, "notice_closed")
    refused = judge_permission(candidate, permission)
    return refused or _judge_time(candidate, run, contacts, allowed_at, now)


def wait_for_bill(verdict: Verdict, look_at: datetime) -> Verdict:
    """The verdict on a notice whose bill by URL is still to come; it is looked for again at `look_at`.

    What would leave now waits. What has run out of time has done so for want of its bill.
    """
    if verdict.trigger is Trigger.CLAIM:
        return Verdict(Trigger.HOLD, BILL_WAITING, look_at)
    return Verdict(Trigger.EXPIRE, UNAVAILABLE) if verdict.trigger is Trigger.EXPIRE else verdict


def judge_permission(candidate: Candidate, permission: Permission | None) -> Verdict | None:
    """What forbids this attempt whatever the hour; None: nothing does. The dry run asks the same."""
    if candidate.address is None or permission is None:
        return Verdict(Trigger.BLOCK, "no_address")
    if not candidate.has_contract:
        return Verdict(Trigger.BLOCK, "no_contract")
    return None if permission.refusal is None else Verdict(Trigger.BLOCK, permission.refusal)


def _judge_time(
    candidate: Candidate,
    run: RunView,
    contacts: Sequence[tuple[str, datetime]],
    allowed_at: datetime | None,
    now: datetime,
) -> Verdict:
    if allowed_at is None:
        return Verdict(Trigger.EXPIRE, "window_ended")
    if allowed_at > now:
        return Verdict(Trigger.HOLD, "outside_hours", allowed_at)
    free_at = free_again_at(run.caps, candidate.channel, contacts, now)
    if free_at is not None:
        return Verdict(Trigger.HOLD, "frequency_cap", free_at)
    is_stale = candidate.truth_until is None or candidate.truth_until <= now
    if run.needs_truth and is_stale:
        return Verdict(Trigger.HOLD, "truth_stale", now + TRUTH_WAIT)
    return Verdict(Trigger.CLAIM)


def next_sending_time(
    run: RunView, time_zone: str, calendar: WorkingCalendar, now: datetime
) -> datetime | None:
    """The first moment from `now` on at which this run may send into a zone; None: never again.

    The answer is `now` only when the hours are still open at the end of the sending margin.
    """
    hours = run.hours_in(zone(time_zone))
    allowed = next_allowed(now, hours, calendar, run.starts_at, run.ends_at)
    if allowed is None or allowed > now:
        return allowed
    return _past_margin(now, hours, calendar, run)


def _past_margin(
    now: datetime, hours: SendingHours, calendar: WorkingCalendar, run: RunView
) -> datetime | None:
    later = next_allowed(now + SENDING_MARGIN, hours, calendar, run.starts_at, run.ends_at)
    if later is None or later > now + SENDING_MARGIN:
        return later
    return now


def caps_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[Cap, ...]:
    """The caps as the run's row keeps them."""
    return tuple(Cap(cap["channel_group"], int(cap["limit"]), CapPeriod(cap["period"])) for cap in data)
