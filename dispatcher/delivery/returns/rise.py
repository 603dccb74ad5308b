"""A domain that suddenly says of many addresses that there are none such is doubted, not believed.

Providers in trouble answer 550 5.1.1 to all. What such a domain refuses is measured by the hour in which
the messages were sent, against what it was sent then, against its own past and an absolute floor. On a
rise the domain is paused and its refusals are held for review; bans of the same hours are taken back.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.arrays import uuid_array
from dispatcher.core.settings import ReturnsSettings
from dispatcher.delivery.returns.domains import PauseReason, pause_domain

PAST_DAYS: Final = 30
HELD: Final = "held"

# Answers of an hour are those of messages that were sent in it or just before it, so two hours are taken.
_FIGURES = text(
    """
    WITH span AS (
        SELECT date_trunc('hour', CAST(:sent AS timestamptz)) - interval '1 hour' AS first,
               date_trunc('hour', CAST(:sent AS timestamptz)) + interval '1 hour' AS last
    ), refused AS (
        SELECT count(DISTINCT f.address)
                   FILTER (WHERE f.sent_at >= span.first AND f.sent_at < span.last) AS now,
               count(*)
                   FILTER (WHERE f.sent_at < span.first AND f.verdict IS DISTINCT FROM 'released') AS past
        FROM span, address_refusal f
        WHERE f.domain = :domain AND f.kind = 'hard'
          AND f.sent_at > span.first - make_interval(days => :days)
    ), sent AS (
        SELECT coalesce(sum(t.answered)
                   FILTER (WHERE t.hour >= span.first AND t.hour < span.last), 0)::bigint AS now,
               coalesce(sum(t.answered) FILTER (WHERE t.hour < span.first), 0)::bigint AS past
        FROM span, domain_traffic t
        WHERE t.domain = :domain AND t.hour > span.first - make_interval(days => :days)
    )
    SELECT refused.now AS refused, sent.now AS sent, refused.past AS refused_before, sent.past AS sent_before,
           span.first, span.last
    FROM span, refused, sent
    """
)
_OPEN = text("SELECT id FROM domain_pause WHERE domain = :domain AND lifted_at IS NULL AND reason = :reason")
# Staff have just said that these are true: the same hours are not doubted a second time.
_CONFIRMED = text(
    """
    SELECT 1 FROM domain_pause
    WHERE domain = :domain AND reason = :reason AND verdict IS NOT NULL AND lifted_at > :since LIMIT 1
    """
)
_HOLD_WAITING = text(
    """
    UPDATE address_refusal SET judged_at = :now, verdict = 'held', pause_id = :pause
    WHERE domain = :domain AND kind = 'hard' AND judged_at IS NULL
    """
)
_HOLD_JUDGED = text(
    """
    UPDATE address_refusal SET verdict = 'held', pause_id = :pause
    WHERE domain = :domain AND kind = 'hard' AND verdict = 'suppressed'
      AND sent_at >= :first AND sent_at < :last
    RETURNING attempt_id
    """
)
_TAKE_BACK = text(
    """
    UPDATE suppression SET lifted_at = :now, lifted_by = 'system', lift_reason = 'held_for_review'
    WHERE source_attempt_id = ANY(CAST(:attempts AS uuid[])) AND reason = 'hard_bounce' AND lifted_at IS NULL
    """
)


def hold_if_rising(
    session: Session,
    refused: Collection[tuple[str, datetime]],
    settings: ReturnsSettings,
    now: datetime,
) -> frozenset[str]:
    """The domains, of those that refused messages sent at these moments, whose refusals are held."""
    newest: dict[str, datetime] = {}
    for domain, sent_at in refused:
        newest[domain] = max(sent_at, newest.get(domain, sent_at))
    return frozenset(
        domain
        for domain, sent_at in sorted(newest.items())
        if _is_held(session, domain, sent_at, settings, now)
    )


def _is_held(
    session: Session, domain: str, sent_at: datetime, settings: ReturnsSettings, now: datetime
) -> bool:
    asked = {"domain": domain, "reason": PauseReason.HARD_BOUNCE_RISE.value}
    pause = session.execute(_OPEN, asked).scalar_one_or_none()
    if pause is None:
        row = session.execute(_FIGURES, {"domain": domain, "sent": sent_at, "days": PAST_DAYS}).one()
        if not is_rise(row.refused, row.sent, row.refused_before, row.sent_before, settings):
            return False
        if session.execute(_CONFIRMED, {**asked, "since": row.first}).first() is not None:
            return False
        figures = {
            "refused": row.refused,
            "sent": max(row.sent, row.refused),
            "refused_before": row.refused_before,
            "sent_before": row.sent_before,
        }
        pause = pause_domain(
            session, domain, PauseReason.HARD_BOUNCE_RISE, figures=figures, actor="system", now=now
        )
        if pause is None:  # it waits for another reason already, which tells staff to look
            return False
        _take_back(session, domain, pause, row.first, row.last, now)
    session.execute(_HOLD_WAITING, {"domain": domain, "pause": pause, "now": now})
    return True


def is_rise(
    refused: int, sent: int, refused_before: int, sent_before: int, settings: ReturnsSettings
) -> bool:
    """Whether so many refusals are no longer believed one by one.

    `refused` addresses of `sent` messages, and the same of the past; a past that is not known counts as good.
    """
    if refused < settings.rise_floor:
        return False
    past = refused_before / sent_before if sent_before else 0.0
    return refused / max(sent, refused) >= max(settings.rise_share, settings.rise_factor * min(past, 1.0))


def _take_back(
    session: Session, domain: str, pause: UUID, first: datetime, last: datetime, now: datetime
) -> None:
    values = {"domain": domain, "pause": pause, "first": first, "last": last}
    attempts = session.execute(_HOLD_JUDGED, values).scalars().all()
    session.execute(_TAKE_BACK, {"attempts": uuid_array(attempts), "now": now})
