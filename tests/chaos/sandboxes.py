"""The provider's side of the rounds: sandboxes outside the killed tree, each with a journal of its own.

They can be killed, frozen and replaced by a server that refuses everybody: the product has to cope.
"""

import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from channels.sandbox.journal import JournalEntry, read_journal
from dispatcher.embedded.death_signal import for_child
from tests.ports import reserve_port

READY_SECONDS: Final = 180.0  #: generous: a starved machine says nothing about the product
POLL_SECONDS: Final = 0.05
TERMINATE: Final = 15


class SandboxStartError(Exception):
    """Raised when a sandbox does not come up: nothing can be said about the product then."""


@dataclass
class Sandbox:
    """One mail server, or SMSC. Its journal survives every kill."""

    directory: Path
    name: str
    bounce_port: int
    seed: int
    port: int = field(default_factory=reserve_port)
    sms_port: int = field(default_factory=reserve_port)
    callback: tuple[str, str] | None = None  #: it plays SMSC too, and calls this URL back with this secret
    process: "subprocess.Popen[bytes] | None" = None
    refuser: "Refuser | None" = None

    @property
    def journal(self) -> Path:
        """What it has received."""
        return self.directory / f"journal-{self.name}.jsonl"

    def start(self) -> None:
        """Start it and wait until it listens."""
        arguments = [
            *("--port", str(self.port), "--journal", str(self.journal)),
            *("--bounce-port", str(self.bounce_port), "--seed", str(self.seed)),
            *(() if self.callback is not None else ("--fsync",)),
        ]
        program, ports = ["dispatcher", "sandbox"], [self.port]
        if self.callback is not None:
            url, secret = self.callback
            program, ports = ["tests.chaos.smsc_process"], [self.port, self.sms_port]
            arguments += ["--sms-port", str(self.sms_port), "--callback", url, "--secret", secret]
        with (self.directory / f"sandbox-{self.name}.log").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *program, *arguments],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                preexec_fn=for_child(TERMINATE),
            )
        until = time.monotonic() + READY_SECONDS
        while not all(map(listens, ports)):
            if time.monotonic() > until or self.process.poll() is not None:
                raise SandboxStartError(f"the sandbox {self.name} does not come up")
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """Kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """It still takes connections, by the kernel, and says nothing."""
        assert self.process is not None
        psutil.Process(self.process.pid).suspend()

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        psutil.Process(self.process.pid).resume()

    def refuse(self) -> None:
        """In its place stands a server that takes no connection from us."""
        self.kill()
        self.refuser = Refuser(self.port)

    def restore(self) -> None:
        """Whatever was done to it: it runs again."""
        if self.refuser is not None:
            self.refuser.close()
            self.refuser = None
        if self.process is None:
            self.start()
        else:
            with suppress(psutil.NoSuchProcess):
                self.thaw()

    def end(self) -> None:
        """End it for good."""
        if self.refuser is not None:
            self.refuser.close()
        if self.process is None:
            return
        with suppress(psutil.NoSuchProcess):
            self.thaw()
        self.process.terminate()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def journal_size(self) -> int:
        """Where its journal ends now, in bytes."""
        return self.journal.stat().st_size if self.journal.exists() else 0

    def journal_since(self, begin: int) -> list[JournalEntry]:
        """What it has received since the journal had this size; rounds stay equally cheap."""
        if not self.journal.exists():
            return []
        part = self.directory / f"journal-{self.name}-part.jsonl"
        with self.journal.open("rb") as file:
            file.seek(begin)
            part.write_bytes(file.read())
        return read_journal(part)


class Refuser:
    """Greets every client with 554."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, suppress(OSError):
                client.sendall(b"554 5.7.1 no service for you\r\n")

    def close(self) -> None:
        """Free the port."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def listens(port: int) -> bool:
    """Whether anybody takes connections on this port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
