"""G.711 A-law and µ-law by table (ITU-T G.711), and sounds of a telephone for the sandbox and tests."""

import math
import struct
from collections.abc import Callable
from typing import Final

RATE: Final = 8000
FRAME_SAMPLES: Final = 160  #: 20 ms
PCMU: Final = 0
PCMA: Final = 8


def _from_alaw(octet: int) -> int:
    octet ^= 0x55
    exponent, mantissa = (octet & 0x70) >> 4, octet & 0x0F
    value = (mantissa << 4) + 8
    if exponent:
        value = (value + 0x100) << (exponent - 1)
    return value if octet & 0x80 else -value


def _from_ulaw(octet: int) -> int:
    octet = ~octet & 0xFF
    value = ((((octet & 0x0F) << 3) + 0x84) << ((octet & 0x70) >> 4)) - 0x84
    return -value if octet & 0x80 else value


_LINEAR: Final = {
    PCMA: tuple(_from_alaw(octet) for octet in range(256)),
    PCMU: tuple(_from_ulaw(octet) for octet in range(256)),
}


def _encoding(payload_type: int) -> bytes:
    """For each of the 16384 steps of 4 from -32768 the octet that comes nearest."""
    values = sorted((value, octet) for octet, value in enumerate(_LINEAR[payload_type]))
    table, at = bytearray(16384), 0
    for step in range(16384):
        wanted = step * 4 - 32768 + 2
        while at + 1 < 256 and abs(values[at + 1][0] - wanted) <= abs(values[at][0] - wanted):
            at += 1
        table[step] = values[at][1]
    return bytes(table)


_OCTETS: Final = {kind: _encoding(kind) for kind in (PCMA, PCMU)}
#: Octets so quiet that a frame of them is silence: below about -40 dB.
_QUIET_LEVEL: Final = 300
_QUIET: Final = {
    kind: bytes(octet for octet in range(256) if abs(values[octet]) < _QUIET_LEVEL)
    for kind, values in _LINEAR.items()
}


def decode(payload: bytes, payload_type: int) -> bytes:
    """Octets of G.711 as signed 16-bit samples, little endian."""
    table = _LINEAR[payload_type]
    return struct.pack(f"<{len(payload)}h", *(table[octet] for octet in payload))


def encode(samples: bytes, payload_type: int) -> bytes:
    """The reverse of `decode`."""
    table = _OCTETS[payload_type]
    return bytes(table[(value + 32768) >> 2] for (value,) in struct.iter_unpack("<h", samples))


def is_loud(payload: bytes, payload_type: int) -> bool:
    """Whether a frame holds more than silence."""
    return len(payload.translate(None, _QUIET[payload_type])) > len(payload) // 20


def tone(hertz: float, seconds: float, level: float = 0.3) -> bytes:
    """A sine as samples; `level` of full scale."""
    return _sound(seconds, lambda at: level * math.sin(2 * math.pi * hertz * at))


def words(lengths: tuple[float, ...], gap_seconds: float = 0.12) -> bytes:
    """Bursts of a voice-like buzz of these lengths, with gaps: what a greeting looks like to a detector."""
    return silence(gap_seconds).join(
        _sound(length, lambda at: 0.25 * sum(math.sin(2 * math.pi * 140 * n * at) / n for n in range(1, 9)))
        for length in lengths
    )


def silence(seconds: float) -> bytes:
    """Samples of nothing."""
    return bytes(2 * round(seconds * RATE))


def _sound(seconds: float, value: Callable[[float], float]) -> bytes:
    count = round(seconds * RATE)
    samples = (max(-1.0, min(1.0, value(index / RATE))) for index in range(count))
    return struct.pack(f"<{count}h", *(round(32767 * sample) for sample in samples))
