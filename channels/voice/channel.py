"""The channel of calls: an envelope with a call script in, what came of the call out.

Everything is made audible first: whoever takes the call must not wait for a speech engine, and a phrase that
yields no sound must cost no call. Then the call is dialled, the dialogue is held, and what was reached of it
is held against what the scenario counts as told.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog

from channels.port import (
    ChannelKind,
    Envelope,
    Health,
    Outcome,
    Question,
    Receipt,
)
from channels.sms.reference import message_name
from channels.voice.dialogue import expected_seconds, needed_phrases, run_dialogue
from channels.voice.errors import NotDialledError, SpeechError
from channels.voice.outcomes import not_dialled, of_result, of_signalling
from channels.voice.reasons import CallReason
from channels.voice.result import CallResult, Signalling
from channels.voice.script import CallScript
from channels.voice.sound import Phrase, Speaker, Spoken
from channels.voice.telephone import Call, CallRequest, Recorded, Telephone
from dispatcher.core.voice_settings import VoiceSettings

log = structlog.get_logger(__name__)

Sounds = Mapping[Phrase, Spoken]
#: Every phrase that a call may have to say.
NeededPhrases = Callable[[CallScript], Sequence[Phrase]]
#: Holds the dialogue of one answered call; the call is over when it returns.
Dialogue = Callable[[Call, CallScript, Sounds], Awaitable[CallResult]]
#: How long a call whose caller went away may take to end.
GRACE_SECONDS: Final = 5.0


def utc_now() -> datetime:
    """The machine's time; the composition root passes the product's clock instead."""
    return datetime.now(UTC)


class VoiceChannel:
    """Calls over one telephone. Lives on one event loop; `free_lines` and `stop_starting` on every thread."""

    kind = ChannelKind.VOICE

    def __init__(
        self,
        settings: VoiceSettings,
        telephone: Telephone,
        speaker: Speaker,
        *,
        needed: NeededPhrases = needed_phrases,
        hold: Dialogue | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings = settings
        self._telephone = telephone
        self._speaker = speaker
        self._needed = needed
        self._hold = hold or partial(run_dialogue, detection=settings.detection)
        self._now = now
        self._ring_seconds = max((one.ring_seconds for one in settings.trunks), default=0.0)
        self._is_stopped = False
        self._finish_at = float("inf")
        self._calls: set[asyncio.Task[Outcome]] = set()  #: envelopes without an outcome

    async def send(self, batch: Sequence[Envelope]) -> AsyncIterator[Outcome]:
        """See the port. A cancelled caller still gets every outcome, and the cancellation after the last."""
        is_cancelled = asyncio.Event()
        waiting = {asyncio.create_task(self._send_one(envelope, is_cancelled)) for envelope in batch}
        was_cancelled = False
        for task in waiting:
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)
        try:
            while waiting:
                try:
                    done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                except asyncio.CancelledError:
                    if was_cancelled:
                        _cancel(waiting)
                    was_cancelled = True
                    is_cancelled.set()
                    continue
                for task in done:
                    yield task.result()
        finally:
            is_cancelled.set()
            await _finish(waiting)
        if was_cancelled:
            raise asyncio.CancelledError

    async def query(self, questions: Sequence[Question]) -> Sequence[Receipt]:  # noqa: ARG002 - the port
        """See the port: a trunk cannot be asked what became of a call."""
        return ()

    async def healthy(self) -> Health:
        """Well when one trunk at least answers; the problem names those that do not."""
        return await self._telephone.healthy()

    def free_lines(self) -> int:
        """See `Lines`: what was handed over and is not dialled yet will want a line as well."""
        if self._is_stopped:
            return 0
        waiting = max(0, len(self._calls) - self._telephone.busy_lines())
        return max(0, self._telephone.free_lines() - waiting)

    def stop_starting(self) -> None:
        """See the port. Running calls may go on for `voice.finish_seconds`, then they are hung up."""
        if not self._is_stopped:
            self._finish_at = time.monotonic() + self._settings.finish_seconds
        self._is_stopped = True
        self._telephone.stop_starting()

    async def close(self) -> None:
        """Hang up, let every envelope have its outcome, let go of the trunks and of who speaks."""
        self.stop_starting()
        self._finish_at = time.monotonic()
        if self._calls:
            await asyncio.wait(self._calls, timeout=GRACE_SECONDS)
        await self._telephone.close()
        await self._speaker.close()

    # -- one envelope ---------------------------------------------------------

    async def _send_one(self, envelope: Envelope, is_cancelled: asyncio.Event) -> Outcome:
        """Exactly one outcome, whatever happens."""
        try:
            return await self._call(envelope, is_cancelled)
        except NotDialledError as error:
            return not_dialled(envelope, error.reason)
        except SpeechError:
            log.warning("voice.no_speech", attempt_id=str(envelope.attempt.attempt_id))
            return not_dialled(envelope, CallReason.NO_SPEECH)
        except asyncio.CancelledError:
            return self._at(not_dialled(envelope, CallReason.BROKEN_OFF))
        except Exception as error:  # noqa: BLE001 - a bug must not cost the envelope its outcome
            # The type only: the words of an exception may hold a number.
            log.error("voice.call_failed", error=type(error).__name__)  # noqa: TRY400
            return self._at(not_dialled(envelope, CallReason.BROKEN_OFF))

    async def _call(self, envelope: Envelope, is_cancelled: asyncio.Event) -> Outcome:
        script = envelope.call
        if script is None:
            return not_dialled(envelope, CallReason.NO_SCRIPT)
        sounds = await self._speak(envelope, script)
        expected = self._ring_seconds + expected_seconds(script, sounds)
        outcome = await self._dial(envelope, script, sounds, is_cancelled, expected)
        if outcome.call is None:
            return outcome
        return replace(outcome, call=replace(outcome.call, expected_seconds=expected))

    async def _dial(
        self,
        envelope: Envelope,
        script: CallScript,
        sounds: Sounds,
        is_cancelled: asyncio.Event,
        expected: float,
    ) -> Outcome:
        self._check_may_begin(envelope, is_cancelled)
        begin_until = self._begin_until(envelope, expected)
        if begin_until is not None and time.monotonic() > begin_until:
            return not_dialled(envelope, CallReason.WINDOW_TOO_SHORT)
        request = CallRequest(
            envelope.address,
            message_name(envelope.attempt),
            begin_until=begin_until,
            is_wanted=lambda: not is_cancelled.is_set(),
        )
        answer = await self._telephone.call(request)
        if isinstance(answer, Signalling):
            return self._at(of_signalling(envelope, answer))
        result = await self._talk(answer, script, sounds)
        return self._at(of_result(envelope, script, result, sounds))

    async def _speak(self, envelope: Envelope, script: CallScript) -> Sounds:
        """All phrases made audible, before it is too late to begin."""
        phrases = tuple(self._needed(script))
        try:
            async with asyncio.timeout(_seconds_left(envelope)):
                spoken = await self._speaker.speak(phrases)
        except TimeoutError as error:
            raise NotDialledError("the speech engine took too long", CallReason.SPEECH_NOT_READY) from error
        return dict(zip(phrases, spoken, strict=True))

    async def _talk(self, call: Call, script: CallScript, sounds: Sounds) -> CallResult:
        ending = asyncio.create_task(self._end_in_time(call, script))
        try:
            result = await self._hold(call, script, sounds)
        finally:
            ending.cancel()
            await call.hang_up()
        recording = call.recording() if isinstance(call, Recorded) else None
        # Once it is over its signalling says how it ended; the dialogue may have looked a little earlier.
        return replace(result, signalling=call.signalling(), recording=recording)

    async def _end_in_time(self, call: Call, script: CallScript) -> None:
        """End a call that talks for too long, or that the stopping process cannot wait for."""
        most_until = time.monotonic() + script.most_seconds
        while time.monotonic() < min(most_until, self._finish_at):
            await asyncio.sleep(_LOOK_SECONDS)
        await call.hang_up()

    def _begin_until(self, envelope: Envelope, expected: float) -> float | None:
        """The last moment (of `time.monotonic()`) from which the call would be over within its hours."""
        if envelope.deliver_until is None:
            return envelope.begin_until
        left = (envelope.deliver_until - self._now()).total_seconds() - expected
        closing = time.monotonic() + left
        return closing if envelope.begin_until is None else min(closing, envelope.begin_until)

    def _check_may_begin(self, envelope: Envelope, is_cancelled: asyncio.Event) -> None:
        if self._is_stopped or is_cancelled.is_set():
            raise NotDialledError("told to begin no more calls", CallReason.STOPPED)
        if envelope.begin_until is not None and time.monotonic() > envelope.begin_until:
            raise NotDialledError("too late to begin", CallReason.NOT_BEGUN_IN_TIME)

    def _at(self, outcome: Outcome) -> Outcome:
        return replace(outcome, at=self._now())


_LOOK_SECONDS: Final = 0.25


def _seconds_left(envelope: Envelope) -> float | None:
    return None if envelope.begin_until is None else max(0.0, envelope.begin_until - time.monotonic())


def _cancel(tasks: set[asyncio.Task[Outcome]]) -> None:
    for task in tasks:
        task.cancel()


async def _finish(tasks: set[asyncio.Task[Outcome]]) -> None:
    """Whoever closed the iterator early wants no outcomes: calls end soon."""
    if tasks:
        _cancel(tasks)
        await asyncio.wait(tasks)
