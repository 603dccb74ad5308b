"""The one locked function through which every change of state goes (promise P7).

`apply_changes` locks the attempts in id order, asks the transition table, works out what follows for the
notices, and writes attempts, notices, next attempts, events, budget and counters by set-based statements
in the caller's transaction. Changes that the table does not allow are returned as ignored. `Transitions` does
the same for several sets of changes that are written together: what a worker records and what it claims next.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from channels.port import Price
from channels.voice.result import CallResult
from consent.budget import release
from dispatcher.core.ids import new_id
from dispatcher.delivery import repository
from dispatcher.delivery.calls.keeping import MadeCall, keep_calls
from dispatcher.delivery.calls.repeats import repeat_due_at
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
from dispatcher.delivery.provider_messages import keep_messages
from dispatcher.delivery.questions import expect_report
from dispatcher.delivery.repository import AttemptRow, NoticeRow
from dispatcher.delivery.returns.noting import NOTED_TRIGGERS, Refused, note_refusals
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


class Change(NamedTuple):
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
    content: SentContent | None = None
    price: Price | None = None
    provider_messages: tuple[str, ...] = ()
    call: CallResult | None = None
    recording: bytes | None = None  #: encrypted


_Changed = tuple[AttemptRow, Change, AttemptState]
_Item = TypeVar("_Item")
_Known = Mapping[UUID, tuple[AttemptState, str | None]]  #: what these changes make of attempts


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

    See `Transitions.add`.
    """
    work = Transitions(session, now)
    work.add(changes, claim=claim, plans=plans, locked=locked)
    work.write()
    return work.states()


