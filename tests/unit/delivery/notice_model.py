"""One notice lived through without a database: what `transitions` does with rows, done with plain objects."""

from dataclasses import dataclass, field

from dispatcher.delivery.consequences import AttemptView, consequence, review_seconds
from dispatcher.delivery.states import LEFT, OUT, AttemptState, NoticeState, Trigger, may_become, next_state
from dispatcher.delivery.step_plan import StepPlan

#: What the locked function never asks the consequences about.
UNTOUCHED = frozenset({Trigger.CLAIM, Trigger.HOLD, Trigger.ACCEPT, Trigger.LOSE, Trigger.CANCEL})
CUT_OFF = frozenset({Trigger.EXPIRE, Trigger.STOP})
MAY_HAVE_TOLD = OUT | LEFT
NOBODY_ASKS = frozenset({Trigger.CANCEL, *CUT_OFF})


@dataclass
class LivedAttempt:
    """An attempt; `is_reviewed_later` means that a timer will look at it again."""

    step: int
    number: int
    state: AttemptState = AttemptState.PLANNED
    is_reviewed_later: bool = False

    @property
    def is_live(self) -> bool:
        return self.state in {AttemptState.PLANNED, AttemptState.SENDING} or self.is_reviewed_later

    @property
    def view(self) -> AttemptView:
        return AttemptView(self.step, self.number, self.state)


@dataclass
class LivedNotice:
    """A notice with its attempts."""

    plan: StepPlan
    state: NoticeState = NoticeState.OPEN
    strength: str | None = None
    first_step: int = 0
    attempts: list[LivedAttempt] = field(default_factory=list)
    closed: int = 0
    repeats: set[tuple[int, int]] = field(default_factory=set)

    @property
    def doubtful_repeats(self) -> int:
        """How many attempts were begun though an earlier one of the step may have told."""
        return len(self.repeats)

    def __post_init__(self) -> None:
        self.attempts = self.attempts or [LivedAttempt(self.first_step, 1)]

    def possible(self, attempt: LivedAttempt) -> list[Trigger]:
        """What may happen to this attempt from outside."""
        found = [
            trigger
            for trigger in Trigger
            if trigger not in NOBODY_ASKS and next_state(attempt.state, trigger) is not None
        ]
        return [one for one in found if one is not Trigger.SETTLE or attempt.is_reviewed_later]

    def happen(self, attempt: LivedAttempt, trigger: Trigger) -> None:
        """Let it happen, with all that follows."""
        before, state = attempt.state, next_state(attempt.state, trigger)
        if state is None:
            return
        if trigger is Trigger.CLAIM and any(
            other.step == attempt.step and other.number < attempt.number and other.state in MAY_HAVE_TOLD
            for other in self.attempts
        ):
            self.repeats.add((attempt.step, attempt.number))
        attempt.state = state
        waits = None if trigger is Trigger.SETTLE else review_seconds(self.plan, attempt.step, state)
        attempt.is_reviewed_later = waits is not None
        if trigger in UNTOUCHED and before is not AttemptState.UNKNOWN:
            return
        result = consequence(
            self.plan,
            attempt.view,
            trigger,
            notice=self.state,
            attempts=[one.view for one in self.attempts],
            first_step=self.first_step,
        )
        if result.cancel_planned:
            self._cancel_planned()
        if result.next_attempt is not None:
            self.attempts.append(LivedAttempt(result.next_attempt.step, result.next_attempt.number))
        if result.close_as is not None and may_become(self.state, result.close_as):
            self.closed += self.state is NoticeState.OPEN
            self.state, self.strength = result.close_as, result.strength

    def _cancel_planned(self) -> None:
        for attempt in self.attempts:
            if attempt.state is AttemptState.PLANNED:
                attempt.state = AttemptState.CANCELLED

    def cut_off(self, trigger: Trigger) -> None:
        """The window ends, or staff stop the run."""
        for attempt in list(self.attempts):
            self.happen(attempt, trigger)

    def run_out(self, ending: Trigger = Trigger.EXPIRE) -> None:
        """Nothing more is sent; what is out is answered by its timers."""
        for _ in range(100):
            live = [one for one in self.attempts if one.is_live]
            if not live:
                return
            for attempt in live:
                if attempt.state is AttemptState.PLANNED:
                    self.happen(attempt, ending)
                elif attempt.state is AttemptState.SENDING:
                    self.happen(attempt, Trigger.LOSE)
                else:
                    self.happen(attempt, Trigger.SETTLE)
        raise AssertionError("it never ends")
