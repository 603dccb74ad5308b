"""When an answering machine listens: behind its tone, or when its greeting has been over for a while.

What is said before that is lost, or said into the greeting. A tone is a sound whose waves all have one
length; speech never keeps one for so long.
"""

from array import array
from itertools import pairwise
from typing import Final

from channels.voice.detection import FRAME_MS, Frames, level_of
from channels.voice.sound import RATE

SILENCE_LEVEL: Final = 256
QUIET_MS: Final = 2000  #: so much silence ends a greeting that has no tone
LEAST_TONE_MS: Final = 160
AFTER_TONE_MS: Final = 200  #: of silence: a tone may consist of several
_LOWEST_HZ: Final = 350
_HIGHEST_HZ: Final = 2500
_WOBBLE: Final = 0.06  #: how far the waves of a tone, and those of the next frame, may differ
_LEAST_WAVES: Final = 4


class GreetingEnd:
    """Listens to one machine; `is_over` once it can be spoken to."""

    def __init__(self) -> None:
        self._frames = Frames()
        self._quiet = self._tone = 0
        self._wave: float | None = None
        self._had_tone = False
        self.is_over = False

    def hear(self, samples: bytes) -> bool:
        """Take the next piece of sound; whether the greeting is over."""
        for frame in self._frames.cut(samples):
            self._hear_frame(frame)
        return self.is_over

    def _hear_frame(self, frame: "array[int]") -> None:
        if level_of(frame) < SILENCE_LEVEL:
            self._quiet += FRAME_MS
            self._tone, self._wave = 0, None
            if self._quiet >= (AFTER_TONE_MS if self._had_tone else QUIET_MS):
                self.is_over = True
            return
        self._quiet = 0
        wave = _wave_length(frame)
        same = wave is not None and (self._wave is None or abs(wave - self._wave) <= _WOBBLE * self._wave)
        self._tone = self._tone + FRAME_MS if same else 0
        self._wave = wave
        # Speech behind a tone means that it was none, or that the greeting goes on.
        self._had_tone = self._tone >= LEAST_TONE_MS or (self._had_tone and same)


def _wave_length(frame: "array[int]") -> float | None:
    """Samples per wave where all waves of a frame have one length; None: it is no tone."""
    rises = []
    for place in range(1, len(frame)):
        before, after = frame[place - 1], frame[place]
        if before < 0 <= after:
            rises.append(place - after / (after - before))
    waves = [second - first for first, second in pairwise(rises)]
    if len(waves) < _LEAST_WAVES:
        return None
    mean = sum(waves) / len(waves)
    if not RATE / _HIGHEST_HZ <= mean <= RATE / _LOWEST_HZ:
        return None
    return mean if all(abs(wave - mean) <= _WOBBLE * mean + 0.25 for wave in waves) else None
