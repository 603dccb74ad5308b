"""`make bench-voice`: how many calls one process bears, the far end on another core.

    .venv/bin/python -m tests.benchmarks.voice --out bench-voice.json
    .venv/bin/python -m tests.benchmarks.voice --calls 10 --seconds 5 --endure 200

Three things are measured: calls at once, each with a tone in which no frame may be missing; how fast calls
are set up, beside SIPp alone against the same answerer; and the memory over thousands of calls. Ends with 1
when a call failed, a frame was starved, or the memory grew.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.errors import MissingPeerError
from tests.benchmarks.interrupts import ending_in_good_order
from tests.benchmarks.machine import describe_machine
from tests.benchmarks.voice import sipp
from tests.benchmarks.voice.peer import QUIET_NUMBER

AT_ONCE: Final = 20
SETUP_CALLS: Final = 400
SIPP_CALLS: Final = 4000
ROUNDS: Final = 3
FRAMES_A_SECOND: Final = 50
#: The memory may grow by this much over the second half of the calls, less than 1 KB a call: in the first
#: half the stack and Python's pools fill up.
GROWTH_MB: Final = 2.0
#: Frames at the ends of a tone that lie half in silence.
EDGE_FRAMES: Final = 2


class Peer:
    """The answering process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port = int(self._read()["port"])

    def report(self, frames: int = 0) -> dict[str, Any]:
        """What it heard since the last report."""
        if self._process.stdin is None:
            raise AssertionError("started with pipes")
        self._process.stdin.write(f"{frames}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        if self._process.stdout is None:
            raise AssertionError("started with pipes")
        values: dict[str, Any] = json.loads(self._process.stdout.readline())
        return values


@contextmanager
def running_peer(core: int) -> Iterator[Peer]:
    """The far end on its core."""
    program = [sys.executable, "-m", "tests.benchmarks.voice.peer", "--core", str(core)]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        try:
            yield Peer(process)
        finally:
            process.kill()


def call(mode: str, port: int, core: int, *, calls: int, seconds: float = 0.0, at_once: int = AT_ONCE) -> Any:
    """What one calling process measured."""
    program = [sys.executable, "-m", "tests.benchmarks.voice.caller", mode, "--core", str(core)]
    wanted = ["--port", str(port), "--number", QUIET_NUMBER, "--calls", str(calls)]
    more = ["--seconds", str(seconds), "--at-once", str(at_once)]
    ended = subprocess.run([*program, *wanted, *more], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ended.stdout.splitlines()[-1])


def measure_load(peer: Peer, core: int, calls: int, seconds: float) -> dict[str, Any]:
    """Calls at once."""
    measured = call("load", peer.port, core, calls=calls, seconds=seconds)
    heard = peer.report(round(seconds * FRAMES_A_SECOND) - EDGE_FRAMES)
    return {"calls": calls, "seconds": seconds, "caller": measured, "peer": heard}


def measure_setup(cores: tuple[int, int], rounds: int) -> dict[str, Any]:
    """Setting up calls, beside SIPp, in turn. Raises `MissingPeerError`."""
    ours, alone = [], []
    for _ in range(rounds):
        with sipp.answering(cores[1]) as port:
            alone.append(sipp.call_alone(port, SIPP_CALLS, AT_ONCE, cores[0]))
        with sipp.answering(cores[1]) as port:
            ours.append(call("setup", port, cores[0], calls=SETUP_CALLS))
    rates = [one["calls_per_second"] for one in ours]
    return {
        "product_per_second": statistics.median(rates),
        "sipp_per_second": round(statistics.median(alone), 1),
        "vs_sipp": round(statistics.median(a / b for a, b in zip(rates, alone, strict=True)), 4),
        "cpu_ms_per_call": statistics.median(one["cpu_ms_per_call"] for one in ours),
        "failed": sum(one["failed"] for one in ours),
    }


def problems_of(report: Mapping[str, Any]) -> list[str]:
    """What must not be; empty when all is well."""
    load, endurance = report["load"], report["endurance"]
    problems = [
        f"{name}: {count} calls failed"
        for name, count in (("load", load["caller"]["failed"]), ("endurance", endurance["failed"]))
        if count
    ]
    missing = load["calls"] - load["peer"]["calls_with_sound"]
    if missing:
        problems.append(f"{missing} of {load['calls']} calls were silent")
    problems += [
        f"{load['peer'][kind]} frames {words}"
        for kind, words in (("frames_starved", "were starved"), ("frames_lost", "never came"))
        if load["peer"][kind]
    ]
    memory = endurance["memory_mb"]
    middle = memory[len(memory) // 2]
    if memory[-1] - middle > GROWTH_MB:
        problems.append(f"the memory grew from {middle} to {memory[-1]} MB in the second half of the calls")
    return problems


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--calls", type=int, default=80)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--endure", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    wanted = parser.parse_args()
    with ending_in_good_order():
        report = measure(wanted.calls, wanted.seconds, wanted.endure, wanted.rounds)
    text = json.dumps(report, indent=1, ensure_ascii=False)
    if wanted.out is None:
        print(text)
    else:
        wanted.out.write_text(text + "\n", encoding="utf-8")
    for problem in report["problems"]:
        print(f"RED: {problem}", file=sys.stderr)
    raise SystemExit(1 if report["problems"] else 0)


def measure(calls: int, seconds: float, endure: int, rounds: int) -> dict[str, Any]:
    """All of it, the voice process on the first core and the far end on the last."""
    allowed = sorted(os.sched_getaffinity(0))
    cores = (allowed[0], allowed[-1])
    report: dict[str, Any] = {"machine": describe_machine(Path.cwd()), "cores": cores}
    with running_peer(cores[1]) as peer:
        report["load"] = measure_load(peer, cores[0], calls, seconds)
        report["endurance"] = call("setup", peer.port, cores[0], calls=endure)
    try:
        report["setup"] = measure_setup(cores, rounds)
    except MissingPeerError as error:
        report["skipped"] = {"setup": str(error)}
    report["problems"] = problems_of(report)
    return report


if __name__ == "__main__":
    main()
