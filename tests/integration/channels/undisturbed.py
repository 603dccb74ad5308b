"""Sound goes by the clock: what a machine that stood still for a moment made of it says nothing about a call.

Samples come due every 20 ms. A process that is held up for longer loses some of them, at either end, and no
waiting brings them back. So a case that failed while this process was held up is void and played again, as
rounds of the chaos are; one that fails on a machine that kept time has failed.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tests.integration.channels.channel_contract import run

TRIES = 6
LOOK_SECONDS = 0.005
LATE_SECONDS = 0.03  #: more than a frame of sound and half of the next


def run_undisturbed(case: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it to its end; again where it failed and the machine was in its way."""
    for tries_left in reversed(range(TRIES)):
        lateness = Lateness()
        try:
            run(lateness.during(case()))
        except AssertionError:
            if lateness.most < LATE_SECONDS or not tries_left:
                raise
        else:
            return


class Lateness:
    """By how many seconds the loop came too late at worst."""

    def __init__(self) -> None:
        self.most = 0.0

    async def during(self, case: Coroutine[Any, Any, None]) -> None:
        watching = asyncio.create_task(self._watch())
        try:
            await case
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            self.most = max(self.most, loop.time() - due)
