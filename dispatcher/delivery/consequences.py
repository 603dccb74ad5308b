"""What follows for the notice once one of its attempts has changed. A pure function: no database, no clock.

Every attempt ends in exactly one of: wait for something (a receipt, a settle time), plan another attempt
(a retry or the next step), or close the notice. That is why nobody can be lost (promise P1). What a closed
notice says is worked out from the states of all its attempts and from nothing else, so receipts may come
in any order (promise P7).
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

from dispatcher.delivery.retry_rules import Shift
from dispatcher.delivery.states import LEFT, OUT, AttemptState, NoticeState, Strength, Trigger
from dispatcher.delivery.step_plan import Combination, OnUnknown, Step, StepPlan, Success


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt of the notice as it stands after the change."""

    step: int
    number: int
    state: AttemptState
    reason: str | None = None  #: of a call that told: how surely it did, as a `Strength`


@dataclass(frozen=True, slots=True)
class NextAttempt:
    """An attempt to plan: step, number within the step, and the wait before it in seconds.

    `shift`: whether the recipient's day has a say in it.
    """

    step: int
    number: int
    wait_seconds: float
    shift: Shift = Shift.NONE


@dataclass(frozen=True, slots=True)
class Consequence:
    """What to do with the notice. `close_as` closes an open notice or amends a closed one.

    `cancel_planned` calls off every attempt of the notice that is not yet being sent, the changed one too.
    """

    close_as: NoticeState | None = None
    strength: str | None = None
    reason: str | None = None
    next_attempt: NextAttempt | None = None
    cancel_planned: bool = False


NOTHING = Consequence()
_PASSING = frozenset({Trigger.DEFER, Trigger.SENDER_FAULT, Trigger.NOT_SENT, Trigger.THROTTLE})
#: The person may have heard from this attempt.
_MAY_HAVE_TOLD = OUT | LEFT
_TOLD = frozenset({AttemptState.ACCEPTED, AttemptState.DELIVERED})
#: Told in writing, and the second way that is required there is not: by hand then (requirement 47).
SECOND_CHANNEL_MISSING: Final = "second_channel_missing"
#: What cut the notice off, strongest first.
_CUT_OFF: Final = (
    (AttemptState.STOPPED, NoticeState.STOPPED, "run_stopped"),
    (AttemptState.EXPIRED, NoticeState.EXPIRED, "window_ended"),
)


def review_seconds(plan: StepPlan, step: int, state: AttemptState) -> float | None:
    """How long an attempt in `state` waits before it is looked at again; None: it is not."""
    if state is AttemptState.ACCEPTED:
        return plan.steps[step].settle_seconds
    if state is AttemptState.UNKNOWN:
        return plan.unknown_query_seconds
    return None


def consequence(
    plan: StepPlan,
    changed: AttemptView,
    trigger: Trigger,
    *,
    notice: NoticeState,
    attempts: Sequence[AttemptView],
    first_step: int = 0,
    reason: str | None = None,
    retry_after_seconds: float | None = None,
    may_repeat: bool = True,
) -> Consequence:
    """What follows from `changed` (its state after the trigger) for its notice.

    `attempts` are all attempts of the notice, `changed` among them; `first_step` is the step with which it
    began; `may_repeat` false: there is no time left for a repeat. A notice that is already closed is never
    opened again; it can only be amended by what was learned late.
    """
    case = _Case(plan, changed, trigger, attempts, first_step, reason, retry_after_seconds, may_repeat)
    return case.followed() if notice is NoticeState.OPEN else case.closed()


