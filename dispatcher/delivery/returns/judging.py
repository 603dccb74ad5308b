"""What follows from noted refusals and complaints: the table of domain.md section 5, and nothing else.

| noted | consequence |
|---|---|
| hard (5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10) | banned at once, unless the whole domain turned "hard" suddenly |
| disabled (5.2.1, 5.2.0) | banned after two refused notices |
| full (4.2.2, 5.2.2) | banned for 30 days after three runs |
| wrong number (SMSC 1, 21, 22, 248, 249, 252; SIP 404 and the like) | banned over that channel at once |
| operator's refusal (SMSC 244, 255; SIP 607, 608) | banned over that channel after two refused notices |
| complaint | banned, and the consent for that purpose withdrawn |
| sender (5.7.x, spam, policy) | nobody is banned; the domain waits and staff are told |
| content (5.3.4, 5.6.x) | nobody is banned; the run is paused with the reason |

All judging is done one after the other, by a lock: who counts sees everything that was counted before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.email.replies import ReplyClass
from consent.suppression import NewSuppression, SuppressionReason, lock_addresses, suppress
from dispatcher.core.arrays import text_array, uuid_array
from dispatcher.core.settings import ReturnsSettings
from dispatcher.delivery.returns.noting import COMPLAINT, OPERATOR_REFUSAL, WRONG_NUMBER
from dispatcher.delivery.returns.rise import hold_if_rising
from dispatcher.delivery.withdrawal import withdraw_consent

log = structlog.get_logger(__name__)

SLICE: Final = 200
SYSTEM: Final = "system"
BOUNCE: Final = "bounce"

_OF_ADDRESSES: Final = (
    ReplyClass.HARD.value,
    ReplyClass.DISABLED.value,
    ReplyClass.FULL.value,
    COMPLAINT,
    WRONG_NUMBER,
    OPERATOR_REFUSAL,
)
_COUNTED: Final = frozenset({ReplyClass.DISABLED, ReplyClass.FULL, OPERATOR_REFUSAL})
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('judge_refusals'))")
_WAITING = text(
    """
    SELECT f.attempt_id, f.kind, f.period, f.run_id, f.contact_point_id, f.channel, f.address, f.domain,
           f.reason, f.sent_at, r.purpose
    FROM address_refusal f JOIN run r ON r.id = f.run_id
    WHERE f.judged_at IS NULL AND f.kind = ANY(CAST(:kinds AS text[]))
    ORDER BY f.noted_at, f.attempt_id LIMIT :slice FOR NO KEY UPDATE OF f
    """
)
# After the persons are locked, in a statement of its own. What staff lifted, or a delivery, begins anew.
# A full mailbox counts once for a run and those that sent again for it, and only when the notice's last
# try over this channel ended so: one that was emptied in time is none.
_COUNTS = text(
    """
    SELECT w.address,
           count(DISTINCT f.notice_id) FILTER (WHERE f.kind IN ('disabled', 'operator_refusal')),
           count(DISTINCT coalesce(r.parent_run_id, r.id)) FILTER (
               WHERE f.kind = 'full' AND NOT EXISTS (
                   SELECT 1 FROM attempt a
                   WHERE a.period = f.period AND a.notice_id = f.notice_id AND a.channel = f.channel
                     AND a.id > f.attempt_id))
    FROM unnest(CAST(:addresses AS text[])) AS w(address)
    JOIN address_refusal f ON f.channel IN ('email', 'sms', 'voice') AND f.address = w.address
     AND f.noted_at > greatest(
         CAST(:since AS timestamptz),
         (SELECT max(s.lifted_at) FROM suppression s
          WHERE s.channel = f.channel AND s.address = w.address AND s.lift_reason <> 'expired'),
         (SELECT max(g.noted_at) FROM address_refusal g
          WHERE g.channel = 'email' AND g.address = w.address AND g.kind = 'arrived'))
    JOIN run r ON r.id = f.run_id
    GROUP BY w.address
    """
)
_MARK = text(
    """
    UPDATE address_refusal f SET judged_at = :now, verdict = v.verdict
    FROM unnest(CAST(:attempts AS uuid[]), CAST(:kinds AS text[]), CAST(:verdicts AS text[]))
         AS v(attempt, kind, verdict)
    WHERE f.attempt_id = v.attempt AND f.kind = v.kind
    """
)


@dataclass(frozen=True, slots=True)
class NotedRefusal:
    """One that waits to be judged."""

    attempt_id: UUID
    kind: str
    period: date
    run_id: UUID
    contact_point_id: UUID | None
    channel: str
    address: str
    domain: str
    reason: str
    sent_at: datetime
    purpose: str


def take_waiting(session: Session, kinds: Sequence[str]) -> list[NotedRefusal]:
    """A slice of what waits, with the lock that lets one judge at a time."""
    session.execute(_ALONE)
    rows = session.execute(_WAITING, {"kinds": text_array(kinds), "slice": SLICE})
    return [NotedRefusal(*row) for row in rows]


def mark_judged(session: Session, verdicts: Sequence[tuple[NotedRefusal, str]], now: datetime) -> None:
    """Write what was decided."""
    session.execute(
        _MARK,
        {
            "now": now,
            "attempts": uuid_array(one.attempt_id for one, _ in verdicts),
            "kinds": text_array(one.kind for one, _ in verdicts),
            "verdicts": text_array(verdict for _, verdict in verdicts),
        },
    )


def judge_addresses(session: Session, now: datetime, *, settings: ReturnsSettings) -> int:
    """Ban what must not be written to any more; returns how many refusals were judged."""
    waiting = take_waiting(session, _OF_ADDRESSES)
    if not waiting:
        return 0
    hard = [one for one in waiting if one.kind == ReplyClass.HARD]
    held = hold_if_rising(session, {(one.domain, one.sent_at) for one in hard}, settings, now)
    rest = [one for one in waiting if one.kind != ReplyClass.HARD or one.domain not in held]
    lock_addresses(session, {one.address for one in rest})
    counts = _counts(session, rest, settings, now)
    bans = {one: ban for one in rest if (ban := _ban(one, counts, settings, now)) is not None}
    suppress(session, list(bans.values()), actor=SYSTEM, now=now)
    for one in rest:
        if one.kind == COMPLAINT:
            _withdraw(session, one, now)
    mark_judged(session, [(one, "suppressed" if one in bans else "counted") for one in rest], now)
    return len(waiting)


def hard_ban(attempt: UUID, period: date, channel: str, address: str) -> NewSuppression:
    """The ban of an address that does not exist."""
    return NewSuppression(
        channel,
        address,
        SuppressionReason.HARD_BOUNCE,
        BOUNCE,
        source_period=period,
        source_attempt_id=attempt,
    )


def _ban(
    one: NotedRefusal, counts: dict[str, tuple[int, int]], settings: ReturnsSettings, now: datetime
) -> NewSuppression | None:
    disabled, full = counts.get(one.address, (0, 0))
    until = None
    if one.kind == ReplyClass.HARD:
        return hard_ban(one.attempt_id, one.period, one.channel, one.address)
    if one.kind == COMPLAINT:
        reason = SuppressionReason.COMPLAINT
    elif one.kind == WRONG_NUMBER:
        reason = SuppressionReason.WRONG_NUMBER
    elif one.kind == OPERATOR_REFUSAL and disabled >= settings.disabled_refusals:
        reason = SuppressionReason.OPERATOR_REFUSAL
    elif one.kind == ReplyClass.DISABLED and disabled >= settings.disabled_refusals:
        reason = SuppressionReason.MAILBOX_DISABLED
    elif one.kind == ReplyClass.FULL and full >= settings.full_runs:
        reason, until = SuppressionReason.MAILBOX_FULL, now + timedelta(days=settings.full_days)
    else:
        return None
    source = COMPLAINT if one.kind == COMPLAINT else BOUNCE
    return NewSuppression(
        one.channel,
        one.address,
        reason,
        source,
        expires_at=until,
        source_period=one.period,
        source_attempt_id=one.attempt_id,
    )


def _counts(
    session: Session, rest: Sequence[NotedRefusal], settings: ReturnsSettings, now: datetime
) -> dict[str, tuple[int, int]]:
    counted = {one.address for one in rest if one.kind in _COUNTED}
    if not counted:
        return {}
    since = now - timedelta(days=settings.memory_days)
    rows = session.execute(_COUNTS, {"addresses": text_array(sorted(counted)), "since": since})
    return {address: (disabled, full) for address, disabled, full in rows}


def _withdraw(session: Session, one: NotedRefusal, now: datetime) -> None:
    """Lifting the ban later must not bring back what the person complained of."""
    if one.contact_point_id is None:
        return
    withdraw_consent(
        session,
        one.contact_point_id,
        channel=one.channel,
        purpose=one.purpose,
        source=COMPLAINT,
        recorded_by=SYSTEM,
        now=now,
    )
