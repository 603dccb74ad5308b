"""`make bench-scale`: does a bigger run cost more for each recipient, and does the urgent lane stay quick?

    .venv/bin/python -m tests.benchmarks.scale --sizes 5000 50000 500000 1000000 --out scale.json
    .venv/bin/python -m tests.benchmarks.scale --sizes 500 1000 --urgent-recipients 5000 --urgent-runs 5

For every size: rate, processor time, peak memory, and the time of the claim's statement in every tenth of
the run. The lists are written into the database (`recipients.py`), not imported; the sink keeps nothing.
Nothing is judged here but the counts: ends with 1 when one of them was wrong.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.benchmarks.end_to_end import DIRECTORY
from tests.benchmarks.interrupts import ending_in_good_order
from tests.benchmarks.machine import describe_machine
from tests.benchmarks.product import measure_on, prepare_template
from tests.benchmarks.sink import running_sink, sink_name
from tests.benchmarks.stage import Stage, open_stage
from tests.benchmarks.statements import SETTINGS, StatementWatch, watch_statements
from tests.benchmarks.urgent import measure_urgent
from tests.servers import drop_database

SIZES: Final = (5_000, 50_000, 500_000, 1_000_000)


def main() -> None:
    arguments = _arguments()
    started_at = time.monotonic()
    with ending_in_good_order(), open_stage(arguments.directory, extra_settings=SETTINGS) as stage:
        report: dict[str, Any] = {
            "machine": describe_machine(stage.directory),
            "conditions": {**stage.conditions, "sink": sink_name()},
            "sizes": {},
        }
        for size in arguments.sizes:
            report["sizes"][str(size)] = one = measure_size(stage, size)
            _say(f"{size:>9}: {one['rate']:8.0f}/s, workers' peak {one['worker_peak_mb']} MB")
        report["growth"] = growth(report["sizes"])
        if arguments.urgent_runs:
            with running_sink(stage.directory) as sink:
                report["urgent"] = measure_urgent(
                    stage, sink, bulk_recipients=arguments.urgent_recipients, runs=arguments.urgent_runs
                )
    problems = [problem for one in report["sizes"].values() for problem in one["problems"]]
    problems += report.get("urgent", {}).get("problems", [])
    report["minutes"] = round((time.monotonic() - started_at) / 60, 1)
    text = json.dumps(report, indent=1, ensure_ascii=False)
    if arguments.out is not None:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    for problem in problems:
        _say(f"RED: {problem}")
    raise SystemExit(1 if problems else 0)


def measure_size(stage: Stage, size: int) -> dict[str, Any]:
    """One run over a fresh database with a list of this size in it."""
    url = prepare_template(stage, f"size_{size}", size)
    with stage.connect() as connection:
        stage.settle(connection)
    watch = watch_statements(stage, urlsplit(url).path.lstrip("/"), size)
    with running_sink(stage.directory) as sink:
        if isinstance(watch, StatementWatch):
            one = measure_on(stage, url, sink, size, on_progress=watch.on_progress).to_json()
            one["statements"] = watch.summary()
        else:
            one = measure_on(stage, url, sink, size).to_json()
            one["statements"] = {"skipped": watch}
    drop_database(stage.database_url, url)
    return one


def growth(sizes: dict[str, Any]) -> dict[str, Any]:
    """The largest against the smallest size; 1 means that nothing grows."""
    first, *_, last = [*sizes.values(), *sizes.values()]
    result = {
        "rate": round(last["rate"] / first["rate"], 3),
        "worker_peak_mb": round(last["worker_peak_mb"] / first["worker_peak_mb"], 3),
        "cpu_s_per_1000": round(last["cpu_s_per_1000"] / first["cpu_s_per_1000"], 3),
    }
    claims = [one["statements"].get("claim", {}).get("ms_per_call") for one in (first, last)]
    if all(claims):
        result["claim_ms_per_call"] = round(claims[1] / claims[0], 3)
    return result


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="where the report goes; default: printed")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--urgent-runs", type=int, default=60, help="one each second; 0 leaves this part out")
    parser.add_argument("--urgent-recipients", type=int, default=500_000, help="of the bulk run beside them")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="below it the servers keep files")
    return parser.parse_args()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
