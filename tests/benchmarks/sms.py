"""`make bench-sms`: the product's short messages end to end beside a plain aiohttp loop, on the same sink.

    .venv/bin/python -m tests.benchmarks.sms --out bench-sms.json
    .venv/bin/python -m tests.benchmarks.sms --recipients 500 --rounds 1

The sink is the sandbox's SMSC in a process of its own, a fresh one each round: it takes each message into its
journal and answers as the real one does, with no report, so that nothing but sending is measured. The rounds
are interleaved (loop, product, loop, product, …) and a ratio is made within each. Ends within `--minutes`:
lists become shorter, then rounds fewer. Ends with 1 when a count was wrong.
"""

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from channels.sandbox.journal import read_journal
from dispatcher.embedded.death_signal import for_child
from dispatcher.embedded.ports import choose_port
from tests.acceptance.product import DISPATCHER
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.interrupts import ending_in_good_order
from tests.benchmarks.machine import describe_machine
from tests.benchmarks.product import Text, Variant, measure, prepare_template
from tests.benchmarks.rounds import Round, figure, miscounts
from tests.benchmarks.stage import Stage, open_stage

DIRECTORY: Final = Path("/var/tmp")  # on a disk: in memory fsync would cost nothing
READY_SECONDS: Final = 30.0
LOOP_SECONDS: Final = 600.0
#: At once, of the product's one process for bulk SMS and of the loop: SMSC allows 14 of one login.
PARALLEL: Final = 4
LEAST_RECIPIENTS: Final = 200
SAMPLE_SHARE: Final = 0.1
LOOP, PRODUCT = "aiohttp_loop", "product_sms"


@dataclass(slots=True)
class SmsSink:
    """The sandbox's SMSC; see `tests.benchmarks.sink.Sink` for what a sink is asked."""

    port: int  #: of SMSC
    journal: Path

    def count(self, _wanted: int) -> int:
        """How many messages it took."""
        return len(read_journal(self.journal))


