"""Small files that only the owner of the data directory may read, replaced whole or not at all."""

import fcntl
import os
import secrets
from pathlib import Path


def write_private(path: Path, text: str, *, locked: bool = False) -> int:
    """Replace `path` by a file of mode 0600 and return its open descriptor; the caller closes it.

    Durable before it becomes visible. `locked` takes an exclusive flock before that, so whoever sees the
    file sees it locked. As root the file is given to the owner of its directory: one run with sudo must
    not lock an ordinary user out. Raises OSError.
    """
    new_path = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new_path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if locked:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
        give_to_owner_of(path.parent, descriptor)
        new_path.replace(path)
        sync_directory(path.parent)
    except BaseException:
        os.close(descriptor)
        new_path.unlink(missing_ok=True)
        raise
    return descriptor


def sync_directory(directory: Path) -> None:
    """Make renames inside `directory` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def give_to_owner_of(directory: Path, descriptor: int) -> None:
    """As root, let an open file belong to whom its directory belongs. Raises OSError."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
