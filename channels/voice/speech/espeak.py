"""espeak-ng, the engine that comes with the product, by ctypes: Russian, Ukrainian and English.

The library is global: one voice, one text at a time, once per process. Whoever uses it is the process
that speaks (`child.py`) and nobody else, on one thread.
"""

import ctypes
import tempfile
from array import array
from pathlib import Path
from typing import Final

import espeakng_loader

from channels.voice.errors import SpeechError
from channels.voice.sound import RATE, Sound
from channels.voice.speech.engine import Voice
from channels.voice.speech.resampling import resample

_SYNCHRONOUS: Final = 2
_DO_NOT_EXIT: Final = 0x8000  #: else a missing file ends the whole process
_UTF8: Final = 1
_BY_CHARACTER: Final = 1
_RATE_PARAMETER: Final = 1
_MOST_PATH_BYTES: Final = 140  #: the library keeps its path in a field of 160 bytes and cuts longer ones

_CALLBACK: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class EspeakLibrary:
    """The library, loaded once in a process."""

    def __init__(self) -> None:
        self._heard = array("h")
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        # The library calls it for as long as it lives: a function object that is let go would be a crash.
        self._callback = _CALLBACK(self._take)
        path = _short_path(Path(espeakng_loader.get_data_path()))
        self.rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, str(path).encode(), _DO_NOT_EXIT)
        if self.rate <= 0:
            raise SpeechError("espeak-ng не находит своих данных: переустановите espeakng-loader")
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: Voice) -> "array[int]":
        """The samples of a text, at the library's own rate."""
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise SpeechError(f"у espeak-ng нет голоса «{voice.name}»", code="no_voice", voice=voice.name)
        self._library.espeak_SetParameter(_RATE_PARAMETER, voice.words_per_minute, 0)
        self._heard = array("h")
        data = text.encode() + b"\0"
        code = self._library.espeak_Synth(data, len(data), 0, _BY_CHARACTER, 0, _UTF8, None, None)
        if code != 0:
            raise SpeechError(f"espeak-ng отказался произнести фразу (код {code})", code="engine_failed")
        return self._heard

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._heard.frombytes(ctypes.string_at(samples, count * 2))
        return 0


class EspeakSynthesiser:
    """One voice of the library."""

    def __init__(self, library: EspeakLibrary, voice: Voice) -> None:
        self._library = library
        self._voice = voice

    def synthesise(self, text: str) -> Sound:
        """The words at the telephone's rate; raises `SpeechError`."""
        samples = self._library.speak(text, self._voice)
        return Sound(resample(samples, self._library.rate, RATE).tobytes())


def _short_path(path: Path) -> Path:
    if len(str(path).encode()) <= _MOST_PATH_BYTES:
        return path
    link = Path(tempfile.mkdtemp(prefix="espeak-")) / "espeak-ng-data"
    link.symlink_to(path)
    return link
