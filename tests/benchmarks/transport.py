"""The transport alone: the ceiling for everything that sends over SMTP from this machine.

Two processes with sixteen kept connections each send messages that were built before: by aiosmtplib's
`sendmail`, and by the product's own pipelined protocol.
"""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from dispatcher.embedded.death_signal import for_child
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.processes import ProcessorMeter, peak_mb, spent
from tests.benchmarks.rounds import Round, miscounts
from tests.benchmarks.sink import Sink

#: What the sending processes can speak.
PROTOCOLS: Final = ("aiosmtplib", "pipelined")
PROCESSES: Final = 2
CONNECTIONS: Final = 16


def write_messages(path: Path, contents: Sequence[bytes]) -> None:
    """Keep prebuilt messages for the processes that send them."""
    path.write_text(json.dumps([content.decode("latin-1") for content in contents]))


def measure_transport(protocol: str, sink: Sink, messages: int, contents: Path) -> Round:
    """Send prebuilt messages; begins when every connection of both processes is open."""
    share = messages // PROCESSES
    with ExitStack() as running:
        processes = [_start(protocol, sink, share, contents, running) for _ in range(PROCESSES)]
        for process in processes:
            _expect(process, "ready")
        meter = ProcessorMeter({f"sender-{number}": p.pid for number, p in enumerate(processes, start=1)})
        begin, started_at = meter.read(), time.monotonic()
        for process in processes:
            _tell(process, "go\n")
        sent = sum(int(_expect(process, r"sent (\d+)")) for process in processes)
        seconds, end = time.monotonic() - started_at, meter.read()
        peak = peak_mb(process.pid for process in processes)
        for process in processes:
            _tell(process, "end\n")
        wanted = share * PROCESSES
        received = sink.count(wanted)
        problems = miscounts(wanted=wanted, received=received)
        problems += [] if sent == wanted else [f"{sent} messages were answered of {wanted}"]
        return Round(wanted, seconds, spent(begin, end), peak, received, problems=problems)


def _start(
    protocol: str, sink: Sink, share: int, contents: Path, running: ExitStack
) -> "subprocess.Popen[str]":
    module = "tests.benchmarks.transport_worker"
    arguments = [protocol, f"127.0.0.1:{sink.port}", str(CONNECTIONS), str(share), str(contents)]
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=for_child(signal.SIGTERM),
    )
    running.enter_context(process)  # waits for it and closes its pipes
    running.callback(process.kill)
    return process


def _tell(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line)
    process.stdin.flush()


def _expect(process: "subprocess.Popen[str]", pattern: str) -> Any:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    found = re.fullmatch(pattern, line)
    if found is None:
        raise BenchmarkError(f"the sending process said {line!r} instead of {pattern!r}")
    return found[found.lastindex or 0]
