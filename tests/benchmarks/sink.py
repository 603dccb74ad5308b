"""The mail server of all measurements: it takes every message and keeps none, and counts them.

Postfix's `smtp-sink` where it is installed, for it is the fastest; else the product's sandbox, without
fsync. A fresh one for each round, so that its count is the round's count.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from dispatcher.embedded.death_signal import for_child
from dispatcher.embedded.ports import HOST, choose_port
from tests.benchmarks.errors import BenchmarkError

SMTP_SINK: Final = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
READY_SECONDS: Final = 30.0
BACKLOG: Final = 256
TAIL_BYTES: Final = 200
COUNT_SECONDS: Final = 2.0


class Sink:
    """A listening mail server."""

    def __init__(self, port: int, output: Path, process: "subprocess.Popen[bytes]") -> None:
        self.port = port
        self._output = output
        self.process = process

    @property
    def received(self) -> int:
        """Messages taken so far."""
        if SMTP_SINK is None:
            return self._output.read_bytes().count(b'"verdict": "accepted"')
        with self._output.open("rb") as file:
            file.seek(max(0, self._output.stat().st_size - TAIL_BYTES))
            counts = file.read().decode().split("mesg=")
        return int(counts[-1].split()[0]) if len(counts) > 1 else 0

    def count(self, wanted: int) -> int:
        """Messages taken, as soon as there are so many: it answers a moment before it counts."""
        until = time.monotonic() + COUNT_SECONDS
        while self.received < wanted and time.monotonic() < until:
            time.sleep(0.02)
        return self.received


def sink_name() -> str:
    """Which sink is used here, for the report."""
    return "smtp-sink (Postfix)" if SMTP_SINK is not None else "sandbox without fsync"


@contextmanager
def running_sink(directory: Path) -> Iterator[Sink]:
    """A fresh sink on a port of its own; ended behind the block. Call it from the main thread."""
    port = choose_port()
    output = directory / f"sink-{port}.out"
    with output.open("wb") as file:
        process = subprocess.Popen(
            _command(port, directory, output),
            stdin=subprocess.DEVNULL,
            stdout=file if SMTP_SINK is not None else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            # It refuses to be root; were it to change its user by itself, it would outlive a killed parent.
            user=_user(),
            preexec_fn=for_child(signal.SIGTERM),
        )
    try:
        _wait_until_ready(process, port)
        yield Sink(port, output, process)
    finally:
        process.kill()
        process.wait()
        output.unlink(missing_ok=True)


def _command(port: int, directory: Path, output: Path) -> list[str]:
    if SMTP_SINK is not None:
        return [SMTP_SINK, "-c", f"{HOST}:{port}", str(BACKLOG)]
    program = str(Path(sys.executable).with_name("dispatcher"))
    return [program, "sandbox", "--port", str(port), "--journal", str(output)]


def _user() -> str | None:
    return "nobody" if SMTP_SINK is not None and os.geteuid() == 0 else None


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
            continue
        return
    raise BenchmarkError("the sink does not listen: try `smtp-sink -c 127.0.0.1:2525 10` by hand")
