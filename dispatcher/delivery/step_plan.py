"""The step plan: what `campaigns` compiles a scenario into and hands to the delivery engine as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from channels.port import ChannelKind
from dispatcher.delivery.retry_rules import RetryRule

CONSENT: Final = "consent"  #: the basis of what people may refuse to hear at all


class Combination(StrEnum):
    """How the steps belong together."""

    #: the next step only when the one before did not succeed
    ANY = "any"
    #: every step is taken; all must succeed
    ALL = "all"


class OnUnknown(StrEnum):
    """What to do with an attempt of which nobody knows whether it left."""

    #: leave it visible as unknown
    LEAVE = "leave"
    #: go on with the next step
    NEXT_STEP = "next_step"
    #: staff accepted that the person may be told twice: one more attempt, once
    RESEND_ONCE = "resend_once"


class Success(StrEnum):
    """What a step must reach to count as done."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Step:
    """One channel with one pinned template version.

    `retry_seconds` are the waits before attempts 2, 3, … after a passing fault; `settle_seconds` is how
    long a refusal may still come back after acceptance; `wait_seconds` delays the step's first attempt.
    """

    channel: ChannelKind
    template_version_id: UUID
    retry_seconds: tuple[float, ...] = ()
    settle_seconds: float = 3600.0
    wait_seconds: float = 0.0
    success: Success = Success.ACCEPTED
    #: language → version, where the scenario speaks it; others get `template_version_id`
    translations: Mapping[str, UUID] = field(default_factory=dict)
    max_parts: int | None = None  #: of a short message; None: no limit
    #: reason → when it is tried again after it; other reasons go by `retry_seconds`
    retry_rules: Mapping[str, RetryRule] = field(default_factory=dict)
    most_attempts: int | None = None  #: of this step in all, whatever the reasons; None: no limit
    #: the longest that one attempt may take (ringing and talking); the window must last for it
    longest_seconds: float | None = None

    def version_for(self, language: str) -> UUID:
        """The pinned version for a recipient's language."""
        return self.translations.get(language, self.template_version_id)

    def version_ids(self) -> frozenset[UUID]:
        """Every version that may be rendered in this step."""
        return frozenset((self.template_version_id, *self.translations.values()))

    def to_json(self) -> dict[str, Any]:
        """Plain data; a step in one language is written as it always was."""
        values: dict[str, Any] = {
            "channel": self.channel.value,
            "template_version_id": str(self.template_version_id),
            "retry_seconds": list(self.retry_seconds),
            "settle_seconds": self.settle_seconds,
            "wait_seconds": self.wait_seconds,
            "success": self.success.value,
        }
        if self.translations:
            values["translations"] = {name: str(id_) for name, id_ in sorted(self.translations.items())}
        if self.max_parts is not None:
            values["max_parts"] = self.max_parts
        if self.retry_rules:
            values["retry_rules"] = {name: rule.to_json() for name, rule in sorted(self.retry_rules.items())}
        if self.most_attempts is not None:
            values["most_attempts"] = self.most_attempts
        if self.longest_seconds is not None:
            values["longest_seconds"] = self.longest_seconds
        return values


@dataclass(frozen=True, slots=True)
class StepPlan:
    """The steps in order."""

    steps: tuple[Step, ...]
    combination: Combination = Combination.ANY
    on_unknown: OnUnknown = OnUnknown.LEAVE
    unknown_query_seconds: float = 60.0
    #: on what the company's right to speak rests: consent, contract, legal_duty
    basis: str = CONSENT

    @property
    def is_mandatory(self) -> bool:
        """Whether who cannot be told by these steps must be told by hand."""
        return self.basis != CONSENT

    @property
    def lacks_second_channel(self) -> bool:
        """Whether one more way is required than there are channels: the other one is by hand (47)."""
        return self.is_mandatory and self.combination is Combination.ALL and len(self.steps) == 1

    def version_ids(self) -> frozenset[UUID]:
        """Every template version that this plan may render."""
        return frozenset().union(*(step.version_ids() for step in self.steps))

    def road(self, first_step: int = 0) -> tuple[int, ...]:
        """The steps in the order in which a notice takes them that begins with `first_step`."""
        return (first_step, *(step for step in range(len(self.steps)) if step != first_step))

    def step_over(self, channel: str | None) -> int | None:
        """The first step that uses a channel, or None."""
        return next((n for n, step in enumerate(self.steps) if step.channel.value == channel), None)

    def to_json(self) -> dict[str, Any]:
        """Plain data for the run's row."""
        values: dict[str, Any] = {
            "combination": self.combination.value,
            "on_unknown": self.on_unknown.value,
            "unknown_query_seconds": self.unknown_query_seconds,
            "steps": [step.to_json() for step in self.steps],
        }
        # A plan that rests on consent is written as it always was.
        return {**values, "basis": self.basis} if self.is_mandatory else values

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "StepPlan":
        """The plan as it was stored."""
        return cls(
            combination=Combination(data["combination"]),
            on_unknown=OnUnknown(data["on_unknown"]),
            unknown_query_seconds=float(data["unknown_query_seconds"]),
            basis=data.get("basis", CONSENT),
            steps=tuple(
                Step(
                    channel=ChannelKind(step["channel"]),
                    template_version_id=UUID(step["template_version_id"]),
                    retry_seconds=tuple(float(wait) for wait in step["retry_seconds"]),
                    settle_seconds=float(step["settle_seconds"]),
                    wait_seconds=float(step["wait_seconds"]),
                    success=Success(step["success"]),
                    translations={
                        language: UUID(version) for language, version in step.get("translations", {}).items()
                    },
                    max_parts=step.get("max_parts"),
                    retry_rules={
                        name: RetryRule.from_json(rule) for name, rule in step.get("retry_rules", {}).items()
                    },
                    most_attempts=step.get("most_attempts"),
                    longest_seconds=step.get("longest_seconds"),
                )
                for step in data["steps"]
            ),
        )
