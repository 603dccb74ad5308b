"""What each attempt cost: as the provider said when it took it, corrected by what it reported later.

What a run cost is counted beside it in the same transaction (promise P12), so that a report over a year looks
at no single attempt.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.port import Price
from dispatcher.core.arrays import number_array, text_array, time_array, uuid_array
from dispatcher.delivery.progress import own_shard

# A worker's answer and a report may price one attempt at the same moment. The second waits here, so that its
# next statement sees what the first has written, and counts the difference alone.
_LOCK = text(
    """
    SELECT a.id FROM unnest(CAST(:periods AS date[]), CAST(:attempts AS uuid[])) AS p(period, attempt_id)
    JOIN attempt a ON a.period = p.period AND a.id = p.attempt_id
    ORDER BY a.id FOR NO KEY UPDATE OF a
    """
)
# A later report may know the amount better, never the parts, which only the answer to the sending names.
_KEEP = text(
    """
    WITH given AS (
        SELECT p.period, p.attempt_id, p.parts, CAST(p.amount AS numeric) AS amount, a.run_id, a.channel
        FROM unnest(CAST(:periods AS date[]), CAST(:attempts AS uuid[]), CAST(:parts AS int[]),
                    CAST(:amounts AS text[])) AS p(period, attempt_id, parts, amount)
        JOIN attempt a ON a.period = p.period AND a.id = p.attempt_id
    ), before AS (
        SELECT k.attempt_id, k.amount FROM given g
        JOIN attempt_price k ON k.period = g.period AND k.attempt_id = g.attempt_id
    ), kept AS (
        INSERT INTO attempt_price (period, attempt_id, parts, amount, priced_at)
        SELECT period, attempt_id, parts, amount, :now FROM given ORDER BY attempt_id
        ON CONFLICT (period, attempt_id) DO UPDATE
        SET amount = coalesce(excluded.amount, attempt_price.amount), priced_at = excluded.priced_at
        RETURNING attempt_id, parts, amount
    )
    INSERT INTO run_cost (run_id, channel, shard, attempts, parts, amount)
    SELECT g.run_id, g.channel, :shard,
           count(*) FILTER (WHERE b.amount IS NULL AND k.amount IS NOT NULL),
           coalesce(sum(k.parts) FILTER (WHERE b.attempt_id IS NULL), 0),
           coalesce(sum(coalesce(k.amount, 0) - coalesce(b.amount, 0)), 0)
    FROM given g JOIN kept k USING (attempt_id) LEFT JOIN before b USING (attempt_id)
    GROUP BY g.run_id, g.channel ORDER BY g.run_id, g.channel
    ON CONFLICT (run_id, channel, shard) DO UPDATE
    SET attempts = run_cost.attempts + excluded.attempts, parts = run_cost.parts + excluded.parts,
        amount = run_cost.amount + excluded.amount
    """
)


def keep_prices(session: Session, prices: Sequence[tuple[date, UUID, Price]], now: datetime) -> None:
    """Keep what these attempts cost; of several prices of one attempt the last amount counts.

    Attempts that are not ours are left out: receipts name whatever they like.
    """
    if not prices:
        return
    last = list({attempt: (period, attempt, price) for period, attempt, price in prices}.values())
    keys = {
        "periods": time_array(period for period, _, _ in last),
        "attempts": uuid_array(attempt for _, attempt, _ in last),
    }
    session.execute(_LOCK, keys)
    session.execute(
        _KEEP,
        {
            **keys,
            "now": now,
            "shard": own_shard(),
            "parts": number_array(price.parts for _, _, price in last),
            "amounts": text_array(None if p.amount is None else str(p.amount) for _, _, p in last),
        },
    )
