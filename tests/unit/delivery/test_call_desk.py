"""The desk at which calls are made: one line's call ends while others of its batch still talk."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from channels.port import AttemptReference, Envelope, Outcome, OutcomeKind
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.calls.desk import CallDesk, CallingChannel, ClaimedCalls
from dispatcher.delivery.places import Holding, Places, Share
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.step_plan import StepPlan
from dispatcher.delivery.transitions import Change
from tests.calling_channel import CallingChannel as MadeChannel

PERIOD = date(2026, 11, 1)
SLOW, EARLY = UUID(int=1), UUID(int=2)
FIRST_CLAIM, SECOND_CLAIM = UUID(int=11), UUID(int=12)
TRIGGERS = {OutcomeKind.DELIVERED: Trigger.DELIVER, OutcomeKind.NOT_SENT: Trigger.NOT_SENT}


class Claims:
    """The worker's side of the desk: what it may claim, and what it was told."""

    is_stopping = False

    def __init__(self) -> None:
        self.recorded: list[Change] = []
        self._due: list[ClaimedCalls] = []
        self._changed = threading.Condition()

    def offer(self, token: UUID, numbers: Mapping[UUID, str]) -> None:
        """Something is due: attempts and their numbers."""
        envelopes = {
            attempt: Envelope(AttemptReference(PERIOD, attempt), "k.0", number, "", "", "текст")
            for attempt, number in numbers.items()
        }
        with self._changed:
            self._due.append(ClaimedCalls(token, envelopes, (), {}))

    def claim_calls(self, most: int) -> ClaimedCalls | None:
        with self._changed:
            return self._due.pop(0) if self._due and most >= len(self._due[0].envelopes) else None

    def record_calls(self, changes: Sequence[Change], plans: Mapping[UUID, StepPlan]) -> None:
        with self._changed:
            self.recorded += changes
            self._changed.notify_all()

    def change_of_call(self, outcome: Outcome, envelope: Envelope, token: UUID) -> Change:
        return Change(PERIOD, outcome.attempt.attempt_id, TRIGGERS[outcome.kind], token=token)

    def wait_for(self, count: int) -> list[tuple[UUID, Trigger, UUID | None]]:
        """Wait until so many changes were recorded."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.recorded) >= count, timeout=60), self.recorded
            return [(one.attempt_id, one.trigger, one.token) for one in self.recorded]


class NoLeases:
    """Nobody else claims here."""

    def hold(self, token: UUID, attempts: Sequence[tuple[date, UUID]]) -> None: ...

    def release(self, token: UUID) -> None: ...


@contextmanager
def a_desk(claims: Claims, channel: CallingChannel) -> Iterator[CallDesk]:
    bridge = Bridge()
    desk = CallDesk(
        claims,
        channel,
        bridge=bridge,
        leases=NoLeases(),
        places=Holding(Share(Places(16))),
        most_calls=16,
    )
    try:
        yield desk
    finally:
        desk.close()
        bridge.close()


class TestCallDesk:
    def test_a_batch_that_ends_says_nothing_about_a_later_claim_of_the_same_attempt(self) -> None:
        """One too late to begin is put back and claimed again while its first batch still talks."""
        claims, channel = Claims(), MadeChannel()
        channel.hold()
        channel.answer("+2", OutcomeKind.NOT_SENT)
        channel.answer("+2", OutcomeKind.DELIVERED)
        claims.offer(FIRST_CLAIM, {SLOW: "+1", EARLY: "+2"})
        with a_desk(claims, channel) as desk:
            desk.wake(60)
            channel.wait_for(2)
            channel.hang_up("+2")
            claims.wait_for(1)
            claims.offer(SECOND_CLAIM, {EARLY: "+2"})
            desk.wake(60)
            channel.wait_for(2)
            channel.hang_up("+1")
            claims.wait_for(2)
            channel.hang_up("+2")
            recorded = claims.wait_for(3)
        assert recorded == [
            (EARLY, Trigger.NOT_SENT, FIRST_CLAIM),
            (SLOW, Trigger.DELIVER, FIRST_CLAIM),
            (EARLY, Trigger.DELIVER, SECOND_CLAIM),
        ]

    def test_it_may_be_woken_for_the_first_time_by_many_threads_at_once(self) -> None:
        for _ in range(30):
            with a_desk(Claims(), MadeChannel()) as desk:
                assert _errors_of_waking_at_once(desk, threads=8) == []


def _errors_of_waking_at_once(desk: CallDesk, threads: int) -> list[str]:
    ready, errors = threading.Barrier(threads), list[str]()

    def wake() -> None:
        ready.wait()
        try:
            desk.wake(1)
        except Exception as error:  # noqa: BLE001 - whatever a thread raises is the finding
            errors.append(repr(error))

    waking = [threading.Thread(target=wake) for _ in range(threads)]
    for thread in waking:
        thread.start()
    for thread in waking:
        thread.join()
    return errors
