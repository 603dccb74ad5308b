"""The product as its users have it: the installed command, its processes, and a mail server beside it.

with installation() as product:
    with product.mail_server(), product.up():
        run = product.start_campaign(recipients=300)
        product.wait_for(run, "closed")
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psutil

from campaigns.sample import write_sample
from channels.sandbox import Journal, JournalVerdict, SandboxOptions, SandboxSmtpServer, read_journal
from tests.acceptance.loaded_commands import COLUMNS, LoadedCommands
from tests.memory import open_fast_directory
from tests.ports import reserve_port

DISPATCHER: Final = str(Path(sys.executable).with_name("dispatcher"))
MARK: Final = "DISPATCHER_ACCEPTANCE_MARK"
LIMIT_SECONDS: Final = 240.0
ASK_SECONDS: Final = 0.3  #: each question is a command, with its own connection to the database
#: Commands that ask or order something and end.
SHORT: Final = frozenset({"campaign", "clock", "doctor", "import", "list", "staff"})
COMMANDS: Final = LoadedCommands()
SECRET_KEY: Final = "a long secret key for tests only"
#: Short where a test waits for it to pass, long where passing would be taken for a fault: a starved machine
#: is no silent provider, and no worker that has vanished.
SMTP_TIMEOUT_SECONDS: Final = 60.0
DELIVERY: Final = {
    "settle_seconds": {"email": 1.0},
    "retry_seconds": [0.5, 1.0, 2.0],
    "unknown_query_seconds": 1.0,
    "lease_seconds": 60.0,
    "sweep_seconds": 0.25,
    "channel_pause_seconds": 0.5,
    "stop_seconds": 8.0,
}


class Product:
    """One installation with its own directory, ports and environment; `installation` makes it."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.directory = directory
        self.mark = os.urandom(8).hex()
        self.web_port, self.bounce_port, self.smtp_port = reserve_port(), reserve_port(), reserve_port()
        self.journal = directory / "journal.jsonl"
        own = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCHER_")}
        self.environment = {
            **own,
            MARK: self.mark,
            "COLUMNS": COLUMNS,
            "DISPATCHER_DATA_DIRECTORY": str(directory / "data"),
            "DISPATCHER_WEB__PORT": str(self.web_port),
            "DISPATCHER_BOUNCE_LISTENER__PORT": str(self.bounce_port),
            "DISPATCHER_SMTP__HOST": "127.0.0.1",
            "DISPATCHER_SMTP__PORT": str(self.smtp_port),
            "DISPATCHER_SMTP__SECURITY": "none",
            "DISPATCHER_SMTP__TIMEOUT_SECONDS": str(SMTP_TIMEOUT_SECONDS),
            "DISPATCHER_DELIVERY": json.dumps(DELIVERY),
            **environment,
        }

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run one command to its end; the short ones are loaded already (`loaded_commands`)."""
        if arguments[0] not in SHORT:
            return self.run_installed(*arguments, **environment)
        return COMMANDS.run(arguments, {**self.environment, **environment}, self.directory)

    def run_installed(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run one command to its end as users do, whatever its start costs."""
        return subprocess.run(
            [DISPATCHER, *arguments],
            env={**self.environment, **environment},
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )

    def ask(self, *arguments: str) -> dict[str, Any]:
        """Run a command with --json; its object."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr or done.stdout
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a command that stays; its output goes to a file named after it."""
        with (self.directory / f"{arguments[0]}.log").open("ab") as output:
            return subprocess.Popen(
                [DISPATCHER, *arguments],
                env={**self.environment, **environment},
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def output_of(self, command: str) -> str:
        """What a command started by `start` has said so far."""
        return (self.directory / f"{command}.log").read_text(errors="replace")

    @contextmanager
    def up(self, **environment: str) -> "Iterator[subprocess.Popen[bytes]]":
        """`dispatcher up`, ready; ended in good order behind the block."""
        process = self.start("up", **environment)
        try:
            self.wait_until_up(process)
            yield process
        finally:
            end(process)

    def wait_until_up(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait until the pages answer."""
        wait_until(lambda: self.is_healthy() or process.poll() is not None, "/health answers")
        assert process.poll() is None, self.output_of("up")

    def is_healthy(self) -> bool:
        """Whether /health says 200."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}/health", timeout=3) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def processes(self) -> list[psutil.Process]:
        """Every living process of this installation, whoever its parent is."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def find(self, *words: str) -> list[psutil.Process]:
        """Those whose command line holds all the words."""
        found = []
        for process in self.processes():
            try:
                line = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if all(word in line for word in words):
                found.append(process)
        return found

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            marked = process.environ().get(MARK) == self.mark
            # The embedded servers get a clean environment; their directories give them away.
            return marked or str(self.directory) in " ".join([process.cwd(), *process.cmdline()])
        except (psutil.Error, OSError):
            return False

    def kill_server(self, name: str) -> None:
        """Kill -9 the embedded `postgres` (with its backends' parent) or `valkey`."""
        [server] = [
            process for process in self.processes() if process.name().startswith(name) and _is_main(process)
        ]
        server.kill()

    @contextmanager
    def mail_server(self, **options: Any) -> "Iterator[MailServer]":
        """The sandbox on the installation's mail port."""
        server = MailServer(self, **options)
        server.open()
        try:
            yield server
        finally:
            server.close()

    def write_list(self, recipients: int, name: str = "debtors", fates: Sequence[str] = ()) -> Path:
        """A list of made-up people, with one more for each of `fates` (see the sandbox's directives)."""
        path = self.directory / f"{name}.csv"
        write_sample(path, recipients)
        with path.open("a", encoding="utf-8", newline="") as file:
            for number, fate in enumerate(fates, start=1):
                file.write(f"99{number:08d};B{number};Иванова Анна;Москва;{fate}.b{number}@sandbox.example;;")
                file.write("10,00;25.12.2026;да;;1;да\r\n")
        return path

    def start_campaign(self, recipients: int = 300, fates: Sequence[str] = (), **options: str) -> str:
        """Import a fresh list and start a campaign over it; the run's id."""
        self.ask("import", str(self.write_list(recipients, fates=fates)))
        values = {"list": "debtors", "ends": in_an_hour(), "policy": "always", **options}
        arguments = [part for name, value in values.items() for part in (f"--{name}", value)]
        return str(self.ask("campaign", "create", *arguments)["run_id"])

    def status(self, run: str) -> dict[str, Any]:
        """`campaign status --json`."""
        return self.ask("campaign", "status", run)

    def wait_for(self, run: str, state: str) -> dict[str, Any]:
        """Wait until the run is in this state; its status then."""
        return self.wait_status(run, lambda status: status["run"]["state"] == state, state)

    def wait_status(
        self, run: str, condition: Callable[[dict[str, Any]], object], what: str
    ) -> dict[str, Any]:
        """Wait until the run's status is as wanted."""
        until = time.monotonic() + LIMIT_SECONDS
        while True:
            status = self.status(run)
            if condition(status):
                return status
            assert time.monotonic() < until, f"still not {what}: {status}"
            time.sleep(ASK_SECONDS)

    def received(self) -> list[str]:
        """Attempt ids that the mail server took, in order."""
        return [
            str(entry.attempt.attempt_id)
            for entry in read_journal(self.journal)
            if entry.attempt is not None and entry.verdict is JournalVerdict.ACCEPTED
        ]


class MailServer:
    """The sandbox in a thread; it can go away and come back on its port."""

    def __init__(self, product: Product, **options: Any) -> None:
        values = {"port": product.smtp_port, "bounce_port": product.bounce_port, **options}
        self._options = SandboxOptions(**values)
        self._journal_path = product.journal
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: SandboxSmtpServer | None = None
        self._journal: Journal | None = None

    def open(self) -> None:
        """Listen; returns when clients may come."""
        self._journal = Journal(self._journal_path)
        self._server = SandboxSmtpServer(self._options, journal=self._journal)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result(LIMIT_SECONDS)

    def close(self) -> None:
        """Go away; no error if it is away."""
        if self._loop is None or self._server is None or self._thread is None or self._journal is None:
            return
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(LIMIT_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_SECONDS)
        self._loop.close()
        self._journal.close()
        self._loop = None


@contextmanager
def installation(**environment: str) -> Iterator[Product]:
    """A fresh installation; whatever it left running is a failure, and ended."""
    with open_fast_directory() as directory:
        product = Product(directory, **environment)
        try:
            yield product
            wait_until(lambda: not product.processes(), "no process is left")
        finally:
            for process in product.processes():
                with suppress(psutil.NoSuchProcess):
                    process.kill()


def end(process: "subprocess.Popen[bytes]", number: signal.Signals = signal.SIGTERM) -> int:
    """Tell a process to end; its exit status. No error if it has ended."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        return process.wait(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def wait_until(condition: Callable[[], object], what: str, seconds: float = LIMIT_SECONDS) -> None:
    """Wait with a generous limit."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"still not true: {what}"
        time.sleep(0.1)


def in_an_hour() -> str:
    """The end of a window, as staff type it with an offset."""
    return (datetime.now().astimezone() + timedelta(hours=1)).isoformat(timespec="minutes")


def _is_main(process: psutil.Process) -> bool:
    parent = process.parent()
    return parent is None or parent.name() != process.name()
