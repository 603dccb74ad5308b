"""Task queues as their users run them: one task and one result row for each recipient.

Celery and dramatiq run with the number of processes that they choose by themselves for this machine, and
the code is what their documentation leads to (`peers/letters.py`): the row by its id, the letter by
`EmailMessage` and Jinja2, `smtplib`, one commit. BullMQ is tuned: two processes, nodemailer's pool of kept
connections, templates compiled once, jobs put in by bulk. All send the same text to the same sink and keep
their results in the same PostgreSQL; a round counts from the first task's enqueueing to the last row.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg

from dispatcher.embedded.death_signal import for_child
from dispatcher.embedded.ports import HOST
from tests.acceptance.product import end
from tests.benchmarks.errors import BenchmarkError, MissingPeerError
from tests.benchmarks.processes import ProcessorMeter, members, peak_mb, spent
from tests.benchmarks.recipients import make_people
from tests.benchmarks.rounds import Round, miscounts
from tests.benchmarks.sink import Sink
from tests.benchmarks.stage import Stage
from tests.servers import plain_url

PLACE: Final = Path(__file__).parent
ROOT: Final = PLACE.parents[1]
PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"
WARM: Final = 200  #: letters that go before: no round pays for imports, connections, a cold compiler
STANDSTILL_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05
FINE_POLL_SECONDS: Final = 0.01
FINE_FROM: Final = 0.95
NODE_PROCESSES: Final = 2

_TABLES: Final = """
CREATE TABLE peer_recipient (
    id integer PRIMARY KEY, email text NOT NULL, full_name text NOT NULL,
    account_number text NOT NULL, address text NOT NULL, debt text NOT NULL, due_date text NOT NULL,
    unsubscribe_url text NOT NULL);
CREATE TABLE peer_result (
    recipient_id integer PRIMARY KEY REFERENCES peer_recipient (id), sent_at timestamptz NOT NULL)
"""
#: The same people as in the product's list; sums and dates as the product prints them.
_RECIPIENTS: Final = """
INSERT INTO peer_recipient
SELECT n, mail, name, lpad(n::text, 10, '0'), address,
       regexp_replace(replace(debt, '.', ','), '^(\\d+)(\\d{3}),', E'\\\\1\\u00a0\\\\2,') || E'\\u00a0₽',
       E'25 декабря 2026\\u00a0г.',
       'http://127.0.0.1:8080/u/' || left(md5(n::text) || md5((-n)::text), 60)
FROM bench_row
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """How a peer is started. `directory` is where its program stands."""

    name: str
    directory: Path
    worker: Sequence[str]
    enqueue: Sequence[str]
    redis_database: int
    processes: int = 1

    def environment(self, stage: Stage, database_url: str, sink: Sink, templates: Path) -> dict[str, str]:
        """Where its servers and templates are."""
        return {
            **os.environ,
            "PEER_DATABASE_URL": self._database_url(database_url),
            "PEER_REDIS_URL": stage.redis_database(self.redis_database),
            "PEER_TEMPLATES": str(templates),
            "PEER_SMTP_HOST": HOST,
            "PEER_SMTP_PORT": str(sink.port),
        }

    def _database_url(self, url: str) -> str:
        plain = plain_url(url)
        return plain if self.directory.name == "bullmq" else plain.replace("://", "+psycopg://", 1)


def find_celery() -> Peer:
    """Raises `MissingPeerError`."""
    worker = [str(PYTHON), "-m", "celery", "-A", "celery_app", "worker"]
    return _python_peer("celery", worker, redis_database=1)


def find_dramatiq() -> Peer:
    """Raises `MissingPeerError`."""
    return _python_peer("dramatiq", [str(PYTHON), "-m", "dramatiq", "dramatiq_app"], redis_database=2)


def find_bullmq() -> Peer:
    """Raises `MissingPeerError`."""
    node, directory = shutil.which("node"), PLACE / "bullmq"
    if node is None:
        raise MissingPeerError("there is no `node` on the PATH: install Node.js 20 or newer")
    if not (directory / "node_modules" / "bullmq").exists():
        raise MissingPeerError("its packages are missing: `npm ci` in tests/benchmarks/bullmq")
    return Peer("bullmq", directory, [node, "worker.js"], [node, "enqueue.js"], 3, NODE_PROCESSES)


def _python_peer(name: str, worker: Sequence[str], redis_database: int) -> Peer:
    if not PYTHON.exists():
        raise MissingPeerError("there is no .venv-bench: run it by `make bench`")
    return Peer(name, PLACE / "peers", worker, [str(PYTHON), "enqueue.py", name], redis_database)


