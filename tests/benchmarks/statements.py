"""What the claim costs while a run goes on, by PostgreSQL's own count (`pg_stat_statements`).

The claim's statement is found by what it does, not by its text: of those that skip locked attempts it is
the one that returns the most rows, one for each recipient.
"""

import time
from typing import Any, Final

import psycopg

from tests.benchmarks.stage import Stage

#: For the embedded server; on servers of your own the extension must be there already.
SETTINGS: Final = "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.max = 5000\n"
PARTS: Final = 10
TOP: Final = 12  #: statements named in the report
TEXT_LENGTH: Final = 160
_ENABLE: Final = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"
_RESET: Final = "SELECT pg_stat_statements_reset()"
_TEXTS: Final = "SELECT queryid, query FROM pg_stat_statements WHERE queryid = ANY(%s)"
_READ: Final = """
SELECT s.queryid, s.calls, s.total_exec_time, s.rows, s.query ~* 'skip locked' AND s.query ~* '\\mattempt\\M'
FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
WHERE d.datname = %s
"""


def watch_statements(stage: Stage, database: str, recipients: int) -> "StatementWatch | str":
    """A watch over the statements in one database, or why there is none."""
    with stage.connect() as connection:
        try:
            connection.execute(_ENABLE)
            connection.execute(_RESET)
        except psycopg.Error as error:
            return f"pg_stat_statements cannot be used here: {error.diag.message_primary}"
    return StatementWatch(stage, database, recipients)


class StatementWatch:
    """Looks at the statements' costs at every tenth of a run."""

    def __init__(self, stage: Stage, database: str, recipients: int) -> None:
        self._stage = stage
        self._database = database
        self._recipients = recipients
        self._looks: list[tuple[float, int, dict[int, tuple[int, float, int, bool]]]] = []
        self._began_at = time.monotonic()

    def on_progress(self, recorded: int) -> None:
        """Look when a further tenth has been recorded."""
        if recorded >= len(self._looks) * self._recipients / PARTS:
            with self._stage.connect() as connection:
                rows = connection.execute(_READ, (self._database,)).fetchall()
            seconds = time.monotonic() - self._began_at
            self._looks.append(
                (seconds, recorded, {row[0]: (row[1], row[2], row[3], row[4]) for row in rows})
            )

    def summary(self) -> dict[str, Any]:
        """The claim and all statements together, by part of the run. Times are milliseconds."""
        claim = self._claim()
        parts = []
        for (before_s, before_n, before), (after_s, after_n, after) in zip(
            self._looks, self._looks[1:], strict=False
        ):
            calls, total, _ = _delta(before, after, {claim})
            _, everything, _ = _delta(before, after, set(after))
            done = after_n - before_n
            parts.append(
                {
                    "recorded": after_n,
                    "rate": round(done / (after_s - before_s), 1),
                    "claim_ms_per_call": round(total / calls, 3) if calls else None,
                    "claim_ms_per_1000": round(total * 1000 / done, 2),
                    "statements_ms_per_1000": round(everything * 1000 / done, 2),
                }
            )
        calls, total, rows = _delta({}, self._looks[-1][2], {claim})
        return {
            "most_time": self._most_time(),
            "claim": {
                "calls": calls,
                "rows": rows,
                "ms_per_call": round(total / calls, 3) if calls else None,
            },
            "parts": parts,
        }

    def _most_time(self) -> list[dict[str, Any]]:
        """The statements that took most of the server's time, with their beginnings."""
        last = self._looks[-1][2]
        longest = sorted(last, key=lambda query: -last[query][1])[:TOP]
        with self._stage.connect() as connection:
            texts = dict(connection.execute(_TEXTS, (longest,)).fetchall())
        return [
            {
                "ms_per_1000": round(last[query][1] * 1000 / self._recipients, 1),
                "calls": last[query][0],
                "statement": " ".join(texts.get(query, "").split())[:TEXT_LENGTH],
            }
            for query in longest
        ]

    def _claim(self) -> int:
        last = self._looks[-1][2]
        return max((query for query in last if last[query][3]), key=lambda query: last[query][2], default=0)


def _delta(
    before: dict[int, tuple[int, float, int, bool]],
    after: dict[int, tuple[int, float, int, bool]],
    queries: set[int],
) -> tuple[int, float, int]:
    calls, total, rows = 0, 0.0, 0
    for query in queries & set(after):
        earlier = before.get(query, (0, 0.0, 0, False))
        calls += after[query][0] - earlier[0]
        total += after[query][1] - earlier[1]
        rows += after[query][2] - earlier[2]
    return calls, total, rows
