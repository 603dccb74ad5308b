"""`make bench`: the transport alone, the product, and its peers, side by side in one run.

    .venv/bin/python -m tests.benchmarks --out bench.json
    .venv/bin/python -m tests.benchmarks --recipients 2000 --peer-recipients 300 --rounds 1

The rounds are interleaved (a, b, c, …, a, b, c, …), so that a machine that slows down slows all of them. What
cannot be measured here is skipped, with its reason in the report. Ends with 1 when a count was wrong.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.entries import Entry, Materials, collect_materials, make_entries
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.interrupts import ending_in_good_order
from tests.benchmarks.machine import describe_machine
from tests.benchmarks.report import problems_of, summarise
from tests.benchmarks.rounds import Round
from tests.benchmarks.sink import running_sink, sink_name
from tests.benchmarks.sizing import SAMPLE_SHARE, Sample, Sizes, fit, is_sampled
from tests.benchmarks.stage import Stage, open_stage

DIRECTORY: Final = Path("/var/tmp")  # on a disk: in memory fsync would cost nothing


def main() -> None:
    arguments = _arguments()
    started_at = time.monotonic()
    deadline = started_at + arguments.minutes * 60
    wanted = Sizes(arguments.recipients, arguments.peer_recipients, arguments.rounds)
    with ending_in_good_order(), open_stage(arguments.directory) as stage:
        report: dict[str, Any] = {
            "machine": describe_machine(stage.directory),
            "conditions": {**stage.conditions, "sink": sink_name()},
        }
        _say("preparing: some of the product's letters")
        materials = collect_materials(stage)
        report["message_bytes"] = materials.message_bytes
        sizes = find_sizes(stage, materials, wanted, arguments.only, deadline)
        report |= {"sizes": asdict(sizes), "sizes_wanted": asdict(wanted)}
        entries, report["skipped"] = make_entries(stage, materials, sizes, arguments.only)
        for name, reason in report["skipped"].items():
            _say(f"SKIPPED {name}: {reason}")
        measured, failures = run_rounds(stage, entries, sizes.rounds, deadline)
    report |= summarise(measured)
    report["rounds"] = {name: [one.to_json() for one in rounds] for name, rounds in measured.items()}
    report["problems"] = [*failures, *problems_of(measured)]
    report["minutes"] = round((time.monotonic() - started_at) / 60, 1)
    text = json.dumps(report, indent=1, ensure_ascii=False)
    if arguments.out is not None:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    for problem in report["problems"]:
        _say(f"RED: {problem}")
    raise SystemExit(1 if report["problems"] else 0)


def find_sizes(
    stage: Stage, materials: Materials, wanted: Sizes, only: list[str] | None, deadline: float
) -> Sizes:
    """What fits into the time that is left after a small round of everything."""
    if not is_sampled(wanted):
        return wanted
    _say("a small round, to see how long the others will take")
    entries, _ = make_entries(stage, materials, wanted.scaled(SAMPLE_SHARE), only)
    sizes = fit(wanted, _sample(stage, entries), SAMPLE_SHARE, deadline - time.monotonic())
    if sizes != wanted:
        _say(f"this machine is too slow for {wanted}: measuring {sizes}")
    return sizes


def _sample(stage: Stage, entries: Mapping[str, Entry]) -> dict[str, Sample]:
    samples = {}
    for name, entry in entries.items():
        began = time.monotonic()
        try:
            with running_sink(stage.directory) as sink:
                one = entry(sink)
        except BenchmarkError:  # it will fail, and be named, in the rounds
            continue
        samples[name] = Sample(time.monotonic() - began, one.seconds)
    return samples


def run_rounds(
    stage: Stage, entries: Mapping[str, Entry], rounds: int, deadline: float
) -> tuple[dict[str, list[Round]], list[str]]:
    """Round after round of all entries; no further round is begun that would end too late.

    An entry that fails is left out altogether, for its other rounds would have no pairs; what it said
    comes second.
    """
    measured: dict[str, list[Round]] = {name: [] for name in entries}
    failures: list[str] = []
    for number in range(1, rounds + 1):
        began = time.monotonic()
        for name in list(measured):
            try:
                with running_sink(stage.directory) as sink:
                    one = entries[name](sink)
            except BenchmarkError as error:
                failures.append(f"{name}, round {number}: {error}")
                del measured[name]
                continue
            measured[name].append(one)
            _say(f"round {number}: {name:<22} {one.rate:8.0f}/s  {one.cpu_s_per_1000:7.3f} CPU s per 1000")
        if time.monotonic() + (time.monotonic() - began) > deadline and number < rounds:
            _say(f"stopping after {number} rounds: another one would not end in time")
            break
    return measured, failures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="where the report goes; default: printed")
    parser.add_argument("--recipients", type=int, default=50_000, help="of the product and the transport")
    parser.add_argument("--peer-recipients", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="lists become shorter, then rounds fewer, to keep to it"
    )
    parser.add_argument("--only", nargs="*", metavar="NAME", help="measure only these entries")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="below it the servers keep files")
    return parser.parse_args()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
