"""Sound as the voice channel passes it about: plain samples, one rate for synthesis, calls and evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

RATE: Final = 8000  #: samples a second, as the telephone has them (G.711)
SAMPLE_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Sound:
    """Mono samples, signed 16 bits, little endian, `RATE` a second."""

    samples: bytes = field(repr=False)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / (RATE * SAMPLE_BYTES)


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is said in one breath.

    `text` holds words only, spelled out already (the templates do that); it may name the person, so it is
    never logged. `recording` names an uploaded prompt that is played instead, by the SHA-256 of its samples.
    `is_personal`: made with fields of the recipient, so its sound is never kept on disk. What is the same for
    all recipients of a run says false, and is spoken once for all of them.
    """

    text: str = field(repr=False)
    language: str = "ru"
    recording: str | None = None
    is_personal: bool = True


@dataclass(frozen=True, slots=True)
class Spoken:
    """A phrase made audible. `digest` is the SHA-256 (hex) of the samples: what the evidence names."""

    sound: Sound
    digest: str


class Speaker(Protocol):
    """Makes phrases audible: by a speech engine, from a recording, or from what was made before."""

    async def speak(self, phrases: Sequence[Phrase]) -> Sequence[Spoken]:
        """The sound of each phrase, in order; raises `SpeechError` where one yields none or too little."""
        ...

    async def close(self) -> None:
        """End what speaks. Nothing is asked of it afterwards."""
        ...
