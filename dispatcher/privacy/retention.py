"""What retention takes away at night, kind by kind (promise P10).

Each slice is a transaction of its own under the scheduler's lead, and counts what it took in the same
transaction; the end of each piece is in the audit. Texts go by whole partitions, which costs the same for
ten letters and ten million; the rest goes in slices found by keys. A run that is not closed keeps
everything it needs: what belongs to it is not looked at.

Rejected rows and uploads have terms of days and are purged every hour (`campaigns.retention`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id
from dispatcher.core.settings import RetentionSettings
from dispatcher.delivery.provider_messages import KEPT, forget_messages

log = structlog.get_logger()

SLICE: Final = 2000
#: how a letter was handled that was purged before anybody did
UNHANDLED: Final = "не обработано до истечения срока хранения"
LOCK_NOT_FREE: Final = "55P03"

_BEGIN = text(
    """
    INSERT INTO purge (id, kind, subject, until, began_at) VALUES (:id, :kind, :subject, :until, :now)
    ON CONFLICT (kind, subject) DO NOTHING
    """
)
_ADD = text("UPDATE purge SET purged = purged + :rows WHERE kind = :kind AND subject = :subject")
_FINISH = text(
    """
    UPDATE purge SET finished_at = :now WHERE kind = :kind AND subject = :subject AND finished_at IS NULL
    RETURNING id, purged
    """
)
# A month is over when each of its runs was closed before the term.
_OLD_PERIOD = text(
    """
    SELECT m.period
    FROM (SELECT to_date(right(c.relname, 6), 'YYYYMM') AS period
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = CAST('receipt' AS regclass)) m
    WHERE m.period + interval '1 month' < :until
      AND NOT EXISTS (SELECT 1 FROM purge p WHERE p.kind = :kind AND p.finished_at IS NOT NULL
                      AND p.subject = CAST(m.period AS text))
      AND NOT EXISTS (SELECT 1 FROM run r WHERE r.period = m.period
                      AND (r.state NOT IN ('closed', 'rejected')
                           OR coalesce(r.closed_at, r.created_at) >= :until))
    ORDER BY m.period LIMIT 1
    """
)
_BLANK_RECEIPTS = text(
    """
    UPDATE receipt SET raw = ''
    WHERE period = :period AND id IN (
        SELECT id FROM receipt WHERE period = :period AND raw <> '' ORDER BY id LIMIT :slice)
    """
)
# Also one that nobody has handled: it waited on a page for the whole term, and is closed as what it is.
_BLANK_LETTERS = text(
    """
    UPDATE incoming_letter
    SET sender = '', subject = '', text = '', file_names = '[]', raw = '',
        handled_at = coalesce(handled_at, :now),
        handled_by = CASE WHEN handled_at IS NULL THEN 'system' ELSE handled_by END,
        handling = CASE WHEN handled_at IS NULL THEN :unhandled ELSE handling END
    WHERE id IN (SELECT id FROM incoming_letter
                 WHERE received_at < :until AND raw <> '' ORDER BY id LIMIT :slice)
    """
)
# What a key asked for stays: it is why a number is banned or a consent withdrawn.
_BLANK_KEYS = text(
    """
    UPDATE attempt_call SET keys = '', collected = NULL
    WHERE period = :period AND attempt_id IN (
        SELECT attempt_id FROM attempt_call WHERE period = :period AND (keys <> '' OR collected IS NOT NULL)
        ORDER BY attempt_id LIMIT :slice)
    """
)
_DELETE_RECORDINGS = text(
    """
    DELETE FROM call_recording WHERE (period, attempt_id) IN (
        SELECT period, attempt_id FROM call_recording WHERE recorded_at < :until
        ORDER BY recorded_at LIMIT :slice)
    """
)
# Not the version that a repeating campaign would take next.
_OLD_LIST = text(
    """
    SELECT l.id FROM recipient_list l
    WHERE l.state IN ('frozen', 'purged') AND l.created_at < :until
      AND NOT EXISTS (SELECT 1 FROM purge p WHERE p.kind = :kind AND p.finished_at IS NOT NULL
                      AND p.subject = CAST(l.id AS text))
      AND NOT EXISTS (SELECT 1 FROM run r WHERE r.list_id = l.id
                      AND (r.state NOT IN ('closed', 'rejected')
                           OR coalesce(r.closed_at, r.created_at) >= :until))
      AND NOT EXISTS (SELECT 1 FROM recurrence c
                      WHERE c.list_name = l.name AND c.state <> 'ended'
                        AND NOT EXISTS (SELECT 1 FROM recipient_list newer
                                        WHERE newer.name = l.name AND newer.version > l.version
                                          AND newer.state = 'frozen'))
    ORDER BY l.created_at, l.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    """
)
_CLOSE_LIST = text("UPDATE recipient_list SET state = 'purged' WHERE id = :list AND state = 'frozen'")
_BLANK_RECIPIENTS = text(
    """
    UPDATE recipient SET full_name = '', address = '', fields = '{}'
    WHERE id IN (SELECT id FROM recipient
                 WHERE list_id = :list AND (full_name <> '' OR address <> '' OR fields <> '{}')
                 ORDER BY position LIMIT :slice)
    """
)
_LET_AUDIT_GO = text("SELECT set_config('dispatcher.purging', 'audit_event', true)")
# Ids rise with time, so the oldest are the first of the primary key.
_DELETE_AUDIT = text(
    """
    DELETE FROM audit_event WHERE id IN (
        SELECT id FROM (SELECT id, at FROM audit_event ORDER BY id LIMIT :slice) first WHERE at < :until)
    """
)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is being purged of one kind."""

    kind: str
    subject: str
    until: datetime