@contextmanager
def running_sms_sink(directory: Path) -> Iterator[SmsSink]:
    """A fresh sink, ready; gone behind the block."""
    port, journal = choose_port(), directory / f"sms-{time.monotonic_ns()}.jsonl"
    process = subprocess.Popen(
        [
            *(DISPATCHER, "sandbox", "--sms-port", str(port), "--port", str(choose_port())),
            *("--journal", str(journal), "--bounce-port", str(choose_port())),
        ],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=for_child(signal.SIGTERM),
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith("sandbox listening"):
                break
        else:
            raise BenchmarkError("the sandbox does not start")
        yield SmsSink(port, journal)
    finally:
        process.terminate()
        process.wait(READY_SECONDS)
        process.stdout.close()


def measure_loop(sink: SmsSink, recipients: int) -> Round:
    """What a script would do: one request for each number, nothing checked, nothing recorded."""
    command = [sys.executable, "-m", "tests.benchmarks.sms_loop", str(sink.port), str(recipients)]
    done = subprocess.run(
        [*command, str(PARALLEL)], capture_output=True, text=True, timeout=LOOP_SECONDS, check=False
    )
    if done.returncode:
        raise BenchmarkError(f"the loop failed: {done.stderr[-500:]}")
    found = json.loads(done.stdout)
    received = sink.count(recipients)
    return Round(
        messages=recipients,
        seconds=found["seconds"],
        cpu={"loop": found["cpu_seconds"]},
        received=received,
        problems=miscounts(wanted=recipients, received=received),
    )


def measure_product(stage: Stage, template_url: str, sink: SmsSink, recipients: int) -> Round:
    """The product with all its checks and records, as `dispatcher up` runs it."""
    account = {
        "hosts": [f"http://127.0.0.1:{sink.port}"],
        "login": "sandbox",
        "password": "sandbox",
        "parallel_requests": PARALLEL,
        "inbox_seconds": None,
    }
    environment = {"DISPATCHER_SMTP__HOST": "", "DISPATCHER_SMS": json.dumps({"smsc": [account]})}
    return measure(stage, template_url, sink, recipients, Variant(PRODUCT, environment, channel="sms"))


def run_rounds(stage: Stage, recipients: int, rounds: int, deadline: float) -> dict[str, list[Round]]:
    """Round after round of both; none is begun that would end too late."""
    template = prepare_template(stage, "sms", recipients, Text.BUILTIN)
    entries: dict[str, Callable[[SmsSink], Round]] = {
        LOOP: lambda sink: measure_loop(sink, recipients),
        PRODUCT: lambda sink: measure_product(stage, template, sink, recipients),
    }
    measured: dict[str, list[Round]] = {name: [] for name in entries}
    for number in range(1, rounds + 1):
        began = time.monotonic()
        for name, entry in entries.items():
            with running_sms_sink(stage.directory) as sink:
                measured[name].append(entry(sink))
            one = measured[name][-1]
            _say(f"round {number}: {name:<14} {one.rate:7.0f}/s {one.cpu_s_per_1000:7.3f} CPU s per 1000")
        if time.monotonic() + (time.monotonic() - began) > deadline:
            break
    return measured


def fit(stage: Stage, wanted: int, rounds: int, deadline: float) -> int:
    """How many recipients fit into the time that is left, after a small round of both."""
    sample = max(LEAST_RECIPIENTS, int(wanted * SAMPLE_SHARE))
    if sample >= wanted:
        return wanted
    began = time.monotonic()
    measured = run_rounds(stage, sample, 1, began)
    sending = sum(one.seconds for each in measured.values() for one in each)
    around = time.monotonic() - began - sending
    left = (deadline - time.monotonic()) / rounds - around
    return max(LEAST_RECIPIENTS, min(wanted, int(sample * left / sending)))


def summarise(measured: dict[str, list[Round]]) -> dict[str, Any]:
    """Medians, and the product's share of the loop's rate made within each round."""
    pairs = list(zip(measured[PRODUCT], measured[LOOP], strict=True))
    return {
        "figures": {
            name: {
                "rate": figure([one.rate for one in rounds]),
                "cpu_s_per_1000": figure([one.cpu_s_per_1000 for one in rounds], 3),
            }
            for name, rounds in measured.items()
        },
        "ratios": {
            "rate_product_to_loop": figure([ours.rate / loop.rate for ours, loop in pairs], 3),
            "cpu_product_to_loop": figure(
                [ours.cpu_s_per_1000 / loop.cpu_s_per_1000 for ours, loop in pairs], 2
            ),
        },
        "rounds": {name: [one.to_json() for one in rounds] for name, rounds in measured.items()},
        "problems": [
            f"{name}: {words}" for name, each in measured.items() for one in each for words in one.problems
        ],
    }


def main() -> None:
    arguments = _arguments()
    started_at = time.monotonic()
    deadline = started_at + arguments.minutes * 60
    with ending_in_good_order(), open_stage(arguments.directory) as stage:
        report: dict[str, Any] = {
            "machine": describe_machine(stage.directory),
            "conditions": {**stage.conditions, "sink": "the sandbox's SMSC", "parallel": PARALLEL},
        }
        recipients = fit(stage, arguments.recipients, arguments.rounds, deadline)
        report |= {"recipients": recipients, "recipients_wanted": arguments.recipients}
        report |= summarise(run_rounds(stage, recipients, arguments.rounds, deadline))
    report["minutes"] = round((time.monotonic() - started_at) / 60, 1)
    text = json.dumps(report, indent=1, ensure_ascii=False)
    if arguments.out is not None:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    for problem in report["problems"]:
        _say(f"RED: {problem}")
    raise SystemExit(1 if report["problems"] else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="where the report goes; default: printed")
    parser.add_argument("--recipients", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=3.5)
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="below it the servers keep files")
    return parser.parse_args()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
