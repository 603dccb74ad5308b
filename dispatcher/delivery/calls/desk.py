"""The desk at which a process makes the calls of one lane: as many at once as lines are free.

A call lasts minutes, so a group cannot be waited for as a group of letters is: a line that is free again
takes the next call while the others still talk. The desk is a thread of its own; a wake-up only tells it that
there may be work, and no thread of the broker is held while people talk.

The order is the same as everywhere (promise P3): claim, commit, call, record. What was asked for by a key is
done in the transaction that records it.
"""

import queue
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol, runtime_checkable
from uuid import UUID

import structlog

from channels.port import Channel, Envelope, Lines, Outcome
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.places import Holding
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.step_plan import StepPlan
from dispatcher.delivery.transitions import Change

log = structlog.get_logger()

GATHER_SECONDS: Final = 0.2  #: outcomes that come so close together are recorded together
LOOK_SECONDS: Final = 1.0  #: between two looks for due attempts while lines are free
HAND_OVER_SECONDS: Final = 10.0  #: for the channel to take a batch in; it only notes it

Plans = Mapping[UUID, StepPlan]


@runtime_checkable
class CallingChannel(Channel, Lines, Protocol):
    """A channel of calls."""


@dataclass(frozen=True, slots=True)
class ClaimedCalls:
    """What one claim took. `refused` could not be rendered; `envelopes` are to be called now."""

    token: UUID
    envelopes: Mapping[UUID, Envelope]
    refused: Sequence[Change]
    plans: Plans


class Engine(Protocol):
    """What the desk needs of the worker that it belongs to."""

    @property
    def is_stopping(self) -> bool:
        """Whether nothing more may be claimed."""
        ...

    def claim_calls(self, most: int) -> ClaimedCalls | None:
        """Claim and commit at most so many; None: nothing is due, or nothing may be sent."""
        ...

    def record_calls(self, changes: Sequence[Change], plans: Plans) -> None:
        """Record what came of calls and do what was asked for in them, in one commit."""
        ...

    def note_length(self, run: UUID, seconds: float) -> None:
        """How long a call of the run was reckoned to take, once its phrases were spoken."""
        ...

    def change_of_call(self, outcome: Outcome, envelope: Envelope, token: UUID) -> Change:
        """The change that an outcome asks for."""
        ...


@dataclass(frozen=True, slots=True)
class _Talking:
    """A call that was handed over and has no outcome yet."""

    envelope: Envelope
    token: UUID
    plans: Plans


@dataclass(frozen=True, slots=True)
class _BatchEnded:
    """No more outcomes will come of these.

    An attempt that was put back may talk again meanwhile by a later claim, whose outcome is still to come.
    """

    calls: frozenset[tuple[UUID, UUID]]  #: attempt and the token of its claim


class Leases(Protocol):
    """Renews what is held, as `LeaseKeeper` does."""

    def hold(self, token: UUID, attempts: Sequence[tuple[date, UUID]]) -> None:
        """Renew these attempts' leases from now on."""
        ...

    def release(self, token: UUID) -> None:
        """Renew them no more."""
        ...


