"""How long an urgent notice takes to its provider while a bulk run goes at full rate (promise P9).

Each second an urgent run of one recipient is made through the API; it is due a moment later. The delay is
counted from its start (`run.starts_at`; from its making, where that came later) to the record of
the provider's answer (the `accepted` event), so that it holds everything: the scheduler's look, the planning,
the wake, the claim, the sending.
"""

import json
import statistics
import threading
import time
import urllib.request
from datetime import datetime, timedelta
from typing import Any, Final

from dispatcher.core.api_keys import Scope
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.evidence import count_evidence
from tests.benchmarks.product import (
    Connection,
    Installation,
    prepare_template,
    wait_until_running,
)
from tests.benchmarks.recipients import load_list
from tests.benchmarks.rounds import miscounts
from tests.benchmarks.sink import Sink
from tests.benchmarks.stage import Stage

URGENT_LIST: Final = "urgent"
EVERY_SECONDS: Final = 1.0
AHEAD: Final = timedelta(seconds=2)  #: a run is made before it is due, so that its making is not counted
WARM_SHARE: Final = 0.02  #: of the bulk run, before the first urgent one
LAST_ANSWERS_SECONDS: Final = 20.0

_DELAYS: Final = """
SELECT extract(epoch FROM min(e.at) - greatest(r.starts_at, r.created_at))::float8
FROM run r JOIN attempt a ON a.period = r.period AND a.run_id = r.id
JOIN attempt_event e ON e.period = a.period AND e.attempt_id = a.id AND e.to_state = 'accepted'
WHERE r.priority = 'urgent' GROUP BY r.id, r.starts_at, r.created_at ORDER BY r.starts_at
"""
_UNSENT: Final = """
SELECT concat_ws(' ', r.state, a.state, a.reason, a.hold_reason) AS what, count(*), min(a.due_at)
FROM run r LEFT JOIN attempt a ON a.period = r.period AND a.run_id = r.id
WHERE r.priority = 'urgent' AND NOT EXISTS (
    SELECT 1 FROM attempt_event e
    WHERE e.period = a.period AND e.attempt_id = a.id AND e.to_state = 'accepted'
)
GROUP BY 1 ORDER BY 1
"""
_RECORDED: Final = """
SELECT count(*) FROM attempt_event e JOIN attempt a ON a.period = e.period AND a.id = e.attempt_id
WHERE a.run_id = %s AND e.to_state = 'accepted'
"""


class _Caller(threading.Thread):
    """Makes an urgent run each second until it is told to end."""

    def __init__(self, installation: Installation, token: str, limit: int) -> None:
        super().__init__(name="urgent-caller", daemon=True)
        self._url = f"http://127.0.0.1:{installation.web_port}/api/v1/campaigns"
        self._token = token
        self._limit = limit
        self.over = threading.Event()
        self.made = 0
        self.problem: str | None = None

    def run(self) -> None:
        """Called by the thread."""
        next_at = time.monotonic()
        while self.made < self._limit and not self.over.wait(max(0.0, next_at - time.monotonic())):
            next_at += EVERY_SECONDS
            try:
                self._make()
            except OSError as error:
                self.problem = f"an urgent run could not be made: {error}"
                break
        self.over.set()

    def _make(self) -> None:
        starts_at = datetime.now().astimezone() + AHEAD
        body = {
            "name": f"urgent {self.made}",
            "scenario": "debt_reminder",
            "list": URGENT_LIST,
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
            "policy_profile": "always",
            "priority": "urgent",
        }
        request = urllib.request.Request(
            self._url,
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"urgent-{self.made}",
            },
        )
        with urllib.request.urlopen(request, timeout=10):
            self.made += 1


