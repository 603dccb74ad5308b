"""Who answered, a person or a machine, by the sound that comes in (`domain.md` 6.2, after Asterisk's AMD).

A person says a word or two and then waits; a machine speaks on. That is all there is to it: levels and
times, no understanding. It is fed pieces of sound of any length as they come, and decides once. In doubt it
says so, and doubt is treated as a person; what that person hears first names nobody and no sum.
"""

from array import array
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from channels.voice.result import AnsweredBy
from channels.voice.sound import RATE, SAMPLE_BYTES
from dispatcher.core.voice_settings import DetectionSettings

FRAME_MS: Final = 20
FRAME_BYTES: Final = RATE * FRAME_MS // 1000 * SAMPLE_BYTES


class Cause(StrEnum):
    """Why it was decided so; the words of Asterisk's AMDCAUSE, which staff of call centres know."""

    HUMAN = "human"  #: a short greeting and then silence
    KEY = "key"  #: a key was pressed
    INITIAL_SILENCE = "initialsilence"
    LONG_GREETING = "longgreeting"
    MAX_WORD_LENGTH = "maxwordlength"
    MAX_WORDS = "maxwords"
    TOO_LONG = "toolong"  #: the time for it is over and nothing is clear
    HANG_UP = "hangup"


@dataclass(frozen=True, slots=True)
class Finding:
    """The decision. `NOBODY`: hung up before there was one."""

    answered_by: AnsweredBy
    cause: Cause


class Detector:
    """Decides about one call. After a finding it says the same whatever else comes."""

    def __init__(self, settings: DetectionSettings | None = None) -> None:
        self._settings = settings or DetectionSettings()
        self._frames = Frames()
        self._elapsed = self._silence = self._voice = self._word = self._words = 0
        self._is_greeting = self._is_in_word = False
        self.finding: Finding | None = None

    def hear(self, samples: bytes) -> Finding | None:
        """Take the next piece of sound; the finding, once there is one."""
        for level in self._frames.levels(samples):
            if self.finding is None:
                self.finding = self._frame(is_voice=level >= self._settings.silence_level)
        return self.finding

    def pass_over(self, seconds: float) -> Finding | None:
        """Nothing came in for so long: silence, as far as anybody can tell."""
        return self.hear(bytes(round(seconds * 1000) // FRAME_MS * FRAME_BYTES))

    def press_key(self) -> Finding:
        """A machine presses no keys."""
        return self._decide(AnsweredBy.HUMAN, Cause.KEY)

    def hang_up(self) -> Finding:
        """The far end is gone."""
        return self._decide(AnsweredBy.NOBODY, Cause.HANG_UP)

    def _decide(self, answered_by: AnsweredBy, cause: Cause) -> Finding:
        self.finding = self.finding or Finding(answered_by, cause)
        return self.finding

    def _frame(self, *, is_voice: bool) -> Finding | None:
        self._elapsed += FRAME_MS
        found = self._voiced() if is_voice else self._silent()
        if found is None and self._elapsed >= self._settings.total:
            return Finding(AnsweredBy.UNSURE, Cause.TOO_LONG)
        return found

    def _silent(self) -> Finding | None:
        limits = self._settings
        self._silence += FRAME_MS
        if self._silence >= limits.between_words:
            self._word, self._is_in_word = 0, False
        if not self._is_greeting and self._silence >= limits.initial_silence:
            who = AnsweredBy.MACHINE if limits.is_silence_machine else AnsweredBy.UNSURE
            return Finding(who, Cause.INITIAL_SILENCE)
        if self._is_greeting and self._silence >= limits.after_greeting_silence:
            return Finding(AnsweredBy.HUMAN, Cause.HUMAN)
        return None

    def _voiced(self) -> Finding | None:
        limits = self._settings
        self._silence = 0
        self._word += FRAME_MS
        self._voice += FRAME_MS
        if self._word >= limits.least_word:
            self._is_greeting = True
            self._words += not self._is_in_word
            self._is_in_word = True
        if self._word >= limits.longest_word:
            return Finding(AnsweredBy.MACHINE, Cause.MAX_WORD_LENGTH)
        if self._words > limits.most_words:
            return Finding(AnsweredBy.MACHINE, Cause.MAX_WORDS)
        if self._is_greeting and self._voice >= limits.greeting:
            return Finding(AnsweredBy.MACHINE, Cause.LONG_GREETING)
        return None


class Frames:
    """Cuts what comes into frames of 20 ms, whatever the pieces are; the rest waits for the next piece."""

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, samples: bytes) -> list["array[int]"]:
        """The whole frames, oldest first."""
        data = self._rest + samples
        whole = len(data) // FRAME_BYTES * FRAME_BYTES
        self._rest = data[whole:]
        return [array("h", data[start : start + FRAME_BYTES]) for start in range(0, whole, FRAME_BYTES)]

    def levels(self, samples: bytes) -> list[int]:
        """The mean of the absolute samples of each whole frame."""
        return [level_of(frame) for frame in self.cut(samples)]


def level_of(frame: "array[int]") -> int:
    """How loud a frame is, 0 to 32768."""
    return sum(map(abs, frame)) // len(frame)
