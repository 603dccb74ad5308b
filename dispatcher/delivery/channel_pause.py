"""A channel whose provider is unreachable, or refuses us, waits; its attempts wait with it.

The wait doubles up to five minutes and ends with the first message that the provider takes. It is a row,
so that every process waits and staff see why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.db import fetch

LONGEST_WAIT_SECONDS: Final = 300.0

# Within a running pause a second report changes nothing: many workers notice the same fault at once.
_PAUSE = text(
    """
    INSERT INTO channel_pause (channel, reason, since, paused_until, wait_seconds)
    VALUES (:channel, :reason, :now, CAST(:now AS timestamptz) + make_interval(secs => :first), :first)
    ON CONFLICT (channel) DO UPDATE
    SET reason = excluded.reason,
        wait_seconds = least(channel_pause.wait_seconds * 2, :longest),
        paused_until = CAST(:now AS timestamptz)
                     + make_interval(secs => least(channel_pause.wait_seconds * 2, :longest))
    WHERE channel_pause.paused_until <= :now
    """
)
_READ = text("SELECT paused_until FROM channel_pause WHERE channel = :channel")
_LIFT = text("DELETE FROM channel_pause WHERE channel = :channel")
_LIST = text("SELECT channel, reason, since, paused_until FROM channel_pause ORDER BY channel")


@dataclass(frozen=True, slots=True)
class PausedChannel:
    """Why and until when a channel waits."""

    channel: str
    reason: str
    since: datetime
    paused_until: datetime


def pause_channel(
    session: Session, channel: str, reason: str, *, first_wait_seconds: float, now: datetime
) -> None:
    """Let the channel wait; twice as long as the last time if it was not reachable since."""
    session.execute(
        _PAUSE,
        {
            "channel": channel,
            "reason": reason,
            "first": first_wait_seconds,
            "longest": LONGEST_WAIT_SECONDS,
            "now": now,
        },
    )


def read_pause(session: Session, channel: str) -> datetime | None:
    """Until when the channel waits, or waited the last time; None: its last message was taken."""
    rows = fetch(session, _READ, {"channel": channel})
    return rows[0][0] if rows else None


def lift_pause(session: Session, channel: str) -> None:
    """The provider answers again."""
    session.execute(_LIFT, {"channel": channel})


def list_paused(session: Session) -> Sequence[PausedChannel]:
    """Every channel that waits or waited and has not yet been proven to work."""
    return [PausedChannel(*row) for row in session.execute(_LIST)]
