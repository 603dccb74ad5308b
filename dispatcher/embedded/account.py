"""Under which user the servers run.

PostgreSQL refuses to run as root. Then `nobody` is used: no user is created and no permission of any
parent directory is changed. A data directory that already belongs to an ordinary user keeps that user.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dispatcher.embedded.errors import EmbeddedError

_SHELL = "/bin/sh"


@dataclass(frozen=True)
class ServiceAccount:
    """The user and group of the servers; None means those of this process."""

    user_id: int | None = None
    group_id: int | None = None

    def give(self, path: Path) -> None:
        """Make `path` (not what is in it) belong to the account."""
        if self.user_id is not None and self.group_id is not None:
            os.chown(path, self.user_id, self.group_id, follow_symlinks=False)

    def may_enter(self, directory: Path) -> bool:
        """Whether the account can traverse all parents of `directory` and enter it."""
        return self._runs([_SHELL, "-c", 'cd -- "$1"', "sh", str(directory)])

    def may_run(self, program: Path) -> bool:
        """Whether the account can start `program` (tried with `--version`)."""
        return self._runs([str(program), "--version"])

    def _runs(self, argv: list[str]) -> bool:
        # A real try, not mode bits: access lists, mount options and namespaces count as well.
        try:
            done = subprocess.run(
                argv,
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=30,
                check=False,
                user=self.user_id,
                group=self.group_id,
                extra_groups=None if self.user_id is None else [],
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0


def choose_account(existing: Path) -> ServiceAccount:
    """The account for a cluster at `existing` (which need not exist yet)."""
    if os.geteuid() != 0:
        return ServiceAccount()
    if existing.exists():
        owner = existing.stat()
        if owner.st_uid != 0:
            return ServiceAccount(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as exc:
        raise EmbeddedError(
            "The servers cannot run as root, and this system has no user named nobody. "
            "Run the command as an ordinary user, or set DISPATCHER_DATABASE_URL and DISPATCHER_REDIS_URL."
        ) from exc
    return ServiceAccount(nobody.pw_uid, nobody.pw_gid)
