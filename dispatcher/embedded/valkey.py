"""The embedded Valkey server: starts it, notices its end, stops it.

Nothing in it is irreplaceable (the database is the truth), so files that Valkey cannot repair are set
aside and it starts empty, instead of keeping the whole product down.
"""

import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from dispatcher.embedded.errors import EmbeddedError, PortTakenError
from dispatcher.embedded.home import ServerHome
from dispatcher.embedded.leftovers import end_leftovers
from dispatcher.embedded.ports import HOST, is_free
from dispatcher.embedded.postgres_files import explain_failure
from dispatcher.embedded.spawn import end, spawn

_START_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.02
_LOG_LIMIT_BYTES: Final = 10_000_000
_APPEND_DIRECTORY: Final = "appendonlydir"
_STOP_STEPS: Final = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0))

_log = structlog.get_logger(__name__)


class ValkeyServer:
    """One Valkey server with its files in `home`/valkey."""

    def __init__(self, home: ServerHome, program: Path, *, password: str, durable: bool = True) -> None:
        self._home = home
        self._program = program
        self._password = password
        self._durable = durable
        self._base = home.own_directory("valkey")
        self._output = home.directory / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.port: int | None = None

    @property
    def process_id(self) -> int | None:
        """The server's id while it runs."""
        return self._process.pid if self._process is not None and self.is_alive() else None

    @property
    def redis_url(self) -> str:
        """For redis-py and dramatiq; holds the password."""
        return f"redis://:{self._password}@{HOST}:{self.port}/0"

    def is_alive(self) -> bool:
        """Whether the server process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self, port: int) -> None:
        """Start on `port` and wait until it answers. Raises PortTakenError and EmbeddedError."""
        self._end_leftovers()
        if not is_free(port):
            raise PortTakenError(f"Port {port} on {HOST}, which Valkey needs, is in use by another program.")
        output = self._try_to_start(port)
        if output is not None and self._set_files_aside(output):
            output = self._try_to_start(port)
        if output is not None:
            self.stop()
            if "already in use" in output:
                raise PortTakenError(f"Port {port} on {HOST} was taken by another program.")
            raise EmbeddedError(explain_failure("Valkey did not start", output))
        self.port = port
        _log.info("embedded.valkey_started", port=port, process_id=self.process_id)

    def stop(self) -> None:
        """Stop the server and wait for its end; no error if it does not run."""
        if self._process is not None:
            end(self._process, _STOP_STEPS)
            end_leftovers(self._base, "valkey", _STOP_STEPS)
            self._process = None

    def _end_leftovers(self) -> None:
        if end_leftovers(self._base, "valkey", _STOP_STEPS):
            _log.warning("embedded.valkey_leftover_ended")

    def _try_to_start(self, port: int) -> str | None:
        """None when it runs, else what the server wrote before it ended."""
        begin = self._launch(port)
        try:
            if self._becomes_ready(port):
                return None
        except BaseException:
            self.stop()
            raise
        with self._output.open("rb") as file:
            file.seek(begin)
            return file.read().decode(errors="replace")

    def _launch(self, port: int) -> int:
        """Start the process; returns where its output begins in the log file."""
        try:
            if self._output.exists() and self._output.stat().st_size > _LOG_LIMIT_BYTES:
                self._output.replace(self._output.with_suffix(".log.1"))
            with self._output.open("ab") as output:
                self._process = spawn(
                    [str(self._program), "-"],
                    account=self._home.account,
                    death_signal=signal.SIGTERM,
                    directory=self._base,
                    output=output.fileno(),
                    with_input=True,
                )
                begin = output.tell()
        except OSError as exc:
            raise EmbeddedError(f"Valkey cannot be started: {exc}.") from exc
        # The settings hold the password: arguments would show it to every user of the machine.
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101  (for the type checker)
        try:
            with pipe:
                pipe.write(self._configuration(port).encode())
        except BrokenPipeError:
            pass  # it ended already; the waiting below finds out why
        return begin

    def _configuration(self, port: int) -> str:
        settings = {
            "bind": HOST,
            "port": str(port),
            "protected-mode": "yes",
            "requirepass": self._password,
            "dir": ".",  # the working directory: no path can be odd enough to need quoting
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes" if self._durable else "no",
            "appenddirname": _APPEND_DIRECTORY,
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",
            "maxmemory-policy": "noeviction",
            "databases": "16",
            "loglevel": "notice",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _becomes_ready(self, port: int) -> bool:
        """Wait until it answers our password; False when it ended before."""
        assert self._process is not None  # noqa: S101  (for the type checker)
        deadline = time.monotonic() + _START_SECONDS
        client = redis.Redis(
            host=HOST, port=port, password=self._password, socket_timeout=5.0, retry=Retry(NoBackoff(), 0)
        )
        try:
            while self._process.poll() is None:
                if _answers(client):
                    return True
                if time.monotonic() > deadline:
                    raise EmbeddedError(
                        f"Valkey was not ready after {_START_SECONDS:.0f} s; see {self._output}."
                    )
                time.sleep(_POLL_SECONDS)
        finally:
            client.close()
        return False

    def _set_files_aside(self, output: str) -> bool:
        """Rename files that Valkey cannot load; False when these are not the trouble."""
        files = self._base / _APPEND_DIRECTORY
        if not files.exists() or "already in use" in output or "No space left" in output:
            return False
        aside = self._base / f"{_APPEND_DIRECTORY}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        files.rename(aside)
        _log.warning("embedded.valkey_files_set_aside", directory=str(aside))
        return True


def _answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:  # refused, or still loading
        return False
