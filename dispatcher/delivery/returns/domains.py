"""Recipient domains that are sent nothing until staff say so, because they refuse us or refuse everybody.

Only that domain waits, not the channel. Its attempts are held with the reason, and what still waits when
its window ends expires with it. Urgent runs are not held: they try, and go on to their next step.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.port import ChannelKind
from dispatcher.core.audit import record_action
from dispatcher.core.db import fetch
from dispatcher.core.ids import new_id
from dispatcher.core.outbox import publish
from dispatcher.delivery.checks import Candidate, RunView, Verdict
from dispatcher.delivery.errors import DomainPauseError
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.transitions import Change, apply_changes

log = structlog.get_logger(__name__)

DOMAIN_PAUSED: Final = "domain_paused"
#: A held attempt is looked at again then; a pause that is lifted frees it at once.
HOLD: Final = timedelta(hours=6)
SLICE: Final = 500


class PauseReason(StrEnum):
    """Why a domain waits."""

    #: it refuses us: reputation, signature, policy
    SENDER_FAULT = "sender_fault"
    #: it says of suspiciously many addresses that there are none such
    HARD_BOUNCE_RISE = "hard_bounce_rise"
    #: staff want it
    STAFF = "staff"


_PAUSE = text(
    """
    INSERT INTO domain_pause (id, domain, reason, figures, paused_by, since)
    VALUES (:id, :domain, :reason, CAST(:figures AS jsonb), :actor, :now)
    ON CONFLICT (domain) WHERE lifted_at IS NULL DO NOTHING
    RETURNING id
    """
)
# Shared with other claims; whoever lifts a pause waits for them, and so frees all that they have held.
_PAUSED = text(
    """
    SELECT domain FROM domain_pause
    WHERE lifted_at IS NULL AND (SELECT priority FROM run WHERE id = :run) <> 'urgent'
    FOR SHARE OF domain_pause SKIP LOCKED
    """
)
_LOCK = text("SELECT id, domain, reason, lifted_at FROM domain_pause WHERE id = :id FOR UPDATE")
_LIFT = text(
    """
    UPDATE domain_pause SET lifted_at = :now, lifted_by = :actor, lift_reason = :reason, verdict = :verdict
    WHERE id = :id
    """
)
_LIFTED = text(
    """
    SELECT id, domain FROM domain_pause WHERE lifted_at IS NOT NULL AND released_at IS NULL
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    """
)
# By ix_attempt_due: of each run only what waits for a later moment is read.
_HELD = text(
    """
    SELECT a.period, a.id FROM run r
    JOIN attempt a ON a.period = r.period AND a.run_id = r.id AND a.state = 'planned' AND a.channel = 'email'
         AND a.due_at > :now
    JOIN contact_point c ON c.id = a.contact_point_id
    WHERE r.state IN ('running', 'paused') AND a.hold_reason = 'domain_paused'
      AND lower(split_part(c.address, '@', -1)) = :domain
    ORDER BY a.id LIMIT :slice FOR NO KEY UPDATE OF a SKIP LOCKED
    """
)
_RELEASED = text("UPDATE domain_pause SET released_at = :now WHERE id = :id")


@dataclass(frozen=True, slots=True)
class PausedDomain:
    """An open pause, locked."""

    id: UUID
    domain: str
    reason: PauseReason


def pause_domain(
    session: Session,
    domain: str,
    reason: PauseReason,
    *,
    figures: Mapping[str, Any],
    actor: str,
    now: datetime,
) -> UUID | None:
    """Send nothing to the domain until staff lift it; None when it is paused already."""
    values = {"id": new_id(), "domain": domain, "reason": reason.value, "actor": actor, "now": now}
    pause: UUID | None = session.execute(
        _PAUSE, {**values, "figures": json.dumps(dict(figures))}
    ).scalar_one_or_none()
    if pause is None:
        return None
    facts = {"domain": domain, "reason": reason.value, **figures}
    _record(session, "domain.paused", pause, actor, None, facts, now)
    publish(session, "domain.paused", {"pause_id": pause, **facts})
    log.warning("returns.domain_paused", pause_id=str(pause), domain=domain, reason=reason.value)
    return pause


def lock_pause(session: Session, pause: UUID) -> PausedDomain:
    """An open pause; raises `DomainPauseError` when there is none such."""
    row = session.execute(_LOCK, {"id": pause}).first()
    if row is None or row.lifted_at is not None:
        raise DomainPauseError("this domain is not paused (any more)", code="no_domain_pause")
    return PausedDomain(row.id, row.domain, PauseReason(row.reason))


def end_pause(
    session: Session, pause: PausedDomain, *, reason: str, verdict: str | None, actor: str, now: datetime
) -> None:
    """Lift a locked pause; the scheduler makes due what it held."""
    values = {"id": pause.id, "actor": actor, "reason": reason, "verdict": verdict, "now": now}
    session.execute(_LIFT, values)
    after = {"domain": pause.domain, "verdict": verdict}
    _record(session, "domain.resumed", pause.id, actor, {"reason": pause.reason.value}, after, now)
    publish(session, "domain.resumed", {"pause_id": pause.id, **after})


def hold_paused(
    session: Session,
    run: RunView,
    channel: str,
    candidates: Sequence[Candidate],
    verdicts: Sequence[Verdict],
    now: datetime,
) -> Sequence[Verdict]:
    """The verdicts of a claim, with those held back whose domain waits."""
    if channel != ChannelKind.EMAIL:
        return verdicts
    paused = frozenset(domain for (domain,) in fetch(session, _PAUSED, {"run": run.id}))
    if not paused:
        return verdicts
    return [
        Verdict(Trigger.HOLD, DOMAIN_PAUSED, now + HOLD)
        if verdict.trigger is Trigger.CLAIM and domain_of(one.address) in paused
        else verdict
        for one, verdict in zip(candidates, verdicts, strict=True)
    ]


def release_held(session: Session, now: datetime) -> int:
    """Make due what a lifted pause has held; returns how many attempts were looked at, at least one."""
    pause = session.execute(_LIFTED).first()
    if pause is None:
        return 0
    held = session.execute(_HELD, {"domain": pause.domain, "now": now, "slice": SLICE}).all()
    changes = [Change(row.period, row.id, Trigger.HOLD, None, due_at=now) for row in held]
    apply_changes(session, changes, now)
    if not held:
        session.execute(_RELEASED, {"id": pause.id, "now": now})
    return max(1, len(held))


def domain_of(address: str | None) -> str:
    """The domain of an e-mail address as the tables keep it."""
    return (address or "").rpartition("@")[2].lower()


def _record(
    session: Session,
    action: str,
    pause: UUID,
    actor: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    now: datetime,
) -> None:
    record_action(
        session,
        at=now,
        actor=actor,
        action=action,
        subject_type="domain_pause",
        subject_id=pause,
        before=before,
        after=after,
    )
