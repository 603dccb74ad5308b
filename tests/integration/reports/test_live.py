"""Reading runs from the database: one snapshot, constant cost, pages by key."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from dispatcher.delivery.channel_pause import pause_channel
from reports.live import list_runs, read_run
from tests.integration.web.rows import add_run, count_attempts, count_notices

NOW = datetime.now(UTC)


def read(database, run):
    with database.transaction() as session:
        return read_run(session, run, datetime.now(UTC))


class TestReadRun:
    def test_adds_the_shards_up(self, database):
        with database.transaction() as session:
            run = add_run(session, planned=10)
            count_notices(session, run, "open", 10, shard=1)
            count_notices(session, run, "open", -4, shard=2)
            count_notices(session, run, "notified", 4, "accepted", shard=3)
        live = read(database, run)
        assert live.notices_by_state == {"open": 6, "notified": 4}
        assert live.is_balanced
        assert (live.facts.campaign, live.facts.state) == ("Долги за октябрь", "running")

    def test_the_sum_holds_though_a_writer_comes_between_the_queries(self, database):
        with database.transaction() as session:
            run = add_run(session, planned=100, fanned_out=0)
        written = []

        def write_after_the_row(_connection, _cursor, statement, *_rest):
            if "FROM run r JOIN campaign" in statement and not written:
                written.append(True)
                with database.transaction() as writer:
                    count_notices(writer, run, "open", 50)
                    writer.execute(text("UPDATE run SET planned_position = 50"))

        event.listen(database.engine, "after_cursor_execute", write_after_the_row)
        live = read(database, run)
        event.remove(database.engine, "after_cursor_execute", write_after_the_row)
        assert written
        assert live.is_balanced
        assert live.fanned_out == 0

    def test_is_none_for_a_run_that_does_not_exist(self, database):
        assert read(database, uuid4()) is None

    def test_cannot_change_anything(self, database):
        with database.transaction() as session:
            run = add_run(session)
        with database.transaction() as session:
            read_run(session, run, NOW)
            with pytest.raises(DBAPIError, match="read-only"):
                session.execute(text("DELETE FROM progress"))
            session.rollback()

    def test_shows_pauses_of_its_own_channels_that_still_hold(self, database):
        with database.transaction() as session:
            run = add_run(session)
            count_attempts(session, run, "planned", 1)
            for channel, since in (("email", NOW), ("sms", NOW), ("voice", NOW)):
                pause_channel(session, channel, "smtp_unreachable", first_wait_seconds=86_400, now=since)
        assert [pause.channel for pause in read(database, run).pauses] == ["email"]
        with database.transaction() as session:
            session.execute(text("UPDATE channel_pause SET paused_until = :past"), {"past": NOW})
        assert read(database, run).pauses == ()

    def test_costs_the_same_however_big_the_run(self, database):
        with database.transaction() as session:
            small = add_run(session, planned=10)
            big = add_run(session, planned=1_000_000)
            for run, number in ((small, 10), (big, 1_000_000)):
                count_notices(session, run, "open", number)
        statements = []
        event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        read(database, small)
        for_small, _ = list(statements), statements.clear()
        read(database, big)
        assert statements == for_small
        assert len(statements) <= 4
        assert not any(" notice" in statement or " attempt" in statement for statement in statements)


class TestListRuns:
    def test_pages_newest_first(self, database):
        with database.transaction() as session:
            runs = [add_run(session, name=str(number)) for number in range(5)]
        with database.transaction() as session:
            first = list_runs(session, limit=2)
            second = list_runs(session, limit=2, before=first[-1].id)
            third = list_runs(session, limit=2, before=second[-1].id)
        assert [run.id for run in (*first, *second, *third)] == runs[::-1]

    def test_counts_what_is_decided(self, database):
        with database.transaction() as session:
            run = add_run(session, planned=10, started_ago=timedelta(hours=1))
            count_notices(session, run, "open", 3)
            count_notices(session, run, "blocked", 2, "no_consent")
            count_notices(session, run, "notified", 4, "accepted", shard=1)
            count_notices(session, run, "partly_notified", 1, shard=2)
        with database.transaction() as session:
            [summary] = list_runs(session, limit=10)
        assert (summary.recipient_count, summary.decided, summary.notified) == (10, 7, 5)