def prepare_peers(stage: Stage, recipients: int) -> str:
    """A database with the recipients of the peers; its URL."""
    url = stage.create_database("peers")
    with stage.connect(url) as connection:
        connection.execute(_TABLES)
        with connection.transaction():
            make_people(connection, 1, recipients + WARM)
            connection.execute(_RECIPIENTS)
        connection.execute("VACUUM ANALYZE")
    return url


def measure_peer(
    stage: Stage, template_url: str, sink: Sink, peer: Peer, recipients: int, templates: Path
) -> Round:
    """Send to all recipients once. Raises `BenchmarkError` when nothing moves."""
    with ExitStack() as running:
        url = running.enter_context(stage.clone(template_url, "peer_round"))
        environment = peer.environment(stage, url, sink, templates)
        log = running.enter_context((stage.directory / f"{peer.name}.log").open("w+b"))
        workers = [
            running.enter_context(_process(peer.worker, peer, environment, log))
            for _ in range(peer.processes)
        ]
        producer = running.enter_context(_process(peer.enqueue, peer, environment, log, talks=True))
        connection = running.enter_context(stage.connect(url))
        roots = {f"worker-{number}": one.pid for number, one in enumerate(workers, start=1)}
        try:
            return _send(stage, connection, sink, recipients, producer, roots)
        except BenchmarkError as error:
            log.seek(0)
            tail = log.read().decode(errors="replace")[-2000:]
            raise BenchmarkError(f"{peer.name}: {error}; its log ends:\n{tail}") from error


def _send(
    stage: Stage,
    connection: "psycopg.Connection[tuple[Any, ...]]",
    sink: Sink,
    recipients: int,
    producer: "subprocess.Popen[bytes]",
    roots: dict[str, int],
) -> Round:
    _expect(producer, b"ready")
    _tell(producer, recipients + 1, recipients + WARM)
    _expect(producer, b"enqueued")
    _wait_for_results(connection, 0, WARM)
    before = sink.count(WARM)
    meter = ProcessorMeter({**roots, "producer": producer.pid, **stage.roots})
    begin, started_at = meter.read(), time.monotonic()
    _tell(producer, 1, recipients)
    _wait_for_results(connection, WARM, recipients)
    seconds, finish = time.monotonic() - started_at, meter.read()
    received, recorded = sink.count(before + recipients) - before, _count(connection) - WARM
    return Round(
        messages=recipients,
        seconds=seconds,
        cpu=spent(begin, finish),
        worker_peak_mb=peak_mb(pid for root in roots.values() for pid in members(root)),
        received=received,
        recorded=recorded,
        problems=miscounts(wanted=recipients, received=received, recorded=recorded),
        details={"workers": sum(len(members(root)) for root in roots.values())},
    )


@contextmanager
def _process(
    command: Sequence[str], peer: Peer, environment: dict[str, str], log: Any, *, talks: bool = False
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process with all that it starts; behind the block nothing of it is left."""
    process = subprocess.Popen(
        command,
        cwd=peer.directory,
        env=environment,
        stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
        stdout=subprocess.PIPE if talks else log,
        stderr=log,
        start_new_session=True,
        preexec_fn=for_child(signal.SIGTERM),
    )
    try:
        yield process
    finally:
        tree = [] if process.poll() is not None else psutil.Process(process.pid).children(recursive=True)
        end(process)
        for child in tree:
            if child.is_running():
                child.kill()


def _tell(producer: "subprocess.Popen[bytes]", first: int, last: int) -> None:
    assert producer.stdin is not None
    producer.stdin.write(f"{first} {last}\n".encode())
    producer.stdin.flush()


def _expect(producer: "subprocess.Popen[bytes]", word: bytes) -> None:
    assert producer.stdout is not None
    line = producer.stdout.readline().strip()
    if line != word:
        raise BenchmarkError(f"the producer said {line!r} instead of {word!r}")


def _wait_for_results(connection: "psycopg.Connection[tuple[Any, ...]]", before: int, wanted: int) -> None:
    done, moved_at = 0, time.monotonic()
    while done < wanted:
        now_done = _count(connection) - before
        if now_done != done:
            done, moved_at = now_done, time.monotonic()
        elif time.monotonic() - moved_at > STANDSTILL_SECONDS:
            raise BenchmarkError(f"nothing moves at {done} of {wanted} results")
        time.sleep(FINE_POLL_SECONDS if done >= FINE_FROM * wanted else POLL_SECONDS)


def _count(connection: "psycopg.Connection[tuple[Any, ...]]") -> int:
    row = connection.execute("SELECT count(*) FROM peer_result").fetchone()
    assert row is not None
    return int(row[0])
