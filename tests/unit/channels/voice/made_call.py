"""A call made of lists: what is pressed and heard when, on a clock that only this call moves."""

import math
import struct
from collections.abc import Sequence

from channels.voice.result import Signalling
from channels.voice.sound import RATE, Phrase, Sound, Spoken

STEP = 0.02


def burst(seconds: float, level: int = 3000, hz: float = 180.0) -> bytes:
    """Something like a voice: a buzz whose waves change their length all the time."""
    samples, phase = [], 0.0
    for place in range(round(seconds * RATE)):
        phase += 2 * math.pi * hz * (1 + 0.4 * math.sin(place / 90)) / RATE
        samples.append(round(level * (math.sin(phase) + 0.6 * math.sin(2.7 * phase)) / 1.6))
    return struct.pack(f"<{len(samples)}h", *samples)


def tone(seconds: float, hz: float = 1000.0, level: int = 6000) -> bytes:
    return struct.pack(
        f"<{round(seconds * RATE)}h",
        *(round(level * math.sin(2 * math.pi * hz * n / RATE)) for n in range(round(seconds * RATE))),
    )


def quiet(seconds: float) -> bytes:
    return bytes(2 * round(seconds * RATE))


PERSON = quiet(0.4) + burst(0.5) + quiet(1.0)
MACHINE = quiet(0.4) + burst(4.0) + quiet(0.6) + tone(0.4)


def spoken(phrases: Sequence[Phrase], seconds: float = 2.0) -> dict[Phrase, Spoken]:
    """Every phrase lasts as long; its digest is its text."""
    return {phrase: Spoken(Sound(quiet(seconds)), phrase.text) for phrase in phrases}


class MadeCall:
    """`presses`: (second, key) on the call's own clock. `incoming` is heard once, then silence comes."""

    def __init__(
        self,
        *,
        incoming: bytes = PERSON,
        presses: Sequence[tuple[float, str]] = (),
        hangs_up_at: float = math.inf,
        takes_transfer: bool = False,
        sends_silence: bool = True,
    ) -> None:
        self.now = 0.0
        self._incoming = incoming
        self._presses = list(presses)
        self._hangs_up_at = hangs_up_at
        self._takes_transfer = takes_transfer
        self._sends_silence = sends_silence
        self._is_hung_up = False
        self.played: list[tuple[float, float]] = []  #: when, how long
        self.transferred_to: list[str] = []

    def clock(self) -> float:
        return self.now

    @property
    def is_over(self) -> bool:
        return self._is_hung_up or self.now >= self._hangs_up_at

    async def play(self, sound: Sound) -> float:
        begun = self.now
        until = min(begun + sound.seconds, self._hangs_up_at, *(self._presses[:1] and [self._presses[0][0]]))
        self.now = max(self.now, until)
        self.played.append((begun, self.now - begun))
        return self.now - begun

    def stop_playing(self) -> None: ...

    async def key(self, wait_seconds: float) -> str | None:
        until = min(self.now + wait_seconds, self._hangs_up_at)
        if self._presses and self._presses[0][0] <= until and not self.is_over:
            at, key = self._presses.pop(0)
            self.now = max(self.now, at)
            return key
        self.now = max(self.now, until)
        return None

    async def listen(self, wait_seconds: float) -> Sound | None:
        if self.is_over:
            return None
        some, self._incoming = self._incoming[:960], self._incoming[960:]
        if not some and self._sends_silence:
            some = quiet(0.06)
        self.now += len(some) / 2 / RATE if some else wait_seconds
        return Sound(some) if some else None

    async def transfer(self, number: str) -> bool:
        self.transferred_to.append(number)
        self._is_hung_up = self._takes_transfer
        return self._takes_transfer

    async def hang_up(self) -> None:
        self._is_hung_up = True

    def signalling(self) -> Signalling:
        return Signalling(200)
