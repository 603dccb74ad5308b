"""From a WAV file of staff to what the telephone plays, or a refusal that says what to change."""

import math
import sys
from array import array
from typing import Final

from channels.voice.errors import BadSoundFileError
from channels.voice.sound import RATE, Sound
from channels.voice.speech.level import at_telephone_level, measure
from channels.voice.speech.resampling import resample
from channels.voice.speech.wav import Waveform, read_wav

MOST_BYTES: Final = 25 * 1024 * 1024  #: two minutes of 48 kHz, stereo, 16 bits, and some
LEAST_SECONDS: Final = 0.3
MOST_SECONDS: Final = 120.0
MOST_CLIPPED_SHARE: Final = 0.01  #: of all samples at full scale; more is heard as a crackle


def prompt_sound(content: bytes) -> Sound:
    """The recording at 8 kHz and at the level of the telephone; raises `BadSoundFileError`.

    Seconds of two minutes' work: never call it inside a transaction.
    """
    check_size(len(content))
    wave = read_wav(content)
    if not LEAST_SECONDS <= wave.seconds <= MOST_SECONDS:
        raise BadSoundFileError(
            f"запись длится {wave.seconds:.1f} с: нужно от {LEAST_SECONDS} до {MOST_SECONDS:.0f} с",
            code="prompt_length",
            seconds=round(wave.seconds, 1),
            least=LEAST_SECONDS,
            most=round(MOST_SECONDS),
        )
    _check_is_not_clipped(wave)
    sound = Sound(_little_endian(_at_telephone_rate(wave)))
    if measure(sound).active_dbov == -math.inf:
        raise BadSoundFileError("в записи тишина: проверьте микрофон и запишите громче", code="prompt_silent")
    return at_telephone_level(sound)


def check_size(size: int) -> None:
    """Refuse a file of too many bytes; raises `BadSoundFileError`."""
    if size > MOST_BYTES:
        raise BadSoundFileError(
            f"файл больше {MOST_BYTES // 1024**2} МБ: сохраните запись как WAV, моно, 16 бит",
            code="prompt_too_large",
            most=MOST_BYTES // 1024**2,
        )


def _check_is_not_clipped(wave: Waveform) -> None:
    # Before the filter, which rounds the flat tops off.
    clipped = measure(Sound(wave.samples.tobytes())).clipped_share
    if clipped > MOST_CLIPPED_SHARE:
        raise BadSoundFileError(
            f"запись перегружена ({clipped:.0%} отсчётов): запишите тише",
            code="prompt_clipped",
            percent=round(clipped * 100),
        )


def _at_telephone_rate(wave: Waveform) -> "array[int]":
    try:
        return resample(wave.samples, wave.rate, RATE)
    except ValueError as error:
        raise BadSoundFileError(
            f"частота {wave.rate} Гц не подходит: сохраните запись с частотой 8000, 16000 или 48000 Гц",
            code="wav_rate",
            rate=wave.rate,
        ) from error


def _little_endian(samples: "array[int]") -> bytes:
    if sys.byteorder == "big":
        samples = array("h", samples)
        samples.byteswap()
    return samples.tobytes()
