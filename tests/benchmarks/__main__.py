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
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.benchmarks.dkim_variants import ed25519_variant, rsa_variant
from tests.benchmarks.errors import BenchmarkError, MissingPeerError
from tests.benchmarks.interrupts import ending_in_good_order
from tests.benchmarks.machine import describe_machine
from tests.benchmarks.peer_rounds import (
    Peer,
    find_bullmq,
    find_celery,
    find_dramatiq,
    measure_peer,
    prepare_peers,
)
from tests.benchmarks.product import PLAIN, Variant, measure, prepare_template
from tests.benchmarks.report import problems_of, summarise
from tests.benchmarks.rounds import Round
from tests.benchmarks.sink import Sink, running_sink, sink_name
from tests.benchmarks.specimens import collect_specimens
from tests.benchmarks.stage import Stage, open_stage
from tests.benchmarks.transport import PROTOCOLS, measure_transport, write_messages

DIRECTORY: Final = Path("/var/tmp")  # on a disk: in memory fsync would cost nothing

Entry = Callable[[Sink], Round]


def main() -> None:
    arguments = _arguments()
    started_at = time.monotonic()
    with ending_in_good_order(), open_stage(arguments.directory) as stage:
        report: dict[str, Any] = {
            "machine": describe_machine(stage.directory),
            "conditions": {**stage.conditions, "sink": sink_name()},
        }
        entries, report["skipped"], report["message_bytes"] = prepare(stage, arguments)
        measured, failures = run_rounds(stage, entries, arguments, started_at + arguments.minutes * 60)
    report |= summarise(measured)
    report["rounds"] = {name: [one.to_json() for one in rounds] for name, rounds in measured.items()}
    report["rounds_wanted"] = arguments.rounds
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


def prepare(
    stage: Stage, arguments: argparse.Namespace
) -> tuple[dict[str, Entry], dict[str, str], dict[str, float]]:
    """Everything that can be measured here, in order; what cannot, with reasons; the size of a message."""
    _say("preparing: specimens of the product's messages, lists, tables")
    contents = collect_specimens(stage)
    file = stage.directory / "messages.json"
    write_messages(file, contents)
    list_url = prepare_template(stage, "list", arguments.recipients)
    peers_url = prepare_peers(stage, arguments.peer_recipients)

    def of_variant(find: Callable[[], Variant]) -> Entry:
        return partial(_measure_variant, stage, list_url, arguments.recipients, find())

    def of_peer(find: Callable[[], Peer]) -> Entry:
        return partial(_measure_peer, stage, peers_url, arguments.peer_recipients, find())

    makers: dict[str, Callable[[], Entry]] = {
        **{protocol: partial(_of_transport, protocol, arguments.recipients, file) for protocol in PROTOCOLS},
        "product": partial(of_variant, lambda: PLAIN),
        "product_dkim_ed25519": partial(of_variant, partial(ed25519_variant, stage.directory)),
        "product_dkim_rsa2048": partial(of_variant, partial(rsa_variant, stage.directory)),
        "celery": partial(of_peer, find_celery),
        "dramatiq": partial(of_peer, find_dramatiq),
        "bullmq": partial(of_peer, find_bullmq),
    }
    entries: dict[str, Entry] = {}
    skipped: dict[str, str] = {}
    for name, make in makers.items():
        if arguments.only and name not in arguments.only:
            continue
        try:
            entries[name] = make()
        except MissingPeerError as error:
            skipped[name] = str(error)
            _say(f"SKIPPED {name}: {error}")
    return entries, skipped, {"product_median": median(len(content) for content in contents)}


def run_rounds(
    stage: Stage, entries: dict[str, Entry], arguments: argparse.Namespace, deadline: float
) -> tuple[dict[str, list[Round]], list[str]]:
    """Round after round of all entries; no further round is begun that would end too late.

    An entry that fails is left out altogether, for its other rounds would have no pairs; what it said
    comes second.
    """
    measured: dict[str, list[Round]] = {name: [] for name in entries}
    failures: list[str] = []
    for number in range(1, arguments.rounds + 1):
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
        if time.monotonic() + (time.monotonic() - began) > deadline and number < arguments.rounds:
            _say(f"stopping after {number} rounds: another one would not end in time")
            break
    return measured, failures


def _of_transport(protocol: str, messages: int, file: Path) -> Entry:
    def entry(sink: Sink) -> Round:
        return measure_transport(protocol, sink, messages, file)

    return entry


def _measure_variant(stage: Stage, template: str, recipients: int, variant: Variant, sink: Sink) -> Round:
    return measure(stage, template, sink, recipients, variant)


def _measure_peer(stage: Stage, template: str, recipients: int, peer: Peer, sink: Sink) -> Round:
    return measure_peer(stage, template, sink, peer, recipients)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="where the report goes; default: printed")
    parser.add_argument("--recipients", type=int, default=50_000, help="of the product and the transport")
    parser.add_argument("--peer-recipients", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=20.0, help="no round is begun that would end later")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="measure only these entries")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="below it the servers keep files")
    return parser.parse_args()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
