"""WAV files: reading those of engines and of staff, writing those that browsers play.

The standard library's reader knows plain samples only; telephone equipment writes G.711 into WAV files,
sound editors 32-bit floats.
"""

import io
import math
import struct
import sys
import wave
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from channels.voice.errors import BadSoundFileError
from channels.voice.sound import RATE, SAMPLE_BYTES, Sound

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_LEAST_RATE, _MOST_RATE = 8000, 192_000
_MOST_CHANNELS: Final = 2


@dataclass(frozen=True, slots=True)
class Waveform:
    """Mono samples of signed 16 bits at any rate."""

    rate: int
    samples: "array[int]" = field(repr=False)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate


def write_wav(sound: Sound, rate: int = RATE) -> bytes:
    """A WAV file of 16-bit samples."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(rate)
        file.writeframes(sound.samples)
    return target.getvalue()


def read_wav(content: bytes) -> Waveform:
    """The samples of a WAV file, both channels of a stereo one mixed; raises `BadSoundFileError`."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise BadSoundFileError("это не файл WAV: сохраните запись как WAV (PCM)", code="not_wav")
    shape: tuple[int, int, int, int] | None = None
    for name, chunk in _chunks(content):
        if name == b"fmt " and len(chunk) >= 16:
            shape = _shape(chunk)
        elif name == b"data" and shape is not None:
            return _waveform(chunk, *shape)
    raise BadSoundFileError("файл WAV повреждён: в нём нет звука", code="wav_broken")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 12
    while position + 8 <= len(content):
        name, size = (
            content[position : position + 4],
            int.from_bytes(content[position + 4 : position + 8], "little"),
        )
        # Programs that write into a pipe leave the size open (0 or the largest one).
        is_open = name == b"data" and (size == 0 or position + 8 + size > len(content))
        yield name, content[position + 8 :] if is_open else content[position + 8 : position + 8 + size]
        position += 8 + size + size % 2


def _shape(chunk: bytes) -> tuple[int, int, int, int]:
    """Format, channels, rate, bits."""
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        kind = int.from_bytes(chunk[24:26], "little")
    if not _LEAST_RATE <= rate <= _MOST_RATE:
        raise BadSoundFileError(
            f"частота {rate} Гц не подходит: нужно от 8000 до 192000 Гц", code="wav_rate", rate=rate
        )
    if not 1 <= channels <= _MOST_CHANNELS:
        raise BadSoundFileError("нужен один канал (моно) или два", code="wav_channels", channels=channels)
    return kind, channels, rate, bits


def _waveform(data: bytes, kind: int, channels: int, rate: int, bits: int) -> Waveform:
    samples = _decoded(data, kind, bits)
    if channels == 1:
        return Waveform(rate, samples)
    pairs = zip(samples[::2], samples[1::2], strict=False)
    return Waveform(rate, array("h", ((left + right) // 2 for left, right in pairs)))


def _decoded(data: bytes, kind: int, bits: int) -> "array[int]":
    if kind == _PCM and bits == 16:
        return _native(array("h", data[: len(data) // 2 * 2]))
    if kind == _PCM and bits == 8:
        return array("h", ((value - 128) << 8 for value in data))
    if kind == _PCM and bits in (24, 32):
        width = bits // 8
        upper = bytearray(len(data) // width * 2)
        upper[0::2], upper[1::2] = (
            data[: len(upper) // 2 * width][at::width] for at in (width - 2, width - 1)
        )
        return _native(array("h", bytes(upper)))
    if kind == _FLOAT and bits == 32:
        floats = _native(array("f", data[: len(data) // 4 * 4]))
        return array("h", (_clamped(value) for value in floats))
    if kind in (_ALAW, _MULAW) and bits == 8:
        table = _alaw() if kind == _ALAW else _mulaw()
        return array("h", (table[value] for value in data))
    raise BadSoundFileError(
        "такой WAV не читается: сохраните запись как WAV, PCM 16 бит", code="wav_format", bits=bits
    )


def _native(values: "array") -> "array":  # type: ignore[type-arg]
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _clamped(value: float) -> int:
    return max(-32768, min(32767, round(value * 32767))) if math.isfinite(value) else 0


@cache
def _alaw() -> tuple[int, ...]:
    return tuple(_from_alaw(value ^ 0x55) for value in range(256))


def _from_alaw(value: int) -> int:
    exponent, mantissa = (value & 0x70) >> 4, (value & 0x0F) << 4
    magnitude = mantissa + 8 if exponent == 0 else (mantissa + 0x108) << (exponent - 1)
    return magnitude if value & 0x80 else -magnitude


@cache
def _mulaw() -> tuple[int, ...]:
    return tuple(_from_mulaw(~value & 0xFF) for value in range(256))


def _from_mulaw(value: int) -> int:
    magnitude = ((((value & 0x0F) << 3) + 0x84) << ((value & 0x70) >> 4)) - 0x84
    return -magnitude if value & 0x80 else magnitude
