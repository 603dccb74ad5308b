"""Where the files of the servers live.

Normally `servers/` in the data directory. As root the servers run as another user, who cannot enter a
directory below a 0700 parent such as root's home. Opening that parent up is not ours to do, so the files
then go to a directory of their own, and the data directory keeps a note of where it is.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import structlog

from dispatcher.embedded.account import ServiceAccount, choose_account
from dispatcher.embedded.errors import EmbeddedError
from dispatcher.embedded.private_files import write_private

#: /var/lib first: what lies in /var/tmp untouched for 30 days is deleted by systemd, data files included.
SHELTER_ROOTS = (Path("/var/lib"), Path("/opt"), Path("/var/tmp"))  # noqa: S108  (last choice, own directory)
_SHELTER_NAME = "notification-dispatcher"
_NOTE_NAME = "servers-directory.txt"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ServerHome:
    """The directory that holds the servers' files, and the account they run as."""

    directory: Path
    account: ServiceAccount

    def own_directory(self, name: str) -> Path:
        """A sub-directory (mode 0700) that belongs to the account; made if absent. Raises OSError."""
        path = self.directory / name
        path.mkdir(mode=0o700, exist_ok=True)
        self.account.give(path)
        return path


def prepare_data_directory(data_directory: Path) -> Path:
    """Make the directory if absent and return its absolute path. Raises EmbeddedError.

    Mode 0700, as root 0711: the servers' own user must pass through. A directory with other people's
    files in it keeps its mode.
    """
    path = data_directory.absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_ours = not any(path.iterdir()) or (path / "owner.lock").exists()
        if is_ours and path.stat().st_uid == os.geteuid():
            path.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as exc:
        raise EmbeddedError(
            f"The data directory {path} cannot be used ({exc.strerror}). "
            "Set DISPATCHER_DATA_DIRECTORY to a place that you may write to."
        ) from exc
    return path.resolve()


def settle_home(data_directory: Path, shelter_roots: tuple[Path, ...] = SHELTER_ROOTS) -> ServerHome:
    """The servers' home of this data directory, made if absent. Raises EmbeddedError."""
    note = data_directory / _NOTE_NAME
    try:
        if note.exists():
            return _noted_home(note)
        inside = data_directory / "servers"
        _make_passable(inside)
        account = choose_account(inside / "postgres")
        if account.may_enter(inside):
            return ServerHome(inside, account)
        if (inside / "postgres").exists():
            raise EmbeddedError(
                f"User {account.user_id}, who owns the databases in {inside}, cannot enter it. "
                "Make every parent directory of it passable for that user (chmod o+x)."
            )
        return _make_shelter(note, account, shelter_roots)
    except OSError as exc:
        raise EmbeddedError(f"The servers' directory cannot be made: {exc}.") from exc


def _noted_home(note: Path) -> ServerHome:
    directory = Path(note.read_text().strip())
    if not directory.is_dir():
        raise EmbeddedError(
            f"The databases of this installation were kept in {directory}, which is gone. "
            f"Restore it, or delete {note} to begin with an empty database."
        )
    return ServerHome(directory, choose_account(directory / "postgres"))


def _make_shelter(note: Path, account: ServiceAccount, roots: tuple[Path, ...]) -> ServerHome:
    for root in roots:
        shelter = root / _SHELTER_NAME / secrets.token_hex(4)
        try:
            _make_passable(shelter.parent)
            _make_passable(shelter)
        except OSError:
            continue
        if account.may_enter(shelter):
            os.close(write_private(note, str(shelter)))
            _log.warning("embedded.home_elsewhere", directory=str(shelter), noted_in=str(note))
            return ServerHome(shelter, account)
        shelter.rmdir()
    places = ", ".join(str(root) for root in roots)
    raise EmbeddedError(
        f"The servers cannot run as root below {note.parent}, and no other place ({places}) can be used. "
        "Set DISPATCHER_DATA_DIRECTORY to a directory whose parents everybody may pass through."
    )


def _make_passable(directory: Path) -> None:
    """Make it if absent; passable for the servers' user whatever the umask says, readable by nobody else."""
    try:
        directory.mkdir(mode=0o711)
    except FileExistsError:
        return
    directory.chmod(0o711)
