"""Calls through SMSC against the sandbox's look-alike: one attempt, its outcome, and what it cannot do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.port import Lines, OutcomeKind
from channels.sandbox.smsc_server import SandboxSmscServer
from channels.voice.reasons import CallReason
from channels.voice.result import AnsweredBy
from channels.voice.script import Ask, CallScript, Collect, Counts, KeyAction, Say
from channels.voice.smsc_calls import NEEDS_KEYS, SmscCalls, text_of
from channels.voice.sound import Phrase
from dispatcher.core.voice_settings import SmscCallSettings
from tests.integration.channels.channel_contract import (
    PATIENCE_SECONDS,
    SILENCE_SECONDS,
    ChannelContract,
    Peer,
    make_envelope,
    run,
    send_all,
    send_one,
)
from tests.integration.channels.test_sms_channel import ACCEPTED, PATIENT, account_at, running

SCRIPT = CallScript(
    (
        Say((Phrase("Здравствуйте, это автоматическое сообщение Энергосбыта."),)),
        Say((Phrase("Завтра с девяти до двенадцати света не будет."),), is_fact=True),
        Ask((Phrase("Если услышали, нажмите один."),), {"1": KeyAction.CONFIRM}),
    ),
    counts=Counts.HEARD,
    goodbye=(Phrase("До свидания."),),
)
IS_IT_YOU = Ask((Phrase("Это вы?"),), {"1": KeyAction.CONTINUE}, is_identity=True)
KINDS = {
    OutcomeKind.DELIVERED: ACCEPTED,
    OutcomeKind.TRANSIENT: "+79996370001",
    OutcomeKind.PERMANENT: "+79991070001",
    OutcomeKind.SENDER_FAULT: "+79991060001",
    OutcomeKind.NOT_SENT: "+79991030001",
    OutcomeKind.THROTTLED: "+79991090001",
    OutcomeKind.UNKNOWN: "+79993020001",
}
QUICK: dict[str, Any] = {"account": "smsc", "poll_seconds": 0.05, "talk_seconds": 5.0, "ring_seconds": 10}


@asynccontextmanager
async def calling(
    server: SandboxSmscServer, *, timeout_seconds: float = PATIENCE_SECONDS, **changes: Any
) -> AsyncIterator[SmscCalls]:
    settings = SmscCallSettings(**QUICK).model_copy(update=changes)
    channel = SmscCalls(account_at(server, timeout_seconds=timeout_seconds), settings)
    try:
        yield channel
    finally:
        await channel.close()


class TestSmscCallContract(ChannelContract):
    def start_peer(self) -> AbstractAsyncContextManager[Peer]:
        return self._peer(PATIENCE_SECONDS)

    def start_peer_of_every_kind(self) -> AbstractAsyncContextManager[Peer]:
        return self._peer(SILENCE_SECONDS)

    @asynccontextmanager
    async def _peer(self, timeout_seconds: float) -> AsyncIterator[Peer]:
        async with running(PATIENT) as server, calling(server, timeout_seconds=timeout_seconds) as channel:
            yield Peer(
                channel=channel,
                addresses=KINDS,
                slow_address="+79993140001",
                taken=OutcomeKind.DELIVERED,
                changes={"call": SCRIPT},
            )


class TestOutcomes:
    def test_the_provider_is_told_to_dial_once_and_reads_out_all_that_is_said(self) -> None:
        async def case() -> None:
            async with running() as server, calling(server, ring_seconds=30) as channel:
                outcome = await send_one(channel, make_envelope(ACCEPTED, call=SCRIPT))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.DELIVERED, "")
                (message,) = server.account.messages.values()
                assert message.call == "30,10,1"
                assert message.text == text_of(SCRIPT)
                assert "нажмите" not in message.text
                assert message.text.endswith("До свидания.")
                assert outcome.call is not None
                assert (outcome.call.answered_by, outcome.call.reached) == (
                    AnsweredBy.UNSURE,
                    Counts.ANSWERED,
                )
                assert outcome.price is not None

        run(case())

    @pytest.mark.parametrize(
        ("fate", "kind", "reason"),
        [
            ("637", OutcomeKind.TRANSIENT, CallReason.NO_ANSWER),
            ("640", OutcomeKind.TRANSIENT, CallReason.BUSY),
            ("641", OutcomeKind.PERMANENT, CallReason.NO_SPEECH),
            ("642", OutcomeKind.TRANSIENT, CallReason.MACHINE),
            ("401", OutcomeKind.PERMANENT, CallReason.WRONG_NUMBER),
            ("643", OutcomeKind.SENDER_FAULT, "smsc_20_243"),
            ("655", OutcomeKind.PERMANENT, "smsc_20_255"),
            ("315", OutcomeKind.UNKNOWN, "smsc_20_245"),
        ],
    )
    def test_each_status_of_a_call_is_one_of_our_reasons(
        self, fate: str, kind: OutcomeKind, reason: str
    ) -> None:
        async def case() -> None:
            async with running() as server, calling(server) as channel:
                outcome = await send_one(channel, make_envelope(f"+7999{fate}0001", call=SCRIPT))
                assert (outcome.kind, outcome.reason) == (kind, reason)
                assert len(server.account.messages) == 1

        run(case())

    def test_a_call_whose_report_does_not_come_in_time_is_accepted_and_reported_later(self) -> None:
        async def case() -> None:
            quickly = {"ring_seconds": 0, "talk_seconds": 0.2}
            async with running() as server, calling(server, **quickly) as channel:
                outcome = await send_one(channel, make_envelope("+79993050001", call=SCRIPT))
                assert outcome.kind is OutcomeKind.ACCEPTED

        run(case())


class TestRefused:
    """What cannot be kept over SMSC is refused before anything is dialled."""

    @pytest.mark.parametrize(
        "script",
        [
            CallScript(
                (Ask((Phrase("Это вы?"),), {"1": KeyAction.CONTINUE}, is_identity=True), *SCRIPT.parts)
            ),
            CallScript((Collect("reading", (), (), ()),), counts=Counts.ANSWERED),
            CallScript(SCRIPT.parts, counts=Counts.CONFIRMED),
            CallScript((Say((Phrase("", recording="ab"),)),), counts=Counts.ANSWERED),
        ],
    )
    def test_a_script_that_needs_keys_a_recording_or_proof_of_hearing(self, script: CallScript) -> None:
        async def case() -> None:
            async with running() as server, calling(server) as channel:
                outcome = await send_one(channel, make_envelope(ACCEPTED, call=script))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.SENDER_FAULT, NEEDS_KEYS)
                assert server.requests == 0

        run(case())

    def test_no_script_and_no_time_left_in_the_window(self) -> None:
        async def case() -> None:
            async with running() as server, calling(server) as channel:
                ends = datetime.now(UTC) + timedelta(minutes=30)
                outcomes = await send_all(
                    channel,
                    make_envelope(ACCEPTED),
                    make_envelope(ACCEPTED, call=SCRIPT, deliver_until=ends),
                )
                assert {one.reason for one in outcomes} == {"no_script", "sms_window_too_short"}
                assert server.requests == 0

        run(case())


class TestLines:
    def test_a_line_is_taken_for_as_long_as_its_call_lasts(self) -> None:
        async def case() -> None:
            async with running() as server, calling(server, lines=3) as channel:
                assert isinstance(channel, Lines)
                calls = [make_envelope(f"+7900000000{n}", call=SCRIPT) for n in range(2)]
                sending = asyncio.create_task(send_all(channel, *calls))
                await asyncio.sleep(0.01)
                assert channel.free_lines() == 1
                await sending
                assert channel.free_lines() == 3
                channel.stop_starting()
                assert channel.free_lines() == 0

        run(case())
