"""Who owns a data directory, and where its running servers can be reached.

Both facts are held by file locks, which the kernel drops however a process ends; process ids only make
messages helpful. Two files:

- `owner.lock`: locked by the one process that may start servers here;
- `servers.json`: the addresses. It is locked before it becomes visible and replaced, never rewritten:
  a locked file therefore always tells the truth, an unlocked one is what a killed owner left.

`flock` rather than POSIX record locks: those are lost when any descriptor of the file is closed, for
example by looking at it in the same process.
"""

import contextlib
import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from dispatcher.embedded.errors import AlreadyRunningError, EmbeddedError
from dispatcher.embedded.private_files import give_to_owner_of, write_private

_LOCK_NAME = "owner.lock"
_ADDRESSES_NAME = "servers.json"


@dataclass(frozen=True)
class ServerAddresses:
    """Where the two servers listen; both addresses hold a password."""

    database_url: str
    redis_url: str

    def __repr__(self) -> str:
        return "ServerAddresses(…)"  # addresses end up in logs and tracebacks; passwords must not


class Ownership:
    """The exclusive right to run servers in one data directory, from construction to `release`."""

    def __init__(self, data_directory: Path) -> None:
        """Take the lock, or raise AlreadyRunningError that names the owner's process id."""
        self._addresses_path = data_directory / _ADDRESSES_NAME
        self._addresses_descriptor: int | None = None
        self._descriptor = _take_lock(data_directory)
        self._addresses_path.unlink(missing_ok=True)

    def publish(self, addresses: ServerAddresses) -> None:
        """Let other commands find the running servers. Raises OSError."""
        content = {
            **asdict(addresses),
            "owner_process_id": os.getpid(),
            "started_at": datetime.now(UTC).isoformat(),
        }
        earlier = self._addresses_descriptor
        self._addresses_descriptor = write_private(self._addresses_path, json.dumps(content), locked=True)
        if earlier is not None:
            os.close(earlier)

    def withdraw(self) -> None:
        """Take the addresses back, before the servers stop."""
        if self._addresses_descriptor is not None:
            self._addresses_path.unlink(missing_ok=True)
            os.close(self._addresses_descriptor)
            self._addresses_descriptor = None

    def release(self) -> None:
        """Give the directory up; the object is of no use afterwards."""
        self.withdraw()
        os.close(self._descriptor)


def read_published(data_directory: Path) -> ServerAddresses | None:
    """The addresses of servers that run now in `data_directory`, or None. Raises EmbeddedError if barred."""
    path = data_directory / _ADDRESSES_NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise EmbeddedError(
            f"{path} cannot be read ({exc.strerror}). Run as the user who started it."
        ) from exc
    with os.fdopen(descriptor) as file:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            content = json.load(file)
            return ServerAddresses(content["database_url"], content["redis_url"])
    return None


def _take_lock(data_directory: Path) -> int:
    path = data_directory / _LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as exc:
        raise EmbeddedError(
            f"The data directory {data_directory} cannot be written ({exc.strerror}). "
            "Run as its owner, make room on the disk, or set DISPATCHER_DATA_DIRECTORY to another place."
        ) from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = _read_owner(descriptor)
        os.close(descriptor)
        raise AlreadyRunningError(
            f"The data directory {data_directory} is in use by process {owner}. "
            "Stop that one first, or set DISPATCHER_DATA_DIRECTORY to another place."
        ) from None
    with contextlib.suppress(OSError):
        give_to_owner_of(data_directory, descriptor)
    with contextlib.suppress(OSError):  # a full disk must not stop us here: the number is only for messages
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _read_owner(descriptor: int) -> str:
    # The owner writes its id just after taking the lock; a moment's patience saves an empty message.
    for _ in range(20):
        text = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        if text:
            return text
        time.sleep(0.05)
    return "unknown"
