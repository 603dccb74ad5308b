"""The one locked function through which every change of state goes (promise P7).

`apply_changes` locks the attempts in id order, asks the transition table, works out what follows for the
notices, and writes attempts, notices, next attempts, events, budget and counters by set-based statements
in the caller's transaction. Changes that the table does not allow are returned as ignored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from channels.port import Price
from consent.budget import release
from dispatcher.core.ids import new_id
from dispatcher.delivery import repository
from dispatcher.delivery.consequences import (
    AttemptView,
    Consequence,
    NextAttempt,
    consequence,
    review_seconds,
)
from dispatcher.delivery.content import SentContent
from dispatcher.delivery.manual_tasks import ClosedNotice, follow_notices, is_by_hand
from dispatcher.delivery.prices import keep_prices
from dispatcher.delivery.progress import ProgressDeltas
from dispatcher.delivery.questions import expect_report
from dispatcher.delivery.repository import AttemptRow, NoticeRow
from dispatcher.delivery.returns.noting import Refused, note_refusals
from dispatcher.delivery.states import (
    ATTEMPT_TRANSITIONS,
    AttemptState,
    NoticeState,
    Trigger,
    may_become,
)
from dispatcher.delivery.step_plan import StepPlan

_NOT_AN_ATTEMPT = frozenset({Trigger.NOT_SENT, Trigger.THROTTLE})
#: These never touch the notice, so the hot path need not lock it.
_NOTICE_UNTOUCHED = frozenset({Trigger.CLAIM, Trigger.HOLD, Trigger.ACCEPT, Trigger.LOSE, Trigger.CANCEL})


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to one attempt.

    `token` is given by the worker that claimed it: a worker whose claim has passed to another changes
    nothing. `due_at` is the new time for HOLD, NOT_SENT and THROTTLE (None: now).
    """

    period: date
    attempt_id: UUID
    trigger: Trigger
    reason: str | None = None
    token: UUID | None = None
    due_at: datetime | None = None
    retry_after_seconds: float | None = None
    provider_id: str | None = None
    content: SentContent | None = field(default=None, repr=False)
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """The mark of a worker's hold on a group: token and lease length in seconds of database time."""

    token: UUID
    lease_seconds: float


def apply_changes(
    session: Session,
    changes: Sequence[Change],
    now: datetime,
    *,
    claim: Claim | None = None,
    plans: Mapping[UUID, StepPlan] | None = None,
    locked: Sequence[AttemptRow] | None = None,
) -> Mapping[UUID, AttemptState]:
    """Apply the changes that the table allows; returns the new state of each attempt that changed.

    At most one change per attempt. `claim` must be given with CLAIM changes. `plans` and `locked`
    save look-ups: the pinned step plans of all runs concerned, and the attempts, which the caller has
    locked in this very transaction.
    """
    if not changes:
        return {}
    wanted = {change.attempt_id: change for change in changes}
    keys = [(change.period, change.attempt_id) for change in changes]
    rows = repository.lock_attempts(session, keys) if locked is None else locked
    work = _Work(session, now, claim, plans or {})
    for row in rows:
        work.change_attempt(row, wanted[row.id])
    work.follow_notices()
    work.write()
    return {row.id: state for row, _, state in work.changed}


