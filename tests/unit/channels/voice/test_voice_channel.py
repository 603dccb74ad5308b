"""The channel of calls with a telephone made of a table: one outcome each, and the right one."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.port import Lines, Outcome, OutcomeKind
from channels.voice.reasons import CallReason
from channels.voice.result import AnsweredBy, Signalling
from channels.voice.script import Ask, Counts, KeyAction
from channels.voice.sound import Phrase
from tests.integration.channels.channel_contract import (
    ChannelContract,
    Peer,
    make_envelope,
    run,
    send_all,
    send_one,
)
from tests.unit.channels.voice.made_telephone import (
    FACT,
    SCRIPT,
    SLOW_SECONDS,
    MadeSpeaker,
    MadeTelephone,
    channel_of,
    digest_of,
    hold_with,
)

TOLD, BUSY, WRONG, CODEC, CONGESTED, SLOW = (f"+7916123456{n}" for n in range(6))
ANSWERS: dict[str, Any] = {
    BUSY: Signalling(486, 17, "Busy Here", trunk="main"),
    WRONG: Signalling(404, 1, "Not Found", trunk="main"),
    CODEC: Signalling(488, None, "Not Acceptable Here", trunk="main"),
    CONGESTED: Signalling(503, 34, "Service Unavailable", trunk="main"),
    SLOW: SLOW_SECONDS,
}


def envelope(address: str = TOLD, **changes: Any) -> Any:
    return make_envelope(address, **({"call": SCRIPT, "text": "Ваш долг 1000 руб."} | changes))


async def told(telephone: MadeTelephone | None = None, *, script: Any = SCRIPT, **result: Any) -> Outcome:
    channel = channel_of(telephone or MadeTelephone(), hold=hold_with(**result))
    return await send_one(channel, envelope(call=script))


class TestContract(ChannelContract):
    def start_peer(self) -> AbstractAsyncContextManager[Peer]:
        @asynccontextmanager
        async def peer() -> AsyncIterator[Peer]:
            channel = channel_of(MadeTelephone(ANSWERS))
            try:
                yield Peer(
                    channel=channel,
                    addresses={
                        OutcomeKind.DELIVERED: TOLD,
                        OutcomeKind.TRANSIENT: BUSY,
                        OutcomeKind.PERMANENT: WRONG,
                        OutcomeKind.SENDER_FAULT: CODEC,
                        OutcomeKind.NOT_SENT: CONGESTED,
                    },
                    slow_address=SLOW,
                    taken=OutcomeKind.DELIVERED,
                    changes={"call": SCRIPT},
                )
            finally:
                await channel.close()

        return peer()


class TestOutcome:
    def test_what_the_scenario_counts_as_told_is_delivered(self) -> None:
        async def case() -> None:
            for counts in Counts:
                for reached in Counts:
                    outcome = await told(script=replace(SCRIPT, counts=counts), reached=reached)
                    is_enough = list(Counts).index(reached) >= list(Counts).index(counts)
                    assert (outcome.kind is OutcomeKind.DELIVERED) == is_enough

        run(case())

    def test_the_result_and_who_called_are_kept(self) -> None:
        async def case() -> None:
            outcome = await told()
            assert outcome.provider_id == "main/abc"
            assert outcome.call is not None
            assert outcome.call.reached is Counts.HEARD
            assert outcome.call.signalling.talk_seconds == 1.5

        run(case())

    @pytest.mark.parametrize(
        ("result", "reason"),
        [
            ({"reached": Counts.ANSWERED}, CallReason.NOT_HEARD),
            ({"reached": None, "answered_by": AnsweredBy.MACHINE}, CallReason.MACHINE),
            ({"reached": None, "is_wrong_person": True}, CallReason.WRONG_PERSON),
            ({"reached": Counts.ANSWERED, "wants_no_calls": True}, CallReason.STOP_CALLS),
            ({"reached": None}, CallReason.NOT_HEARD),
        ],
    )
    def test_an_answered_call_that_did_not_tell_says_why(
        self, result: dict[str, Any], reason: CallReason
    ) -> None:
        async def case() -> None:
            outcome = await told(**result)
            assert outcome.reason == reason
            assert outcome.kind is not OutcomeKind.DELIVERED

        run(case())

    def test_heard_but_not_confirmed_says_so(self) -> None:
        async def case() -> None:
            outcome = await told(script=replace(SCRIPT, counts=Counts.CONFIRMED))
            assert outcome.reason == CallReason.NOT_CONFIRMED

        run(case())

    def test_nobody_who_said_who_they_are_was_told(self) -> None:
        question = Ask((Phrase("Это вы?"),), {"1": KeyAction.CONTINUE}, is_identity=True)

        async def case() -> None:
            script = replace(SCRIPT, parts=(question, *SCRIPT.parts))
            assert (await told(script=script, reached=None)).reason == CallReason.NOT_IDENTIFIED

        run(case())

    def test_who_heard_all_and_wants_no_more_calls_was_told(self) -> None:
        async def case() -> None:
            outcome = await told(wants_no_calls=True)
            assert outcome.kind is OutcomeKind.DELIVERED
            assert outcome.call is not None
            assert outcome.call.wants_no_calls

        run(case())

    def test_the_evidence_is_what_was_said_in_words_and_digests(self) -> None:
        async def case() -> None:
            outcome = await told()
            assert outcome.content is not None
            content = json.loads(outcome.content)
            assert content["text"] == "Ваш долг 1000 руб."
            assert content["said"][-1] == {
                "sha256": digest_of(FACT),
                "text": FACT.text,
                "language": "ru",
            }
            assert (content["trunk"], content["caller_id"]) == ("main", "74950000000")

        run(case())

    def test_of_a_call_that_nobody_took_nothing_was_said(self) -> None:
        async def case() -> None:
            outcome = await send_one(channel_of(MadeTelephone(ANSWERS)), envelope(BUSY))
            assert outcome.content is None
            assert (outcome.kind, outcome.reason) == (OutcomeKind.TRANSIENT, CallReason.BUSY)
            assert outcome.reply == "486 Busy Here (Q.850 cause 17)"
            assert outcome.call is not None
            assert outcome.call.signalling.cause == 17

        run(case())

    def test_a_recording_goes_with_the_result(self) -> None:
        async def case() -> None:
            outcome = await told(MadeTelephone(recording=b"RIFF"))
            assert outcome.call is not None
            assert outcome.call.recording == b"RIFF"

        run(case())


class TestNothingIsDialled:
    async def outcome(self, telephone: MadeTelephone, speaker: MadeSpeaker, **changes: Any) -> Outcome:
        outcome = await send_one(channel_of(telephone, speaker=speaker), envelope(**changes))
        assert telephone.requests == []
        assert outcome.call is not None
        return outcome

    def test_when_the_speech_is_not_ready_in_time(self) -> None:
        async def case() -> None:
            soon = time.monotonic() + 0.05
            outcome = await self.outcome(MadeTelephone(), MadeSpeaker(seconds=30), begin_until=soon)
            assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, CallReason.SPEECH_NOT_READY)

        run(case())

    def test_when_a_phrase_gives_no_sound(self) -> None:
        async def case() -> None:
            outcome = await self.outcome(MadeTelephone(), MadeSpeaker(silent=frozenset({FACT.text})))
            assert (outcome.kind, outcome.reason) == (OutcomeKind.PERMANENT, CallReason.NO_SPEECH)

        run(case())

    def test_without_a_script(self) -> None:
        async def case() -> None:
            outcome = await self.outcome(MadeTelephone(), MadeSpeaker(), call=None)
            assert (outcome.kind, outcome.reason) == (OutcomeKind.SENDER_FAULT, CallReason.NO_SCRIPT)

        run(case())

    def test_too_late(self) -> None:
        async def case() -> None:
            late = time.monotonic() - 1
            outcome = await self.outcome(MadeTelephone(), MadeSpeaker(), begin_until=late)
            assert outcome.kind is OutcomeKind.NOT_SENT

        run(case())

    def test_and_the_telephone_is_told_the_last_moment_and_the_attempt(self) -> None:
        async def case() -> None:
            telephone, until = MadeTelephone(), time.monotonic() + 60
            sent = envelope(begin_until=until)
            await send_one(channel_of(telephone), sent)
            (request,) = telephone.requests
            assert request.begin_until == until
            assert request.call_key == f"n202611-{sent.attempt.attempt_id.hex}"

        run(case())


class TestDoubt:
    def test_a_dialogue_that_breaks_leaves_it_in_doubt_and_hangs_up(self) -> None:
        async def case() -> None:
            async def hold(*_: Any) -> Any:
                raise RuntimeError("+79161234567")

            telephone = MadeTelephone()
            outcome = await send_one(channel_of(telephone, hold=hold), envelope())
            assert (outcome.kind, outcome.reason) == (OutcomeKind.UNKNOWN, CallReason.BROKEN_OFF)
            assert telephone.talks[0].is_over

        run(case())


class TestStopping:
    def test_running_calls_may_end_and_are_then_hung_up(self) -> None:
        async def case() -> None:
            telephone = MadeTelephone({TOLD: 600.0})
            channel = channel_of(telephone, finish_seconds=0.1)
            sending = asyncio.create_task(send_all(channel, envelope()))
            while not telephone.talks:
                await asyncio.sleep(0.01)
            channel.stop_starting()
            (outcome,) = await sending
            assert telephone.talks[0].is_over
            assert outcome.kind is OutcomeKind.DELIVERED  # whatever the dialogue made of it by then

        run(case())

    def test_a_call_that_talks_for_too_long_is_ended(self) -> None:
        async def case() -> None:
            telephone = MadeTelephone({TOLD: 600.0})
            await send_one(channel_of(telephone), envelope(call=replace(SCRIPT, most_seconds=0.1)))
            assert telephone.talks[0].is_over

        run(case())

    def test_close_hangs_up_at_once_and_lets_go_of_the_trunks_and_of_who_speaks(self) -> None:
        async def case() -> None:
            telephone, speaker = MadeTelephone({TOLD: 600.0}), MadeSpeaker()
            channel = channel_of(telephone, speaker=speaker)
            sending = asyncio.create_task(send_all(channel, envelope()))
            while not telephone.talks:
                await asyncio.sleep(0.01)
            await channel.close()
            assert len(await sending) == 1
            assert telephone.is_closed
            assert speaker.is_closed

        run(case())


class TestFreeLines:
    def test_what_is_handed_over_takes_a_line_at_once(self) -> None:
        async def case() -> None:
            channel = channel_of(MadeTelephone(lines=5), speaker=MadeSpeaker(seconds=SLOW_SECONDS))
            assert isinstance(channel, Lines)
            assert channel.free_lines() == 5
            sending = asyncio.create_task(send_all(channel, envelope(), envelope()))
            await asyncio.sleep(0.01)
            assert channel.free_lines() == 3
            await sending
            assert channel.free_lines() == 5

        run(case())

    def test_a_call_takes_one_line_and_not_two(self) -> None:
        async def case() -> None:
            telephone = MadeTelephone({TOLD: 600.0}, lines=5)
            channel = channel_of(telephone)
            sending = asyncio.create_task(send_all(channel, envelope(), envelope()))
            while len(telephone.talks) < 2:
                await asyncio.sleep(0.01)
            assert channel.free_lines() == 3
            await channel.close()
            await sending

        run(case())

    def test_none_are_free_once_it_stops(self) -> None:
        async def case() -> None:
            channel = channel_of(MadeTelephone())
            channel.stop_starting()
            assert channel.free_lines() == 0

        run(case())


class TestHours:
    RING = 35.0

    def dial(self, seconds_left: float) -> tuple[Outcome, MadeTelephone]:
        """One call of 0.1 s a phrase: 1.05 s as reckoned, and the ringing."""
        telephone = MadeTelephone()
        trunk = {
            "name": "main",
            "host": "sip.example",
            "caller_ids": [{"number": "74950000000"}],
            "ring_seconds": self.RING,
        }
        channel = channel_of(telephone, trunks=[trunk])
        closing = datetime.now(UTC) + timedelta(seconds=seconds_left)
        found = asyncio.run(send_one(channel, envelope(deliver_until=closing)))
        return found, telephone

    @pytest.mark.requirement(10, "no call outside the window including its expected length")
    def test_no_call_is_dialled_that_would_outlast_the_hours(self) -> None:
        outcome, telephone = self.dial(self.RING + 0.9)
        assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, CallReason.WINDOW_TOO_SHORT)
        assert telephone.requests == []

    def test_a_short_one_is_dialled_until_shortly_before(self) -> None:
        outcome, telephone = self.dial(self.RING + 30.0)
        assert outcome.kind is OutcomeKind.DELIVERED
        [request] = telephone.requests
        assert request.begin_until is not None
        assert request.begin_until < time.monotonic() + 30.0

    def test_its_length_goes_back_with_what_came_of_it(self) -> None:
        for seconds_left in (0.0, 3600.0):
            outcome, _ = self.dial(seconds_left)
            assert outcome.call is not None
            assert outcome.call.expected_seconds == pytest.approx(self.RING + 1.05)
