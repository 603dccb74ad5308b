"""What a provider is asked about attempts of which it reported nothing (promise P3; domain: 2.7, 2.8).

An attempt in doubt is asked about at once and again after growing waits, until it is answered or its query
limit has passed. An accepted one is asked about when its receipt stays away: callbacks get lost. Asking is
a lease: whoever asks moves the next time forward and commits before the provider is called.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.port import AttemptReference, ChannelKind, Question
from dispatcher.core.arrays import text_array, time_array, uuid_array
from dispatcher.delivery.states import AttemptState

SLICE: Final = 100
#: Channels whose providers can be asked by our own ids, with the wait before an accepted attempt is.
#: What became of a call is known soon; a trunk of our own cannot be asked, and says nothing.
SILENCE_SECONDS: Final = MappingProxyType({ChannelKind.SMS.value: 1800.0, ChannelKind.VOICE.value: 300.0})
DOUBT_SECONDS: Final = 5.0  #: before an attempt in doubt is asked about
LONGEST_WAIT_SECONDS: Final = 3600.0
ASKED_STATES: Final = frozenset({AttemptState.ACCEPTED, AttemptState.UNKNOWN})

_ADD = text(
    """
    INSERT INTO provider_question (period, attempt_id, channel, ask_at, wait_seconds)
    SELECT period, attempt_id, channel, ask_at, wait_seconds
    FROM unnest(CAST(:periods AS date[]), CAST(:attempts AS uuid[]), CAST(:channels AS text[]),
                CAST(:times AS timestamptz[]), CAST(:waits AS float8[]))
         AS q(period, attempt_id, channel, ask_at, wait_seconds)
    ORDER BY attempt_id
    ON CONFLICT (period, attempt_id) DO UPDATE
    SET ask_at = excluded.ask_at, wait_seconds = excluded.wait_seconds
    """
)
_IS_ANY_DUE = text("SELECT 1 FROM provider_question WHERE channel = :channel AND ask_at <= :now LIMIT 1")
# Each turn doubles the wait: a question nobody answers must not be asked for ever at full pace.
_TAKE = text(
    """
    WITH due AS MATERIALIZED (
        SELECT period, attempt_id FROM provider_question
        WHERE channel = :channel AND ask_at <= :now
        ORDER BY ask_at, attempt_id LIMIT :slice FOR NO KEY UPDATE SKIP LOCKED
    ), moved AS (
        UPDATE provider_question q
        SET ask_at = CAST(:now AS timestamptz) + make_interval(secs => q.wait_seconds),
            wait_seconds = least(q.wait_seconds * 2, :longest)
        FROM due WHERE q.period = due.period AND q.attempt_id = due.attempt_id
        RETURNING q.period, q.attempt_id
    )
    SELECT a.period, a.id, c.address, a.provider_id, a.sending_at, a.state
    FROM moved JOIN attempt a ON a.period = moved.period AND a.id = moved.attempt_id
    LEFT JOIN contact_point c ON c.id = a.contact_point_id
    ORDER BY a.id
    """
)
# In the order of attempts, as everybody locks.
_DROP = text(
    """
    DELETE FROM provider_question q
    USING unnest(CAST(:periods AS date[]), CAST(:attempts AS uuid[])) AS d(period, attempt_id)
    WHERE q.period = d.period AND q.attempt_id = d.attempt_id
    """
)


def expect_report(
    session: Session, attempts: Sequence[tuple[date, UUID, str, AttemptState]], now: datetime
) -> None:
    """Note to ask about attempts (period, id, channel, new state) that their provider can be asked about."""
    rows = [
        (
            period,
            attempt,
            channel,
            DOUBT_SECONDS if state is AttemptState.UNKNOWN else SILENCE_SECONDS[channel],
        )
        for period, attempt, channel, state in attempts
        if channel in SILENCE_SECONDS and state in ASKED_STATES
    ]
    if not rows:
        return
    session.execute(
        _ADD,
        {
            "periods": time_array(period for period, _, _, _ in rows),
            "attempts": uuid_array(attempt for _, attempt, _, _ in rows),
            "channels": text_array(channel for _, _, channel, _ in rows),
            "times": time_array(now + timedelta(seconds=wait) for _, _, _, wait in rows),
            "waits": [wait for _, _, _, wait in rows],
        },
    )


def is_any_due(session: Session, channel: str, now: datetime) -> bool:
    """Whether a provider of this channel should be asked something."""
    return session.execute(_IS_ANY_DUE, {"channel": channel, "now": now}).first() is not None


def take_due(session: Session, channel: str, now: datetime) -> Sequence[Question]:
    """The next questions; each is asked again later unless it is answered. Commit before asking.

    What is no longer open, or has no address any more, is let go.
    """
    values = {"channel": channel, "now": now, "slice": SLICE, "longest": LONGEST_WAIT_SECONDS}
    rows = session.execute(_TAKE, values).all()
    is_open = [row.address is not None and AttemptState(row.state) in ASKED_STATES for row in rows]
    drop_questions(
        session, [(row.period, row.id) for row, is_asked in zip(rows, is_open, strict=True) if not is_asked]
    )
    return [
        Question(AttemptReference(row.period, row.id), row.address, row.provider_id, row.sending_at)
        for row, is_asked in zip(rows, is_open, strict=True)
        if is_asked
    ]


def drop_questions(session: Session, attempts: Sequence[tuple[date, UUID]]) -> None:
    """Ask about these no more."""
    if attempts:
        session.execute(
            _DROP,
            {
                "periods": time_array(period for period, _ in attempts),
                "attempts": uuid_array(attempt for _, attempt in attempts),
            },
        )
