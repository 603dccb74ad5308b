"""Signs of life of imports: what belongs to a process or a machine that is gone is marked as failed.

A version under import is alive while its batches come; an upload, while the machine that has its file says
so. Leases are plain database time. A process that was only frozen finds its version given up at its next
batch and stops: a list is whole, or it is never ready (promise: no half list).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action

INTERRUPTED: Final = "interrupted"
MACHINE_GONE: Final = "machine_gone"
MACHINE_GONE_WORDS: Final = (
    "Файл больше недоступен: машина, которая его приняла, не отвечает, или срок хранения истёк."
    " Загрузите его ещё раз."
)
SLICE: Final = 100

# SKIP LOCKED: who is writing a batch at this moment is alive.
_GIVE_UP_LISTS = text(
    """
    UPDATE recipient_list SET state = 'failed', failure = :failure
    WHERE id IN (SELECT id FROM recipient_list
                 WHERE state IN ('importing') AND lease_until < clock_timestamp()
                 ORDER BY id LIMIT :slice FOR UPDATE SKIP LOCKED)
    RETURNING id, version, recipient_count
    """
)
_GIVE_UP_IMPORTS = text(
    """
    UPDATE list_import SET state = 'failed', failure = :failure, failure_message = :words, finished_at = :now
    WHERE id IN (SELECT id FROM list_import
                 WHERE state IN ('held', 'waiting', 'running') AND lease_until < clock_timestamp()
                 ORDER BY id LIMIT :slice FOR UPDATE SKIP LOCKED)
    RETURNING id
    """
)
_RENEW = text(
    """
    UPDATE list_import SET lease_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE id = ANY(:ids)
    """
)


def fail_interrupted_lists(session: Session, now: datetime) -> int:
    """Versions whose import has written nothing for longer than its lease are failed; returns how many."""
    found = session.execute(_GIVE_UP_LISTS, {"failure": INTERRUPTED, "slice": SLICE}).all()
    for row in found:
        record_action(
            session,
            at=now,
            actor="system",
            action="list.interrupted",
            subject_type="recipient_list",
            subject_id=row.id,
            after={"version": row.version, "recipients": row.recipient_count},
        )
    return len(found)


def fail_absent_imports(session: Session, now: datetime) -> int:
    """Uploads whose machine has not been heard of for longer than their lease are failed."""
    values = {"failure": MACHINE_GONE, "words": MACHINE_GONE_WORDS, "now": now, "slice": SLICE}
    found = session.execute(_GIVE_UP_IMPORTS, values).scalars().all()
    for job in found:
        record_action(
            session,
            at=now,
            actor="system",
            action="import.given_up",
            subject_type="list_import",
            subject_id=job,
            after={"failure": MACHINE_GONE},
        )
    return len(found)


def renew_imports(session: Session, uploads: Collection[UUID], seconds: float) -> None:
    """The files of these uploads are on this machine, and it is alive.

    Also of those that are over: staff may ask for a kept file once more, and it must not look abandoned.
    """
    if uploads:
        session.execute(_RENEW, {"ids": sorted(uploads), "seconds": seconds})
