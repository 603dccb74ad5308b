"""What staff and other systems do to the stop list by hand: ban an address, use it again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from consent.errors import SuppressionError
from consent.reasons import MAX_REASON_CHARS
from consent.suppression import (
    CHANNELS,
    NewSuppression,
    SuppressionReason,
    find_suppression,
    lift_suppression,
    suppress,
)


def ban_by_staff(
    session: Session,
    address: str,
    *,
    channel: str,
    reason: str,
    note: str,
    expires_at: datetime | None,
    actor: str,
    now: datetime,
) -> UUID:
    """Ban an address (checked and normalised) over a channel; returns the ban in force.

    Raises `SuppressionError` without a note, for a channel that the address has not, or for an end in the
    past.
    """
    words = " ".join(note.split())
    if not words or len(words) > MAX_REASON_CHARS:
        raise SuppressionError(
            f"say why, in at most {MAX_REASON_CHARS} characters", code="ban_note", most=MAX_REASON_CHARS
        )
    if channel not in CHANNELS or ("@" in address) != (channel == "email"):
        raise SuppressionError(
            "an e-mail address is banned over email, a number over sms or voice", code="ban_channel"
        )
    if reason not in set(SuppressionReason):
        raise SuppressionError("there is no such reason", code="ban_reason")
    if expires_at is not None and expires_at <= now:
        raise SuppressionError("the ban would have ended already", code="ban_end")
    ban = NewSuppression(
        channel, address, SuppressionReason(reason), "staff", expires_at=expires_at, note=words
    )
    suppress(session, [ban], actor=actor, now=now)
    found = find_suppression(session, channel, address, now)
    if found is None:
        raise SuppressionError("this address is not on the stop list (any more)", code="no_suppression")
    return found


def lift_at(session: Session, address: str, *, channel: str, reason: str, actor: str, now: datetime) -> UUID:
    """Use an address again over a channel; raises `SuppressionError`."""
    found = find_suppression(session, channel, address, now)
    if found is None:
        raise SuppressionError("this address is not on the stop list (any more)", code="no_suppression")
    lift_suppression(session, found, reason=reason, actor=actor, now=now)
    return found
