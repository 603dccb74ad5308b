"""How loud a sound is while somebody speaks, whether anybody does, and one loudness for all phrases.

Pauses do not count: loudness is that of the frames in which something is heard, as ITU-T P.56 measures
speech. Levels are decibels below a full-scale square wave (dBov).
"""

import math
from array import array
from dataclasses import dataclass
from operator import mul
from typing import Final

from channels.voice.errors import SpeechError
from channels.voice.sound import RATE, Sound

FRAME: Final = RATE // 50  #: 20 ms, as the telephone cuts it
TELEPHONE_DBOV: Final = -20.0  #: active level of announcements; louder ones clip on the way
MOST_GAIN_DB: Final = 30.0  #: more would make speech of noise
SILENT_DBOV: Final = -55.0  #: quieter than this nobody hears over the telephone
_BELOW_LOUDEST_DB: Final = 30.0  #: a frame this much below the loudest one is a pause
_PEAK: Final = 0.9 * 32767
#: nobody speaks faster than 33 letters a second; usual are 12 to 18
LEAST_SECONDS_PER_LETTER: Final = 0.03


@dataclass(frozen=True, slots=True)
class Level:
    """What was measured. `active_dbov` is -inf for digital silence."""

    active_dbov: float
    active_seconds: float
    peak: float  #: of full scale, 0 to 1
    clipped_share: float  #: of all samples that stand at full scale


def measure(sound: Sound) -> Level:
    """Loudness and length of what is heard in a sound."""
    samples = array("h", sound.samples)
    if not samples:
        return Level(-math.inf, 0.0, 0.0, 0.0)
    energies = [_energy(samples[start : start + FRAME]) for start in range(0, len(samples), FRAME)]
    floor = max(max(energies) * 10 ** (-_BELOW_LOUDEST_DB / 10), 32768**2 * 10 ** (SILENT_DBOV / 10))
    heard = [energy for energy in energies if energy >= floor]
    highest, lowest = max(samples), min(samples)
    clipped = sum(1 for sample in samples if sample >= 32767 or sample <= -32768)
    mean = sum(heard) / len(heard) if heard else 0.0
    return Level(
        active_dbov=10 * math.log10(mean / 32768**2) if mean else -math.inf,
        active_seconds=min(len(heard) * FRAME / RATE, sound.seconds),
        peak=max(highest, -lowest) / 32768,
        clipped_share=clipped / len(samples),
    )


def at_telephone_level(sound: Sound) -> Sound:
    """The same at the level of the telephone, without clipping; silence stays silence."""
    level = measure(sound)
    if level.active_dbov == -math.inf:
        return sound
    gain = 10 ** (min(TELEPHONE_DBOV - level.active_dbov, MOST_GAIN_DB) / 20)
    gain = min(gain, _PEAK / (level.peak * 32768))
    return Sound(array("h", (round(sample * gain) for sample in array("h", sound.samples))).tobytes())


def check_is_heard(sound: Sound, text: str) -> None:
    """Raise `SpeechError` when there is no speech in a sound, or too little of it for the text."""
    letters = sum(character.isalpha() for character in text)
    level = measure(sound)
    if level.active_seconds == 0.0:
        raise SpeechError(
            "движок речи ничего не произнёс: проверьте голос и слова фразы", code="phrase_silent"
        )
    if level.active_seconds < letters * LEAST_SECONDS_PER_LETTER:
        raise SpeechError(
            f"фраза произнесена не вся: {level.active_seconds:.2f} с на {letters} букв",
            code="phrase_too_short",
            seconds=round(level.active_seconds, 2),
            letters=letters,
        )


def _energy(frame: "array[int]") -> float:
    squares: int = sum(map(mul, frame, frame))
    return squares / len(frame)
