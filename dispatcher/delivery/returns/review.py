"""What staff decide about a paused domain: lift it, or believe or reject the refusals that it holds.

Believed refusals become bans; rejected ones leave the addresses as they were, and their notices, which
have failed, may be sent again by a resend. Every decision needs a reason and is on record (promise P11).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.email.addresses import ascii_domain
from consent.reasons import stated_reason
from consent.suppression import suppress
from dispatcher.core.errors import ConfigurationError
from dispatcher.delivery.errors import DomainPauseError
from dispatcher.delivery.returns.domains import PauseReason, end_pause, lock_pause, pause_domain
from dispatcher.delivery.returns.judging import hard_ban

SLICE: Final = 500

# Never more than one decides: the pause is locked.
_HELD = text(
    """
    SELECT attempt_id, period, channel, address FROM address_refusal
    WHERE pause_id = :pause AND verdict = 'held' ORDER BY address, attempt_id LIMIT :slice
    """
)
_DECIDED = text(
    """
    UPDATE address_refusal SET verdict = :verdict, judged_at = :now
    WHERE pause_id = :pause AND verdict = 'held'
      AND (CAST(:attempts AS uuid[]) IS NULL OR attempt_id = ANY(CAST(:attempts AS uuid[])))
    """
)
_COUNT_HELD = text(
    "SELECT count(DISTINCT address) FROM address_refusal WHERE pause_id = :pause AND verdict = 'held'"
)


class Review(StrEnum):
    """What staff say of held refusals."""

    #: these addresses do not exist: ban them
    CONFIRMED = "confirmed"
    #: the provider was wrong: the addresses stay usable
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What came of it: `banned` addresses, `kept` ones that stay usable."""

    banned: int
    kept: int


def pause_by_staff(session: Session, domain: str, *, note: str, actor: str, now: datetime) -> UUID:
    """Send nothing to a domain from now on; raises `DomainPauseError`."""
    said = stated_reason(note, DomainPauseError)
    try:
        name = ascii_domain(domain.strip()).lower()
    except ConfigurationError:
        raise DomainPauseError("this is no domain name: write it like mail.ru", code="no_domain") from None
    pause = pause_domain(session, name, PauseReason.STAFF, figures={"note": said}, actor=actor, now=now)
    if pause is None:
        raise DomainPauseError("this domain is paused already", code="domain_paused_already")
    return pause


def lift_pause(session: Session, pause: UUID, *, reason: str, actor: str, now: datetime) -> None:
    """Send to the domain again; raises `DomainPauseError`, also while refusals wait for a decision."""
    locked = lock_pause(session, pause)
    if session.execute(_COUNT_HELD, {"pause": pause}).scalar_one():
        raise DomainPauseError(
            "its refusals wait for a decision: confirm or reject them", code="pause_needs_review"
        )
    end_pause(
        session, locked, reason=stated_reason(reason, DomainPauseError), verdict=None, actor=actor, now=now
    )


def review_pause(
    session: Session, pause: UUID, verdict: Review, *, reason: str, actor: str, now: datetime
) -> Reviewed:
    """Decide about all refusals that a pause holds, and lift it; raises `DomainPauseError`."""
    said = stated_reason(reason, DomainPauseError)
    locked = lock_pause(session, pause)
    held = session.execute(_COUNT_HELD, {"pause": pause}).scalar_one()
    if locked.reason is not PauseReason.HARD_BOUNCE_RISE:
        raise DomainPauseError("nothing is held for review here: lift the pause", code="nothing_held")
    if verdict is Review.CONFIRMED:
        _ban_held(session, pause, actor, now)
    else:
        values = {"pause": pause, "verdict": "released", "attempts": None, "now": now}
        session.execute(_DECIDED, values)
    end_pause(session, locked, reason=said, verdict=verdict.value, actor=actor, now=now)
    return Reviewed(held, 0) if verdict is Review.CONFIRMED else Reviewed(0, held)


def _ban_held(session: Session, pause: UUID, actor: str, now: datetime) -> None:
    while rows := session.execute(_HELD, {"pause": pause, "slice": SLICE}).all():
        bans = [hard_ban(row.attempt_id, row.period, row.channel, row.address) for row in rows]
        suppress(session, bans, actor=actor, now=now)
        attempts = [row.attempt_id for row in rows]
        values = {"pause": pause, "verdict": "suppressed", "attempts": attempts, "now": now}
        session.execute(_DECIDED, values)
