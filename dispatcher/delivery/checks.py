"""May this attempt leave now? The verdict of a claim, as a pure function over what the locks protect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from consent.calendar import WorkingCalendar
from consent.group_policy import GroupPolicy, group_policy_from_json
from consent.hours import SendingHours, intersect, next_allowed, open_until
from consent.permission import Permission
from consent.place import Place, place_of
from consent.policy import Cap, hours_from_json
from consent.spent import CapWait
from dispatcher.core.zones import zone
from dispatcher.delivery.bills.states import BILL_WAITING, UNAVAILABLE
from dispatcher.delivery.states import NoticeState, Trigger
from dispatcher.delivery.step_plan import StepPlan

#: Sending a claimed group may take this long: nothing is claimed so near to the window's end (promise P6).
SENDING_MARGIN: Final = timedelta(seconds=2)
#: Providers hold nothing for longer; hours round the clock need an end to be reckoned with.
LONGEST_VALIDITY: Final = timedelta(days=2)
TRUTH_WAIT: Final = timedelta(seconds=5)
#: The columns of a list that state the region of the supply address.
REGION_FIELDS: Final = ("region_code", "Код региона", "Код регіону")


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
    #: by customer group; a group that is missing here has `hours["policy"]` and `caps`, as earlier runs do
    policies: Mapping[int, GroupPolicy] = field(default_factory=dict)
    common_fields: Mapping[str, str] = field(default_factory=dict)  #: what all recipients of the run share

    @property
    def has_caps(self) -> bool:
        """Whether somebody on the list may have to wait for a cap."""
        return bool(self.caps) or any(policy.caps for policy in self.policies.values())

    def policy_of(self, customer_group: int) -> GroupPolicy:
        """What holds for the recipients of one customer group."""
        found = self.policies.get(customer_group)
        return found or GroupPolicy(self.purpose_group, (self.hours["policy"],), self.caps)

    def hours_in(self, zone: ZoneInfo, customer_group: int = 1) -> SendingHours:
        """The campaign's and the policy's hours together, on the wall clock of `zone`."""
        own = hours_from_json(self.hours["campaign"], zone)
        return intersect(own, self.policy_of(customer_group).hours_in(zone))


class Candidate(NamedTuple):
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

    def place(self, calendar: WorkingCalendar) -> Place:
        """Whose hours and days hold."""
        region = next((self.fields[name] for name in REGION_FIELDS if self.fields.get(name)), None)
        return place_of(
            self.time_zone,
            self.customer_group,
            address=self.supply_address,
            region=region if isinstance(region, str) else None,
            calendar=calendar,
        )


def with_common_fields(common: Mapping[str, str], candidate: Candidate) -> Candidate:
    """The candidate with what the run's recipients share, under what the recipient's own row says."""
    if not common:
        return candidate
    own = candidate.fields
    missing = {name: value for name, value in common.items() if own.get(name) in (None, "")}
    return candidate._replace(fields={**own, **missing})


class Verdict(NamedTuple):
    """CLAIM, HOLD until `due_at`, BLOCK, EXPIRE or CANCEL, with the reason that staff see."""

    trigger: Trigger
    reason: str | None = None
    due_at: datetime | None = None


def judge(
    candidate: Candidate,
    run: RunView,
    *,
    permission: Permission | None,
    cap_wait: Callable[[], CapWait | None],
    allowed_at: datetime | None,
    now: datetime,
) -> Verdict:
    """Judge one candidate. The order is that of the reasons' weight: what is final comes first.

    `allowed_at` is what `next_sending_time` says for the candidate's place; `cap_wait` says what its caps
    make it wait for, and is asked only when nothing else forbids it.
    """
    if candidate.notice_state is not NoticeState.OPEN:
        return Verdict(Trigger.CANCEL, "notice_closed")
    refused = judge_permission(candidate, permission)
    return refused or _judge_time(candidate, run, cap_wait, allowed_at, now)


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
    cap_wait: Callable[[], CapWait | None],
    allowed_at: datetime | None,
    now: datetime,
) -> Verdict:
    if allowed_at is None:
        return Verdict(Trigger.EXPIRE, "window_ended")
    if allowed_at > now:
        return Verdict(Trigger.HOLD, "outside_hours", allowed_at)
    capped = cap_wait()
    if capped is not None:
        return Verdict(Trigger.HOLD, capped.reason, capped.until)
    is_stale = candidate.truth_until is None or candidate.truth_until <= now
    if run.needs_truth and is_stale:
        return Verdict(Trigger.HOLD, "truth_stale", now + TRUTH_WAIT)
    return Verdict(Trigger.CLAIM)


def next_sending_time(
    run: RunView, place: Place, calendar: WorkingCalendar, now: datetime
) -> datetime | None:
    """The first moment from `now` on at which this run may send into a place; None: never again.

    The answer is `now` only when the hours are still open at the end of the sending margin.
    """
    hours = run.hours_in(zone(place.time_zone), place.customer_group)
    days = calendar.in_region(place.region)
    allowed = next_allowed(now, hours, days, run.starts_at, run.ends_at)
    if allowed is None or allowed > now:
        return allowed
    return _past_margin(now, hours, days, run)


def closing_time(run: RunView, place: Place, calendar: WorkingCalendar, now: datetime) -> datetime:
    """When the hours that are open in a place close, or the run ends (promise P6).

    What is handed to a provider that holds it must be given up by then.
    """
    hours = run.hours_in(zone(place.time_zone), place.customer_group)
    days = calendar.in_region(place.region)
    return open_until(now, hours, days, ends_at=run.ends_at, longest=LONGEST_VALIDITY)


def capped_until(wait: CapWait, run: RunView, place: Place, calendar: WorkingCalendar) -> CapWait:
    """The wait prolonged to when the hours are open again; past the run's end it stays what it is.

    Staff may still move the end, so nothing is dropped before it has come.
    """
    allowed = next_sending_time(run, place, calendar, wait.until)
    return CapWait(wait.reason, allowed or wait.until)


def policies_from_json(data: Mapping[str, Any] | None) -> Mapping[int, GroupPolicy]:
    """The policies as the run's row keeps them; None in runs of earlier releases."""
    return {int(group): group_policy_from_json(one) for group, one in (data or {}).items()}


def _past_margin(
    now: datetime, hours: SendingHours, calendar: WorkingCalendar, run: RunView
) -> datetime | None:
    later = next_allowed(now + SENDING_MARGIN, hours, calendar, run.starts_at, run.ends_at)
    if later is None or later > now + SENDING_MARGIN:
        return later
    return now
