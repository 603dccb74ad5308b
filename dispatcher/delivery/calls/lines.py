"""How many lines the trunks have left, over all processes: the rows in `sending` are the truth (promise P4).

A process knows its own calls. What the others talk on, and what a killed one may still be talking on until
its lease runs out, only the database knows.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.db import fetch

#: Of the lines, kept for the urgent lane; at least one where there are two or more (promise P9).
URGENT_SHARE: Final = 0.1

# Those who claim calls come one after the other: each sees what the one before has taken.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('call_lines'))")
_TAKEN = text("SELECT count(*) FROM attempt WHERE state = 'sending' AND channel = 'voice'")


def lines_left(session: Session, lines: int, *, urgent: bool) -> int:
    """How many more calls may be claimed in this transaction."""
    session.execute(_ALONE)
    [(taken,)] = fetch(session, _TAKEN, {})
    return max(0, lines - (0 if urgent else kept_for_urgent(lines)) - int(taken))


def kept_for_urgent(lines: int) -> int:
    """How many lines no bulk run takes."""
    return 0 if lines < 2 else max(1, int(lines * URGENT_SHARE))
