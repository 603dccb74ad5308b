"""An error within a call: in doubt, and nobody is called a second time because nobody knows."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from channels.port import Envelope, Outcome, OutcomeKind
from channels.voice.channel import VoiceChannel
from channels.voice.outcomes import not_dialled
from channels.voice.reasons import CallReason
from dispatcher.core.voice_settings import VoiceSettings
from tests.engine import Engine
from tests.integration.delivery.test_calls import Desk, start
from tests.unit.channels.voice.made_telephone import MadeSpeaker, MadeTelephone

PEOPLE = 2


class BrokenInTheCall(VoiceChannel):
    """The real channel; the dialogue breaks once the person has answered."""

    def __init__(self, telephone: MadeTelephone) -> None:
        super().__init__(VoiceSettings(), telephone, MadeSpeaker(), hold=_break)


class TakesErrorsForNotSent(BrokenInTheCall):
    """The rule switched off: an error counts as if nobody had been called."""

    async def _send_one(self, envelope: Envelope, *arguments: Any) -> Outcome:
        outcome = await super()._send_one(envelope, *arguments)
        is_lost = outcome.kind is OutcomeKind.UNKNOWN
        return not_dialled(envelope, CallReason.NO_LINE) if is_lost else outcome


class BreaksAsAWhole(BrokenInTheCall):
    """The channel itself breaks behind the calls and yields no outcome."""

    async def send(self, batch: Sequence[Envelope]) -> Any:
        async for _ in super().send(batch):
            raise RuntimeError("the channel is broken")
            yield  # what makes it a generator


async def _break(*_: Any) -> Any:
    raise RuntimeError("the dialogue is broken")


def call_for_two_days(engine: Engine, channel_type: type[BrokenInTheCall]) -> tuple[Counter[str], Any]:
    """How often each number was dialled, whatever the scheduler and the worker made of the errors."""
    telephone = MadeTelephone()
    desk = Desk(engine, channel_type(telephone))  # type: ignore[arg-type]  # another channel of calls
    try:
        run = start(engine, PEOPLE)
        for hours in (0.1, 2, 23):
            desk.work()
            engine.advance(hours=hours)
        desk.work()
    finally:
        desk.close()
    return Counter(request.number for request in telephone.requests), run


class TestErrorInACall:
    @pytest.mark.parametrize("channel_type", [BrokenInTheCall, BreaksAsAWhole])
    def test_it_is_unknown_and_never_a_second_call(
        self, engine: Engine, channel_type: type[BrokenInTheCall]
    ) -> None:
        dialled, run = call_for_two_days(engine, channel_type)
        assert set(dialled.values()) == {1}
        assert engine.states(run) == {"unknown": PEOPLE}
        assert engine.finish(run) == {"unknown": PEOPLE}

    def test_the_same_days_show_a_build_that_calls_again(self, engine: Engine) -> None:
        dialled, _ = call_for_two_days(engine, TakesErrorsForNotSent)
        assert min(dialled.values()) > 1
