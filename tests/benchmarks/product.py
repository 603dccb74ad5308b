"""The product as its users start it, sending one list end to end, with every check and record on.

`dispatcher up` runs with its own numbers of processes; the campaign is made and handed over by its
commands. Only the run's caps and purpose group are the measurement's own, since no preset has caps:
without them one of the checks would cost nothing. A round counts from the moment the run is running
(`run.started_at`) to the moment its last attempt is recorded in the database.
"""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

import psycopg

from dispatcher.core.db import Database
from dispatcher.embedded.death_signal import for_child
from dispatcher.migrations.migrate import migrate
from tests.acceptance.product import DISPATCHER, SECRET_KEY, Product
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.evidence import count_evidence
from tests.benchmarks.letter import save_unit_letter
from tests.benchmarks.processes import ProcessorMeter, members, peak_mb, spent
from tests.benchmarks.recipients import LIST_NAME, ZONES, load_list
from tests.benchmarks.rounds import Round, miscounts
from tests.benchmarks.stage import Stage

CAPS: Final = (
    {"channel_group": "text", "limit": 2, "period": "day"},
    {"channel_group": "text", "limit": 4, "period": "week"},
    {"channel_group": "text", "limit": 8, "period": "month"},
)
#: Daily hours that are open now in every zone of the list, whatever the time is.
HOURS_BEFORE: Final = timedelta(hours=5)
HOURS_AFTER: Final = timedelta(hours=10)
STANDSTILL_SECONDS: Final = 60.0
FINE_FROM: Final = 0.97  #: share done from which the end is watched closely
COARSE_POLL_SECONDS: Final = 0.25
FINE_POLL_SECONDS: Final = 0.01
STATE_POLL_SECONDS: Final = 0.02
LOG_TAIL: Final = 2000

_WITH_CAPS: Final = "UPDATE run SET caps = %s, purpose_group = 'debt', policies = NULL WHERE id = %s"
_STARTED: Final = "SELECT extract(epoch FROM started_at)::float8 FROM run WHERE id = %s AND state = 'running'"
_NOW: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"
_RECORDED: Final = """
SELECT coalesce(sum(count), 0)::bigint FROM progress
WHERE run_id = %s AND kind = 'attempt' AND state NOT IN ('planned', 'sending')
"""

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to configure the product. `environment` holds its settings."""

    name: str
    environment: Mapping[str, str]
    channel: str = "email"  #: the scenario's own by default


class Text(StrEnum):
    """What is sent: the letter by which everything is compared, or the built-in debt reminder."""

    UNIT = "unit"
    BUILTIN = "builtin"


PLAIN: Final = Variant("product", {})
BUILTIN: Final = Variant("product_builtin", {})


class CountingSink(Protocol):
    """Where messages go; it knows how many came."""

    port: int

    def count(self, wanted: int) -> int:
        """How many it has taken, once it has `wanted` or has waited long enough."""
        ...


class Installation(Product):
    """A fresh installation on the stage's servers. Its processes end with this one, however that ends."""

    def __init__(self, stage: Stage, database_url: str, smtp_port: int, variant: Variant = PLAIN) -> None:
        directory = stage.directory / f"product-{time.monotonic_ns()}"
        directory.mkdir()
        super().__init__(directory)
        # The product's own times and sizes, not those of the acceptance tests.
        for name in ("DISPATCHER_DELIVERY", "DISPATCHER_SMTP__TIMEOUT_SECONDS"):
            del self.environment[name]
        self.environment |= {
            "DISPATCHER_DATABASE_URL": database_url,
            "DISPATCHER_REDIS_URL": stage.redis_url,
            "DISPATCHER_SECRET_KEY": SECRET_KEY,
            "DISPATCHER_SMTP__PORT": str(smtp_port),
            **variant.environment,
        }
        self.database_url = database_url
        self.stage = stage

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        """See the base; in a session of its own, and told to end when this process is gone."""
        with (self.directory / f"{arguments[0]}.log").open("ab") as output:
            return subprocess.Popen(
                [DISPATCHER, *arguments],
                env={**self.environment, **environment},
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=for_child(signal.SIGTERM),
            )

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[bytes]"]:
        """`dispatcher up`, ready; behind the block nothing of it is left."""
        try:
            with self.up() as process:
                yield process
        finally:
            for left in self.processes():
                left.kill()

    def draft_run(self, **options: str) -> str:
        """A campaign over the benchmark's list that waits to be handed over, with caps; its run's id."""
        values = {
            "list": LIST_NAME,
            "ends": (datetime.now().astimezone() + HOURS_AFTER).isoformat(timespec="minutes"),
            "hours": open_hours(),
            "policy": "always",
            **options,
        }
        arguments = [part for name, value in values.items() for part in (f"--{name}", value)]
        run = str(self.ask("campaign", "create", "--draft", *arguments)["run_id"])
        with self.stage.connect(self.database_url) as connection:
            connection.execute(_WITH_CAPS, (json.dumps(CAPS), run))
        return run


