"""Runs a call script over an answered call: finds out who answered, speaks, hears keys, says what came of it.

What is decided is decided in `conversation` and `detection`; here is the telephone. All sounds are made
before the call (`needed_phrases`): nobody waits for the speech engine with the receiver at the ear.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from channels.voice.conversation import Answer, Conversation, Heard, Play, Step, Transfer, Wait
from channels.voice.detection import Detector, Finding
from channels.voice.digit_words import digit_phrases
from channels.voice.greeting_end import GreetingEnd
from channels.voice.result import AnsweredBy, CallResult
from channels.voice.script import Ask, CallScript, Collect, OnMachine, Say
from channels.voice.sound import RATE, SAMPLE_BYTES, Phrase, Sound, Spoken
from channels.voice.telephone import Call
from dispatcher.core.voice_settings import DetectionSettings

BETWEEN_PHRASES_SECONDS: Final = 0.25
LISTEN_SECONDS: Final = 0.2
LONGEST_GREETING_SECONDS: Final = 45.0  #: of a machine, till its tone
#: What a telephone may report less than it was given, and the phrase still counts as played.
PLAYED_TOLERANCE_SECONDS: Final = 0.06
MOST_IDLE_KEYS: Final = 50  #: keys without a meaning, in one step; then it is nobody who answers
_PAUSE: Final = bytes(round(BETWEEN_PHRASES_SECONDS * RATE) * SAMPLE_BYTES)

Sounds = Mapping[Phrase, Spoken]


def needed_phrases(script: CallScript) -> tuple[Phrase, ...]:
    """Every phrase that a call may have to say, each once: what must be spoken before it is dialled."""
    found: dict[Phrase, None] = {}
    for part in script.parts:
        found |= dict.fromkeys(part.phrases)
        if isinstance(part, Collect):
            found |= dict.fromkeys((*part.read_back, *part.confirm))
            found |= dict.fromkeys(digit_phrases(part.phrases[0].language))
    for phrases in (script.neutral, script.goodbye, *script.replies.values()):
        found |= dict.fromkeys(phrases)
    return tuple(found)


def expected_seconds(script: CallScript, sounds: Sounds) -> float:
    """How long a call of this script is reckoned to talk, at most.

    All is said, the facts once more, and every question is asked as often as it may be and waited out; or a
    machine greets for as long as it may. No call talks longer than `most_seconds`: then it is ended.
    `sounds` holds the needed phrases and no others.
    """

    def said(phrases: Iterable[Phrase]) -> float:
        return sum(sounds[phrase].sound.seconds + BETWEEN_PHRASES_SECONDS for phrase in phrases)

    seconds = said(sounds)
    for part in script.parts:
        if isinstance(part, Ask | Collect):
            seconds += part.times * part.wait_seconds + (part.times - 1) * said(part.phrases)
        elif part.is_fact:
            seconds += said(part.phrases)
    if script.on_machine is OnMachine.NEUTRAL:
        seconds = max(seconds, LONGEST_GREETING_SECONDS + said(script.neutral))
    return min(seconds, script.most_seconds)


async def run_dialogue(
    call: Call,
    script: CallScript,
    sounds: Sounds,
    *,
    detection: DetectionSettings | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> CallResult:
    """Speak with whoever answered, to the end, and hang up; the call is over when it returns.

    `sounds` holds all of `needed_phrases(script)`. Keys and digits stand in the result only.
    """
    dialogue = _Dialogue(call, script, sounds, clock)
    stop = asyncio.get_running_loop().call_later(script.most_seconds, dialogue.run_out_of_time)
    try:
        return await dialogue.run(Detector(detection))
    finally:
        stop.cancel()
        await call.hang_up()


class _Dialogue:
    def __init__(self, call: Call, script: CallScript, sounds: Sounds, clock: Callable[[], float]) -> None:
        self._call = call
        self._script = script
        self._sounds = sounds
        self._clock = clock
        self._ends_at = clock() + script.most_seconds
        self._is_out_of_time = False
        self._keys: list[str] = []
        self._prompts: list[str] = []

    def run_out_of_time(self) -> None:
        """The longest talk is reached: what is being said is cut off and nothing more is."""
        self._is_out_of_time = True
        self._call.stop_playing()

    async def run(self, detector: Detector) -> CallResult:
        found = await self._find_out(detector)
        talk = Conversation(self._script)
        if found.answered_by is AnsweredBy.MACHINE:
            await self._speak_to_machine()
        elif found.answered_by is not AnsweredBy.NOBODY:
            await self._drive(talk)
        await self._call.hang_up()
        return self._result(talk, found)

    @property
    def _is_over(self) -> bool:
        return self._call.is_over or self._is_out_of_time or self._clock() >= self._ends_at

    def _has_gone(self) -> bool:
        return self._call.is_over

    async def _find_out(self, detector: Detector) -> Finding:
        while not self._call.is_over:
            if await self._next_key(0.0) is not None:
                return detector.press_key()
            sound = await self._call.listen(LISTEN_SECONDS)
            if sound is not None:
                found = detector.hear(sound.samples)
            elif self._has_gone():
                break
            else:
                found = detector.pass_over(LISTEN_SECONDS)
            if found is not None:
                return found
        return detector.hang_up()

    async def _speak_to_machine(self) -> None:
        if self._script.on_machine is not OnMachine.NEUTRAL or not self._script.neutral:
            return
        greeting, waited = GreetingEnd(), 0.0
        while not greeting.is_over and waited < LONGEST_GREETING_SECONDS and not self._is_over:
            sound = await self._call.listen(LISTEN_SECONDS)
            # Machines fall silent by sending nothing, too.
            greeting.hear(_silence(LISTEN_SECONDS) if sound is None else sound.samples)
            waited += LISTEN_SECONDS if sound is None else sound.seconds
        if not self._is_over:
            await self._play(Play(self._script.neutral))

    async def _drive(self, talk: Conversation) -> None:
        steps = talk.steps()
        try:
            step = next(steps)
            while not self._is_over:
                # What came of the last step is told even if the far end has gone meanwhile.
                step = steps.send(await self._do(step))
        except StopIteration:
            return
        finally:
            steps.close()

    async def _do(self, step: Step) -> Answer:
        match step:
            case Play():
                return await self._play(step)
            case Wait():
                return await self._wait(step)
            case Transfer(number=number):
                return await self._call.transfer(number)

    async def _play(self, play: Play) -> Heard:
        seconds: list[float] = []
        for phrase in play.phrases:
            spoken = self._sounds[phrase]
            played, key = await self._play_one(spoken.sound, play.keys)
            if played:
                self._prompts.append(spoken.digest)
            length = spoken.sound.seconds
            is_whole = played >= length - PLAYED_TOLERANCE_SECONDS
            seconds.append(length if is_whole else played)
            if key is not None or self._is_over or not is_whole:
                return Heard(len(seconds) - (not is_whole), tuple(seconds), key)
        return Heard(len(seconds), tuple(seconds))

    async def _play_one(self, sound: Sound, keys: frozenset[str]) -> tuple[float, str | None]:
        """Play a phrase and the pause behind it; a key without a meaning here only interrupts it."""
        samples, played = sound.samples + _PAUSE, 0.0
        for _ in range(MOST_IDLE_KEYS):
            rest = samples[round(played * RATE) * SAMPLE_BYTES :]
            if not rest or self._is_over:
                break
            played += await self._call.play(Sound(rest))
            key = await self._next_key(0.0)
            if key is None:
                break
            if key in keys:
                return played, key
        return played, None

    async def _wait(self, wait: Wait) -> str | None:
        until = min(self._clock() + wait.seconds, self._ends_at)
        for _ in range(MOST_IDLE_KEYS):
            key = await self._next_key(max(until - self._clock(), 0.0))
            if key is None or key in wait.keys:
                return key
        return None

    async def _next_key(self, seconds: float) -> str | None:
        key = await self._call.key(seconds)
        if key is not None:
            self._keys.append(key)
        return key

    def _result(self, talk: Conversation, found: Finding) -> CallResult:
        facts = [part for part in self._script.parts if isinstance(part, Say) and part.is_fact]
        lengths = [self._sounds[phrase].sound.seconds for part in facts for phrase in part.phrases]
        return CallResult(
            signalling=self._call.signalling(),
            answered_by=found.answered_by,
            answered_because=found.cause.value,
            reached=talk.reached(found.answered_by),
            is_identity_confirmed=talk.is_identified,
            heard_seconds=sum(sum(heard) for heard in talk.heard_facts.values()),
            message_seconds=sum(lengths),
            keys="".join(self._keys),
            collected=MappingProxyType(talk.collected),
            is_wrong_person=talk.is_wrong_person,
            wants_no_calls=talk.wants_no_calls,
            was_transferred=talk.was_transferred,
            prompts=tuple(self._prompts),
        )


def _silence(seconds: float) -> bytes:
    return bytes(round(seconds * RATE) * SAMPLE_BYTES)
