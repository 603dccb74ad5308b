"""The port to a speech engine, and what is chosen for each language.

Engines are C libraries and programs of others: a fault in one must not end the calls that are running, and
their work must not starve the sound of those calls. So each runs in a process of its own (`process.py`),
which holds a `Synthesiser`; everybody else sees a `SpeechEngine`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from channels.voice.sound import Sound


class EngineName(StrEnum):
    """The engines that can be chosen."""

    ESPEAK = "espeak"  #: comes with the product
    FESTIVAL = "festival"  #: a recorded Russian voice, from Debian's packages
    RHVOICE = "rhvoice"
    PIPER = "piper"


@dataclass(frozen=True, slots=True)
class Voice:
    """How one language is spoken. `program` is where the engine's program is, if it has one."""

    engine: EngineName
    name: str
    program: str = ""
    words_per_minute: int = 150


class Synthesiser(Protocol):
    """One engine, in the process that speaks."""

    def synthesise(self, text: str) -> Sound:
        """The words as the engine speaks them, at its own loudness; raises `SpeechError`."""
        ...


class SpeechEngine(Protocol):
    """Speaks words in any language that is set up."""

    def voice(self, language: str) -> Voice:
        """How the language is spoken; raises `SpeechError` when it is not set up."""
        ...

    async def say(self, text: str, language: str) -> Sound:
        """Words made audible, at the level of the telephone; raises `SpeechError`, never yields silence."""
        ...

    async def close(self) -> None:
        """Let go of the process; harmless when there is none."""
        ...
