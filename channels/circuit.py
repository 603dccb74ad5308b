"""Whether a provider is worth asking now: judged by how its last messages or calls went.

A provider that fails or is slow too often is spared for a while, then one of them tries whether it is back.
Each worker process judges for itself: nothing is shared, and nothing is lost by it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

WINDOW_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Tolerance:
    """When a provider is spared: shares of 0 to 1, times in seconds."""

    fault_share: float
    sample: int
    slow_seconds: float
    spare_seconds: float


class Circuit:
    """The record of one provider. `clock` is monotonic, in seconds."""

    def __init__(self, tolerance: Tolerance, clock: Callable[[], float]) -> None:
        self._tolerance = tolerance
        self._clock = clock
        self._record: deque[tuple[float, bool]] = deque()
        self._spared_until: float | None = None
        self._is_trying = False

    @property
    def is_spared(self) -> bool:
        """Whether `may_try` would say no."""
        return self._spared_until is not None and (self._is_trying or self._clock() < self._spared_until)

    def may_try(self) -> bool:
        """Whether a message may go to it; after the pause one message alone finds out for all."""
        if self.is_spared:
            return False
        self._is_trying = self._spared_until is not None
        return True

    def note(self, *, is_fault: bool, seconds: float) -> None:
        """How a message went: `is_fault` of the provider's own, `seconds` until its answer."""
        went_wrong = is_fault or seconds > self._tolerance.slow_seconds
        if self._is_trying:
            self._is_trying = False
            self._record.clear()
            self._spared_until = self._clock() + self._tolerance.spare_seconds if went_wrong else None
            return
        now = self._clock()
        self._record.append((now, went_wrong))
        while self._record and self._record[0][0] < now - WINDOW_SECONDS:
            self._record.popleft()
        if self._spared_until is None and self._is_too_much():
            self._spared_until = now + self._tolerance.spare_seconds

    def _is_too_much(self) -> bool:
        faults = sum(went_wrong for _, went_wrong in self._record)
        is_known = len(self._record) >= self._tolerance.sample
        return is_known and faults / len(self._record) >= self._tolerance.fault_share
