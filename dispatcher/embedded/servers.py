"""The embedded servers as one thing: `EmbeddedServers` owns them, other commands borrow them."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import structlog

from dispatcher.embedded.credentials import load_credentials
from dispatcher.embedded.death_signal import require_main_thread
from dispatcher.embedded.errors import AlreadyRunningError, EmbeddedError, PortTakenError
from dispatcher.embedded.home import SHELTER_ROOTS, prepare_data_directory, settle_home
from dispatcher.embedded.ownership import Ownership, ServerAddresses, read_published
from dispatcher.embedded.ports import choose_port
from dispatcher.embedded.postgres import PostgresServer
from dispatcher.embedded.valkey import ValkeyServer
from dispatcher.embedded.wheels import programs_for

_PORT_TRIES: Final = 5
_BORROW_SECONDS: Final = 120.0  # the other command may be making its database just now
_POLL_SECONDS: Final = 0.1

_log = structlog.get_logger(__name__)


class EmbeddedServers:
    """PostgreSQL and Valkey of one data directory, owned by this process from `start` to `stop`.

    Everything must be called from the main thread: the servers end with the thread that started them.
    `durable=False` trades safety for speed and is for tests only.
    """

    def __init__(
        self,
        data_directory: Path,
        *,
        durable: bool = True,
        shelter_roots: tuple[Path, ...] = SHELTER_ROOTS,
    ) -> None:
        self._data_directory = data_directory
        self._durable = durable
        self._shelter_roots = shelter_roots
        self._ownership: Ownership | None = None
        self._postgres: PostgresServer | None = None
        self._valkey: ValkeyServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def addresses(self) -> ServerAddresses:
        """Where the servers listen. Raises EmbeddedError before `start`."""
        if self._postgres is None or self._valkey is None:
            raise EmbeddedError("The embedded servers have not been started.")
        return ServerAddresses(self._postgres.database_url, self._valkey.redis_url)

    @property
    def process_ids(self) -> dict[str, int | None]:
        """The servers' process ids by name; None for one that does not run."""
        return {name: server.process_id for name, server in self._servers().items()}

    def start(self) -> ServerAddresses:
        """Start both servers; on the ports of the last run where these are free.

        Raises AlreadyRunningError when another process runs them, and other kinds of EmbeddedError.
        Whatever happens, a failed start leaves no process and no lock.
        """
        require_main_thread()
        if self._ownership is not None:
            return self.addresses
        directory = prepare_data_directory(self._data_directory)
        self._ownership = Ownership(directory)
        try:
            self._start_both(directory)
            self._ownership.publish(self.addresses)
        except BaseException as exc:
            self.stop()
            if isinstance(exc, OSError):
                raise EmbeddedError(
                    f"The data directory {directory} cannot be used: {exc}. Make room on the disk, "
                    "or run as the owner of its files."
                ) from exc
            raise
        return self.addresses

    def stop(self) -> None:
        """Stop both servers and give the data directory up; no error if they do not run."""
        if self._ownership is None:
            return
        self._ownership.withdraw()
        for server in self._servers().values():
            server.stop()
        self._postgres = self._valkey = None
        self._ownership.release()
        self._ownership = None

    def is_alive(self) -> bool:
        """Whether both server processes run."""
        servers = self._servers()
        return len(servers) == 2 and all(server.is_alive() for server in servers.values())

    def ensure_running(self) -> list[str]:
        """Start again what has died, on the same port, so that clients reconnect; returns its names.

        Cheap when all is well: call it about every second. Raises PortTakenError while another program
        holds the port, and other kinds of EmbeddedError; calling it again tries again.
        """
        require_main_thread()
        restarted, errors = [], []
        for name, server in self._servers().items():
            if not server.is_alive() and server.port is not None:
                _log.warning("embedded.server_died", server=name)
                try:
                    server.start(server.port)
                    restarted.append(name)
                except EmbeddedError as exc:  # the other server must not wait for this one
                    errors.append(exc)
        if errors:
            raise errors[0]
        return restarted

    def _servers(self) -> dict[str, "_Server"]:
        servers: dict[str, _Server | None] = {"valkey": self._valkey, "postgres": self._postgres}
        return {name: server for name, server in servers.items() if server is not None}

    def _start_both(self, directory: Path) -> None:
        home = settle_home(directory, self._shelter_roots)
        programs = programs_for(home.account, home.directory)
        credentials, are_new = load_credentials(directory)
        self._postgres = PostgresServer(
            home, programs.postgres, password=credentials.postgres_password, durable=self._durable
        )
        self._valkey = ValkeyServer(
            home, programs.valkey, password=credentials.valkey_password, durable=self._durable
        )
        self._postgres.prepare(password_is_new=are_new)
        ports = credentials.with_ports(
            postgres=_start_somewhere(self._postgres.start, credentials.postgres_port),
            valkey=_start_somewhere(self._valkey.start, credentials.valkey_port),
        )
        if ports != credentials:
            ports.save(directory)


class _Server(Protocol):
    """What both servers have in common."""

    port: int | None

    @property
    def process_id(self) -> int | None: ...

    def is_alive(self) -> bool: ...

    def start(self, port: int) -> None: ...

    def stop(self) -> None: ...


def addresses_of_running(data_directory: Path) -> ServerAddresses | None:
    """The addresses of servers that another command (or this one) runs there now, or None."""
    return read_published(data_directory)


@contextlib.contextmanager
def borrowed_or_started(data_directory: Path, *, durable: bool = True) -> Iterator[ServerAddresses]:
    """The servers that run there now, else servers of our own for the time of the block.

    Waits for another command that is just starting its servers. Raises EmbeddedError.
    """
    deadline = time.monotonic() + _BORROW_SECONDS
    servers = EmbeddedServers(data_directory, durable=durable)
    while True:
        running = addresses_of_running(data_directory)
        if running is not None:
            yield running
            return
        try:
            addresses = servers.start()
        except AlreadyRunningError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)  # it is starting or stopping
            continue
        try:
            yield addresses
        finally:
            servers.stop()
        return


def _start_somewhere(start: Callable[[int], None], preferred: int | None) -> int:
    """Start on the preferred port, else on others; returns the port used."""
    for _ in range(_PORT_TRIES):
        port = choose_port(preferred)
        try:
            start(port)
        except PortTakenError:
            preferred = None
            continue
        return port
    raise EmbeddedError("No port could be had for a server: other programs took each one. Start again.")