@dataclass(frozen=True, slots=True)
class _Case:
    plan: StepPlan
    changed: AttemptView
    trigger: Trigger
    attempts: Sequence[AttemptView]
    first_step: int
    reason: str | None
    retry_after_seconds: float | None
    may_repeat: bool = True

    @property
    def step(self) -> Step:
        return self.plan.steps[self.changed.step]

    def followed(self) -> Consequence:
        state = self.changed.state
        if state is AttemptState.DELIVERED:
            return self._go_on(has_succeeded=True)
        if self.trigger is Trigger.SETTLE:
            return self._unknown() if state is AttemptState.UNKNOWN else self._settled()
        if state is AttemptState.FAILED:
            return self._failed()
        if state is AttemptState.BLOCKED:
            return self._go_on(has_succeeded=False)
        if state is AttemptState.PLANNED:
            return self._came_back()
        if state in {AttemptState.EXPIRED, AttemptState.STOPPED}:
            return self.closed()
        return NOTHING

    def closed(self) -> Consequence:
        """The notice as its attempts now make it: the same whichever was learned first."""
        state, strength, reason = self._verdict()
        return Consequence(
            close_as=state, strength=strength, reason=reason, cancel_planned=state is NoticeState.NOTIFIED
        )

    def _came_back(self) -> Consequence:
        """It did not leave; where a receipt has told meanwhile that its step is done, it must not (P2)."""
        if not self._is_delivered(self.changed.step):
            return NOTHING
        return replace(self._go_on(has_succeeded=True), cancel_planned=True)

    def _settled(self) -> Consequence:
        return self._go_on(has_succeeded=self.step.success is Success.ACCEPTED or self._is_last_step())

    def _unknown(self) -> Consequence:
        if self._later():
            return NOTHING
        if self.plan.on_unknown is OnUnknown.RESEND_ONCE and not self._may_have_told_before():
            return Consequence(next_attempt=NextAttempt(self.changed.step, self.changed.number + 1, 0.0))
        if self.plan.on_unknown is OnUnknown.NEXT_STEP or self.plan.combination is Combination.ALL:
            return self._go_on(has_succeeded=False)
        return self.closed()

    def _failed(self) -> Consequence:
        repeat = self._repeat()
        if repeat is not None and not self._later():
            return Consequence(next_attempt=repeat)
        return self._go_on(has_succeeded=False)

    def _repeat(self) -> NextAttempt | None:
        """The same step once more, by the rule for what went wrong."""
        step, number = self.step, self.changed.number
        if self.trigger not in _PASSING or not self.may_repeat:
            return None
        if step.most_attempts is not None and number >= step.most_attempts:
            return None
        rule = step.retry_rules.get(self.reason or "")
        waits = step.retry_seconds if rule is None else rule.wait_seconds
        turn = number if rule is None else self._times_failed_so()
        if turn > len(waits):
            return None
        wait = max(waits[turn - 1], self.retry_after_seconds or 0.0)
        return NextAttempt(self.changed.step, number + 1, wait, Shift.NONE if rule is None else rule.shift)

    def _times_failed_so(self) -> int:
        """How often this step has failed for the reason that it failed for now; this time counts."""
        earlier = [
            other
            for other in self.attempts
            if (other.step, other.reason) == (self.changed.step, self.reason)
            and other.number < self.changed.number
        ]
        return len(earlier) + 1

    def _go_on(self, *, has_succeeded: bool) -> Consequence:
        if has_succeeded and self.plan.combination is Combination.ANY:
            return self.closed()
        later = self._later()
        # The step is done after all: a repeat of it that has not left must not leave.
        is_repeat_needless = has_succeeded and bool(later) and self._are_planned_repeats(later)
        if later and not is_repeat_needless:
            return NOTHING
        if self._is_last_step():
            return replace(self.closed(), cancel_planned=True)
        following = self._road[self._road.index(self.changed.step) + 1]
        wait = self.plan.steps[following].wait_seconds
        return Consequence(next_attempt=NextAttempt(following, 1, wait), cancel_planned=is_repeat_needless)

    def _verdict(self) -> tuple[NoticeState, str | None, str | None]:
        """The strongest thing that is true: told, perhaps told, cut off, refused, not permitted."""
        told = [self._strength_of(step) for step in range(len(self.plan.steps))]
        is_all = self.plan.combination is Combination.ALL
        if self.plan.lacks_second_channel and all(told):
            return NoticeState.PARTLY_NOTIFIED, None, SECOND_CHANNEL_MISSING
        if all(told) if is_all else any(told):
            # Of several required steps the weakest is what can be proven, of several ways the strongest.
            choose = min if is_all else max
            strength = choose((one for one in told if one is not None), key=Strength.rank)
            return NoticeState.NOTIFIED, strength.value, None
        reason = None if self.changed.state in _TOLD else self.reason
        if any(told):
            return NoticeState.PARTLY_NOTIFIED, None, reason
        return self._not_told({attempt.state for attempt in self.attempts}, reason)

    def _not_told(
        self, states: Set[AttemptState], reason: str | None
    ) -> tuple[NoticeState, str | None, str | None]:
        if states & _MAY_HAVE_TOLD:
            return NoticeState.UNKNOWN, None, reason
        for state, result, cut_off_by in _CUT_OFF:
            if state in states:
                return result, None, reason if self.changed.state is state else cut_off_by
        if states <= {AttemptState.BLOCKED, AttemptState.CANCELLED}:
            return NoticeState.BLOCKED, None, reason
        return NoticeState.FAILED, None, reason

    def _is_delivered(self, step: int) -> bool:
        return any(
            attempt.step == step and attempt.state is AttemptState.DELIVERED for attempt in self.attempts
        )

    def _strength_of(self, step: int) -> Strength | None:
        """How surely the step's attempts told the person; None: not at all, or not as the step demands."""
        states = {attempt.state for attempt in self.attempts if attempt.step == step}
        if AttemptState.DELIVERED in states:
            arrived = [
                Strength.of_delivered(attempt.reason)
                for attempt in self.attempts
                if attempt.step == step and attempt.state is AttemptState.DELIVERED
            ]
            return max(arrived, key=Strength.rank)
        # Where one way is enough, an acceptance counts in the end even if delivery was hoped for.
        is_enough = (
            self.plan.combination is Combination.ANY or self.plan.steps[step].success is Success.ACCEPTED
        )
        return Strength.ACCEPTED if AttemptState.ACCEPTED in states and is_enough else None

    def _is_last_step(self) -> bool:
        return self.changed.step == self._road[-1]

    @property
    def _road(self) -> tuple[int, ...]:
        return self.plan.road(self.first_step)

    def _later(self) -> list[AttemptView]:
        road = self._road
        place = (road.index(self.changed.step), self.changed.number)
        return [other for other in self.attempts if (road.index(other.step), other.number) > place]

    def _are_planned_repeats(self, later: Sequence[AttemptView]) -> bool:
        return all(other.step == self.changed.step for other in later) and any(
            other.state is AttemptState.PLANNED for other in later
        )

    def _may_have_told_before(self) -> bool:
        return any(
            other.step == self.changed.step
            and other.number < self.changed.number
            and other.state in _MAY_HAVE_TOLD
            for other in self.attempts
        )