def is_night(now: datetime, hour: int, time_zone: str) -> bool:
    """Whether the company's clock shows `hour` or one of the three after it."""
    return (now.astimezone(ZoneInfo(time_zone)).hour - hour) % 24 < 4


def purge_slice(session: Session, now: datetime, *, settings: RetentionSettings) -> int:
    """Purge the next slice of whatever is too old; 0 when nothing is."""
    for purge, days in (
        (_purge_content, settings.content_days),
        (_purge_receipts, settings.answer_days),
        (_purge_letters, settings.answer_days),
        (_purge_keys, settings.answer_days),
        (_purge_recordings, settings.recording_days),
        (_purge_lists, settings.list_days),
        (_purge_audit, settings.audit_days),
    ):
        if purge(session, now - timedelta(days=days), now):
            return 1
    # Not in the record of purges: ids of parts that no receipt can name any more are nobody's data.
    return forget_messages(session, now - KEPT, SLICE)


def _purge_content(session: Session, until: datetime, now: datetime) -> bool:
    """The texts of one month, with their salts: the whole partition at once."""
    period = _old_period(session, "content", until)
    if period is None:
        return False
    partition = f"attempt_content_p{period:%Y%m}"
    # The name is made of a date: nothing of anybody's stands in these statements.
    if not _is_locked(session, partition):
        return False
    piece = _begin(session, _Piece("content", period.isoformat(), until), now)
    rows = session.execute(text(f"SELECT count(*) FROM {partition}")).scalar_one()  # noqa: S608
    session.execute(text(f"TRUNCATE {partition}"))
    _add(session, piece, rows)
    _finish(session, piece, now)
    return True


def _is_locked(session: Session, partition: str) -> bool:
    """Take the partition without waiting: whoever reads it now must not hold everybody else up."""
    try:
        with session.begin_nested():
            session.execute(text(f"LOCK TABLE {partition} IN ACCESS EXCLUSIVE MODE NOWAIT"))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_FREE:
            raise
        log.info("retention.partition_in_use", partition=partition)
        return False
    return True


