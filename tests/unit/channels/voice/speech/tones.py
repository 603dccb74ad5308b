"""Sounds for tests: tones, and how much of a tone is in a sound."""

import math
from array import array

from channels.voice.sound import RATE, Sound


def tone(hertz: float, seconds: float, *, level: float = 0.3, rate: int = RATE) -> "array[int]":
    """A sine of so many samples a second; `level` is its peak, of full scale."""
    return array(
        "h",
        (
            round(level * 32767 * math.sin(2 * math.pi * hertz * at / rate))
            for at in range(round(seconds * rate))
        ),
    )


def tone_sound(hertz: float, seconds: float, *, level: float = 0.3) -> Sound:
    """The same as a `Sound`."""
    return Sound(tone(hertz, seconds, level=level).tobytes())


def power_at(samples: "array[int]", hertz: float, rate: int) -> float:
    """The amplitude of one frequency in the middle of a sound, of full scale (Goertzel's sum)."""
    middle = samples[len(samples) // 4 : 3 * len(samples) // 4]
    turn = 2 * math.pi * hertz / rate
    real = sum(value * math.cos(turn * at) for at, value in enumerate(middle))
    imaginary = sum(value * math.sin(turn * at) for at, value in enumerate(middle))
    return 2 * math.hypot(real, imaginary) / len(middle) / 32767
