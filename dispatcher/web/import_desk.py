"""Makes lists of uploads, one after the other, in a thread of the web process.

A request answers as soon as its file is whole on disk and its row is committed; reading 500 000 rows takes
minutes, longer than proxies and browsers wait. A stop breaks the import off between two batches; the next
process begins anew, and so it is after a kill (promise: no half list). While it lives it says so for every
file on this machine; when it has been silent for long, the scheduler fails what waits for it. Files that
nobody could import are removed after some days, for they hold personal data.
"""

import threading
import time
from pathlib import Path
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import DBAPIError

from campaigns.import_jobs import (
    ImportJob,
    begin_import_job,
    fail_import_job,
    find_frozen,
    finish_import_job,
    get_import_job,
    note_import_progress,
    note_import_rows,
)
from campaigns.import_leases import renew_imports
from campaigns.import_list import ImportRequest, ImportResult, import_list
from campaigns.list_errors import ListFileError
from campaigns.list_file import fingerprint
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database, is_database_gone
from dispatcher.core.settings import Settings
from dispatcher.web.uploads import UploadDirectory, remove_older_files

LOOK_SECONDS: Final = 2.0  #: for what a process that died has left
STOP_SECONDS: Final = 10.0
SETTLED_SECONDS: Final = 60.0  #: a file that is only kept is not asked about more often
LIFE_SIGNS: Final = 10  #: in one lease of a machine
TIDY_SECONDS: Final = 3600.0
DAY_SECONDS: Final = 86_400.0
DOWNLOADS: Final = "downloads"  #: below the data directory: rejected rows on their way out
TOO_OLD_WORDS: Final = "Файл не удалось загрузить несколько дней, и он удалён. Загрузите его ещё раз."

log = structlog.get_logger(__name__)


class _StoppedError(Exception):
    """Raised inside an import when this process ends."""


class ImportDesk:
    """Works off the uploads of this machine. `start` and `stop` belong to the application's life."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, uploads: UploadDirectory
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._uploads = uploads
        self._stopping = threading.Event()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._said_alive_at = float("-inf")
        self._tidied_at = float("-inf")
        self._settled: dict[UUID, float] = {}  #: files that are only kept, and when that was seen

    def start(self) -> None:
        """Begin to work."""
        self._thread = threading.Thread(target=self._run, name="imports", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Break off what is under way; it is begun anew by the next process."""
        self._stopping.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def hurry(self) -> None:
        """Look at once: an upload has come in, or a kept one is wanted again."""
        self._settled.clear()
        self._wanted.set()

    def work_off(self) -> None:
        """Import everything that waits; returns when nothing is left for this process."""
        self._say_alive()
        for upload_id in self._uploads.list_ids():
            if self._stopping.is_set():
                return
            self._say_alive()
            if time.monotonic() - self._settled.get(upload_id, float("-inf")) < SETTLED_SECONDS:
                continue
            with self._uploads.locked(upload_id) as path:
                if path is not None and self._is_done_with(upload_id, path):
                    self._uploads.remove(upload_id)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wanted.clear()
            try:
                self.work_off()
                self._tidy()
            except DBAPIError as error:
                if not is_database_gone(error):
                    log.exception("web.import_failed")
                else:
                    log.warning("web.database_unavailable")
            except Exception:
                log.exception("web.import_failed")
            self._wanted.wait(LOOK_SECONDS)

    def _say_alive(self) -> None:
        """Tell that the files on this machine are not lost; a few times in each lease."""
        seconds = self._settings.imports.machine_seconds
        if time.monotonic() - self._said_alive_at < seconds / LIFE_SIGNS:
            return
        uploads = self._uploads.list_ids()
        self._database.run(lambda session: renew_imports(session, uploads, seconds))
        self._said_alive_at = time.monotonic()

    def _tidy(self) -> None:
        """Remove what has become too old; now and then."""
        if time.monotonic() - self._tidied_at >= TIDY_SECONDS:
            self.remove_old()
            self._tidied_at = time.monotonic()

    def remove_old(self) -> None:
        """Give up uploads that are too old to wait for, with their files, and downloads nobody fetched."""
        remove_older_files(self._settings.data_directory / DOWNLOADS, DAY_SECONDS)
        age = self._settings.retention.upload_days * DAY_SECONDS
        for upload_id in self._uploads.list_older(age):
            with self._uploads.locked(upload_id) as path:
                if path is not None:
                    self._fail(upload_id, "too_old", TOO_OLD_WORDS)
                    self._uploads.remove(upload_id)

    def _is_done_with(self, upload_id: UUID, path: Path) -> bool:
        """Import it; whether its file is needed no longer."""
        now = self._database.run(self._clock.refresh)
        job = self._database.run(lambda session: begin_import_job(session, upload_id, now))
        if job is None:
            return self._is_left_over(upload_id)
        try:
            result = self._import(job, path, is_again=job.started_at != now)
        except _StoppedError:
            return False
        except ListFileError as error:
            self._fail(upload_id, error.code, str(error), error.list_id)
        except DBAPIError as error:
            if is_database_gone(error):
                raise
            log.exception("web.import_failed", import_id=str(upload_id))
            self._fail(upload_id, "internal", "")
        except Exception:
            log.exception("web.import_failed", import_id=str(upload_id))
            self._fail(upload_id, "internal", "")
        else:
            self._database.run(
                lambda session: finish_import_job(session, upload_id, result, self._clock.refresh(session))
            )
        return not job.keeps_file

    def _is_left_over(self, upload_id: UUID) -> bool:
        """Whether nobody will want this file: nothing is to be done with it now."""
        known = self._database.run(lambda session: get_import_job(session, upload_id))
        if known is not None and not known.keeps_file:
            return True
        self._settled[upload_id] = time.monotonic()
        return self._uploads.is_left_behind(upload_id)

    def _import(self, job: ImportJob, path: Path, *, is_again: bool) -> ImportResult:
        if is_again:
            digest = fingerprint(path)
            found = self._database.run(lambda session: find_frozen(session, job, digest))
            if found is not None:
                return found
        request = ImportRequest(
            path=path,
            name=job.list_name,
            purpose=job.options.get("purpose", "debt"),
            encoding=job.options.get("encoding"),
            sheet=job.options.get("sheet"),
            source=job.options.get("source"),
            mapping=job.options.get("mapping"),
            saves_mapping=bool(job.options.get("saves_mapping")),
            country=self._settings.country,
            default_zone=ZoneInfo(self._settings.time_zone),
            lease_seconds=self._settings.imports.lease_seconds,
        )

        def progress(recipients: int, problems: int) -> None:
            if self._stopping.is_set():
                raise _StoppedError
            self._say_alive()
            self._database.run(lambda session: note_import_progress(session, job.id, recipients, problems))

        def expect(rows: int) -> None:
            self._database.run(lambda session: note_import_rows(session, job.id, rows))

        return import_list(
            self._database, self._clock, request, actor=job.created_by, progress=progress, on_total=expect
        )

    def _fail(self, job: UUID, code: str, message: str, list_id: UUID | None = None) -> None:
        self._database.run(
            lambda session: fail_import_job(
                session,
                job,
                code=code,
                message=message,
                list_id=list_id,
                now=self._clock.refresh(session),
            )
        )
