"""One call over the SIP stack: from the INVITE to its end, with sound and keys both ways.

The stack takes sound through a buffer of two seconds (32 768 bytes) and sends silence when it runs dry, so
`play` keeps half of it filled and looks after it four times a second. What is cut short is thrown away
there, and counts as not played.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from baresip import (
    AudioNotActive,
    AudioRestarted,
    AudioStats,
    BaresipError,
    CallAudio,
    DigitEvent,
    Event,
    StackEvent,
)
from baresip import Call as StackCall

from channels.voice.result import Signalling
from channels.voice.sip.recording import Recording
from channels.voice.sip.statuses import read_close
from channels.voice.sound import RATE, SAMPLE_BYTES, Sound

FRAME_BYTES: Final = RATE * SAMPLE_BYTES // 50  #: 20 ms; a frame that is not full counts as starved
CUSHION_BYTES: Final = 50 * FRAME_BYTES  #: one second ahead of the far end
FEED_SECONDS: Final = 0.25
LISTEN_SECONDS: Final = 0.04
STALL_SECONDS: Final = 5.0  #: without one sample going out (no media, or put on hold) playing is given up
HANG_UP_SECONDS: Final = 2.0
TRANSFER_SECONDS: Final = 30.0
_BYTES_PER_SECOND: Final = RATE * SAMPLE_BYTES


class SipCall:
    """See `Call`. Made before it is dialled: `hear` takes its events from the first one on."""

    def __init__(
        self,
        *,
        trunk: str,
        caller_id: str,
        on_over: Callable[[], None],
        record_seconds: float = 0.0,
        transfer_uri: Callable[[str], str] = lambda number: f"sip:{number}",
    ) -> None:
        self._trunk = trunk
        self._caller_id = caller_id
        self._on_over = on_over
        self._transfer_uri = transfer_uri
        self._stack_call: StackCall | None = None
        self._begun_at = time.monotonic()
        self._rang_at: float | None = None
        self._answered_at: float | None = None
        self._over_at: float | None = None
        self._close_text = ""
        self._is_hung_up_by_us = False
        self._settled = asyncio.Event()  #: answered, or over
        self._stirred = asyncio.Event()  #: a key, the end, or `stop_playing`
        self._must_stop = False
        self._keys: deque[str] = deque()
        self._recording = Recording(record_seconds) if record_seconds else None

    # -- until it is answered -------------------------------------------------

    def hear(self, event: StackEvent) -> None:
        """Take one event of this call; also those that came before `adopt`."""
        if event.event in {Event.CALL_RINGING, Event.CALL_PROGRESS}:
            self._rang_at = self._rang_at or time.monotonic()
        elif event.event is Event.CALL_ESTABLISHED:
            self._answered_at = time.monotonic()
            self._settled.set()
        elif event.event is Event.CALL_CLOSED:
            self._end(event.text or "")

    def adopt(self, stack_call: StackCall) -> None:
        """The stack's side of it, once it is dialled."""
        self._stack_call = stack_call
        stack_call.on_dtmf(self._take_key)

    async def ring(self, seconds: float) -> bool:
        """Wait for the answer; true when somebody answered. After the time it is cancelled."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._settled.wait()
        if self._answered_at is None or self.is_over:
            await self.hang_up()
            return False
        return True

    # -- the port -------------------------------------------------------------

    async def play(self, sound: Sound) -> float:
        """See `Call`. A key that nobody has read yet stops it at once."""
        self._must_stop = False
        samples = _whole_frames(sound.samples)
        track = _Track(len(samples))
        while not track.is_at_end and not self._is_cut_short:
            room = CUSHION_BYTES - self._queued()
            written = self._write(samples[track.written : track.written + room]) if room > 0 else 0
            track.note(written, self._queued())
            if track.has_stalled:
                break
            await self._stir(min(FEED_SECONDS, track.seconds_left))
            if not self.is_over:
                track.note(0, self._queued())
        if not track.is_at_end:
            self._throw_away()
        return min(track.seconds_played(self._over_at), sound.seconds)

    def stop_playing(self) -> None:
        """See `Call`."""
        self._must_stop = True
        self._stirred.set()

    async def key(self, wait_seconds: float) -> str | None:
        """See `Call`."""
        until = time.monotonic() + wait_seconds
        while not self._keys and not self.is_over and time.monotonic() < until:
            await self._stir(until - time.monotonic())
        return self._keys.popleft() if self._keys else None

    async def listen(self, wait_seconds: float) -> Sound | None:
        """See `Call`."""
        until = time.monotonic() + wait_seconds
        while not self.is_over:
            heard = self._read()
            if len(heard) >= FRAME_BYTES:
                return Sound(heard)
            if time.monotonic() >= until:
                return None
            await asyncio.sleep(LISTEN_SECONDS)
        return None

    async def transfer(self, number: str) -> bool:
        """See `Call`."""
        if self._stack_call is None or self.is_over:
            return False
        try:
            await self._stack_call.transfer(self._transfer_uri(number), timeout=TRANSFER_SECONDS)
        except (BaresipError, ValueError):
            return False
        return True

    async def hang_up(self) -> None:
        """See `Call`."""
        if self.is_over:
            return
        if self._stack_call is None:
            self._end("never dialled")
            return
        self._is_hung_up_by_us = True
        with suppress(BaresipError):  # it is gone already, or the stack is: either way it is over
            await self._stack_call.hangup()
        with suppress(TimeoutError):
            async with asyncio.timeout(HANG_UP_SECONDS):
                while not self.is_over:
                    await self._stir(HANG_UP_SECONDS)
        if not self.is_over:
            self._end("no end was reported")

    @property
    def is_over(self) -> bool:
        """See `Call`."""
        return self._over_at is not None

    def signalling(self) -> Signalling:
        """See `Call`."""
        close = read_close(self._close_text)
        is_answered = self._answered_at is not None
        now = time.monotonic()
        ring_end = self._answered_at or self._over_at or now
        return Signalling(
            status=200 if is_answered else 487 if self._was_given_up else close.status,
            cause=close.cause,
            reason="hung up by us" if self._is_hung_up_by_us else close.reason,
            trunk=self._trunk,
            caller_id=self._caller_id,
            ring_seconds=0.0 if self._rang_at is None else max(0.001, round(ring_end - self._rang_at, 3)),
            talk_seconds=round((self._over_at or now) - self._answered_at, 3) if self._answered_at else 0.0,
            ended_by_them=self.is_over and not self._is_hung_up_by_us,
            call_id=(self._stack_call.call_id or "") if self._stack_call is not None else "",
        )

    def sound_stats(self) -> AudioStats:
        """The stack's counters of this call's sound; raises `AudioNotActive` once it is over."""
        return self._audio.stats()

    def recording(self) -> bytes | None:
        """What the far end said, as WAV; None where that is not switched on."""
        return None if self._recording is None else self._recording.as_wav()

    # -- inside ---------------------------------------------------------------

    @property
    def _was_given_up(self) -> bool:
        """Whether it rang and our time for that ran out."""
        return self._is_hung_up_by_us and self._answered_at is None and self._rang_at is not None

    @property
    def _is_cut_short(self) -> bool:
        return self.is_over or self._must_stop or bool(self._keys)

    def _end(self, text: str) -> None:
        if self._over_at is not None:
            return
        self._over_at = time.monotonic()
        self._close_text = text
        self._settled.set()
        self._stirred.set()
        self._on_over()

    def _take_key(self, digit: DigitEvent) -> None:
        self._keys.append(digit.digit)
        self._stirred.set()

    async def _stir(self, seconds: float) -> None:
        """Wait for so long, or until something happens; with a recording, never longer than its buffer."""
        if self._recording is not None:
            self._read()
            seconds = min(seconds, FEED_SECONDS)
        self._stirred.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stirred.wait()

    @property
    def _audio(self) -> CallAudio:
        if self._stack_call is None:
            raise AudioNotActive("not dialled")
        return self._stack_call.audio

    def _queued(self) -> int:
        try:
            return int(self._audio.info().tx_buffered)
        except (AudioNotActive, AudioRestarted):
            return 0

    def _write(self, samples: bytes) -> int:
        try:
            return int(self._audio.write(samples))
        except (AudioNotActive, AudioRestarted):
            return 0  # not yet there, or just renegotiated: the next round tries again

    def _throw_away(self) -> None:
        with suppress(AudioNotActive, AudioRestarted):
            self._audio.flush_tx()

    def _read(self) -> bytes:
        try:
            heard = bytes(self._audio.read(_BYTES_PER_SECOND))
        except (AudioNotActive, AudioRestarted):
            return b""
        if self._recording is not None:
            self._recording.add(heard)
        return heard


class _Track:
    """How far a sound has been played: what was written to the stack, less what still waits there."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._played = 0
        self._noted_at = self._moved_at = time.monotonic()
        self.written = 0

    def note(self, written: int, queued: int) -> None:
        self.written += written
        self._noted_at = time.monotonic()
        played = self.written - queued
        if played > self._played:
            self._played, self._moved_at = played, self._noted_at

    @property
    def is_at_end(self) -> bool:
        return self._played >= self._length

    @property
    def has_stalled(self) -> bool:
        return self._noted_at - self._moved_at > STALL_SECONDS

    @property
    def seconds_left(self) -> float:
        return max(0.01, (self._length - self._played) / _BYTES_PER_SECOND)

    def seconds_played(self, over_at: float | None) -> float:
        """Once the call is over the stack says nothing more: then as much as went out until that moment."""
        since = 0.0 if over_at is None else max(0.0, over_at - self._noted_at)
        return min(self._played / _BYTES_PER_SECOND + since, self.written / _BYTES_PER_SECOND)


def _whole_frames(samples: bytes) -> bytes:
    return samples + bytes(-len(samples) % FRAME_BYTES)
