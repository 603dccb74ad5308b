"""Outcomes of one batch on their way to the one who asked for it.

Replies come one by one over several connections. To wake the reader for each of them, through a task and two
generators, costs more than the outcome; so it is woken for some at a time, or a moment after the first. Once
the batch is over nothing is waited for.
"""

import asyncio
from collections import deque
from typing import Final

from channels.port import Outcome

WAKE_AT: Final = 16  #: outcomes
WAKE_SECONDS: Final = 0.02  #: after the first one that nobody has been woken for


class OutcomeQueue:
    """For one reader, on one event loop."""

    def __init__(self) -> None:
        self._ready: deque[Outcome] = deque()
        self._is_closed = False
        self._reader: asyncio.Future[None] | None = None  # waits
        self._timer: asyncio.TimerHandle | None = None

    def put(self, outcome: Outcome) -> None:
        """Add one."""
        self._ready.append(outcome)
        if self._reader is None:
            return
        if len(self._ready) >= WAKE_AT:
            self._wake()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WAKE_SECONDS, self._wake)

    def close(self) -> None:
        """There will be no more."""
        self._is_closed = True
        self._wake()

    async def get(self) -> Outcome | None:
        """The next outcome; None after the last one. A reader that is cancelled has taken none."""
        if not self._ready and not self._is_closed:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
                self._stop_timer()
        return self._ready.popleft() if self._ready else None

    def _wake(self) -> None:
        self._stop_timer()
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