Progress = Callable[[int], object]


def prepare_template(stage: Stage, name: str, recipients: int, text: Text = Text.UNIT) -> str:
    """A migrated database with the benchmark's list and the letter in it; its URL."""
    url = stage.create_database(name)
    database = Database(url)
    migrate(database.engine)
    if text is Text.UNIT:
        save_unit_letter(database)
    database.close()
    with stage.connect(url) as connection:
        load_list(connection, recipients)
    return url


def measure(
    stage: Stage, template_url: str, sink: CountingSink, recipients: int, variant: Variant = PLAIN
) -> Round:
    """Send the template's list once. Raises `BenchmarkError` when the run stands still."""
    with stage.clone(template_url, "round") as url:
        return measure_on(stage, url, sink, recipients, variant)


def measure_on(
    stage: Stage,
    url: str,
    sink: CountingSink,
    recipients: int,
    variant: Variant = PLAIN,
    on_progress: Progress = lambda _recorded: None,
) -> Round:
    """Send the list of this database, which is used up by it; `on_progress` hears how many are recorded."""
    installation = Installation(stage, url, sink.port, variant)
    options = {} if variant.channel == "email" else {"channel": variant.channel}
    run = installation.draft_run(**options)
    with installation.running() as up, stage.connect(url) as connection:
        lane = f"{variant.channel}-bulk"
        return _send(installation, up.pid, connection, run, sink, recipients, on_progress, lane)


def _send(
    installation: Installation,
    up: int,
    connection: Connection,
    run: str,
    sink: CountingSink,
    recipients: int,
    on_progress: Progress,
    lane: str,
) -> Round:
    meter = ProcessorMeter({"dispatcher": up, **installation.stage.roots})
    installation.ask("campaign", "submit", run)
    started_at = wait_until_running(connection, run)
    begin = meter.read()
    wait_until_recorded(installation, connection, run, recipients, on_progress)
    ended_at = _number(connection, _NOW)
    end = meter.read()
    workers = members(up, "worker", lane)
    peaks = {word: peak_mb(members(up, "-m", "dispatcher", word)) for word in ("scheduler", "web")}
    evidence = count_evidence(connection, run)
    received = sink.count(recipients)
    problems = miscounts(wanted=recipients, received=received, recorded=evidence["accepted"])
    # What could not be begun in time was given back and claimed again: seen on a starved machine.
    claimed_again = evidence.pop("claim events") - recipients
    problems += [
        f"{what}: {count} of {recipients}" for what, count in evidence.items() if count != recipients
    ]
    problems += [f"{-claimed_again} messages left without a claim"] if claimed_again < 0 else []
    return Round(
        messages=recipients,
        seconds=ended_at - started_at,
        cpu=spent(begin, end),
        worker_peak_mb=peak_mb(workers),
        received=received,
        recorded=evidence["accepted"],
        problems=problems,
        details={"workers": len(workers), "peak_mb": peaks, "claimed_again": claimed_again},
    )


def wait_until_running(connection: Connection, run: str) -> float:
    """When the run began, seconds since the epoch by the database's clock."""
    until = time.monotonic() + STANDSTILL_SECONDS
    while time.monotonic() < until:
        row = connection.execute(_STARTED, (run,)).fetchone()
        if row is not None:
            return float(row[0])
        time.sleep(STATE_POLL_SECONDS)
    raise BenchmarkError("the run does not start: is the scheduler alive?")


def wait_until_recorded(
    installation: Installation, connection: Connection, run: str, recipients: int, on_progress: Progress
) -> None:
    """Wait for the last result. Raises `BenchmarkError` with the log's end when nothing moves."""
    recorded, moved_at = 0, time.monotonic()
    while recorded < recipients:
        now_recorded = int(_number(connection, _RECORDED, run))
        if now_recorded != recorded:
            recorded, moved_at = now_recorded, time.monotonic()
            on_progress(recorded)
        elif time.monotonic() - moved_at > STANDSTILL_SECONDS:
            tail = installation.output_of("up")[-LOG_TAIL:]
            raise BenchmarkError(f"nothing moves at {recorded} of {recipients}; the log ends:\n{tail}")
        else:
            is_near = recorded >= FINE_FROM * recipients
            time.sleep(FINE_POLL_SECONDS if is_near else COARSE_POLL_SECONDS)


def open_hours() -> str:
    """Hours as `--hours` takes them, open now in all zones of the list and not the whole day."""
    now = datetime.now(ZoneInfo(ZONES[1]))
    return f"{now - HOURS_BEFORE:%H:%M}-{now + HOURS_AFTER:%H:%M}"


def _number(connection: Connection, statement: str, *values: object) -> float:
    row = connection.execute(statement, values).fetchone()
    assert row is not None
    return float(row[0])
