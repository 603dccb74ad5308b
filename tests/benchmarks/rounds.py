"""One measured round, and what several of them say together."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Round:
    """What one entry did in one round. `problems` make it red: its figures do not count then."""

    messages: int
    seconds: float
    cpu: Mapping[str, float] = field(default_factory=dict)  #: seconds by process
    worker_peak_mb: float | None = None
    received: int = 0  #: by the sink
    recorded: int | None = None  #: results in the database; None: nothing is recorded there
    problems: Sequence[str] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.messages / self.seconds

    @property
    def cpu_s_per_1000(self) -> float:
        """Processor seconds per thousand messages, over all processes but the sink."""
        return sum(self.cpu.values()) * 1000 / self.messages

    def to_json(self) -> dict[str, Any]:
        """Everything, for the report."""
        return {
            "messages": self.messages,
            "seconds": round(self.seconds, 3),
            "rate": round(self.rate, 1),
            "cpu_s_per_1000": round(self.cpu_s_per_1000, 4),
            "cpu_s": dict(self.cpu),
            "worker_peak_mb": self.worker_peak_mb,
            "received": self.received,
            "recorded": self.recorded,
            "problems": list(self.problems),
            **self.details,
        }


def miscounts(*, wanted: int, received: int, recorded: int | None = None) -> list[str]:
    """What the counts say against a round: all three must be one number."""
    problems = []
    if received != wanted:
        problems.append(f"the sink took {received} messages of {wanted}")
    if recorded is not None and recorded != wanted:
        problems.append(f"{recorded} results are recorded of {wanted}")
    return problems


def figure(values: Sequence[float], digits: int = 1) -> dict[str, Any]:
    """Median, every round, and the spread: the distance of the extremes as a share of the median."""
    median = statistics.median(values)
    spread = (max(values) - min(values)) / median if median else 0.0
    return {
        "median": round(median, digits),
        "rounds": [round(value, digits) for value in values],
        "spread": round(spread, 3),
    }
