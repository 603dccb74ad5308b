"""How much went to each recipient domain, by the hour: what a rise of refusals is measured against.

A worker counts in memory and writes every few seconds to rows of its own, so that counting costs the hot
path next to nothing. What a killed worker had not written is missing: a rule that compares shares bears it.
"""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.port import ChannelKind, Envelope, Outcome, OutcomeKind
from dispatcher.core.arrays import number_array, text_array
from dispatcher.delivery.returns.domains import domain_of

WRITE_SECONDS: Final = 5.0
SHARDS: Final = 1024
KEPT_DAYS: Final = 60

_ANSWERED: Final = frozenset(
    {OutcomeKind.ACCEPTED, OutcomeKind.PERMANENT, OutcomeKind.TRANSIENT, OutcomeKind.SENDER_FAULT}
)
_ADD = text(
    """
    INSERT INTO domain_traffic (domain, hour, shard, answered)
    SELECT d.domain, date_trunc('hour', CAST(:now AS timestamptz)), :shard, d.answered
    FROM unnest(CAST(:domains AS text[]), CAST(:counts AS bigint[])) AS d(domain, answered)
    ORDER BY d.domain
    ON CONFLICT (domain, hour, shard) DO UPDATE SET answered = domain_traffic.answered + excluded.answered
    """
)
_FORGET = text(
    "DELETE FROM domain_traffic WHERE hour < CAST(:now AS timestamptz) - make_interval(days => :days)"
)


class DomainTrafficCounter:
    """Counts for one worker process; safe to use from its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shard = secrets.randbelow(SHARDS)
        self._counts: Counter[str] = Counter()
        self._written_at = float("-inf")

    def count(
        self, channel: ChannelKind, outcomes: Iterable[Outcome], envelopes: Mapping[UUID, Envelope]
    ) -> None:
        """Count what servers answered."""
        if channel is not ChannelKind.EMAIL:
            return
        domains = [
            domain_of(envelopes[one.attempt.attempt_id].address)
            for one in outcomes
            if one.kind in _ANSWERED and one.attempt.attempt_id in envelopes
        ]
        with self._lock:
            self._counts.update(domains)

    def write(self, session: Session, now: datetime, *, is_last: bool) -> None:
        """Write what was counted, when it is time or when nothing more is claimed for now."""
        with self._lock:
            if not self._counts or not (is_last or time.monotonic() - self._written_at > WRITE_SECONDS):
                return
            counts, self._counts = self._counts, Counter()
            self._written_at = time.monotonic()
        session.execute(
            _ADD,
            {
                "now": now,
                "shard": self._shard,
                "domains": text_array(counts),
                "counts": number_array(counts.values()),
            },
        )


def forget_traffic(session: Session, now: datetime) -> None:
    """Drop hours that no rule looks at any more."""
    session.execute(_FORGET, {"now": now, "days": KEPT_DAYS})
