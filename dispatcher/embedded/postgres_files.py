"""Makes and describes the files of the embedded PostgreSQL: the cluster and its configuration."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from dispatcher.embedded.account import ServiceAccount
from dispatcher.embedded.errors import EmbeddedError, OtherVersionError
from dispatcher.embedded.private_files import sync_directory
from dispatcher.embedded.spawn import end, spawn

USER = "dispatcher"
DATABASE = "dispatcher"
_INITDB_SECONDS = 300.0
_SOCKET_PATH_LIMIT = 107  # bytes of sun_path
_SOCKET_NAME_LENGTH = len("/.s.PGSQL.65535.lock")

#: Sized for a small shared machine. Statements, parameters and the DETAIL of errors stay out of the
#: log: they hold addresses and names.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "maintenance_work_mem": "64MB",
    "wal_compression": "on",
    "wal_level": "replica",
    "max_wal_size": "1GB",
    "min_wal_size": "80MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "autovacuum": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "unix_socket_permissions": "0700",
    "logging_collector": "on",
    "log_filename": "postgresql-%Y%m%d-%H%M%S.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "10MB",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_statement": "none",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def check_version(cluster: Path, postgres: Path) -> None:
    """Raise OtherVersionError unless `cluster` was made by the major version of `postgres`."""
    ours = major_version(postgres)
    try:
        theirs = (cluster / "PG_VERSION").read_text().strip()
    except OSError as exc:
        raise EmbeddedError(
            f"{cluster} is not a PostgreSQL data directory ({exc.strerror}: PG_VERSION). "
            "Restore it from a backup, or move it away to begin with an empty database."
        ) from exc
    if theirs != ours:
        raise OtherVersionError(
            f"The database in {cluster} was made by PostgreSQL {theirs}, and this installation brings "
            f"PostgreSQL {ours}, which cannot read it. Nothing was changed. To keep the data, run the "
            f"earlier installation with PostgreSQL {theirs}, save it with pg_dump, move the directory away, "
            f"start this installation and restore the dump. To begin empty, just move the directory away."
        )


def major_version(postgres: Path) -> str:
    """Such as "18", of the server program. Raises EmbeddedError."""
    try:
        done = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as exc:
        raise EmbeddedError(f"{postgres} cannot be started: {exc}.") from exc
    return done.stdout.rsplit(maxsplit=1)[-1].split(".")[0]


def make_cluster(
    cluster: Path, postgres: Path, *, account: ServiceAccount, password: str, durable: bool
) -> None:
    """Make a new cluster, whole or not at all: `initdb` works in a directory beside, then it is renamed.

    Raises EmbeddedError, and then nothing half-made is left.
    """
    target = half_made(cluster)
    password_file = cluster.with_name(cluster.name + ".password")
    remove_half_made(cluster)
    try:
        target.mkdir(mode=0o700)
        account.give(target)
        with _written_for(account, password_file, password):
            _run_initdb(target, postgres, password_file, account=account, durable=durable)
        target.rename(cluster)
        sync_directory(cluster.parent)
    except OSError as exc:
        raise EmbeddedError(f"The database cannot be made in {cluster.parent}: {exc.strerror}.") from exc
    finally:
        remove_half_made(cluster)


def half_made(cluster: Path) -> Path:
    """Where a new cluster is made before it is renamed to `cluster`."""
    return cluster.with_name(cluster.name + ".new")


def remove_half_made(cluster: Path) -> None:
    """Remove what a killed `make_cluster` left."""
    shutil.rmtree(half_made(cluster), ignore_errors=True)
    cluster.with_name(cluster.name + ".password").unlink(missing_ok=True)


def write_configuration(path: Path, *, cluster: Path, log: Path, sockets: Path, durable: bool) -> None:
    """Write the server's configuration; `local.conf` beside it may change anything. Raises OSError."""
    settings = {
        **_SETTINGS,
        **(_DURABLE if durable else _NOT_DURABLE),
        "log_directory": str(log),
        "unix_socket_directories": str(sockets) if has_room_for_socket(sockets) else "",
    }
    lines = [f"include {_quoted(cluster / 'postgresql.conf')}"]  # what initdb found out about this system
    lines += [f"{name} = {_quoted(value)}" for name, value in settings.items()]
    lines.append(f"include_if_exists {_quoted(path.with_name('local.conf'))}")
    new_path = path.with_name(path.name + ".new")
    new_path.write_text("\n".join(lines) + "\n")
    new_path.chmod(0o644)
    new_path.replace(path)


def has_room_for_socket(directory: Path) -> bool:
    """Whether the path of a unix socket in `directory` fits into the kernel's limit."""
    return len(os.fsencode(directory)) + _SOCKET_NAME_LENGTH <= _SOCKET_PATH_LIMIT


def _quoted(value: object) -> str:
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


@contextlib.contextmanager
def _written_for(account: ServiceAccount, path: Path, text: str) -> Iterator[None]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text.encode())
        account.give(path)
        yield
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


def _run_initdb(
    target: Path, postgres: Path, password_file: Path, *, account: ServiceAccount, durable: bool
) -> None:
    argv = [str(postgres.with_name("initdb")), f"--pgdata={target}", f"--username={USER}"]
    argv += [f"--pwfile={password_file}", "--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8"]
    # The builtin provider needs no locale of the system, and gives the same order on every machine.
    argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"]
    argv += [] if durable else ["--no-sync"]
    process = spawn(
        argv,
        account=account,
        death_signal=signal.SIGTERM,  # initdb then removes what it made
        directory=target.parent,
        output=subprocess.PIPE,
    )
    try:
        output, _ = process.communicate(timeout=_INITDB_SECONDS)
    except subprocess.TimeoutExpired as exc:
        raise EmbeddedError(
            f"Making the database took over {_INITDB_SECONDS:.0f} s. Is the disk slow?"
        ) from exc
    finally:
        end(process, ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)))
        if process.stdout is not None:
            process.stdout.close()
    if process.returncode != 0:
        raise EmbeddedError(
            explain_failure("PostgreSQL could not make its database", output.decode(errors="replace"))
        )


def explain_failure(what: str, output: str) -> str:
    """One message for a person, from what a server wrote before it gave up."""
    if "No space left on device" in output:
        return f"{what}: the disk is full. Make room and start again."
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [number for number, line in enumerate(lines) if "FATAL" in line or "error:" in line]
    begin = telling[-1] if telling else max(0, len(lines) - 3)
    return f"{what}: {' / '.join(lines[begin : begin + 3]) or 'it said nothing'}"
