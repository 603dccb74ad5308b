"""Engines that are programs: festival, RHVoice, Piper. Words go in on standard input, a WAV file comes out.

A program's word that all went well is not believed: festival ends with code 0 and no file where it
meets a sign it has no rule for (tried). What comes out is measured by whoever asked for it.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from channels.voice.errors import BadSoundFileError, SpeechError
from channels.voice.sound import RATE, Sound
from channels.voice.speech.engine import EngineName, Voice
from channels.voice.speech.resampling import resample
from channels.voice.speech.wav import read_wav

PROGRAM_SECONDS: Final = 60.0  #: then a program is ended


@dataclass(frozen=True, slots=True)
class Program:
    """How an engine is called. `install` says to staff where it comes from."""

    name: str
    arguments: Callable[[Voice, Path], list[str]]
    install: str


def _festival(voice: Voice, output: Path) -> list[str]:
    return ["-eval", f"(voice_{voice.name})", "-o", str(output)]


def _rhvoice(voice: Voice, output: Path) -> list[str]:
    return ["-p", voice.name, "-r", str(round(voice.words_per_minute / 150 * 100)), "-o", str(output)]


def _piper(voice: Voice, output: Path) -> list[str]:
    return ["--model", voice.name, "--output_file", str(output)]


PROGRAMS: Final[Mapping[EngineName, Program]] = MappingProxyType(
    {
        EngineName.FESTIVAL: Program(
            "text2wave", _festival, "apt-get install festival festvox-ru (Debian, 242 МБ)"
        ),
        EngineName.RHVOICE: Program("RHVoice-test", _rhvoice, "пакеты RHVoice с сайта проекта"),
        EngineName.PIPER: Program("piper", _piper, "pip install piper-tts и файл голоса .onnx"),
    }
)


class ProgramSynthesiser:
    """One voice of an engine that is a program; raises `SpeechError` when the program is not there."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._program = PROGRAMS[voice.engine]
        self._path = find_program(voice)

    def synthesise(self, text: str) -> Sound:
        """The words at the telephone's rate; raises `SpeechError`."""
        with tempfile.TemporaryDirectory(prefix="speech-") as directory:
            output = Path(directory) / "speech.wav"
            self._run(self._program.arguments(self._voice, output), text)
            if not output.exists():
                raise SpeechError(
                    f"{self._program.name} ничего не произнёс: в фразе есть то, чего он не знает",
                    code="phrase_silent",
                )
            try:
                waveform = read_wav(output.read_bytes())
            except BadSoundFileError as error:
                raise SpeechError(f"{self._program.name}: {error}", code="engine_failed") from error
        return Sound(resample(waveform.samples, waveform.rate, RATE).tobytes())

    def _run(self, arguments: list[str], text: str) -> None:
        try:
            done = subprocess.run(
                [self._path, *arguments],
                input=text.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # programs print the text there, which may name a person
                timeout=PROGRAM_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SpeechError(
                f"{self._program.name} не ответил или не запускается", code="engine_failed"
            ) from error
        if done.returncode != 0:
            raise SpeechError(
                f"{self._program.name} завершился с кодом {done.returncode}: проверьте голос"
                f" «{self._voice.name}»",
                code="engine_failed",
            )


def is_installed(engine: EngineName, program: str = "") -> bool:
    """Whether the program of an engine is there."""
    return shutil.which(program or PROGRAMS[engine].name) is not None


def find_program(voice: Voice) -> str:
    """Where the program is; raises `SpeechError` that says how to install it."""
    program = PROGRAMS[voice.engine]
    found = shutil.which(voice.program or program.name)
    if found is None:
        raise SpeechError(
            f"нет программы {voice.program or program.name} для движка {voice.engine}: {program.install},"
            f" или укажите её в speech.programs",
            code="no_engine",
            engine=voice.engine.value,
        )
    return found
