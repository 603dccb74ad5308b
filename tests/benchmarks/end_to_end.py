"""The product alone, end to end: for a quick look, and for profiling.

    .venv/bin/python -m tests.benchmarks.end_to_end --recipients 20000 --json

Prints the rate, processor seconds by process, the workers' peak memory and the counts. The list is not
imported but written into the database (`tests/benchmarks/recipients.py`).
"""

import argparse
import json
from pathlib import Path

from tests.benchmarks.interrupts import ending_in_good_order
from tests.benchmarks.product import measure, prepare_template
from tests.benchmarks.rounds import Round
from tests.benchmarks.sink import running_sink, sink_name
from tests.benchmarks.stage import open_stage

DIRECTORY = Path("/var/tmp")  # on a disk: in memory fsync would cost nothing


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipients", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="below it the servers keep files")
    parser.add_argument("--json", action="store_true", help="print JSON only")
    arguments = parser.parse_args()
    with ending_in_good_order(), open_stage(arguments.directory) as stage:
        template = prepare_template(stage, "list", arguments.recipients)
        rounds = []
        for _ in range(arguments.rounds):
            with running_sink(stage.directory) as sink:
                rounds.append(measure(stage, template, sink, arguments.recipients))
            if not arguments.json:
                print(_words(rounds[-1]))
        if arguments.json:
            conditions = {**stage.conditions, "sink": sink_name()}
            report = {"conditions": conditions, "rounds": [one.to_json() for one in rounds]}
            print(json.dumps(report, indent=1))
    raise SystemExit(1 if any(one.problems for one in rounds) else 0)


def _words(one: Round) -> str:
    shares = sorted(one.cpu.items(), key=lambda item: -item[1])
    lines = [
        f"{one.messages} messages in {one.seconds:.2f} s: {one.rate:.0f}/s,"
        f" {one.cpu_s_per_1000:.3f} CPU s per 1000, workers' peak {one.worker_peak_mb} MB",
        *(f"  {label:<32} {seconds:8.2f} s" for label, seconds in shares),
        *(f"  RED: {problem}" for problem in one.problems),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
