"""The process that speaks: `python -m channels.voice.speech.child`.

It reads JSON lines: first the voices by language, then one request each, `{"text", "language"}`. Each is
answered by a JSON line, `{"bytes": n}` with n bytes of samples behind it, or `{"error", "code", "facts"}`.
It ends when its input ends, so it never outlives whoever started it. Nothing it says goes to a log.
"""

import json
import sys
from typing import Any, BinaryIO

from channels.voice.errors import SpeechError
from channels.voice.sound import Sound
from channels.voice.speech.engine import EngineName, Synthesiser, Voice
from channels.voice.speech.level import at_telephone_level, check_is_heard


def main() -> None:
    """Answer requests until the input ends."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    voices = {
        language: Voice(**{**voice, "engine": EngineName(voice["engine"])})
        for language, voice in json.loads(requests.readline()).items()
    }
    speech = _Speech(voices)
    for line in requests:
        _answer(speech, json.loads(line), answers)


class _Speech:
    def __init__(self, voices: dict[str, Voice]) -> None:
        self._voices = voices
        self._made: dict[str, Synthesiser] = {}
        self._library: Any = None

    def say(self, text: str, language: str) -> Sound:
        if language not in self._made:
            self._made[language] = self._make(self._voices[language])
        sound = self._made[language].synthesise(text)
        # First, since loudness makes speech of noise.
        check_is_heard(sound, text)
        return at_telephone_level(sound)

    def _make(self, voice: Voice) -> Synthesiser:
        if voice.engine is not EngineName.ESPEAK:
            from channels.voice.speech.programs import ProgramSynthesiser

            return ProgramSynthesiser(voice)
        from channels.voice.speech.espeak import EspeakLibrary, EspeakSynthesiser

        if self._library is None:
            self._library = EspeakLibrary()
        return EspeakSynthesiser(self._library, voice)


def _answer(speech: _Speech, request: dict[str, str], answers: BinaryIO) -> None:
    try:
        samples = speech.say(request["text"], request["language"]).samples
    except SpeechError as error:
        _write(answers, {"error": str(error), "code": error.code, "facts": error.facts})
        return
    _write(answers, {"bytes": len(samples)}, samples)


def _write(answers: BinaryIO, header: dict[str, object], samples: bytes = b"") -> None:
    answers.write(json.dumps(header).encode() + b"\n" + samples)
    answers.flush()


if __name__ == "__main__":
    main()
