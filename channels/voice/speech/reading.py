"""Call scripts made audible outside calls: read aloud for staff, and tried before anybody is called."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from channels.voice.dialogue import BETWEEN_PHRASES_SECONDS, needed_phrases
from channels.voice.errors import SpeechError
from channels.voice.script import CallScript, Collect
from channels.voice.sound import RATE, SAMPLE_BYTES, Phrase, Sound
from channels.voice.speech.speaker import PhraseSpeaker

#: Where a person would answer: long enough to be heard as an end.
BETWEEN_PARTS_SECONDS: Final = 1.0


class ScriptReader:
    """Reads scripts by a speaker of its own for each request: for threads that have no event loop."""

    def __init__(self, new_speaker: Callable[[], PhraseSpeaker]) -> None:
        self._new_speaker = new_speaker

    def read(self, script: CallScript) -> Sound:
        """The whole call as the person hears it who answers nothing; raises `SpeechError`."""
        return asyncio.run(self._read(script))

    def first_fault(self, scripts: Sequence[CallScript]) -> SpeechError | None:
        """Why the first phrase of these that cannot be heard cannot; None: all can."""
        return asyncio.run(self._first_fault(scripts))

    async def _read(self, script: CallScript) -> Sound:
        speaker = self._new_speaker()
        try:
            parts = [await _joined(speaker, part) for part in _in_order(script)]
        finally:
            await speaker.close()
        return Sound(_silence(BETWEEN_PARTS_SECONDS).join(parts))

    async def _first_fault(self, scripts: Sequence[CallScript]) -> SpeechError | None:
        speaker = self._new_speaker()
        try:
            for script in scripts:
                await speaker.speak(needed_phrases(script))
        except SpeechError as error:
            return error
        finally:
            await speaker.close()
        return None


def _in_order(script: CallScript) -> list[tuple[Phrase, ...]]:
    said: list[tuple[Phrase, ...]] = []
    for part in script.parts:
        said.append(part.phrases)
        if isinstance(part, Collect):
            said.append(part.read_back)
            said.append(part.confirm)
    said.append(script.goodbye)
    return [phrases for phrases in said if phrases]


async def _joined(speaker: PhraseSpeaker, phrases: Sequence[Phrase]) -> bytes:
    spoken = await speaker.speak(phrases)
    return _silence(BETWEEN_PHRASES_SECONDS).join(one.sound.samples for one in spoken)


def _silence(seconds: float) -> bytes:
    return bytes(round(seconds * RATE) * SAMPLE_BYTES)
