"""The embedded PostgreSQL server: starts it, notices its end, stops it.

Rules guarded here: only one server per cluster, none left behind by any kill, and a start that works
after any kill. The holder of the data directory's lock is the only one who may run this.
"""

import signal
import subprocess
import time
from pathlib import Path
from typing import Final

import psycopg
import structlog
from psycopg import sql

from dispatcher.embedded.errors import EmbeddedError, PortTakenError
from dispatcher.embedded.home import ServerHome
from dispatcher.embedded.leftovers import end_leftovers
from dispatcher.embedded.ports import HOST, is_free
from dispatcher.embedded.postgres_files import (
    DATABASE,
    USER,
    check_version,
    explain_failure,
    half_made,
    make_cluster,
    remove_half_made,
    write_configuration,
)
from dispatcher.embedded.spawn import end, spawn

_START_SECONDS: Final = 600.0  # recovery after a crash may replay up to max_wal_size
_POLL_SECONDS: Final = 0.02
_KEPT_LOGS: Final = 5
#: Fast shutdown, then immediate shutdown (recovery at the next start), then the end.
_STOP_STEPS: Final = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
_INITDB_STOP_STEPS: Final = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0))

_log = structlog.get_logger(__name__)


class PostgresServer:
    """One PostgreSQL server with its cluster in `home`/postgres."""

    def __init__(self, home: ServerHome, program: Path, *, password: str, durable: bool = True) -> None:
        self._home = home
        self._program = program
        self._password = password
        self._durable = durable
        self._base = home.own_directory("postgres")
        self._cluster = self._base / "data"
        self._start_output = home.directory / "postgres-start.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.port: int | None = None

    @property
    def has_cluster(self) -> bool:
        """Whether a cluster exists already."""
        return self._cluster.exists()

    @property
    def process_id(self) -> int | None:
        """The postmaster's id while it runs."""
        return self._process.pid if self._process is not None and self.is_alive() else None

    @property
    def database_url(self) -> str:
        """For SQLAlchemy; holds the password."""
        return f"postgresql+psycopg://{USER}:{self._password}@{HOST}:{self.port}/{DATABASE}"

    def is_alive(self) -> bool:
        """Whether the postmaster runs."""
        return self._process is not None and self._process.poll() is None

    def prepare(self, *, password_is_new: bool = False) -> None:
        """End leftovers and make the cluster if absent.

        `password_is_new` sets the password again in a cluster made earlier. Raises OtherVersionError
        and EmbeddedError.
        """
        self._end_leftovers()
        # A killed owner's initdb may still be at work in the directory that is to be removed.
        end_leftovers(self._base, "initdb", _INITDB_STOP_STEPS)
        end_leftovers(half_made(self._cluster), "postgres", _INITDB_STOP_STEPS)
        if not self.has_cluster:
            make_cluster(
                self._cluster,
                self._program,
                account=self._home.account,
                password=self._password,
                durable=self._durable,
            )
            _log.info("embedded.postgres_made")
            return
        remove_half_made(self._cluster)
        check_version(self._cluster, self._program)
        if password_is_new:
            self._set_password()

    def start(self, port: int) -> None:
        """Start on `port` and wait until clients can work. Raises PortTakenError and EmbeddedError."""
        self._end_leftovers()
        if not is_free(port):
            raise PortTakenError(
                f"Port {port} on {HOST}, which PostgreSQL needs, is in use by another program."
            )
        self._launch(port)
        try:
            self._wait_until_ready(port)
            self.port = port
            self._make_database()
        except BaseException:
            self.stop()
            raise
        _log.info("embedded.postgres_started", port=port, process_id=self.process_id)

    def stop(self) -> None:
        """Stop the server and wait for its end; no error if it does not run."""
        if self._process is not None:
            end(self._process, _STOP_STEPS)
            end_leftovers(self._cluster, "postgres", _STOP_STEPS)  # its log writer ends a moment later
            self._process = None

    def _end_leftovers(self) -> None:
        """Leave no process, and no pid file: it may name a stranger by now, which would forbid a start."""
        if end_leftovers(self._cluster, "postgres", _STOP_STEPS):
            _log.warning("embedded.postgres_leftover_ended")
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        for socket_file in (self._base / "socket").glob(".s.PGSQL.*"):
            socket_file.unlink(missing_ok=True)

    def _launch(self, port: int) -> None:
        account = self._home.account
        directories = {}
        for name in ("log", "socket"):
            directories[name] = self._base / name
            directories[name].mkdir(mode=0o700, exist_ok=True)
            account.give(directories[name])
        self._prune_logs(directories["log"])
        configuration = self._home.directory / "postgresql.conf"
        try:
            write_configuration(
                configuration,
                cluster=self._cluster,
                log=directories["log"],
                sockets=directories["socket"],
                durable=self._durable,
            )
            with self._start_output.open("wb") as output:
                argv = [self._program, "-D", self._cluster, "-p", port, "-c", f"config_file={configuration}"]
                self._process = spawn(
                    [str(part) for part in argv],
                    account=account,
                    death_signal=signal.SIGINT,
                    directory=self._base,
                    output=output.fileno(),
                )
        except OSError as exc:
            raise EmbeddedError(f"PostgreSQL cannot be started: {exc}.") from exc

    def _wait_until_ready(self, port: int) -> None:
        assert self._process is not None  # noqa: S101  (for the type checker)
        deadline = time.monotonic() + _START_SECONDS
        while not self._says_ready(self._process.pid):
            if self._process.poll() is not None:
                output = self._failure_output()
                if "Address already in use" in output or not is_free(port):
                    raise PortTakenError(f"Port {port} on {HOST} was taken by another program.")
                raise EmbeddedError(explain_failure("PostgreSQL did not start", output))
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL was not ready after {_START_SECONDS:.0f} s; see {self._base / 'log'}."
                )
            time.sleep(_POLL_SECONDS)

    def _says_ready(self, process_id: int) -> bool:
        # The last line of postmaster.pid is what pg_ctl waits for as well: no failed logins in the log.
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(process_id) and lines[7].strip() == "ready"

    def _failure_output(self) -> str:
        newest = sorted((self._base / "log").glob("postgresql-*.log"))[-1:]
        return "\n".join(path.read_text(errors="replace")[-4000:] for path in (*newest, self._start_output))

    def _make_database(self) -> None:
        # An earlier start may have been killed before this; so it is looked for every time.
        try:
            with psycopg.connect(
                host=HOST,
                port=self.port,
                user=USER,
                password=self._password,
                dbname="postgres",
                autocommit=True,
            ) as connection:
                if not connection.execute(
                    "SELECT FROM pg_database WHERE datname = %s", [DATABASE]
                ).fetchall():
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except psycopg.Error as exc:
            raise EmbeddedError(explain_failure("PostgreSQL started but refused us", str(exc))) from exc

    def _set_password(self) -> None:
        """Through single-user mode, which asks for none."""
        process = spawn(
            [str(self._program), "--single", "-D", str(self._cluster), "postgres"],
            account=self._home.account,
            death_signal=signal.SIGTERM,
            directory=self._base,
            output=subprocess.PIPE,
            with_input=True,
        )
        statement = f"ALTER ROLE {USER} PASSWORD '{self._password}'\n"  # our own token: no quotes in it
        output, _ = process.communicate(statement.encode(), timeout=_START_SECONDS)
        if process.returncode != 0:
            raise EmbeddedError(
                explain_failure("PostgreSQL's password cannot be set", output.decode(errors="replace"))
            )
        _log.warning("embedded.postgres_password_renewed")

    def _prune_logs(self, directory: Path) -> None:
        for path in sorted(directory.glob("postgresql-*.log"))[:-_KEPT_LOGS]:
            path.unlink(missing_ok=True)
