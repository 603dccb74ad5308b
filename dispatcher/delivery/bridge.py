"""The one bridge between synchronous workers and asynchronous channels.

Each worker process keeps one event loop in a thread of its own. Channels live on it and hold their
connections across batches; actors hand a batch over and read outcomes in groups as they come.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from channels.port import Outcome

Result = TypeVar("Result")


class Bridge:
    """An event loop in a thread. `close` ends it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="channels", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, Result]) -> "Future[Result]":
        """Start one coroutine on the loop; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, Result], timeout_seconds: float | None = None) -> Result:
        """Run one coroutine on the loop and wait for it; raises what it raises, or `TimeoutError`."""
        return self.start(work).result(timeout_seconds)

    def groups(
        self, start: Callable[[], AsyncIterator[Outcome]], *, size: int, wait_seconds: float
    ) -> Iterator[list[Outcome]]:
        """Yield outcomes in groups: full at `size`, or whatever came within `wait_seconds` of the first.

        Raises what the channel raised, after the outcomes that came before it.
        """
        groups: queue.SimpleQueue[list[Outcome] | None] = queue.SimpleQueue()

        async def drain() -> None:
            gathering = _Gathering(groups.put, size, wait_seconds)
            try:
                async for outcome in start():
                    gathering.add(outcome)
            finally:
                gathering.hand_over()
                groups.put(None)

        draining = asyncio.run_coroutine_threadsafe(drain(), self._loop)
        while (group := groups.get()) is not None:
            yield group
        draining.result()

    def close(self) -> None:
        """Stop the loop; running coroutines are cancelled."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self._loop.close()


class _Gathering:
    """Gathers outcomes on the loop: waking the other thread for each would cost more than the message."""

    def __init__(self, hand: Callable[[list[Outcome]], object], size: int, wait_seconds: float) -> None:
        self._hand = hand
        self._size = size
        self._wait_seconds = wait_seconds
        self._group: list[Outcome] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, outcome: Outcome) -> None:
        self._group.append(outcome)
        if len(self._group) >= self._size:
            self.hand_over()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._wait_seconds, self.hand_over)

    def hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._group:
            self._hand(self._group)
            self._group = []