class _Work:
    """What one call collects before it writes."""

    def __init__(
        self, session: Session, now: datetime, claim: Claim | None, plans: Mapping[UUID, StepPlan]
    ) -> None:
        self.session = session
        self.now = now
        self.claim = claim
        self.deltas = ProgressDeltas()
        self.changed: list[tuple[AttemptRow, Change, AttemptState]] = []
        self.contents: list[tuple[AttemptRow, SentContent]] = []
        self.prices: list[tuple[date, UUID, Price]] = []
        self.attempt_updates: list[repository.AttemptUpdate] = []
        self.notice_updates: list[repository.NoticeUpdate] = []
        self.new_attempts: list[repository.NewAttempt] = []
        self.events: list[repository.NewEvent] = []
        self.mandatory: list[ClosedNotice] = []
        self.plans = plans

    def change_attempt(self, row: AttemptRow, change: Change) -> None:
        is_mine = change.token is None or change.token == row.claim_token
        if is_mine and change.content is not None:
            self.contents.append((row, change.content))
        if is_mine and change.price is not None:
            self.prices.append((row.period, row.id, change.price))
        state = ATTEMPT_TRANSITIONS.get((row.state, change.trigger))
        if state is None or not is_mine:
            return
        self.changed.append((row, change, state))

    def follow_notices(self) -> None:
        missing = {row.run_id for row, _, _ in self.changed} - self.plans.keys()
        self.plans = {**self.plans, **repository.step_plans(self.session, missing)}
        for row, change, state in self.changed:
            self._update_attempt(row, change, state)
        touching = [
            (row, change, state)
            for row, change, state in self.changed
            if change.trigger not in _NOTICE_UNTOUCHED or row.state is AttemptState.UNKNOWN
        ]
        notices = repository.lock_notices(
            self.session, {(row.period, row.notice_id) for row, _, _ in touching}
        )
        siblings = repository.list_attempts_of(self.session, notices)
        new_states = {row.id: state for row, _, state in self.changed}
        for row, change, state in touching:
            self._follow(notices[row.notice_id], siblings[row.notice_id], new_states, row, change, state)

    def _update_attempt(self, row: AttemptRow, change: Change, state: AttemptState) -> None:
        plan = self.plans[row.run_id]
        wait = None if change.trigger is Trigger.SETTLE else review_seconds(plan, row.step, state)
        is_planned = state is AttemptState.PLANNED
        is_claim = change.trigger is Trigger.CLAIM
        reason = None if is_planned or is_claim else _reason(row, change, state)
        update = repository.AttemptUpdate(
            period=row.period,
            id=row.id,
            state=state,
            reason=reason,
            due_at=(change.due_at or self.now) if is_planned else row.due_at,
            hold_reason=change.reason if is_planned else None,
            claim_token=self.claim.token if is_claim and self.claim else row.claim_token,
            review_at=None if wait is None else self.now + timedelta(seconds=wait),
            provider_id=change.provider_id or row.provider_id,
        )
        self.attempt_updates.append(update)
        self.events.append(
            repository.NewEvent(
                period=row.period,
                attempt_id=row.id,
                trigger=change.trigger,
                from_state=row.state,
                to_state=state,
                reason=change.reason,
                content_hash=change.content.hash if change.content else None,
            )
        )
        self.deltas.attempt(row.run_id, row.channel, row.state, row.reason or row.hold_reason or "", -1)
        self.deltas.attempt(row.run_id, row.channel, state, reason or update.hold_reason or "", +1)

    def _follow(
        self,
        notice: NoticeRow,
        siblings: list[repository.Sibling],
        new_states: Mapping[UUID, AttemptState],
        row: AttemptRow,
        change: Change,
        state: AttemptState,
    ) -> None:
        attempts = [
            AttemptView(sibling.step, sibling.number, new_states.get(sibling.id, sibling.state))
            for sibling in siblings
        ]
        result = consequence(
            self.plans[row.run_id],
            AttemptView(row.step, row.number, state),
            change.trigger,
            notice=notice.state,
            attempts=attempts,
            first_step=notice.first_step,
            reason=change.reason or row.reason,
            retry_after_seconds=change.retry_after_seconds,
        )
        if result.cancel_planned:
            self._cancel_planned(row, siblings)
        if result.next_attempt is not None:
            siblings.append(self._plan_next(row, result.next_attempt))
        if result.close_as is not None and _says_more(notice, result):
            self._close(notice, result, result.close_as)

    def _plan_next(self, row: AttemptRow, following: NextAttempt) -> repository.Sibling:
        step = self.plans[row.run_id].steps[following.step]
        attempt = repository.NewAttempt(
            period=row.period,
            id=new_id(),
            notice_id=row.notice_id,
            channel=step.channel.value,
            step=following.step,
            number=following.number,
            due_at=self.now + timedelta(seconds=following.wait_seconds),
        )
        self.new_attempts.append(attempt)
        self.deltas.attempt(row.run_id, step.channel.value, AttemptState.PLANNED, "", +1)
        return repository.Sibling(attempt.id, following.step, following.number, AttemptState.PLANNED)

    def _close(self, notice: NoticeRow, result: Consequence, state: NoticeState) -> None:
        was_open = notice.state is NoticeState.OPEN
        self.deltas.notice(notice.run_id, notice.state, notice.reason or notice.strength or "", -1)
        notice.state = state
        notice.strength = result.strength
        notice.reason = result.reason if result.strength is None else None
        self.deltas.notice(notice.run_id, notice.state, notice.reason or notice.strength or "", +1)
        self.notice_updates.append(repository.NoticeUpdate.of(notice, self.now, was_open=was_open))
        if self.plans[notice.run_id].is_mandatory:
            self.mandatory.append(
                ClosedNotice(notice.period, notice.id, notice.run_id, notice.state, notice.reason)
            )

    def _cancel_planned(self, row: AttemptRow, siblings: list[repository.Sibling]) -> None:
        planned = [
            Change(row.period, sibling.id, Trigger.CANCEL, "notified_before")
            for sibling in siblings
            if sibling.state is AttemptState.PLANNED and sibling.id != row.id
        ]
        for other in repository.lock_attempts(
            self.session, [(change.period, change.attempt_id) for change in planned]
        ):
            if other.state is AttemptState.PLANNED:
                self._update_attempt(other, planned[0], AttemptState.CANCELLED)

    def write(self) -> None:
        lease = self.claim.lease_seconds if self.claim else None
        repository.update_attempts(self.session, self.attempt_updates, self.now, lease)
        repository.update_notices(self.session, self.notice_updates)
        follow_notices(self.session, self.mandatory, self.now)
        repository.add_attempts(self.session, self.new_attempts, self.now)
        repository.add_events(self.session, self.events, self.now)
        repository.add_contents(
            self.session, [(row.period, row.id, content) for row, content in self.contents]
        )
        keep_prices(self.session, self.prices, self.now)
        expect_report(
            self.session,
            [
                (row.period, row.id, row.channel, state)
                for row, change, state in self.changed
                if state is not row.state and change.trigger is not Trigger.SETTLE
            ],
            self.now,
        )
        returned = [row.id for row, change, _ in self.changed if change.trigger in _NOT_AN_ATTEMPT]
        release(self.session, returned, self.now)
        note_refusals(
            self.session,
            (
                Refused(row.period, row.id, row.channel, change.trigger, change.reason)
                for row, change, _ in self.changed
            ),
            self.now,
        )
        self.deltas.write(self.session)


def _reason(row: AttemptRow, change: Change, state: AttemptState) -> str | None:
    """Why the attempt is where it is: a change that moves nothing explains nothing."""
    if state is row.state:
        return row.reason
    # What was in doubt and proves to be accepted has no fault to name.
    kept = None if state is AttemptState.ACCEPTED else row.reason
    return change.reason or kept


def _says_more(notice: NoticeRow, result: Consequence) -> bool:
    if result.close_as is None or not may_become(notice.state, result.close_as):
        return False
    if is_by_hand(notice.strength):
        return False  # somebody told the person and recorded it: no receipt knows better
    return (notice.state, notice.strength) != (result.close_as, result.strength)
