"""Where the claims of a run have come to among its due attempts.

An attempt that is claimed leaves a dead entry at the front of the index of what is due, until PostgreSQL
clears it away. A claim that begins at the front steps over all of them, a thousand for each of ours in a
big run; one that begins behind the last attempt it saw steps over none.

A position is a hint in the memory of a worker. Attempts before it, which were busy or have come back, are
seen by the next look from the front: after `SECONDS`, or as soon as fewer are due behind it than are wanted.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

SECONDS: Final = 5.0
KEPT: Final = 1_000  #: positions, of as many runs and channels


@dataclass(frozen=True, slots=True)
class Position:
    """Behind this attempt, in the order of what is due."""

    due_at: datetime
    attempt_id: UUID


FRONT: Final = Position(datetime.min.replace(tzinfo=UTC), UUID(int=0))


class DuePositions:
    """Of one worker process. Threads may share it: at worst one of them looks from the front."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._positions: dict[tuple[UUID, str], tuple[Position, float]] = {}

    def get(self, run: UUID, channel: str) -> Position | None:
        """Where to go on; None: from the front."""
        position, until = self._positions.get((run, channel), (None, 0.0))
        return position if self._clock() < until else None

    def advance(self, run: UUID, channel: str, position: Position) -> None:
        """So far a claim has come."""
        _, until = self._positions.get((run, channel), (None, 0.0))
        if self._clock() >= until:
            until = self._clock() + SECONDS
            if len(self._positions) >= KEPT:
                self._positions.clear()
        self._positions[run, channel] = (position, until)

    def forget(self, run: UUID, channel: str) -> None:
        """The next claim looks from the front."""
        self._positions.pop((run, channel), None)
