"""One clock for all processes, taken from the database and movable in tests and in the sandbox.

The base is the database's time, so that workers on machines whose clocks differ or jump agree about
windows. Between refreshes a process counts on with its monotonic clock: a jump of the local wall clock
changes nothing. A row of `setting` may shift the clock; only tests and the sandbox may write it.
Leases do not use this clock: they live in plain database time (design: section 6).
"""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.errors import ConfigurationError

REFRESH_SECONDS: Final = 1.0

_READ = text(
    """
    SELECT clock_timestamp()
         + make_interval(secs => coalesce((SELECT (value ->> 'seconds')::float8
                                           FROM setting WHERE key = 'clock_shift'), 0))
    """
)
_MOVE = text(
    """
    INSERT INTO setting (key, value, updated_at)
    VALUES ('clock_shift', jsonb_build_object('seconds', CAST(:seconds AS float8)), clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
    """
)


class Clock:
    """The time of the product. Before the first refresh it is the machine's own UTC time."""

    def __init__(self, *, may_move: bool = False) -> None:
        self._lock = threading.Lock()
        self._may_move = may_move
        #: a moment and where the monotonic clock stood then: one pair, so that it is read without the lock
        self._counted = (datetime.now(UTC), time.monotonic())
        self._refreshed = False

    def now(self) -> datetime:
        """The current time, aware, UTC."""
        base, counted_from = self._counted
        return base + timedelta(seconds=time.monotonic() - counted_from)

    def refresh(self, session: Session, *, force: bool = False) -> datetime:
        """Set the clock by the database when the last time was over a second ago; returns `now()`."""
        with self._lock:
            base, counted_from = self._counted
            age = time.monotonic() - counted_from
            if self._refreshed and age < REFRESH_SECONDS and not force:
                return base + timedelta(seconds=age)
        read: datetime = session.execute(_READ).scalar_one().astimezone(UTC)
        with self._lock:
            self._counted, self._refreshed = (read, time.monotonic()), True
            return read

    def move(self, session: Session, shift: timedelta) -> None:
        """Shift the clock of every process against real time; they follow within a second.

        Raises `ConfigurationError` unless the setting `allow_clock_moves` is on: in production a moved
        clock would send outside the window.
        """
        if not self._may_move:
            raise ConfigurationError("the clock may be moved only where allow_clock_moves is set")
        session.execute(_MOVE, {"seconds": shift.total_seconds()})
