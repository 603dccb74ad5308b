"""Uploads that become lists: a row for each, so that whoever sent the file can ask what came of it.

Whoever works on a job holds a lock on its file (see `dispatcher.web.uploads`). When that process dies, the
next one of the machine begins anew: versions of lists freeze only when whole, so a half one is never
used. A version that was frozen just before the death is recognised, not made twice. What waits for a
machine that is gone is failed in the end (`import_leases`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.errors import ImportStateError
from campaigns.import_list import ImportResult
from dispatcher.core.audit import record_action

_COLUMNS = """
    SELECT id, list_name, file_name, options, state, recipients, problems, rejected, list_id, failure,
           failure_message, created_by, created_at, started_at, finished_at
    FROM list_import
"""
_ADD = text(
    """
    INSERT INTO list_import (id, list_name, file_name, options, state, created_by, created_at)
    VALUES (:id, :list_name, :file_name, CAST(:options AS jsonb), :state, :by, :now)
    """
)
_GET = text(_COLUMNS + " WHERE id = :id")
_OF_LIST = text(_COLUMNS + " WHERE list_id = :list ORDER BY id DESC LIMIT 1")
_LIST = text(_COLUMNS + " WHERE CAST(:before AS uuid) IS NULL OR id < :before ORDER BY id DESC LIMIT :limit")
_BEGIN = text(
    """
    UPDATE list_import SET state = 'running', started_at = coalesce(started_at, :now), recipients = 0,
                           problems = 0
    WHERE id = :id AND state IN ('waiting', 'running')
    """
)
# As new: what a crash of the first pass may have left must not be taken for the outcome of the second.
_ASK_AGAIN = text(
    """
    UPDATE list_import SET state = 'waiting', options = CAST(:options AS jsonb), recipients = 0, problems = 0,
                           rejected = 0, list_id = NULL, failure = NULL, failure_message = NULL,
                           created_by = :by, created_at = :now, started_at = NULL, finished_at = NULL,
                           lease_until = DEFAULT
    WHERE id = :id AND state IN ('held', 'done', 'failed')
    """
)
_ROWS = text("UPDATE list_import SET options = options || jsonb_build_object('rows', :rows) WHERE id = :id")
_PROGRESS = text("UPDATE list_import SET recipients = :recipients, problems = :problems WHERE id = :id")
_FINISH = text(
    """
    UPDATE list_import SET state = 'done', recipients = :recipients, problems = :problems,
                           rejected = :rejected, list_id = :list, finished_at = :now,
                           failure = NULL, failure_message = NULL
    WHERE id = :id
    """
)
_FAIL = text(
    """
    UPDATE list_import SET state = 'failed', failure = :code, failure_message = :message, list_id = :list,
                           finished_at = :now
    WHERE id = :id AND state IN ('held', 'waiting', 'running')
    """
)
_FROZEN = text(
    """
    SELECT id, version, recipient_count, problem_count, rejected_count FROM recipient_list
    WHERE name = :name AND fingerprint = :fingerprint AND created_by = :by AND state = 'frozen'
      AND created_at >= :since
    ORDER BY version DESC LIMIT 1
    """
)


class ImportState(StrEnum):
    """Where an upload stands."""

    #: kept whole on disk until staff have looked at its columns
    HELD = "held"
    #: kept whole on disk, not begun
    WAITING = "waiting"
    #: being read
    RUNNING = "running"
    #: a version of the list is frozen
    DONE = "done"
    #: the file as a whole cannot be used
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ImportJob:
    """One upload and what has come of it so far."""

    id: UUID
    list_name: str
    file_name: str
    options: Mapping[str, Any]
    state: str
    recipients: int
    problems: int
    rejected: int
    list_id: UUID | None
    failure: str | None
    failure_message: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {ImportState.DONE, ImportState.FAILED}

    @property
    def keeps_file(self) -> bool:
        """Whether the file stays for a while, so that staff may correct its columns and import it again."""
        return bool(self.options.get("keeps_file"))

    @property
    def expected_rows(self) -> int | None:
        """About how many rows the file has; None before it was opened."""
        rows = self.options.get("rows")
        return rows if isinstance(rows, int) else None


def add_import_job(
    session: Session,
    *,
    job: UUID,
    list_name: str,
    file_name: str,
    options: Mapping[str, Any],
    actor: str,
    now: datetime,
    is_held: bool = False,
) -> None:
    """Ask for an import of a file that is whole on disk already; `is_held` waits for `ask_again` first."""
    values = {"id": job, "list_name": list_name, "file_name": file_name, "options": json.dumps(options)}
    state = ImportState.HELD if is_held else ImportState.WAITING
    session.execute(_ADD, {**values, "state": state.value, "by": actor, "now": now})
    record_action(
        session,
        at=now,
        actor=actor,
        action="list.uploaded",
        subject_type="list_import",
        subject_id=job,
        after={"list": list_name, "options": options},
    )


def ask_again(session: Session, job: UUID, *, options: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Import the same file with other options; raises `ImportStateError` while it is being imported.

    A version that the first pass made stays as it is: the second makes the next one.
    """
    values = {"id": job, "options": json.dumps(options), "by": actor, "now": now}
    if not session.execute(_ASK_AGAIN, values).rowcount:  # type: ignore[attr-defined]
        raise ImportStateError("the file is being imported: wait until that is over", code="import_not_over")
    record_action(
        session,
        at=now,
        actor=actor,
        action="list.columns_corrected",
        subject_type="list_import",
        subject_id=job,
        after={"options": options},
    )


