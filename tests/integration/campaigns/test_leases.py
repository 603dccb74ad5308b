"""Imports whose process or machine is gone: marked with words, in nobody's way, and never revived."""

import os
import threading
import time
from datetime import timedelta

import pytest

from campaigns.import_jobs import add_import_job, get_import_job
from campaigns.import_leases import renew_imports
from campaigns.import_list import BATCH, ImportRequest, import_list
from campaigns.list_errors import ListFileError
from campaigns.list_rejected import write_rejected
from dispatcher.core.ids import new_id
from dispatcher.core.settings import ImportSettings, RetentionSettings
from dispatcher.web.import_desk import ImportDesk
from dispatcher.web.uploads import UploadDirectory
from tests.engine import Engine
from tests.factories import make_campaign, make_list, row, rows, write_list

STATES = "SELECT version, state, failure FROM recipient_list ORDER BY version"


class BrokenOffError(Exception):
    """Plays the death of a process: nothing behind it runs."""


def import_and_die(engine: Engine, path, after=1, **more):
    """An import that is broken off after so many batches."""
    seen = []

    def die(taken, _problems):
        seen.append(taken)
        if len(seen) == after:
            raise BrokenOffError

    application = engine.application
    request = ImportRequest(path, "Должники", **more)
    with pytest.raises(BrokenOffError):
        import_list(application.database, application.clock, request, actor="operator", progress=die)


@pytest.fixture
def long_list(tmp_path):
    return write_list(tmp_path / "long.csv", rows(2 * BATCH))


class TestInterruptedImport:
    def test_is_marked_failed_once_its_lease_is_over_and_not_before(self, engine, long_list):
        import_and_die(engine, long_list)
        engine.round()
        assert engine.sql(STATES) == [(1, "importing", None)]
        engine.sql("UPDATE recipient_list SET lease_until = clock_timestamp() - interval '1 second'")
        engine.round()
        assert engine.sql(STATES) == [(1, "failed", "interrupted")]
        [event] = engine.sql("SELECT actor FROM audit_event WHERE action = 'list.interrupted'")
        assert event.actor == "system"

    def test_does_not_block_the_complete_version_before_it(self, engine, long_list):
        make_list(engine.application, rows(3))
        import_and_die(engine, long_list)
        made = make_campaign(engine.application)
        assert (made.list_version, made.passed_over_version, made.recipient_count) == (1, 2, 3)
        [event] = engine.sql("SELECT after FROM audit_event WHERE action = 'campaign.created'")
        assert event.after["list_version"] == 1

    def test_every_batch_renews_the_lease(self, engine, long_list):
        import_and_die(engine, long_list, after=2, lease_seconds=1000.0)
        [left] = engine.sql("SELECT lease_until - clock_timestamp() AS time FROM recipient_list")
        assert timedelta(seconds=900) < left.time <= timedelta(seconds=1000)

    def test_that_was_only_frozen_stops_at_its_next_batch(self, engine, long_list):
        application = engine.application

        def freeze(_taken, _problems):
            engine.sql("UPDATE recipient_list SET lease_until = clock_timestamp() - interval '1 second'")
            engine.round()

        with pytest.raises(ListFileError, match="загрузите файл снова"):
            import_list(
                application.database,
                application.clock,
                ImportRequest(long_list, "Должники"),
                actor="operator",
                progress=freeze,
            )
        assert engine.sql(STATES) == [(1, "failed", "interrupted")]