def _purge_receipts(session: Session, until: datetime, now: datetime) -> bool:
    """The raw words of receipts; what they did to the attempt stays."""
    period = _old_period(session, "answers", until)
    if period is None:
        return False
    piece = _begin(session, _Piece("answers", period.isoformat(), until), now)
    _go_on(session, piece, now, lambda: _rows(session, _BLANK_RECEIPTS, period=period, slice=SLICE))
    return True


def _purge_letters(session: Session, until: datetime, now: datetime) -> bool:
    """What people wrote; that they wrote, and how it was handled, stays."""
    rows = _rows(session, _BLANK_LETTERS, until=until, now=now, unhandled=UNHANDLED, slice=SLICE)
    return bool(rows) and _count_of_tonight(session, "letters", rows, until, now)


def _purge_keys(session: Session, until: datetime, now: datetime) -> bool:
    """Which keys were pressed in calls and which digits entered; how far each call came stays."""
    period = _old_period(session, "keys", until)
    if period is None:
        return False
    piece = _begin(session, _Piece("keys", period.isoformat(), until), now)
    _go_on(session, piece, now, lambda: _rows(session, _BLANK_KEYS, period=period, slice=SLICE))
    return True


def _purge_recordings(session: Session, until: datetime, now: datetime) -> bool:
    """What called people said; that and when they were called stays."""
    rows = _rows(session, _DELETE_RECORDINGS, until=until, slice=SLICE)
    return bool(rows) and _count_of_tonight(session, "recordings", rows, until, now)


def _purge_lists(session: Session, until: datetime, now: datetime) -> bool:
    """Names, addresses and sums of a list that no run will need again; it cannot be used any more."""
    found = session.execute(_OLD_LIST, {"kind": "lists", "until": until}).scalar_one_or_none()
    if found is None:
        return False
    piece = _begin(session, _Piece("lists", str(found), until), now)
    session.execute(_CLOSE_LIST, {"list": found})
    _go_on(session, piece, now, lambda: _rows(session, _BLANK_RECIPIENTS, list=found, slice=SLICE))
    return True


def _purge_audit(session: Session, until: datetime, now: datetime) -> bool:
    session.execute(_LET_AUDIT_GO)
    rows = _rows(session, _DELETE_AUDIT, until=until, slice=SLICE)
    return bool(rows) and _count_of_tonight(session, "audit", rows, until, now)


def _count_of_tonight(session: Session, kind: str, rows: int, until: datetime, now: datetime) -> bool:
    piece = _begin(session, _Piece(kind, now.date().isoformat(), until), now)
    _add(session, piece, rows)
    if rows < SLICE:
        _finish(session, piece, now)
    return True


def _old_period(session: Session, kind: str, until: datetime) -> date | None:
    found: date | None = session.execute(_OLD_PERIOD, {"kind": kind, "until": until}).scalar_one_or_none()
    return found


def _go_on(session: Session, piece: _Piece, now: datetime, take: Callable[[], int]) -> None:
    rows = take()
    _add(session, piece, rows)
    if rows < SLICE:
        _finish(session, piece, now)


def _rows(session: Session, statement: object, **values: object) -> int:
    return session.execute(statement, values).rowcount  # type: ignore[call-overload,no-any-return]


def _begin(session: Session, piece: _Piece, now: datetime) -> _Piece:
    values = {"id": new_id(), "kind": piece.kind, "subject": piece.subject, "until": piece.until, "now": now}
    session.execute(_BEGIN, values)
    return piece


def _add(session: Session, piece: _Piece, rows: int) -> None:
    session.execute(_ADD, {"kind": piece.kind, "subject": piece.subject, "rows": rows})


def _finish(session: Session, piece: _Piece, now: datetime) -> None:
    values = {"kind": piece.kind, "subject": piece.subject, "now": now}
    done = session.execute(_FINISH, values).first()
    if done is None or not done.purged:
        return
    record_action(
        session,
        at=now,
        actor="system",
        action="retention.purged",
        subject_type="purge",
        subject_id=done.id,
        after={"kind": piece.kind, "subject": piece.subject, "until": piece.until, "rows": done.purged},
    )
