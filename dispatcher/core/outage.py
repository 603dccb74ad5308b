"""How often it is said that something is away: at once, then ever less often.

Whoever waits for PostgreSQL looks twice a second. A line for each look would fill the disk in a night, as
that of a worker whose database is gone for good; a single line would be forgotten by the morning.
"""

import time
from collections.abc import Callable
from typing import Final

import structlog

log = structlog.get_logger()

FIRST_SECONDS: Final = 1.0  #: from the first line to the second; each distance is twice the one before
LONGEST_SECONDS: Final = 60.0


class Outage:
    """One thing that may be away, for one thread. `name`: of the events, `<name>_away` and `<name>_back`."""

    def __init__(self, name: str, *, now: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._now = now
        self._began_at: float | None = None
        self._say_at = 0.0
        self._distance = FIRST_SECONDS

    def note(self) -> None:
        """It is away, again or still; says so when it is time."""
        now = self._now()
        if self._began_at is None:
            self._began_at = self._say_at = now
            self._distance = FIRST_SECONDS
        if now < self._say_at:
            return
        log.warning(f"{self._name}_away", seconds=round(now - self._began_at, 1))
        self._say_at = now + self._distance
        self._distance = min(LONGEST_SECONDS, self._distance * 2)

    def end(self) -> None:
        """It answers; says so when it was away."""
        if self._began_at is not None:
            log.info(f"{self._name}_back", seconds=round(self._now() - self._began_at, 1))
            self._began_at = None