class CallDesk:
    """See the module. `wake` and `close` on any thread; the rest on the desk's own."""

    def __init__(
        self,
        engine: Engine,
        channel: CallingChannel,
        *,
        bridge: Bridge,
        leases: Leases,
        places: Holding,
        most_calls: int,
    ) -> None:
        self._engine = engine
        self._channel = channel
        self._bridge = bridge
        self._leases = leases
        self._places = places
        self._most_calls = most_calls
        self._talking: dict[UUID, _Talking] = {}
        self._arrived: queue.SimpleQueue[Outcome | _BatchEnded | None] = queue.SimpleQueue()
        self._until = float("-inf")
        self._look_at = float("-inf")
        self._claimed = 0
        self._is_closed = threading.Event()
        self._wakes = 0  #: that the desk has not looked for yet
        self._wakes_lock = threading.Lock()
        self._is_idle = threading.Event()
        self._is_idle.set()
        self._is_started = False
        self._thread = threading.Thread(target=self._run, name="calls", daemon=True)

    def wake(self, seconds: float) -> int:
        """There may be work: look for it now, and for so long; returns how many were claimed since."""
        self._until = time.monotonic() + seconds
        with self._wakes_lock:
            self._wakes += 1
            self._is_idle.clear()
        self._arrived.put(None)
        self._start_once()
        claimed, self._claimed = self._claimed, 0
        return claimed

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until nobody talks, all is recorded and nothing is due; false when the time was not enough."""
        return self._is_idle.wait(seconds)

    def close(self) -> None:
        """End the thread; what is still being said is nobody's any more."""
        self._is_closed.set()
        self._arrived.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _start_once(self) -> None:
        """Start the thread on the first waking; several workers may wake the desk at the same moment."""
        with self._wakes_lock:
            if not self._is_started and not self._is_closed.is_set():
                self._is_started = True
                self._thread.start()

    # -- the thread --------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_closed.is_set():
            try:
                self._turn()
            except Exception:
                # Leases of what was not recorded run out by themselves: unknown, never a second call.
                log.exception("calls.turn_failed")
                self._is_closed.wait(LOOK_SECONDS)

    def _turn(self) -> None:
        """Take what has come in, record it, and begin as many calls as there is room for."""
        was_woken, outcomes, ended = self._take()
        if was_woken:
            self._look_at = float("-inf")
        self._record(outcomes, ended)
        room = self._room()
        if room > 0 and time.monotonic() >= self._look_at:
            self._begin(room)
        self._places.keep(len(self._talking))
        is_looking = self._wanted() > 0 and time.monotonic() >= self._look_at
        with self._wakes_lock:
            if not (self._talking or is_looking or self._wakes) and self._arrived.empty():
                self._is_idle.set()

    def _take(self) -> tuple[bool, list[Outcome], list[_BatchEnded]]:
        outcomes: list[Outcome] = []
        ended: list[_BatchEnded] = []
        was_woken = False
        until = time.monotonic() + self._patience()
        while (left := until - time.monotonic()) > 0 or not self._arrived.empty():
            try:
                one = self._arrived.get(timeout=max(left, 0.001))
            except queue.Empty:
                break
            if one is None:
                was_woken, until = True, min(until, time.monotonic())
                with self._wakes_lock:
                    self._wakes = max(0, self._wakes - 1)
            elif isinstance(one, _BatchEnded):
                ended.append(one)
            else:
                outcomes.append(one)
                until = min(until, time.monotonic() + GATHER_SECONDS)
        return was_woken, outcomes, ended

    def _patience(self) -> float:
        """How long to wait for something to happen."""
        if self._engine.is_stopping or time.monotonic() >= self._until:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, max(GATHER_SECONDS, self._look_at - time.monotonic()))

    def _record(self, outcomes: Iterable[Outcome], ended: Iterable[_BatchEnded]) -> None:
        done: list[tuple[_Talking, Change]] = []
        for outcome in outcomes:
            talking = self._talking.pop(outcome.attempt.attempt_id, None)
            if talking is not None:
                change = self._engine.change_of_call(outcome, talking.envelope, talking.token)
                done.append((talking, change))
                if outcome.call is not None and outcome.call.expected_seconds:
                    for run in talking.plans:  # one: a claim takes of one run
                        self._engine.note_length(run, outcome.call.expected_seconds)
        for batch in ended:
            lost = [self._talking.pop(one) for one, token in batch.calls if self._is_talking(one, token)]
            done += [(one, _without_outcome(one)) for one in lost]
        if done:
            plans = {run: plan for talking, _ in done for run, plan in talking.plans.items()}
            self._engine.record_calls([change for _, change in done], plans)
            self._renew_the_rest({talking.token for talking, _ in done})

    def _is_talking(self, attempt: UUID, token: UUID) -> bool:
        talking = self._talking.get(attempt)
        return talking is not None and talking.token == token

    def _wanted(self) -> int:
        """How many more calls there are lines for."""
        if self._engine.is_stopping or self._is_closed.is_set() or time.monotonic() >= self._until:
            return 0
        return max(0, min(self._channel.free_lines(), self._most_calls - len(self._talking)))

    def _room(self) -> int:
        """How many calls may be begun now; their places are held until the end of the turn."""
        wanted, talking = self._wanted(), len(self._talking)
        return self._places.widen(talking + wanted, least=talking) - talking

    def _begin(self, room: int) -> None:
        self._is_idle.clear()
        claimed = self._engine.claim_calls(room)
        if claimed is None:
            self._look_at = time.monotonic() + LOOK_SECONDS
            return
        self._claimed += len(claimed.envelopes) + len(claimed.refused)
        for attempt, envelope in claimed.envelopes.items():
            self._talking[attempt] = _Talking(envelope, claimed.token, claimed.plans)
        if claimed.refused:
            self._engine.record_calls(claimed.refused, claimed.plans)
        self._renew_the_rest({claimed.token})
        if claimed.envelopes:
            self._hand_over(list(claimed.envelopes.values()), claimed.token)

    def _hand_over(self, envelopes: list[Envelope], token: UUID) -> None:
        calls = frozenset((one.attempt.attempt_id, token) for one in envelopes)

        async def call() -> None:
            try:
                async for outcome in self._channel.send(envelopes):
                    self._arrived.put(outcome)
            except Exception:
                log.exception("calls.channel_failed")
            finally:
                self._arrived.put(_BatchEnded(calls))

        async def taken() -> None:
            """Runs behind the first step of `call`, in which the channel counts what it was handed."""

        self._bridge.start(call())
        self._bridge.run(taken(), HAND_OVER_SECONDS)

    def _renew_the_rest(self, tokens: Collection[UUID]) -> None:
        """Renew the leases of those who still talk, and of nobody else."""
        keys: dict[UUID, list[tuple[date, UUID]]] = {token: [] for token in tokens}
        for attempt, talking in self._talking.items():
            if talking.token in keys:
                keys[talking.token].append((talking.envelope.attempt.period, attempt))
        for token, held in keys.items():
            if held:
                self._leases.hold(token, held)
            else:
                self._leases.release(token)


def _without_outcome(talking: _Talking) -> Change:
    attempt = talking.envelope.attempt
    return Change(attempt.period, attempt.attempt_id, Trigger.LOSE, "no_outcome", token=talking.token)