class TestAbsentMachine:
    @pytest.fixture
    def job(self, engine):
        """An upload whose file is on another machine; the scheduler has been at work for long."""
        engine.scheduler._began_at = float("-inf")
        job = new_id()
        with engine.application.database.transaction() as session:
            add_import_job(
                session,
                job=job,
                list_name="Должники",
                file_name="list.csv",
                options={},
                actor="staff:olga",
                now=engine.now(),
            )
        return job

    def get(self, engine, job):
        with engine.application.database.transaction() as session:
            return get_import_job(session, job)

    def test_what_waits_for_it_is_failed_and_says_what_to_do(self, engine, job):
        engine.round()
        assert self.get(engine, job).state == "waiting"
        engine.sql("UPDATE list_import SET lease_until = clock_timestamp() - interval '1 second'")
        engine.round()
        found = self.get(engine, job)
        assert (found.state, found.failure) == ("failed", "machine_gone")
        assert "Загрузите его ещё раз" in found.failure_message

    def test_machines_that_start_with_the_scheduler_have_their_say_first(self, engine, job):
        engine.scheduler._began_at = time.monotonic()
        engine.sql("UPDATE list_import SET lease_until = clock_timestamp() - interval '10 hours'")
        engine.round()
        assert self.get(engine, job).state == "waiting"

    def test_a_machine_that_lives_says_so_for_each_of_its_files(self, engine, job, tmp_path):
        engine.sql("UPDATE list_import SET lease_until = clock_timestamp() - interval '1 second'")
        with engine.application.database.transaction() as session:
            renew_imports(session, [job], 1000.0)
        engine.round()
        assert self.get(engine, job).state == "waiting"

    def test_when_it_comes_back_too_late_it_removes_the_file_and_imports_nothing(self, engine, job, tmp_path):
        engine.sql("UPDATE list_import SET lease_until = clock_timestamp() - interval '1 second'")
        engine.round()
        desk, uploads = desk_of(engine)
        put_file(uploads, job)
        desk.work_off()
        assert uploads.list_ids() == []
        assert engine.sql(STATES) == []
        assert self.get(engine, job).failure == "machine_gone"

    def test_the_desk_keeps_what_waits_behind_a_long_import_alive(self, engine, job):
        desk, uploads = desk_of(engine)
        put_file(uploads, job)
        engine.sql("UPDATE list_import SET lease_until = clock_timestamp() - interval '1 second'")
        with uploads.locked(job) as path:  # another process of this machine works on it
            assert path is not None
            worker = threading.Thread(target=desk.work_off)
            worker.start()
            worker.join()
        engine.round()
        assert self.get(engine, job).state == "waiting"

    def test_a_file_that_could_not_be_imported_for_days_is_given_up_and_removed(self, engine, job):
        desk, uploads = desk_of(engine)
        folder = put_file(uploads, job)
        desk.remove_old()
        assert self.get(engine, job).state == "waiting"
        os.utime(folder, (0, 0))
        desk.remove_old()
        assert uploads.list_ids() == []
        found = self.get(engine, job)
        assert (found.state, found.failure) == ("failed", "too_old")
        assert "Загрузите его ещё раз" in found.failure_message

    def test_downloads_that_nobody_fetched_are_removed(self, engine):
        desk, _ = desk_of(engine)
        folder = engine.application.settings.data_directory / "downloads"
        folder.mkdir()
        for name, age in (("old.csv", 0), ("new.csv", None)):
            (folder / name).write_bytes(b"x")
            if age is not None:
                os.utime(folder / name, (age, age))
        desk.remove_old()
        assert [path.name for path in folder.iterdir()] == ["new.csv"]


def desk_of(engine: Engine) -> tuple[ImportDesk, UploadDirectory]:
    application = engine.application
    settings = application.settings
    uploads = UploadDirectory(settings.data_directory / "uploads")
    return ImportDesk(application.database, application.clock, settings, uploads), uploads


def put_file(uploads: UploadDirectory, job):
    folder = uploads._path / str(job)
    folder.mkdir(parents=True)
    write_list(folder / "list.csv", rows(1))
    return folder


class TestRetention:
    def test_rejected_rows_are_deleted_after_their_time_and_the_report_stays(self, engine, tmp_path):
        imported = make_list(engine.application, [row(1), row(2, account="1,2E+9")])
        count = "SELECT count(*) FROM recipient_list_rejected_row"
        engine.round()
        assert engine.sql(count) == [(1,)]
        days = engine.application.settings.retention.rejected_row_days
        engine.scheduler._housekept_at = float("-inf")
        engine.advance(days=days, minutes=1)
        assert engine.sql(count) == [(0,)]
        assert engine.sql("SELECT count(*) FROM recipient_list_problem") == [(1,)]
        assert engine.sql("SELECT count(*) FROM audit_event WHERE action = 'list.rejected_purged'") == [(1,)]
        with engine.application.database.transaction() as session, pytest.raises(Exception, match="deleted"):
            write_rejected(session, imported.list_id, tmp_path / "rejected.csv")

    def test_settings_have_their_limits(self):
        with pytest.raises(ValueError, match="greater"):
            RetentionSettings(rejected_row_days=0)
        with pytest.raises(ValueError, match="greater"):
            ImportSettings(lease_seconds=0)
