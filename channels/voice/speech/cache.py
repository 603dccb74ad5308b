"""What was spoken before: for all processes on disk, for this process in memory (decision 0044).

Sound says what its words say. Only phrases that are the same for everybody are kept on disk; those made for
one person stay in memory, where they serve a repeated or a second call, and go with the process.
"""

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from channels.voice.sound import Sound
from channels.voice.speech.engine import Voice

MADE: Final = 1  #: raised when engines, filter or loudness change, so that what was made before is not used
MEGABYTE: Final = 1 << 20
_SHRINK_TO: Final = 0.9  #: of the limit, so that not every file that is added looks at all of them
_LOOK_EVERY: Final = 32  #: files added by this process between two looks at the whole size
_ENDING: Final = ".sound"


def key_of(text: str, language: str, voice: Voice) -> str:
    """The name under which a phrase is kept: all that its sound depends on."""
    parts = (str(MADE), voice.engine, voice.name, voice.program, str(voice.words_per_minute), language, text)
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()


class MemoryCache:
    """The newest sounds, up to a size, of one process."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._sounds: OrderedDict[str, Sound] = OrderedDict()

    def get(self, key: str) -> Sound | None:
        """What is kept under a key."""
        found = self._sounds.get(key)
        if found is not None:
            self._sounds.move_to_end(key)
        return found

    def add(self, key: str, sound: Sound) -> None:
        """Keep a sound; the one unused for longest goes."""
        if key in self._sounds or len(sound.samples) > self._limit:
            return
        self._sounds[key] = sound
        self._size += len(sound.samples)
        while self._size > self._limit:
            _, gone = self._sounds.popitem(last=False)
            self._size -= len(gone.samples)


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int
    used_ns: int


class DiskCache:
    """Sounds in files, up to a size, shared by all processes of a machine.

    A file is written beside and renamed, so nobody reads half of one; it carries its own hash, so a disk
    that was full or lies is noticed. Whatever goes wrong here costs speaking once more, and nothing else.
    """

    def __init__(self, directory: Path, limit_bytes: int) -> None:
        self._directory = directory
        self._limit = limit_bytes
        self._added = 0

    def get(self, key: str) -> Sound | None:
        """What is kept under a key."""
        path = self._path(key)
        try:
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        digest, samples = content[:32], content[32:]
        if hashlib.sha256(samples).digest() != digest:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        return Sound(samples)

    def add(self, key: str, sound: Sound) -> None:
        """Keep a sound; those unused for longest go once all together are too large."""
        if len(sound.samples) > self._limit:
            return
        with contextlib.suppress(OSError):
            self._write(self._path(key), hashlib.sha256(sound.samples).digest() + sound.samples)
            self._added += 1
            if self._added % _LOOK_EVERY == 1 or self._limit < _LOOK_EVERY * MEGABYTE:
                self._shrink()

    def _path(self, key: str) -> Path:
        return self._directory / key[:2] / (key + _ENDING)

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, beside = tempfile.mkstemp(dir=self._directory, prefix=".new-")  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(beside).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(beside).unlink()
            raise

    def _shrink(self) -> None:
        with (self._directory / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # another process is at it
            files = sorted(self._files(), key=lambda file: file.used_ns)
            size = sum(file.size for file in files)
            if size <= self._limit:
                return
            for file in files:
                file.path.unlink(missing_ok=True)
                size -= file.size
                if size <= self._limit * _SHRINK_TO:
                    return

    def _files(self) -> Iterator[_File]:
        for path in self._directory.glob(f"*/*{_ENDING}"):
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                yield _File(path, found.st_size, found.st_mtime_ns)
