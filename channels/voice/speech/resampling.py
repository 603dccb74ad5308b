"""From any sampling rate to that of the telephone, by a windowed-sinc filter in plain Python.

Linear interpolation, which the standard library had until Python 3.13, folds everything above 4 kHz back
into speech as a hiss. One second of sound takes about 30 ms, in the process that speaks, once per phrase.
"""

import math
from array import array
from functools import lru_cache
from operator import mul
from typing import Final

_ZERO_CROSSINGS: Final = 12  #: of the sinc on each side; more make the edge steeper and the work longer
_EDGE: Final = 0.95  #: of the lower half-rate: where the filter is half through
_KAISER_BETA: Final = 7.0  #: about 70 dB down in the stop band
_MAX_PHASES: Final = 4096


def resample(samples: "array[int]", rate: int, wanted_rate: int) -> "array[int]":
    """Mono samples of signed 16 bits at another rate; the same ones when the rate is the same."""
    if rate == wanted_rate or not samples:
        return samples
    phases, step, filters = _filters(rate, wanted_rate)
    half = len(filters[0]) // 2
    padded = array("d", [0.0]) * half + array("d", samples) + array("d", [0.0]) * (half + 1)
    made = array("h")
    position, phase, end = 0, 0, len(samples)
    taps = len(filters[0])
    while position < end:
        value = sum(map(mul, filters[phase], padded[position : position + taps]))
        made.append(max(-32768, min(32767, round(value))))
        phase += step
        position += phase // phases
        phase %= phases
    return made


@lru_cache(maxsize=16)
def _filters(rate: int, wanted_rate: int) -> "tuple[int, int, list[array[float]]]":
    """How many phases there are, how many of them one output sample moves on, and the filter of each."""
    common = math.gcd(rate, wanted_rate)
    phases, step = wanted_rate // common, rate // common
    if phases > _MAX_PHASES:
        raise ValueError(f"a rate of {rate} samples a second cannot be converted")
    cutoff = _EDGE * min(1.0, wanted_rate / rate)
    half = math.ceil(_ZERO_CROSSINGS / cutoff)
    return phases, step, [_filter(half, cutoff, phase / phases) for phase in range(phases)]


def _filter(half: int, cutoff: float, offset: float) -> "array[float]":
    weights = array("d", (_weight(tap - half - offset, half, cutoff) for tap in range(2 * half + 1)))
    total = sum(weights)
    return array("d", (weight / total for weight in weights))


def _weight(distance: float, half: int, cutoff: float) -> float:
    inside = 1.0 - (distance / (half + 1)) ** 2
    if inside <= 0.0:
        return 0.0
    angle = math.pi * distance * cutoff
    sinc = 1.0 if angle == 0.0 else math.sin(angle) / angle
    return sinc * _bessel(_KAISER_BETA * math.sqrt(inside))


def _bessel(value: float) -> float:
    """The modified Bessel function of the first kind, order 0, of which the Kaiser window is made."""
    total = term = 1.0
    for count in range(1, 30):
        term *= (value / (2 * count)) ** 2
        total += term
    return total
