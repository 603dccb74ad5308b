"""One call of `send`, for channels that make one request for each envelope: exactly one outcome for each.

A few workers share the envelopes. A caller that goes away gets every outcome all the same: what was begun
ends, what was not is `NOT_SENT`, and the cancellation comes after the last.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final

import structlog

from channels.port import Envelope, Outcome, OutcomeKind

log = structlog.get_logger(__name__)

#: How long an attempt whose caller went away may take to end.
GRACE_SECONDS: Final = 60.0


class Batch:
    """`in_doubt` says what to say of an envelope of which a bug leaves nothing known."""

    def __init__(
        self,
        envelopes: Sequence[Envelope],
        send_one: Callable[[Envelope], Awaitable[Outcome]],
        is_stopped: Callable[[], bool],
        in_doubt: Callable[[Envelope], Outcome],
    ) -> None:
        self._waiting = deque(envelopes)
        self._send_one = send_one
        self._must_stop = is_stopped
        self._in_doubt = in_doubt
        self._is_stopped = False
        self._outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self._overseer: asyncio.Task[None] | None = None

    async def outcomes(self, workers: int) -> AsyncGenerator[Outcome]:
        """Begin, and yield every outcome as it comes."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(min(workers, len(self._waiting)))]
        self._overseer = asyncio.create_task(self._oversee())
        was_cancelled = False
        try:
            while True:
                try:
                    outcome = await self._outcomes.get()
                except asyncio.CancelledError:
                    if was_cancelled:
                        self._abort()
                    was_cancelled = True
                    self._is_stopped = True
                    continue
                if outcome is None:
                    break
                yield outcome
        finally:
            await self.finish()
        if was_cancelled:
            raise asyncio.CancelledError

    async def finish(self) -> None:
        """Begin nothing more, and let what runs end; after the grace it is broken off."""
        self._is_stopped = True
        if self._overseer is None:
            return
        try:
            await asyncio.wait({self._overseer}, timeout=GRACE_SECONDS)
        finally:
            if not self._overseer.done():
                self._abort()
                await asyncio.wait({self._overseer})

    def _abort(self) -> None:
        self._is_stopped = True
        for worker in self._workers:
            worker.cancel()

    async def _oversee(self) -> None:
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._outcomes.put_nowait(None)

    async def _work(self) -> None:
        while self._waiting:
            envelope = self._waiting.popleft()
            if self._is_stopped or self._must_stop():
                outcome = Outcome(envelope.attempt, OutcomeKind.NOT_SENT, "stopped")
            elif envelope.begin_until is not None and time.monotonic() > envelope.begin_until:
                outcome = Outcome(envelope.attempt, OutcomeKind.NOT_SENT, "not_begun_in_time")
            else:
                outcome = await self._try(envelope)
            self._outcomes.put_nowait(outcome)

    async def _try(self, envelope: Envelope) -> Outcome:
        try:
            return await self._send_one(envelope)
        except Exception as error:  # noqa: BLE001 - a bug must not cost the envelope its outcome
            # The type only: the words of an exception may hold a number.
            log.error("channel.send_failed", error=type(error).__name__)  # noqa: TRY400
            return self._in_doubt(envelope)
