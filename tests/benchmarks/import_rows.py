"""Rows per second and peak memory of a real import into an embedded PostgreSQL.

    .venv/bin/python -m tests.benchmarks.import_rows --rows 500000

Prints one JSON object. Memory is the peak of this process (MiB), with the interpreter and all libraries in
it; `peak_mib_before` is the peak before the import began. `cpu_seconds` are those of this process
with the writing of the list, PostgreSQL apart: they tell more on a busy machine.
"""

import argparse
import json
import resource
import time
from pathlib import Path

from campaigns.import_list import ImportRequest, import_list
from campaigns.list_file import read_list
from campaigns.sample import write_sample
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.migrations.migrate import migrate
from tests.servers import create_database, open_directory, running_servers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--read-only", action="store_true", help="only read the file, without the database")
    arguments = parser.parse_args()
    with open_directory() as directory:
        path = directory / "list.csv"
        write_sample(path, arguments.rows)
        result = read_rows(path) if arguments.read_only else import_rows(path)
    print(json.dumps({"rows": arguments.rows, **result}))


def read_rows(path: Path) -> dict[str, float]:
    before, started = peak_mib(), time.monotonic()
    count = sum(1 for _ in read_list(path))
    return measured(count, before, time.monotonic() - started)


def import_rows(path: Path) -> dict[str, float]:
    with running_servers() as servers:
        database = Database(create_database(servers.database_url, "benchmark"))
        migrate(database.engine)
        before, started = peak_mib(), time.monotonic()
        result = import_list(database, Clock(), ImportRequest(path=path, name="benchmark"), actor="benchmark")
        seconds = time.monotonic() - started
        database.close()
    return measured(result.recipients, before, seconds)


def measured(rows: int, before: float, seconds: float) -> dict[str, float]:
    return {
        "taken": rows,
        "seconds": round(seconds, 1),
        "rows_per_second": round(rows / seconds),
        "cpu_seconds": round(time.process_time(), 1),
        "peak_mib": round(peak_mib(), 1),
        "peak_mib_before": round(before, 1),
    }


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
