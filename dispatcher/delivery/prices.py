"""What each attempt cost: as the provider said when it took it, corrected by what it reported later."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.port import Price
from dispatcher.core.arrays import number_array, text_array, time_array, uuid_array

# A later report may know the amount better, never the parts, which only the answer to the sending names.
_KEEP = text(
    """
    INSERT INTO attempt_price (period, attempt_id, parts, amount, priced_at)
    SELECT p.period, p.attempt_id, p.parts, CAST(p.amount AS numeric), :now
    FROM unnest(CAST(:periods AS date[]), CAST(:attempts AS uuid[]), CAST(:parts AS int[]),
                CAST(:amounts AS text[])) AS p(period, attempt_id, parts, amount)
    WHERE EXISTS (SELECT 1 FROM attempt a WHERE a.period = p.period AND a.id = p.attempt_id)
    ORDER BY attempt_id
    ON CONFLICT (period, attempt_id) DO UPDATE
    SET amount = coalesce(excluded.amount, attempt_price.amount), priced_at = excluded.priced_at
    """
)


def keep_prices(session: Session, prices: Sequence[tuple[date, UUID, Price]], now: datetime) -> None:
    """Keep what these attempts cost; of several prices of one attempt the last amount counts.

    Attempts that are not ours are left out: receipts name whatever they like.
    """
    if not prices:
        return
    last = list({attempt: (period, attempt, price) for period, attempt, price in prices}.values())
    session.execute(
        _KEEP,
        {
            "now": now,
            "periods": time_array(period for period, _, _ in last),
            "attempts": uuid_array(attempt for _, attempt, _ in last),
            "parts": number_array(price.parts for _, _, price in last),
            "amounts": text_array(None if p.amount is None else str(p.amount) for _, _, p in last),
        },
    )
