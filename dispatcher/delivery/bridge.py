"""The one bridge between synchronous workers and asynchronous channels.

Each worker process keeps one event loop in a thread of its own. Channels live on it and hold their
connections across batches; actors hand a batch over and read outcomes in groups as they come.
"""

import asyncio
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from channels.port import Outcome

Result = TypeVar("Result")
_END: Final = object()


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
        outcomes: queue.SimpleQueue[object] = queue.SimpleQueue()

        async def drain() -> None:
            try:
                async for outcome in start():
                    outcomes.put(outcome)
            finally:
                outcomes.put(_END)

        draining = asyncio.run_coroutine_threadsafe(drain(), self._loop)
        is_open = True
        while is_open:
            group, is_open = _next_group(outcomes, size, wait_seconds)
            if group:
                yield group
        draining.result()

    def close(self) -> None:
        """Stop the loop; running coroutines are cancelled."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self._loop.close()


def _next_group(
    outcomes: "queue.SimpleQueue[object]", size: int, wait_seconds: float
) -> tuple[list[Outcome], bool]:
    group: list[Outcome] = []
    until: float | None = None
    while len(group) < size:
        left = None if until is None else max(0.0, until - time.monotonic())
        try:
            item = outcomes.get(timeout=left)
        except queue.Empty:
            return group, True
        if not isinstance(item, Outcome):
            return group, False
        group.append(item)
        until = until or time.monotonic() + wait_seconds
    return group, True