def get_import_job(session: Session, job: UUID) -> ImportJob | None:
    """One upload, or None."""
    row = session.execute(_GET, {"id": job}).first()
    return None if row is None else ImportJob(*row)


def get_import_of_list(session: Session, list_id: UUID) -> ImportJob | None:
    """The upload that became this version, or None when it came another way."""
    row = session.execute(_OF_LIST, {"list": list_id}).first()
    return None if row is None else ImportJob(*row)


def list_import_jobs(session: Session, *, limit: int, before: UUID | None = None) -> Sequence[ImportJob]:
    """The newest first; `before` is the last id of the page before."""
    return [ImportJob(*row) for row in session.execute(_LIST, {"limit": limit, "before": before})]


def begin_import_job(session: Session, job: UUID, now: datetime) -> ImportJob | None:
    """Begin a job whose file this process has locked; None when it is over or was never asked for.

    A `started_at` before `now` tells that it was begun before.
    """
    if not session.execute(_BEGIN, {"id": job, "now": now}).rowcount:  # type: ignore[attr-defined]
        return None
    return get_import_job(session, job)


def note_import_rows(session: Session, job: UUID, rows: int) -> None:
    """Say about how many rows there are, before the first one."""
    session.execute(_ROWS, {"id": job, "rows": rows})


def note_import_progress(session: Session, job: UUID, recipients: int, problems: int) -> None:
    """Show how far it is."""
    session.execute(_PROGRESS, {"id": job, "recipients": recipients, "problems": problems})


def finish_import_job(session: Session, job: UUID, result: ImportResult, now: datetime) -> None:
    """The list is frozen."""
    session.execute(
        _FINISH,
        {
            "id": job,
            "recipients": result.recipients,
            "problems": result.problems,
            "rejected": result.rejected,
            "list": result.list_id,
            "now": now,
        },
    )


def fail_import_job(
    session: Session, job: UUID, *, code: str, message: str, list_id: UUID | None, now: datetime
) -> None:
    """The file cannot be used, or the import broke; `list_id` is the failed list, if rows were read."""
    values = {"id": job, "code": code, "message": message, "list": list_id}
    session.execute(_FAIL, {**values, "now": now})


def find_frozen(session: Session, job: ImportJob, fingerprint: bytes) -> ImportResult | None:
    """The version that this very job froze before its process died, or None."""
    values = {"name": job.list_name, "fingerprint": fingerprint, "by": job.created_by}
    row = session.execute(_FROZEN, {**values, "since": job.created_at}).first()
    if row is None:
        return None
    return ImportResult(row.id, row.version, row.recipient_count, row.problem_count, row.rejected_count)
