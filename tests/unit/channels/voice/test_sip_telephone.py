"""Which trunk takes a call, who stands in for it, and that nothing is dialled that must not be."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import pytest

from channels.voice.errors import NotDialledError
from channels.voice.reasons import CallReason
from channels.voice.result import Signalling
from channels.voice.sip.call import SipCall
from channels.voice.sip.telephone import SipTelephone
from channels.voice.telephone import CallRequest
from dispatcher.core.voice_settings import TrunkSettings
from tests.unit.channels.voice.made_stack import ANSWER, NOTHING, RING, MadeStack, trunk_of, voice_of

NUMBER = "+79161234567"
CONGESTED = "503 Service Unavailable,Q.850;cause=34"
UNREACHABLE = NotDialledError("no route", CallReason.TRUNK_UNREACHABLE)
SOON = 0.05


def run(case: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await case

    asyncio.run(bounded())


def request(number: str = NUMBER, **changes: Any) -> CallRequest:
    return CallRequest(**({"number": number, "call_key": "n202611-0", "ring_seconds": SOON} | changes))


def telephone(stack: MadeStack, *trunks: TrunkSettings, **changes: Any) -> SipTelephone:
    return SipTelephone(voice_of(*(trunks or (trunk_of(),)), **changes), stack)


async def answered(telephone: SipTelephone, number: str = NUMBER, **changes: Any) -> SipCall:
    call = await telephone.call(request(number, **changes))
    assert isinstance(call, SipCall)
    return call


async def refused(telephone: SipTelephone, number: str = NUMBER, **changes: Any) -> Signalling:
    answer = await telephone.call(request(number, **changes))
    assert isinstance(answer, Signalling)
    return answer


class TestCall:
    def test_an_answered_call_says_how_it_came_about(self) -> None:
        async def case() -> None:
            call = await answered(telephone(MadeStack()))
            said = call.signalling()
            assert (said.status, said.trunk, said.caller_id) == (200, "main", "74950000000")
            assert said.call_id == "call-1"
            assert not call.is_over
            await call.hang_up()
            assert call.is_over
            assert not call.signalling().ended_by_them

        run(case())

    def test_the_attempt_is_named_to_the_operator_and_the_caller_where_it_is_wanted(self) -> None:
        async def case() -> None:
            stack = MadeStack()
            await answered(telephone(stack, trunk_of(username="login", caller_id_in="asserted")))
            assert stack.headers == [
                {"X-Attempt": "n202611-0", "P-Asserted-Identity": "<sip:74950000000@127.0.0.1>"}
            ]

        run(case())

    def test_ringing_that_nobody_answers_is_cancelled(self) -> None:
        async def case() -> None:
            stack = MadeStack({"main": RING})
            said = await refused(telephone(stack))
            assert said.status == 487
            assert said.ring_seconds > 0
            assert stack.calls[0].is_hung_up

        run(case())

    def test_silence_is_told_from_ringing(self) -> None:
        async def case() -> None:
            said = await refused(telephone(MadeStack({"main": NOTHING})))
            assert (said.status, said.ring_seconds) == (0, 0.0)

        run(case())

    def test_a_key_is_given_once_and_cuts_off_what_is_said(self) -> None:
        async def case() -> None:
            stack = MadeStack()
            call = await answered(telephone(stack))
            stack.calls[0].press("1")
            assert await call.key(1.0) == "1"
            assert await call.key(0.0) is None

        run(case())

    def test_whoever_waits_for_a_key_hears_of_the_hang_up(self) -> None:
        async def case() -> None:
            stack = MadeStack()
            call = await answered(telephone(stack))
            waiting = asyncio.create_task(call.key(60.0))
            await asyncio.sleep(0)
            await stack.calls[0].hangup()
            assert await waiting is None
            assert await call.listen(60.0) is None
            assert call.signalling().ended_by_them

        run(case())


class TestFailOver:
    TRUNKS = (trunk_of(name="first"), trunk_of(name="second"))

    @pytest.mark.parametrize(
        "fault", [CONGESTED, "500 Oops", "407 Proxy", UNREACHABLE, "Connection refused [111]"]
    )
    def test_another_trunk_takes_the_call_when_the_first_one_fails(self, fault: Any) -> None:
        async def case() -> None:
            call = await answered(telephone(MadeStack({"first": fault}), *self.TRUNKS))
            assert call.signalling().trunk == "second"

        run(case())

    @pytest.mark.parametrize("answer", ["486 Busy Here", "404 Not Found", "603 Decline", "488 No", RING])
    def test_an_answer_about_the_person_is_final(self, answer: str) -> None:
        async def case() -> None:
            stack = MadeStack({"first": answer})
            await refused(telephone(stack, *self.TRUNKS))
            assert [trunk for trunk, _ in stack.dialled] == ["first"]

        run(case())

    def test_the_last_answer_is_told_when_all_fail(self) -> None:
        async def case() -> None:
            stack = MadeStack({"first": CONGESTED, "second": "500 Oops"})
            assert (await refused(telephone(stack, *self.TRUNKS))).status == 500

        run(case())

    def test_an_answer_is_worth_more_than_a_call_that_never_left(self) -> None:
        async def case() -> None:
            stack = MadeStack({"first": CONGESTED, "second": UNREACHABLE})
            assert (await refused(telephone(stack, *self.TRUNKS))).status == 503

        run(case())

    def test_what_left_nowhere_was_not_dialled(self) -> None:
        async def case() -> None:
            stack = MadeStack({"first": UNREACHABLE, "second": UNREACHABLE})
            with pytest.raises(NotDialledError) as raised:
                await telephone(stack, *self.TRUNKS).call(request())
            assert raised.value.reason is CallReason.TRUNK_UNREACHABLE

        run(case())

    def test_a_trunk_that_fails_is_spared_and_tried_again(self) -> None:
        async def case() -> None:
            now = [1000.0]
            stack = MadeStack({"first": CONGESTED})
            voice = voice_of(*self.TRUNKS, fault_sample=2, spare_seconds=60)
            phone = SipTelephone(voice, stack, clock=lambda: now[0])
            for _ in range(4):
                await (await answered(phone)).hang_up()
            tried = [trunk for trunk, _ in stack.dialled]
            assert tried == ["first", "second", "first", "second", "second", "second"]
            stack.answers = {}
            now[0] += 61
            assert (await answered(phone)).signalling().trunk == "first"

        run(case())

    def test_with_all_trunks_spared_nothing_is_dialled(self) -> None:
        async def case() -> None:
            stack = MadeStack({"main": CONGESTED})
            phone = telephone(stack, fault_sample=1)
            await refused(phone)
            assert phone.free_lines() == 0
            with pytest.raises(NotDialledError) as raised:
                await phone.call(request())
            assert raised.value.reason is CallReason.NO_TRUNK
            assert len(stack.dialled) == 1

        run(case())

    def test_weights_share_the_calls(self) -> None:
        async def case() -> None:
            stack = MadeStack()
            phone = telephone(stack, trunk_of(name="big", weight=9), trunk_of(name="small", weight=1))
            for _ in range(200):
                await (await answered(phone)).hang_up()
            big = sum(trunk == "big" for trunk, _ in stack.dialled)
            assert 150 < big < 200

        run(case())

    def test_a_number_that_no_trunk_takes_is_not_dialled(self) -> None:
        async def case() -> None:
            with pytest.raises(NotDialledError) as raised:
                await telephone(MadeStack(), trunk_of(prefixes=["+380"])).call(request())
            assert raised.value.reason is CallReason.NO_TRUNK

        run(case())


class TestLines:
    def test_a_call_holds_its_line_until_it_is_over(self) -> None:
        async def case() -> None:
            phone = telephone(MadeStack(), trunk_of(lines=2))
            call = await answered(phone)
            assert phone.free_lines() == 1
            await call.hang_up()
            assert phone.free_lines() == 2

        run(case())

    @pytest.mark.parametrize("answer", ["486 Busy Here", CONGESTED, RING, UNREACHABLE])
    def test_a_call_that_nobody_took_gives_its_line_back(self, answer: Any) -> None:
        async def case() -> None:
            phone = telephone(MadeStack({"main": answer}), trunk_of(lines=2))
            try:
                await phone.call(request())
            except NotDialledError:
                assert answer is UNREACHABLE
            assert phone.trunks.all[0].busy_lines == 0

        run(case())

    def test_a_cancelled_call_is_hung_up_and_gives_its_line_back(self) -> None:
        async def case() -> None:
            stack = MadeStack({"main": RING})
            phone = telephone(stack, trunk_of(lines=2))
            calling = asyncio.create_task(phone.call(request(ring_seconds=60)))
            while not stack.calls:
                await asyncio.sleep(0.01)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            assert stack.calls[0].is_hung_up
            assert phone.free_lines() == 2

        run(case())

    def test_without_a_free_line_the_next_trunk_takes_it(self) -> None:
        async def case() -> None:
            phone = telephone(MadeStack(), trunk_of(name="first", lines=1), trunk_of(name="second"))
            assert (await answered(phone)).signalling().trunk == "first"
            assert (await answered(phone)).signalling().trunk == "second"

        run(case())

    def test_whoever_waits_for_a_line_takes_the_first_that_is_free(self) -> None:
        async def case() -> None:
            phone = telephone(MadeStack(), trunk_of(lines=1))
            call = await answered(phone)
            waiting = asyncio.create_task(answered(phone))
            await asyncio.sleep(0.01)
            assert not waiting.done()
            await call.hang_up()
            assert (await waiting).signalling().status == 200

        run(case())

    def test_a_process_bears_only_so_many_calls(self) -> None:
        async def case() -> None:
            phone = telephone(MadeStack(), trunk_of(lines=50), lines_per_process=2)
            assert phone.free_lines() == 2
            await answered(phone)
            await answered(phone)
            assert phone.free_lines() == 0

        run(case())

    def test_lines_of_all_processes_are_asked_for_and_given_back(self) -> None:
        async def case() -> None:
            gate = CountingGate(lines=1)
            phone = SipTelephone(voice_of(trunk_of()), MadeStack(), gate=gate)
            call = await answered(phone)
            with pytest.raises(NotDialledError):
                await phone.call(request(begin_until=time.monotonic() + SOON))
            assert phone.free_lines() == 0  # others have the rest: nobody need claim for them now
            await call.hang_up()
            await answered(phone)
            assert gate.most == 1

        run(case())

    def test_calls_are_dialled_no_quicker_than_the_trunk_allows(self) -> None:
        async def case() -> None:
            now = [1000.0]
            phone = SipTelephone(voice_of(trunk_of(calls_per_second=4)), MadeStack(), clock=lambda: now[0])
            turns = [phone.trunks.all[0].turn_in_seconds() for _ in range(5)]
            assert turns == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])

        run(case())


class CountingGate:
    def __init__(self, lines: int) -> None:
        self._lines = lines
        self.taken = self.most = 0

    async def take_line(self, trunk: TrunkSettings, call_key: str) -> bool:
        if self.taken >= self._lines:
            return False
        self.taken += 1
        self.most = max(self.most, self.taken)
        return True

    async def give_back(self, trunk: TrunkSettings, call_key: str) -> None:
        self.taken -= 1

    async def close(self) -> None: ...


class TestNothingIsDialled:
    def test_after_the_time_to_begin(self) -> None:
        async def case() -> None:
            stack = MadeStack()
            with pytest.raises(NotDialledError) as raised:
                await telephone(stack).call(request(begin_until=time.monotonic() - 1))
            assert raised.value.reason is CallReason.NOT_BEGUN_IN_TIME
            assert stack.dialled == []

        run(case())

    def test_when_the_turn_comes_too_late(self) -> None:
        async def case() -> None:
            stack = MadeStack()
            phone = telephone(stack, trunk_of(calls_per_second=2))
            await answered(phone)
            with pytest.raises(NotDialledError):
                await phone.call(request(begin_until=time.monotonic() + SOON))
            assert len(stack.dialled) == 1
            assert phone.trunks.all[0].busy_lines == 1

        run(case())

    def test_after_stop_starting_nor_by_those_who_wait(self) -> None:
        async def case() -> None:
            stack = MadeStack()
            phone = telephone(stack, trunk_of(lines=1))
            running = await answered(phone)
            with pytest.raises(NotDialledError):
                await phone.call(request(is_wanted=lambda: False))
            waiting = asyncio.create_task(phone.call(request()))
            await asyncio.sleep(0.01)
            phone.stop_starting()
            with pytest.raises(NotDialledError) as raised:
                await waiting
            assert raised.value.reason is CallReason.STOPPED
            assert phone.free_lines() == 0
            assert not running.is_over

        run(case())

    def test_by_a_dead_stack(self) -> None:
        async def case() -> None:
            stack = MadeStack({"main": NotDialledError("dead", CallReason.ENGINE_GONE)})
            stack.is_dead = True
            phone = telephone(stack)
            assert phone.free_lines() == 0
            assert not (await phone.healthy()).ok
            with pytest.raises(NotDialledError) as raised:
                await phone.call(request())
            assert raised.value.reason is CallReason.ENGINE_GONE

        run(case())


class TestClose:
    def test_it_hangs_up_and_ends_the_stack(self) -> None:
        async def case() -> None:
            stack = MadeStack({"main": ANSWER})
            phone = telephone(stack)
            call = await answered(phone)
            await phone.close()
            assert call.is_over
            assert stack.is_closed

        run(case())
