"""Phrases made audible: by the engine, from a recording, or from what was made before."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from channels.voice.errors import SpeechError
from channels.voice.sound import Phrase, Sound, Spoken
from channels.voice.speech.cache import MEGABYTE, DiskCache, MemoryCache, key_of
from channels.voice.speech.engine import SpeechEngine

MEMORY_BYTES: Final = 32 * MEGABYTE  #: half an hour of speech

#: The samples of a recording by its SHA-256, None where there is none. It may read a database: it is called
#: on a thread.
Recordings = Callable[[str], bytes | None]


def no_recordings(_digest: str) -> bytes | None:
    """Where nobody uploaded any."""
    return None


class PhraseSpeaker:
    """The `Speaker` of calls, previews and dry runs. It belongs to one event loop."""

    def __init__(
        self,
        engine: SpeechEngine,
        *,
        recordings: Recordings = no_recordings,
        disk: DiskCache | None = None,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._engine = engine
        self._recordings = recordings
        self._disk = disk
        self._memory = MemoryCache(memory_bytes)
        self._being_made: dict[str, asyncio.Future[Sound]] = {}

    async def speak(self, phrases: Sequence[Phrase]) -> Sequence[Spoken]:
        """The sound of each phrase, in order; raises `SpeechError` where one yields none or too little."""
        return [await self._spoken(phrase) for phrase in phrases]

    async def close(self) -> None:
        """Let go of the engine."""
        await self._engine.close()

    async def _spoken(self, phrase: Phrase) -> Spoken:
        key = phrase.recording or key_of(phrase.text, phrase.language, self._engine.voice(phrase.language))
        sound = self._memory.get(key) or await self._once(key, phrase)
        return Spoken(sound, hashlib.sha256(sound.samples).hexdigest())

    async def _once(self, key: str, phrase: Phrase) -> Sound:
        """A phrase that several calls want at once is made once."""
        others = self._being_made.get(key)
        if others is not None:
            return await asyncio.shield(others)
        making = asyncio.ensure_future(self._make(key, phrase))
        self._being_made[key] = making
        making.add_done_callback(lambda _done: self._being_made.pop(key, None))
        # Shielded: whoever asked first may hang up, the others still want it.
        return await asyncio.shield(making)

    async def _make(self, key: str, phrase: Phrase) -> Sound:
        sound = await (self._recorded(phrase.recording) if phrase.recording else self._said(key, phrase))
        self._memory.add(key, sound)
        return sound

    async def _recorded(self, digest: str) -> Sound:
        samples = await asyncio.to_thread(self._recordings, digest)
        if samples is None:
            raise SpeechError("записи, которую нужно проиграть, нет в базе", code="no_recording")
        return Sound(samples)

    async def _said(self, key: str, phrase: Phrase) -> Sound:
        disk = None if phrase.is_personal else self._disk
        found = await asyncio.to_thread(disk.get, key) if disk is not None else None
        if found is not None:
            return found
        sound = await self._engine.say(phrase.text, phrase.language)
        if disk is not None:
            await asyncio.to_thread(disk.add, key, sound)
        return sound
