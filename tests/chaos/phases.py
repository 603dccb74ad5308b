"""Where the seconds of a round go, so that a slow kind can be told from a starved machine."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby


class Phase(StrEnum):
    """What a round does, in this order."""

    READY = "ready"  #: the product becomes whole again, the strike is prepared, the campaign is made
    BEFORE = "before"  #: until the strike
    STRIKE = "strike"  #: with the product's new start, where all of it was ended
    SENDING = "sending"  #: until nothing is planned or being sent any more
    CLOSING = "closing"  #: what is settled, until the run is closed
    AFTER = "after"  #: what comes late, and whether anything is left running
    VERDICT = "verdict"


@dataclass(slots=True)
class Phases:
    """Seconds by phase; `end` closes the one that runs. A phase may end once in a round, or never."""

    begun: float = field(default_factory=time.monotonic)
    seconds: dict[Phase, float] = field(default_factory=dict)

    def end(self, phase: Phase) -> None:
        """What has passed since the last phase ended belongs to this one."""
        now = time.monotonic()
        self.seconds[phase] = now - self.begun
        self.begun = now

    @property
    def total(self) -> float:
        """All phases that have ended."""
        return sum(self.seconds.values())

    def __str__(self) -> str:
        return " ".join(f"{phase} {self.seconds.get(phase, 0.0):.1f}" for phase in Phase)


def longest_by_kind(rounds: Sequence[tuple[str, Phases]]) -> list[tuple[str, Phases]]:
    """The longest round of each kind, the longest of all first."""
    by_kind = groupby(sorted(rounds, key=lambda one: one[0]), key=lambda one: one[0])
    longest = [max(same, key=lambda one: one[1].total) for _, same in by_kind]
    return sorted(longest, key=lambda one: -one[1].total)
