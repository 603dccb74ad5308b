"""What the far end of one call said, kept as evidence where law and company allow it."""

from channels.voice.sound import RATE, SAMPLE_BYTES, Sound
from channels.voice.speech.wav import write_wav


class Recording:
    """Collects samples up to a limit; what comes after it is dropped."""

    def __init__(self, most_seconds: float) -> None:
        self._room = int(most_seconds * RATE) * SAMPLE_BYTES
        self._samples = bytearray()

    def add(self, samples: bytes) -> None:
        """Keep these samples, as far as there is room."""
        self._samples += samples[: self._room - len(self._samples)]

    def as_wav(self) -> bytes:
        """All of it, as a WAV file: 8 kHz, 16 bits, mono."""
        return write_wav(Sound(bytes(self._samples)))