def measure_urgent(stage: Stage, sink: Sink, *, bulk_recipients: int, runs: int) -> dict[str, Any]:
    """Delays of at most so many urgent runs; fewer when the bulk run ends before. Raises `BenchmarkError`."""
    url = prepare_template(stage, "urgent", bulk_recipients)
    with stage.connect(url) as connection:
        load_list(connection, 1, name=URGENT_LIST, first_person=bulk_recipients + 1)
        stage.settle(connection)
    installation = Installation(stage, url, sink.port)
    bulk = installation.draft_run()
    token = installation.ask("api-key", "create", "benchmark", "--scope", Scope.CAMPAIGNS_WRITE.value)[
        "token"
    ]
    with installation.running(), stage.connect(url) as connection:
        caller = _Caller(installation, token, runs)
        try:
            return _measure(installation, connection, bulk, caller, sink, bulk_recipients)
        finally:
            caller.over.set()


def _measure(
    installation: Installation,
    connection: Connection,
    bulk: str,
    caller: _Caller,
    sink: Sink,
    recipients: int,
) -> dict[str, Any]:
    installation.ask("campaign", "submit", bulk)
    wait_until_running(connection, bulk)
    _wait_for_bulk(connection, bulk, WARM_SHARE * recipients, caller)
    begin, began_at = _recorded(connection, bulk), time.monotonic()
    caller.start()
    _wait_for_bulk(connection, bulk, recipients, caller)
    caller.over.set()
    caller.join()
    end, seconds = _recorded(connection, bulk), time.monotonic() - began_at
    is_bulk_over = end >= recipients
    delays = _wait_for_delays(connection, caller.made)
    problems = [caller.problem] if caller.problem else []
    if len(delays) < caller.made:
        unsent = f"{caller.made - len(delays)} of {caller.made} urgent notices were not sent"
        problems.append(f"{unsent}: {_unsent(connection)}")
    if is_bulk_over:
        accepted = count_evidence(connection, bulk)["accepted"]
        problems += miscounts(
            wanted=recipients, received=sink.count(recipients + len(delays)) - len(delays), recorded=accepted
        )
    return {
        "bulk_rate_meanwhile": round((end - begin) / seconds, 1),
        "urgent_runs": caller.made,
        "delay_s": _figures(delays),
        "problems": problems,
    }


def _unsent(connection: Connection) -> str:
    """What the urgent notices without an answer are waiting for: states, reasons, when due."""
    return "; ".join(f"{count} {what}, due {due}" for what, count, due in connection.execute(_UNSENT))


def _wait_for_bulk(connection: Connection, bulk: str, wanted: float, caller: _Caller) -> None:
    """Until so many are recorded or the caller has ended."""
    recorded, moved_at = -1, time.monotonic()
    while recorded < wanted and not caller.over.is_set():
        now_recorded = _recorded(connection, bulk)
        if now_recorded != recorded:
            recorded, moved_at = now_recorded, time.monotonic()
        elif time.monotonic() - moved_at > 60:
            raise BenchmarkError(f"the bulk run stands still at {recorded}")
        time.sleep(0.25)


def _wait_for_delays(connection: Connection, wanted: int) -> list[float]:
    until = time.monotonic() + LAST_ANSWERS_SECONDS
    while True:
        delays = [float(row[0]) for row in connection.execute(_DELAYS)]
        if len(delays) >= wanted or time.monotonic() > until:
            return delays
        time.sleep(0.2)


def _recorded(connection: Connection, run: str) -> int:
    row = connection.execute(
        "SELECT coalesce(sum(count), 0)::bigint FROM progress"
        " WHERE run_id = %s AND kind = 'attempt' AND state = 'accepted'",
        (run,),
    ).fetchone()
    assert row is not None
    return int(row[0])


def _figures(delays: list[float]) -> dict[str, Any]:
    if not delays:
        return {}
    ordered = sorted(delays)
    return {
        "median": round(statistics.median(ordered), 3),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 3),
        "max": round(ordered[-1], 3),
        "all": [round(delay, 3) for delay in delays],
    }
