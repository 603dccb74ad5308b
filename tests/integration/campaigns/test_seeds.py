"""Colleagues receive exactly the customers' text, with made-up data, once for each run."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from campaigns.errors import SeedError
from campaigns.seeds import add_seed, list_seeds, make_seed_run, remove_seed
from dispatcher.scheduler import Scheduler
from tests.engine import Engine
from tests.factories import make_campaign, make_list, row, rows
from tests.integration.campaigns.trying import create, wanted

COLLEAGUE = "colleague@company.example"


def add(engine: Engine, address: str = COLLEAGUE, **changes: Any) -> None:
    values = {"name": "Мария Сотрудник", "time_zone": "Europe/Moscow", "actor": "staff:olga", **changes}
    engine.application.database.run(lambda s: add_seed(s, address=address, now=engine.now(), **values))


def seed_runs(engine: Engine, run: UUID) -> list[UUID]:
    found = engine.sql("SELECT id FROM run WHERE parent_run_id = :run AND kind = 'seed'", run=run)
    return [one.id for one in found]


class TestSeedRuns:
    def test_colleagues_get_the_text_with_made_up_data_and_customers_stay_uncounted(
        self, engine: Engine
    ) -> None:
        add(engine)
        make_list(engine.application, [row(1, name="Анна Первая", debt="987,65"), row(2)])
        run = engine.start(make_campaign(engine.application).run_id)
        engine.round()
        engine.work()
        letters = {one.address: one for one in engine.email.sent}
        assert len(letters) == 3
        seed, customer = letters[COLLEAGUE], letters["person1@example.org"]
        assert "Мария Сотрудник" in seed.text
        assert "1 234,56" in seed.text.replace("\u00a0", " ").replace("\u202f", " ")
        for secret in ("Анна", "987", "0000000001", "Тихая"):
            assert secret in customer.text
            assert secret not in seed.text
        (seed_run,) = seed_runs(engine, run)
        assert engine.finish(run) == {"notified": 2}
        assert engine.finish(seed_run) == {"notified": 1}

    def test_every_run_has_one_whoever_schedules_and_however_often(self, engine: Engine) -> None:
        add(engine)
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        other = Scheduler(engine.application)
        for scheduler in (engine.scheduler, other):
            engine.sql("UPDATE scheduler_lease SET held_until = clock_timestamp() - interval '1 second'")
            scheduler.round()
        assert len(seed_runs(engine, run)) == 1

    def test_a_kill_in_the_middle_leaves_nothing(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        add(engine)

        def cut_off(session: Any) -> None:
            assert make_seed_run(session, engine.now()) == 1
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            engine.application.database.run(cut_off)
        assert seed_runs(engine, run) == []
        assert engine.sql("SELECT count(*) FROM recipient_list")[0].count == 1
        engine.round()
        assert len(seed_runs(engine, run)) == 1

    def test_the_first_n_bring_the_colleagues_theirs_at_once(self, engine: Engine) -> None:
        add(engine)
        make_list(engine.application, rows(5))
        engine.start(create(engine, wanted(engine, first_count=2)).run_id)
        engine.round()
        engine.work()
        engine.work()
        assert sorted(engine.email.addresses()) == [
            COLLEAGUE,
            "person1@example.org",
            "person2@example.org",
        ]

    def test_what_waits_for_approval_or_was_stopped_before_its_start_has_none(self, engine: Engine) -> None:
        add(engine)
        make_list(engine.application, rows(1))
        run = create(engine, wanted(engine, needs_approval=True)).run_id
        later = create(engine, wanted(engine, starts_at=engine.now() + timedelta(hours=5))).run_id
        engine.round()
        assert seed_runs(engine, run) == seed_runs(engine, later) == []


class TestTheList:
    def test_who_was_removed_gets_nothing_more_and_may_come_back(self, engine: Engine) -> None:
        add(engine)
        database = engine.application.database
        database.run(lambda s: remove_seed(s, COLLEAGUE, actor="staff:olga", now=engine.now()))
        assert database.run(list_seeds) == []
        make_list(engine.application, rows(1))
        run = engine.start(make_campaign(engine.application).run_id)
        assert seed_runs(engine, run) == []
        add(engine, name="Мария Вернулась")
        (found,) = database.run(list_seeds)
        assert (found.address, found.name) == (COLLEAGUE, "Мария Вернулась")
        engine.round()
        (seed_run,) = seed_runs(engine, run)
        engine.round()
        assert engine.finish(seed_run) == {"notified": 1}

    def test_the_consent_is_on_the_ledger_as_recorded_by_staff(self, engine: Engine) -> None:
        add(engine)
        (entry,) = engine.sql("SELECT * FROM consent_event")
        assert (entry.action, entry.source, entry.recorded_by, entry.purpose) == (
            "given",
            "staff",
            "staff:olga",
            "*",
        )
        (event,) = engine.sql("SELECT * FROM audit_event WHERE action = 'seed.added'")
        assert COLLEAGUE not in str(event)

    def test_what_cannot_be_used_is_refused(self, engine: Engine) -> None:
        for changes in ({"address": "nobody"}, {"name": " "}, {"time_zone": "Mars/Olympus"}):
            with pytest.raises(SeedError):
                add(engine, **changes)
        with pytest.raises(SeedError):
            engine.application.database.run(
                lambda s: remove_seed(s, COLLEAGUE, actor="staff:olga", now=engine.now())
            )