class Transitions:
    """Changes of one transaction: decided as they are added, written together at the end."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now
        self.claim: Claim | None = None
        self.plans: dict[UUID, StepPlan] = {}
        self.deltas = ProgressDeltas()
        self._states: dict[UUID, AttemptState] = {}
        self._returned: list[UUID] = []
        self.contents: list[tuple[date, UUID, SentContent]] = []
        self.prices: list[tuple[date, UUID, Price]] = []
        self.messages: list[tuple[date, UUID, tuple[str, ...]]] = []
        self.calls: list[MadeCall] = []
        self.refused: list[Refused] = []
        self.reports: list[tuple[date, UUID, str, AttemptState]] = []
        self.attempt_updates: list[repository.AttemptUpdate] = []
        self.notice_updates: list[repository.NoticeUpdate] = []
        self.new_attempts: list[repository.NewAttempt] = []
        self.events: list[repository.NewEvent] = []
        self.mandatory: list[ClosedNotice] = []

    def add(
        self,
        changes: Sequence[Change],
        *,
        claim: Claim | None = None,
        plans: Mapping[UUID, StepPlan] | None = None,
        locked: Sequence[AttemptRow] | None = None,
    ) -> None:
        """Decide what these changes do; of one attempt there may be one change in all that is added.

        `claim` must be given with CLAIM changes. `plans` and `locked` save look-ups: the pinned step plans
        of runs concerned, and the attempts, in the order of the changes, which the caller has locked in this
        very transaction.
        """
        if not changes:
            return
        self.claim = claim or self.claim
        self.plans.update(plans or {})
        changed = list(self._allowed(self._with_rows(changes, locked)))
        missing = {row.run_id for row, _, _ in changed} - self.plans.keys()
        self.plans.update(repository.step_plans(self.session, missing))
        touching = [one for one in changed if _touches_notice(*one)]
        if touching:
            self.write()  # of the attempts of these notices, the rows must say what was added before
        for one in changed:
            self._update_attempt(*one)
        self.refused += [
            Refused(row.period, row.id, row.channel, change.trigger, change.reason)
            for row, change, _ in changed
            if change.trigger in NOTED_TRIGGERS
        ]
        self.reports += [
            (row.period, row.id, row.channel, state)
            for row, change, state in changed
            if state is not row.state and change.trigger is not Trigger.SETTLE
        ]
        self._states.update({row.id: state for row, _, state in changed})
        known = {row.id: (state, _reason(row, change, state)) for row, change, state in touching}
        self._follow_notices(touching, known)

    def states(self) -> dict[UUID, AttemptState]:
        """The new state of each attempt that changed."""
        return self._states

    def _with_rows(
        self, changes: Sequence[Change], locked: Sequence[AttemptRow] | None
    ) -> Iterable[tuple[AttemptRow, Change]]:
        if locked is not None:
            return zip(locked, changes, strict=True)
        wanted = {change.attempt_id: change for change in changes}
        keys = [(change.period, change.attempt_id) for change in changes]
        return [(row, wanted[row.id]) for row in repository.lock_attempts(self.session, keys)]

    def _allowed(self, pairs: Iterable[tuple[AttemptRow, Change]]) -> Iterator[_Changed]:
        for row, change in pairs:
            if change.token is not None and change.token != row.claim_token:
                continue  # its claim has passed to another
            if change.content is not None:
                self.contents.append((row.period, row.id, change.content))
            if change.price is not None:
                self.prices.append((row.period, row.id, change.price))
            if change.provider_messages:
                self.messages.append((row.period, row.id, change.provider_messages))
            if change.call is not None:
                self.calls.append(MadeCall(row.period, row.id, row.run_id, change.call, change.recording))
            state = ATTEMPT_TRANSITIONS.get((row.state, change.trigger))
            if state is not None:
                yield row, change, state

    def _follow_notices(self, touching: Sequence[_Changed], known: _Known) -> None:
        if not touching:
            return
        keys = {(row.period, row.notice_id) for row, _, _ in touching}
        notices = repository.lock_notices(self.session, keys)
        siblings = repository.list_attempts_of(self.session, notices)
        for row, change, state in touching:
            self._follow(notices[row.notice_id], siblings[row.notice_id], known, row, change, state)

    def _update_attempt(self, row: AttemptRow, change: Change, state: AttemptState) -> None:
        trigger = change.trigger
        wait = None if trigger is Trigger.SETTLE else review_seconds(self.plans[row.run_id], row.step, state)
        is_planned = state is AttemptState.PLANNED
        is_claim = trigger is Trigger.CLAIM
        reason = None if is_planned or is_claim else _reason(row, change, state)
        hold_reason = change.reason if is_planned else None
        self.attempt_updates.append(
            repository.AttemptUpdate(
                row.period,
                row.id,
                state,
                reason,
                (change.due_at or self.now) if is_planned else None,
                hold_reason,
                self.claim.token if is_claim and self.claim else row.claim_token,
                None if wait is None else self.now + timedelta(seconds=wait),
                change.provider_id or row.provider_id,
            )
        )
        if trigger in _NOT_AN_ATTEMPT:
            self._returned.append(row.id)
        content_hash = change.content.hash if change.content else None
        self.events.append(
            repository.NewEvent(row.period, row.id, trigger, row.state, state, change.reason, content_hash)
        )
        self.deltas.moved(
            row.run_id,
            row.channel,
            (row.state, row.reason or row.hold_reason or ""),
            (state, reason or hold_reason or ""),
        )

    def _follow(
        self,
        notice: NoticeRow,
        siblings: list[repository.Sibling],
        known: _Known,
        row: AttemptRow,
        change: Change,
        state: AttemptState,
    ) -> None:
        attempts = [
            AttemptView(other.step, other.number, *known.get(other.id, (other.state, other.reason)))
            for other in siblings
        ]
        decide = partial(
            consequence,
            self.plans[row.run_id],
            AttemptView(row.step, row.number, state),
            change.trigger,
            notice=notice.state,
            attempts=attempts,
            first_step=notice.first_step,
            reason=change.reason or row.reason,
            retry_after_seconds=change.retry_after_seconds,
        )
        result, due_at = decide(), None
        if result.next_attempt is not None and self._has_rules(row, result.next_attempt):
            due_at = repeat_due_at(self.session, row.period, row.notice_id, result.next_attempt, self.now)
            if due_at is None:  # the run is over by then: on with the next step, while there is time
                result = decide(may_repeat=False)
        if result.cancel_planned:
            self._cancel_planned(row, siblings, came_back=state is AttemptState.PLANNED)
        if result.next_attempt is not None:
            siblings.append(self._plan_next(row, result.next_attempt, due_at))
        if result.close_as is not None and _says_more(notice, result):
            self._close(notice, result, result.close_as)

    def _has_rules(self, row: AttemptRow, following: NextAttempt) -> bool:
        """Whether it is a repeat that goes by rules which may reach beyond the run's end."""
        is_repeat = following.step == row.step and following.number > 1
        return is_repeat and bool(self.plans[row.run_id].steps[row.step].retry_rules)

    def _plan_next(
        self, row: AttemptRow, following: NextAttempt, due_at: datetime | None
    ) -> repository.Sibling:
        step = self.plans[row.run_id].steps[following.step]
        attempt = repository.NewAttempt(
            period=row.period,
            id=new_id(),
            notice_id=row.notice_id,
            channel=step.channel.value,
            step=following.step,
            number=following.number,
            due_at=due_at or self.now + timedelta(seconds=following.wait_seconds),
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

    def _cancel_planned(
        self, row: AttemptRow, siblings: list[repository.Sibling], *, came_back: bool
    ) -> None:
        if came_back:
            self.write()  # its row must say that it is planned again before that is called off
        planned = [
            Change(row.period, sibling.id, Trigger.CANCEL, "notified_before")
            for sibling in siblings
            if (came_back if sibling.id == row.id else sibling.state is AttemptState.PLANNED)
        ]
        for other in repository.lock_attempts(
            self.session, [(change.period, change.attempt_id) for change in planned]
        ):
            if other.state is AttemptState.PLANNED:
                self._update_attempt(other, planned[0], AttemptState.CANCELLED)

    def write(self) -> None:
        """Write all that was added and is not written yet."""
        lease = self.claim.lease_seconds if self.claim else None
        repository.update_attempts(self.session, self._drained(self.attempt_updates), self.now, lease)
        repository.update_notices(self.session, self._drained(self.notice_updates))
        follow_notices(self.session, self._drained(self.mandatory), self.now)
        repository.add_attempts(self.session, self._drained(self.new_attempts), self.now)
        repository.add_events(self.session, self._drained(self.events), self.now)
        repository.add_contents(self.session, self._drained(self.contents))
        keep_prices(self.session, self._drained(self.prices), self.now)
        keep_messages(self.session, self._drained(self.messages), self.now)
        keep_calls(self.session, self._drained(self.calls), self.now)
        expect_report(self.session, self._drained(self.reports), self.now)
        release(self.session, self._drained(self._returned), self.now)
        note_refusals(self.session, self._drained(self.refused), self.now)
        self.deltas.write(self.session)

    @staticmethod
    def _drained(collected: list[_Item]) -> list[_Item]:
        taken = collected[:]
        collected.clear()
        return taken


def _touches_notice(row: AttemptRow, change: Change, _state: AttemptState) -> bool:
    return change.trigger not in _NOTICE_UNTOUCHED or row.state is AttemptState.UNKNOWN


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
