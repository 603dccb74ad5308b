"""The engine in a process of its own, seen from the process that calls people.

One text at a time per process; several processes share the texts. A process that fell over, or took too
long, is replaced for the next text: the phrase fails, the calls go on.
"""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from channels.voice.errors import SpeechError
from channels.voice.sound import RATE, SAMPLE_BYTES, Sound
from channels.voice.speech.engine import Voice

MOST_LETTERS: Final = 2000  #: of one phrase: two minutes, more than anybody listens to
_MOST_BYTES: Final = 15 * 60 * RATE * SAMPLE_BYTES
_CHILD: Final = (sys.executable, "-m", "channels.voice.speech.child")


class SpeakingProcesses:
    """A `SpeechEngine`. It belongs to the event loop on which it first speaks."""

    def __init__(
        self, voices: Mapping[str, Voice], *, processes: int = 1, timeout_seconds: float = 30.0
    ) -> None:
        self._voices = dict(voices)
        self._timeout = timeout_seconds
        self._idle: asyncio.LifoQueue[Process | None] = asyncio.LifoQueue()
        self._running: set[Process] = set()
        for _ in range(processes):
            self._idle.put_nowait(None)

    def voice(self, language: str) -> Voice:
        """How the language is spoken; raises `SpeechError` when it is not set up."""
        try:
            return self._voices[language]
        except KeyError:
            raise SpeechError(
                f"для языка «{language}» не настроен голос", code="no_voice", language=language
            ) from None

    async def say(self, text: str, language: str) -> Sound:
        """Words made audible at the level of the telephone; raises `SpeechError`."""
        self.voice(language)
        if not any(character.isalpha() for character in text):
            raise SpeechError("во фразе нет слов", code="phrase_empty")
        if len(text) > MOST_LETTERS:
            raise SpeechError(f"фраза длиннее {MOST_LETTERS} знаков: разделите её", code="phrase_too_long")
        process = await self._idle.get()
        is_whole = False
        try:
            if process is None or process.returncode is not None:
                process = await self._start()
            sound = await asyncio.wait_for(_ask(process, text, language), self._timeout)
            is_whole = True
        except SpeechError:
            is_whole = True
            raise
        except (OSError, TimeoutError, EOFError, ValueError) as error:
            raise SpeechError("движок речи не ответил: фраза не произнесена", code="engine_failed") from error
        finally:
            # Ended or cancelled in the middle: what it answers now would be taken for the next text's.
            if not is_whole and process is not None:
                self._kill(process)
            self._idle.put_nowait(process if is_whole else None)
        return sound

    async def close(self) -> None:
        """End the processes."""
        ended = list(self._running)
        for process in ended:
            self._kill(process)
        await asyncio.gather(*(process.wait() for process in ended))

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(*_CHILD, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        self._running.add(process)
        assert process.stdin is not None  # noqa: S101 - it was asked for
        voices = {language: asdict(voice) for language, voice in self._voices.items()}
        process.stdin.write(json.dumps(voices).encode() + b"\n")
        return process

    def _kill(self, process: Process) -> None:
        self._running.discard(process)
        with contextlib.suppress(ProcessLookupError):
            process.kill()


async def _ask(process: Process, text: str, language: str) -> Sound:
    """Raises what a broken pipe raises, `SpeechError` for a refusal."""
    assert process.stdin is not None  # noqa: S101 - both were asked for
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(json.dumps({"text": text, "language": language}).encode() + b"\n")
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line:
        raise EOFError
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise SpeechError(answer["error"], code=answer["code"], **answer["facts"])
    if not 0 <= answer["bytes"] <= _MOST_BYTES:
        raise ValueError("more sound than a phrase can have")
    return Sound(await process.stdout.readexactly(answer["bytes"]))
