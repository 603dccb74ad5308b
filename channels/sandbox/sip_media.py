"""The sound of one answered call: RTP both ways (RFC 3550), keys as telephone events (RFC 4733).

It also listens as a person does: whether the caller talks, and since when it has been silent.
"""

import asyncio
import re
import secrets
import struct
from dataclasses import dataclass
from typing import Final

from channels.sandbox.errors import SandboxError
from channels.sandbox.g711 import FRAME_SAMPLES, PCMA, PCMU, RATE, encode, is_loud

FRAME_SECONDS: Final = FRAME_SAMPLES / RATE
KEY_FRAMES: Final = 5  #: a key is held for 100 ms
_KEYS: Final = "0123456789*#"
_KEY_VOLUME: Final = 10
_END: Final = 0x80
_EVENT: Final = re.compile(r"a=rtpmap:(\d+) telephone-event/8000", re.IGNORECASE)
_MOST_KEPT: Final = 180 * RATE  #: octets of what the caller said


@dataclass(frozen=True, slots=True)
class Offer:
    """What the caller's session description asks for (RFC 4566): where to, and which payload types."""

    host: str
    port: int
    codec: int
    event: int | None


def read_offer(body: bytes) -> Offer:
    """Raises `SandboxError` when no G.711 is offered or it makes no sense."""
    text = body.decode("utf-8", "replace")
    host = re.search(r"^c=IN IP4 (\S+)", text, re.MULTILINE)
    media = re.search(r"^m=audio (\d+) RTP/AVP ([\d ]+)", text, re.MULTILINE)
    if host is None or media is None:
        raise SandboxError("the offer names no audio")
    offered = [int(one) for one in media[2].split()]
    codec = next((one for one in offered if one in {PCMA, PCMU}), None)
    if codec is None:
        raise SandboxError("the offer holds no G.711")
    event = _EVENT.search(text)
    return Offer(host[1], int(media[1]), codec, None if event is None else int(event[1]))


class SoundLine(asyncio.DatagramProtocol):
    """One end of a call's sound. Start with `open`, end with `close`."""

    def __init__(self, offer: Offer, *, keeps_sound: bool = False) -> None:
        self._offer = offer
        self._keeps_sound = keeps_sound
        self._transport: asyncio.DatagramTransport | None = None
        self._stamp = secrets.randbelow(1 << 31)
        self._number = secrets.randbelow(1 << 15)
        self._source = secrets.randbelow(1 << 32)
        self._quiet = encode(bytes(2 * FRAME_SAMPLES), offer.codec)
        self._queue = bytearray()
        self._next_at = 0.0
        self._keys: list[str] = []
        self._key_frame = 0
        self._timer: asyncio.TimerHandle | None = None
        self.port = 0
        self.heard = bytearray()  #: what the caller sent, as it came, where that is kept
        self.frames = 0  #: received
        self.loud_frames = 0
        self.first_loud = 0  #: number of the frame, from 1 on
        self.last_loud = 0
        self.last_loud_at = 0.0
        self.keys_heard: list[str] = []  #: that the caller pressed
        self._last_event = -1

    async def open(self, host: str, *, sends: bool = True) -> None:
        """Take a port and begin to send, silence at first; without `sends` nothing is ever sent."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        self.port = self._transport.get_extra_info("sockname")[1]
        if sends:
            self._next_at = loop.time()
            self._tick()

    def close(self) -> None:
        """Send and hear nothing more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()

    def answer(self, host: str) -> bytes:
        """Our session description."""
        events = [] if self._offer.event is None else [str(self._offer.event)]
        name = "PCMA" if self._offer.codec == PCMA else "PCMU"
        lines = [
            "v=0",
            f"o=sandbox 1 1 IN IP4 {host}",
            "s=-",
            f"c=IN IP4 {host}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {' '.join([str(self._offer.codec), *events])}",
            f"a=rtpmap:{self._offer.codec} {name}/8000",
            *(
                line
                for one in events
                for line in (f"a=rtpmap:{one} telephone-event/8000", f"a=fmtp:{one} 0-15")
            ),
            "a=ptime:20",
            "a=sendrecv",
        ]
        return "\r\n".join([*lines, ""]).encode()

    def say(self, samples: bytes) -> None:
        """Send these samples behind what is queued."""
        self._queue += encode(samples, self._offer.codec)

    @property
    def is_saying(self) -> bool:
        """Whether something is queued."""
        return bool(self._queue or self._keys)

    def press(self, key: str) -> None:
        """Press one key, once the others are done."""
        self._keys.append(key)

    def datagram_received(self, data: bytes, _address: object) -> None:
        """One packet of the caller."""
        if len(data) < 12:
            return
        kind, payload = data[1] & 0x7F, data[12:]
        if kind == self._offer.codec:
            self.frames += 1
            if self._keeps_sound and len(self.heard) < _MOST_KEPT:
                self.heard += payload
            if is_loud(payload, kind):
                self.loud_frames += 1
                self.first_loud = self.first_loud or self.frames
                self.last_loud = self.frames
                self.last_loud_at = asyncio.get_running_loop().time()
        elif kind == self._offer.event and len(payload) >= 4:
            self._hear_key(payload, struct.unpack_from("!I", data, 4)[0])

    def _hear_key(self, payload: bytes, stamp: int) -> None:
        """Count a digit once, though its end is sent three times."""
        if payload[1] & _END and stamp != self._last_event and payload[0] < len(_KEYS):
            self._last_event = stamp
            self.keys_heard.append(_KEYS[payload[0]])

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while self._next_at <= loop.time():
            if self._keys and self._offer.event is not None:
                self._send_key(self._offer.event)
            else:
                frame = bytes(self._queue[:FRAME_SAMPLES]).ljust(FRAME_SAMPLES, self._quiet[:1])
                del self._queue[:FRAME_SAMPLES]
                self._send(frame, self._offer.codec, self._stamp)
                self._stamp += FRAME_SAMPLES
            self._next_at += FRAME_SECONDS
        self._timer = loop.call_at(self._next_at, self._tick)

    def _send_key(self, kind: int) -> None:
        """One packet of the key: all have the time at which it began, and its end is sent three times."""
        self._key_frame += 1
        flags = (_END if self._key_frame >= KEY_FRAMES else 0) | _KEY_VOLUME
        length = min(self._key_frame, KEY_FRAMES) * FRAME_SAMPLES
        payload = struct.pack("!BBH", _KEYS.index(self._keys[0]), flags, length)
        self._send(payload, kind, self._stamp, is_first=self._key_frame == 1)
        if self._key_frame == KEY_FRAMES + 2:
            self._stamp += self._key_frame * FRAME_SAMPLES
            self._key_frame = 0
            del self._keys[0]

    def _send(self, payload: bytes, kind: int, stamp: int, *, is_first: bool = False) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._number = (self._number + 1) & 0xFFFF
        mark = 0x80 if is_first else 0
        head = struct.pack("!BBHII", 0x80, mark | kind, self._number, stamp & 0xFFFFFFFF, self._source)
        self._transport.sendto(head + payload, (self._offer.host, self._offer.port))
