"""SIPp beside the product: as the far end of both, and alone as the ceiling of setting up calls."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from dispatcher.embedded.ports import choose_port
from tests.benchmarks.errors import BenchmarkError, MissingPeerError

START_SECONDS: Final = 0.5
HOST: Final = "127.0.0.1"


@contextmanager
def answering(core: int) -> Iterator[int]:
    """SIPp's own answerer; gives its port."""
    port = choose_port()
    with subprocess.Popen(
        [*_on(core), _sipp(), "-sn", "uas", "-i", HOST, "-p", str(port), "-nostdin"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            time.sleep(START_SECONDS)
            if process.poll() is not None:
                raise BenchmarkError("SIPp's answerer ended at once")
            yield port
        finally:
            process.kill()


def call_alone(port: int, calls: int, at_once: int, core: int) -> float:
    """Calls a second that SIPp itself sets up and ends. Raises `BenchmarkError` when some failed."""
    program = [*_on(core), _sipp(), "-sn", "uac", f"{HOST}:{port}", "-i", HOST, "-p", str(choose_port())]
    limits = ["-m", str(calls), "-l", str(at_once), "-r", "100000", "-d", "0", "-nostdin", "-timeout", "120s"]
    began = time.monotonic()
    ended = subprocess.run(
        [*program, *limits], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise BenchmarkError(f"SIPp ended with {ended.returncode}: {ended.stderr[-200:]}")
    return calls / (time.monotonic() - began)


def _sipp() -> str:
    found = shutil.which("sipp")
    if found is None:
        raise MissingPeerError("SIPp is not installed (package sip-tester)")
    return found


def _on(core: int) -> list[str]:
    return ["taskset", "-c", str(core)]
