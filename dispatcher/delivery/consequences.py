"""What follows for the notice once one of its attempts has changed. A pure function: no database, no clock.

Every attempt ends in exactly one of: wait for something (a receipt, a settle time), plan another attempt
(a retry or the next step), or close the notice. That is why nobody can be lost (promise P1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dispatcher.delivery.states import AttemptState, NoticeState, Trigger
from dispatcher.delivery.step_plan import Combination, OnUnknown, Step, StepPlan, Success


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt of the notice as it stands after the change."""

    step: int
    number: int
    state: AttemptState


class StepResult(StrEnum):
    """How a step ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NextAttempt:
    """An attempt to plan: step, number within the step, and the wait before it in seconds."""

    step: int
    number: int
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Consequence:
    """What to do with the notice. `close_as` closes an open notice or amends a closed one."""

    close_as: NoticeState | None = None
    strength: str | None = None
    reason: str | None = None
    next_attempt: NextAttempt | None = None
    step_succeeded: bool = False


NOTHING = Consequence()
_PASSING = frozenset({Trigger.DEFER, Trigger.SENDER_FAULT, Trigger.NOT_SENT, Trigger.THROTTLE})
_NEVER_LEFT = {
    AttemptState.BLOCKED: NoticeState.BLOCKED,
    AttemptState.EXPIRED: NoticeState.EXPIRED,
    AttemptState.STOPPED: NoticeState.STOPPED,
}


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
    steps_succeeded: int,
    attempts: Sequence[AttemptView],
    reason: str | None = None,
    retry_after_seconds: float | None = None,
) -> Consequence:
    """What follows from `changed` (its state after the trigger) for its notice.

    `attempts` are all attempts of the notice, `changed` among them. A notice that is already closed is
    never opened again; it can only be amended by what was learned late.
    """
    case = _Case(plan, changed, trigger, notice, steps_succeeded, attempts, reason, retry_after_seconds)
    if notice is not NoticeState.OPEN:
        return case.amended()
    return case.followed()


@dataclass(frozen=True, slots=True)
class _Case:
    plan: StepPlan
    changed: AttemptView
    trigger: Trigger
    notice: NoticeState
    steps_succeeded: int
    attempts: Sequence[AttemptView]
    reason: str | None
    retry_after_seconds: float | None

    @property
    def step(self) -> Step:
        return self.plan.steps[self.changed.step]

    def followed(self) -> Consequence:
        state = self.changed.state
        if state is AttemptState.DELIVERED:
            return self._go_on(StepResult.SUCCEEDED, strength="delivered")
        if self.trigger is Trigger.SETTLE:
            return self._settled()
        if state is AttemptState.FAILED:
            return self._failed()
        if state is AttemptState.BLOCKED:
            return self._go_on(StepResult.FAILED)
        if state in _NEVER_LEFT:
            return self._close_unsuccessful()
        return NOTHING

    def amended(self) -> Consequence:
        """Late knowledge about a closed notice: a delivery is always good news, a bounce may undo it."""
        if self.changed.state is AttemptState.DELIVERED:
            return Consequence(close_as=NoticeState.NOTIFIED, strength="delivered")
        if self.notice is NoticeState.UNKNOWN and self.changed.state is AttemptState.ACCEPTED:
            return Consequence(close_as=NoticeState.NOTIFIED, strength="accepted")
        nobody_told = not any(
            attempt.state in {AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.UNKNOWN}
            for attempt in self.attempts
        )
        if self.changed.state is AttemptState.FAILED and nobody_told:
            return Consequence(close_as=NoticeState.FAILED, reason=self.reason)
        return NOTHING

    def _settled(self) -> Consequence:
        if self.changed.state is AttemptState.UNKNOWN:
            return self._unknown()
        if self.step.success is Success.ACCEPTED or self._is_last_step():
            return self._go_on(StepResult.SUCCEEDED, strength="accepted")
        return self._go_on(StepResult.FAILED)

    def _unknown(self) -> Consequence:
        may_repeat = not self._was_unknown_before() and not self._has_later_attempt()
        if self.plan.on_unknown is OnUnknown.RESEND_ONCE and may_repeat:
            return Consequence(next_attempt=NextAttempt(self.changed.step, self.changed.number + 1, 0.0))
        if self.plan.on_unknown is OnUnknown.NEXT_STEP and not self._is_last_step():
            return self._go_on(StepResult.FAILED)
        if self.plan.combination is Combination.ALL:
            return self._go_on(StepResult.FAILED)
        return Consequence(close_as=NoticeState.UNKNOWN, reason=self.reason)

    def _failed(self) -> Consequence:
        if self._has_later_attempt():
            return NOTHING
        retries = self.step.retry_seconds
        if self.trigger in _PASSING and self.changed.number <= len(retries):
            wait = max(retries[self.changed.number - 1], self.retry_after_seconds or 0.0)
            return Consequence(next_attempt=NextAttempt(self.changed.step, self.changed.number + 1, wait))
        return self._go_on(StepResult.FAILED)

    def _go_on(self, result: StepResult, strength: str | None = None) -> Consequence:
        succeeded = result is StepResult.SUCCEEDED
        wants_next = self.plan.combination is Combination.ALL or not succeeded
        if self._has_later_attempt() and wants_next:
            return Consequence(step_succeeded=succeeded)
        if wants_next and not self._is_last_step():
            following = self.changed.step + 1
            wait = self.plan.steps[following].wait_seconds
            return Consequence(next_attempt=NextAttempt(following, 1, wait), step_succeeded=succeeded)
        if self.plan.combination is Combination.ALL:
            return self._close_all_steps(succeeded, strength)
        if succeeded:
            return Consequence(close_as=NoticeState.NOTIFIED, strength=strength, step_succeeded=True)
        return self._close_unsuccessful()

    def _close_all_steps(self, succeeded: bool, strength: str | None) -> Consequence:
        done = self.steps_succeeded + (1 if succeeded else 0)
        if done == len(self.plan.steps):
            # The weakest of several is what can be proven; only "accepted" is sure for each.
            weakest = strength if len(self.plan.steps) == 1 else "accepted"
            return Consequence(close_as=NoticeState.NOTIFIED, strength=weakest, step_succeeded=succeeded)
        if done:
            return Consequence(close_as=NoticeState.PARTLY_NOTIFIED, step_succeeded=succeeded)
        return self._close_unsuccessful()

    def _close_unsuccessful(self) -> Consequence:
        """The strongest thing that is true: perhaps told, then cut off, then refused, then not permitted."""
        states = {attempt.state for attempt in self.attempts}
        if AttemptState.UNKNOWN in states:
            return Consequence(close_as=NoticeState.UNKNOWN, reason=self.reason)
        if self.plan.combination is Combination.ALL and self.steps_succeeded:
            return Consequence(close_as=NoticeState.PARTLY_NOTIFIED, reason=self.reason)
        cut_off = self.changed.state in {AttemptState.EXPIRED, AttemptState.STOPPED}
        if cut_off or states <= {AttemptState.BLOCKED}:
            return Consequence(close_as=_NEVER_LEFT[self.changed.state], reason=self.reason)
        return Consequence(close_as=NoticeState.FAILED, reason=self.reason)

    def _is_last_step(self) -> bool:
        return self.changed.step == len(self.plan.steps) - 1

    def _has_later_attempt(self) -> bool:
        place = (self.changed.step, self.changed.number)
        return any((other.step, other.number) > place for other in self.attempts)

    def _was_unknown_before(self) -> bool:
        return any(
            other.step == self.changed.step
            and other.number < self.changed.number
            and other.state is AttemptState.UNKNOWN
            for other in self.attempts
        )
