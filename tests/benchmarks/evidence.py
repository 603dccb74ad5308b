"""What a run with every check and record on leaves behind for each recipient: one of each."""

from typing import Any, Final

import psycopg

_OF_RUN: Final = "JOIN attempt a ON a.period = x.period AND a.id = x.attempt_id WHERE a.run_id = %(run)s"
_COUNTS: Final = {
    "accepted": "SELECT count(*) FROM attempt WHERE run_id = %(run)s AND state = 'accepted'",
    "notices": "SELECT count(*) FROM notice WHERE run_id = %(run)s",
    "claim events": f"SELECT count(*) FROM attempt_event x {_OF_RUN} AND x.to_state = 'sending'",
    "accept events": f"SELECT count(*) FROM attempt_event x {_OF_RUN} AND x.to_state = 'accepted'",
    "contents": f"SELECT count(*) FROM attempt_content x {_OF_RUN} AND x.content IS NOT NULL",
    "reserved budget": """
        SELECT count(*) FROM contact_budget b JOIN attempt a ON a.id = b.attempt_id
        WHERE a.run_id = %(run)s AND b.released_at IS NULL""",
    "counters": """
        SELECT coalesce(sum(count), 0)::bigint FROM progress
        WHERE run_id = %(run)s AND kind = 'attempt' AND state = 'accepted'""",
}


def count_evidence(connection: "psycopg.Connection[tuple[Any, ...]]", run: str) -> dict[str, int]:
    """How many rows of each kind the run has: as many as recipients, but for claims that were given back."""
    counts = {}
    for name, statement in _COUNTS.items():
        row = connection.execute(statement, {"run": run}).fetchone()
        assert row is not None
        counts[name] = int(row[0])
    return counts
