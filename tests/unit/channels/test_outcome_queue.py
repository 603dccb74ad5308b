"""Outcomes reach their reader: several at a time, all of them, whatever happens to the reader."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date

import pytest

from channels.email.outcome_queue import WAKE_AT, OutcomeQueue
from channels.port import AttemptReference, Outcome, OutcomeKind
from dispatcher.core.ids import new_id


def outcome() -> Outcome:
    return Outcome(AttemptReference(date(2026, 11, 1), new_id()), OutcomeKind.ACCEPTED)


def on_a_loop(work: Callable[[OutcomeQueue], Awaitable[None]]) -> None:
    async def run() -> None:
        await work(OutcomeQueue())

    asyncio.run(run())


class TestOutcomeQueue:
    def test_a_waiting_reader_gets_them_all_in_their_order(self) -> None:
        async def work(queue: OutcomeQueue) -> None:
            given = [outcome() for _ in range(WAKE_AT + 3)]

            async def read() -> list[Outcome]:
                return [one async for one in _all_of(queue)]

            reading = asyncio.create_task(read())
            await asyncio.sleep(0)
            for one in given:
                queue.put(one)
                await asyncio.sleep(0)
            queue.close()
            assert await reading == given
            assert await queue.get() is None

        on_a_loop(work)

    def test_a_single_one_is_not_kept_until_others_come(self) -> None:
        async def work(queue: OutcomeQueue) -> None:
            reading = asyncio.create_task(queue.get())
            await asyncio.sleep(0)
            only = outcome()
            queue.put(only)
            assert await reading is only  # nothing else comes, and nobody closes it

        on_a_loop(work)

    def test_a_cancelled_reader_has_taken_none(self) -> None:
        async def work(queue: OutcomeQueue) -> None:
            reading = asyncio.create_task(queue.get())
            await asyncio.sleep(0)
            only = outcome()
            queue.put(only)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            assert await queue.get() is only

        on_a_loop(work)


async def _all_of(queue: OutcomeQueue) -> AsyncIterator[Outcome]:
    while (one := await queue.get()) is not None:
        yield one
