"""`make bench-scale`: does a bigger run cost more for each recipient, and does the urgent lane stay quick?

    .venv/bin/python -m tests.benchmarks.scale --sizes 5000 50000 500000 1000000 --out scale.json
    .venv/bin/python -m tests.benchmarks.scale --sizes 500 1000 --urgent-recipients 5000 --urgent-runs 5
    .venv/bin/python -m tests.benchmarks.scale --minutes 60 --out scale.json

Keeps to `--minutes`: a size that would not end in time is left out, and the report says so. The report is
written again after each part, so that whoever cuts it short loses nothing.

For every size: rate, processor time, peak memory, and the time of the claim's statement in every tenth of
the run. The lists are written into the database (`recipients.py`), not imported; the sink keeps nothing.
Nothing is judged here but the counts: ends with 1 when one of them was wrong.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
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
#: The urgent lane is measured after this size, before the big ones: a bound on the time cuts those.
URGENT_AFTER: Final = 50_000
#: The bulk run beside the urgent ones begins earlier, and may speed up: so much longer is its list.
SPARE: Final = 1.5
FIXED_SECONDS: Final = 20.0  #: of a size whatever its list: schema, processes, the first messages


def main() -> None:
    arguments = _arguments()
    started_at = time.monotonic()
    deadline = started_at + arguments.minutes * 60
    with ending_in_good_order(), open_stage(arguments.directory, extra_settings=SETTINGS) as stage:
        report: dict[str, Any] = {
            "machine": describe_machine(stage.directory),
            "conditions": {**stage.conditions, "sink": sink_name()},
            "sizes": {},
            "skipped": {},
        }
        for part in _parts(stage, report, arguments, deadline):
            _say(part)
            report["growth"] = growth(report["sizes"])
            report["problems"] = problems_of(report)
            report["minutes"] = round((time.monotonic() - started_at) / 60, 1)
            if arguments.out is not None:
                _write(arguments.out, report)
    if arguments.out is None:
        print(_text(report))
    for problem in report["problems"]:
        _say(f"RED: {problem}")
    raise SystemExit(1 if report["problems"] else 0)


def _parts(
    stage: Stage, report: dict[str, Any], arguments: argparse.Namespace, deadline: float
) -> Iterator[str]:
    """Measure part after part into the report; yields a line about each."""
    sizes = sorted(arguments.sizes)
    urgent_after = max((size for size in sizes if size <= URGENT_AFTER), default=sizes[0])
    took: Took | None = None
    for size in sizes:
        if took is None or took.for_size(size) <= deadline - time.monotonic():
            began = time.monotonic()
            report["sizes"][str(size)] = one = measure_size(stage, size)
            took = Took(size, time.monotonic() - began)
            rate = one["rate"]
            yield f"{size:>9}: {rate:8.0f}/s, workers' peak {one['worker_peak_mb']} MB"
        else:
            report["skipped"][f"{size} recipients"] = "would not have ended in time; see --minutes"
            yield f"{size:>9}: left out, it would not end in time"
        if size == urgent_after and arguments.urgent_runs:
            bulk = arguments.urgent_recipients or int(rate * arguments.urgent_runs * SPARE)
            with running_sink(stage.directory) as sink:
                report["urgent"] = measure_urgent(
                    stage, sink, bulk_recipients=bulk, runs=arguments.urgent_runs
                )
            yield f"   urgent: delay {report['urgent']['delay_s'].get('median')} s (median)"


@dataclass(frozen=True, slots=True)
class Took:
    """How many seconds the list of one size took, from making its database to dropping it."""

    size: int
    seconds: float

    def for_size(self, size: int) -> float:
        """How long a list of another size will take."""
        return FIXED_SECONDS + max(0.0, self.seconds - FIXED_SECONDS / 2) * size / self.size


def problems_of(report: dict[str, Any]) -> list[str]:
    """What was counted wrong, in any part."""
    parts = [*report["sizes"].values(), report.get("urgent", {})]
    return [problem for part in parts for problem in part.get("problems", ())]


def _write(path: Path, report: dict[str, Any]) -> None:
    path.write_text(_text(report) + "\n", encoding="utf-8")


def _text(report: dict[str, Any]) -> str:
    return json.dumps(report, indent=1, ensure_ascii=False)


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
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="sizes that would take longer are left out"
    )
    parser.add_argument("--urgent-runs", type=int, default=60, help="one each second; 0 leaves this part out")
    parser.add_argument(
        "--urgent-recipients", type=int, help="of the bulk run beside them; default: as many as it takes"
    )
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="below it the servers keep files")
    return parser.parse_args()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
