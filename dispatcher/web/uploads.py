"""Files on their way in: each whole on disk before anybody hears of it, locked by whoever works on it.

    data directory / uploads / <id> / <name as the client gave it, made harmless>

The lock (flock) belongs to the process: when that dies, the kernel gives it up, so there is no lease to
renew and none to wait for. Personal data: only this user may read it, and it is removed when imported; what
staff uploaded in the browser stays a day, so that wrong columns can be corrected without another upload.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Final
from uuid import UUID

from fastapi.concurrency import run_in_threadpool

from dispatcher.core.ids import new_id

WRITE_BYTES: Final = 1 << 20
#: A file that nobody asked for (its upload broke off), or that nobody has corrected, goes after this time.
LEFT_BEHIND_SECONDS: Final = 24 * 3600

_UNSAFE: Final = re.compile(r"[^\w. ()+-]+")
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in whole."""

    id: UUID
    path: Path
    sha256: bytes
    size: int


class UploadDirectory:
    """Where uploads wait. Made when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def keep(self, chunks: AsyncIterator[bytes], file_name: str) -> Upload:
        """Write what comes in; whatever breaks it off leaves nothing behind."""
        upload_id = new_id()
        folder = self._path / str(upload_id)
        path = folder / harmless_name(file_name)
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        try:
            sha256, size = await _write(path, chunks)
        except BaseException:
            self.remove(upload_id)
            raise
        return Upload(upload_id, path, sha256, size)

    def remove(self, upload_id: UUID) -> None:
        """Remove the file; nothing happens when it is gone already."""
        shutil.rmtree(self._path / str(upload_id), ignore_errors=True)

    def path_of(self, upload_id: UUID) -> Path | None:
        """The file, or None when it is gone or waits on another machine."""
        return next((self._path / str(upload_id)).glob("*"), None)

    def list_ids(self) -> list[UUID]:
        """Every upload on this machine, the oldest first (the ids are UUIDv7)."""
        if not self._path.is_dir():
            return []
        return sorted(UUID(entry.name) for entry in self._path.iterdir() if entry.is_dir())

    def is_left_behind(self, upload_id: UUID) -> bool:
        """Whether it is so old that its request cannot be under way any more."""
        return self._is_older(upload_id, LEFT_BEHIND_SECONDS)

    def list_older(self, seconds: float) -> list[UUID]:
        """Uploads that came in longer ago."""
        return [upload_id for upload_id in self.list_ids() if self._is_older(upload_id, seconds)]

    def _is_older(self, upload_id: UUID, seconds: float) -> bool:
        try:
            return time.time() - (self._path / str(upload_id)).stat().st_mtime > seconds
        except OSError:
            return False

    @contextmanager
    def locked(self, upload_id: UUID) -> Iterator[Path | None]:
        """The file, locked for this process alone; None when another one has it or it is gone."""
        path = self.path_of(upload_id)
        if path is None:
            yield None
            return
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield None
                return
            yield path


def remove_older_files(folder: Path, seconds: float) -> None:
    """Remove the files of a folder that were last written longer ago; a folder that is not there is empty."""
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # another process of this machine was quicker
            if time.time() - path.stat().st_mtime > seconds:
                path.unlink()


def harmless_name(given: str) -> str:
    """A file name without a path, odd signs or a leading dot; its ending stays."""
    last = given.replace("\\", "/").rsplit("/", 1)[-1]
    name = _UNSAFE.sub("_", last).strip(" .")
    return name[-_LONGEST_NAME:] or "list.csv"


async def _write(path: Path, chunks: AsyncIterator[bytes]) -> tuple[bytes, int]:
    digest, size, waiting = hashlib.sha256(), 0, bytearray()
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        async for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            waiting += chunk
            if len(waiting) >= WRITE_BYTES:
                await run_in_threadpool(file.write, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(_finish, file, bytes(waiting))
    return digest.digest(), size


def _finish(file: BufferedWriter, rest: bytes) -> None:
    """The database must never promise an import whose file the machine has lost."""
    file.write(rest)
    file.flush()
    os.fsync(file.fileno())
