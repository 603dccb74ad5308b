"""Any number of schedulers may run, one leads; a slice planned twice changes nothing (P1, P2)."""

from copy import copy
from dataclasses import replace
from uuid import UUID

import pytest
import redis
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatcher.bootstrap import Application
from dispatcher.core.lead import Lead, LostLeadError
from dispatcher.core.queue import connect_broker
from dispatcher.core.settings import SmtpSettings
from dispatcher.delivery.planning import plan_slice
from dispatcher.delivery.sweep import start_due
from dispatcher.scheduler import Scheduler
from tests.engine import Engine
from tests.factories import NOON, make_campaign, make_list, rows

_EXPIRE = "UPDATE scheduler_lease SET held_until = clock_timestamp() - interval '1 second'"


def plan(engine: Engine, run: UUID, session: Session) -> int:
    return plan_slice(session, run, calendar=engine.application.calendar.read(session), now=engine.now())


class TestTheLead:
    def test_of_two_schedulers_one_leads(self, engine: Engine) -> None:
        other = Scheduler(engine.application)
        assert engine.round()
        assert not other.round()
        assert engine.round()

    def test_the_other_takes_over_when_the_lease_runs_out(self, engine: Engine) -> None:
        other = Scheduler(engine.application)
        engine.round()
        engine.sql(_EXPIRE)
        assert other.round()
        assert not engine.round()

    def test_a_leader_that_slept_through_its_lease_writes_nothing(self, engine: Engine) -> None:
        database = engine.application.database
        sleeper, successor = Lead(), Lead()
        assert database.run(sleeper.hold)
        database.run(sleeper.check)
        engine.sql(_EXPIRE)
        assert database.run(successor.hold)
        with pytest.raises(LostLeadError):
            database.run(sleeper.check)
        database.run(successor.check)

    def test_an_old_fencing_number_is_refused_even_after_the_lead_came_back(self, engine: Engine) -> None:
        database = engine.application.database
        first, second = Lead(), Lead()
        database.run(first.hold)
        engine.sql(_EXPIRE)
        database.run(second.hold)
        engine.sql(_EXPIRE)
        assert database.run(Lead().hold)
        for lead in (first, second):
            with pytest.raises(LostLeadError):
                database.run(lead.check)

    def test_work_begun_in_an_earlier_lead_of_ones_own_is_refused_too(self, engine: Engine) -> None:
        database = engine.application.database
        lead, other = Lead(), Lead()
        database.run(lead.hold)
        earlier = copy(lead)
        for one in (other, lead):
            engine.sql(_EXPIRE)
            assert database.run(one.hold)
        with pytest.raises(LostLeadError):
            database.run(earlier.check)
        database.run(lead.check)

    def test_a_slice_is_rolled_back_when_the_lead_was_lost(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = make_campaign(engine.application).run_id
        database = engine.application.database
        lead = Lead()
        database.run(lambda s: start_due(s, engine.now()))
        database.run(lead.hold)
        engine.sql(_EXPIRE)
        database.run(Lead().hold)

        def plan_as_leader(session: Session) -> None:
            plan(engine, run, session)
            lead.check(session)

        with pytest.raises(LostLeadError):
            database.run(plan_as_leader)
        assert engine.notices(run) == {}
        assert engine.run(run).planned_position == 0

    def test_leaving_lets_the_other_lead_at_once(self, engine: Engine) -> None:
        database = engine.application.database
        first, second = Lead(), Lead()
        database.run(first.hold)
        assert not database.run(second.hold)
        database.run(first.leave)
        assert database.run(second.hold)


class PlannedWhenOffered(Scheduler):
    """Looks, before each slice, how many wake-ups wait in the lane."""

    def __init__(self, application: Application, redis_url: str) -> None:
        super().__init__(application)
        self.waiting_before_slices: list[int] = []
        self._redis_url = redis_url

    def _plan_slice(self, run: UUID) -> int:
        with redis.Redis.from_url(self._redis_url) as client:
            self.waiting_before_slices.append(client.llen("dramatiq:email-bulk"))
        return super()._plan_slice(run)


class TestTheFanOut:
    def test_two_schedulers_taking_turns_plan_everybody_once(self, engine: Engine) -> None:
        make_list(engine.application, rows(1500))
        run = make_campaign(engine.application).run_id
        other = Scheduler(engine.application)
        for scheduler in (engine.scheduler, other, engine.scheduler, other):
            engine.sql(_EXPIRE)
            scheduler.round()
        assert len(engine.notices(run)) == 1500
        assert engine.states(run) == {"planned": 1500}
        engine.check_counters(run)

    def test_the_first_slice_is_offered_to_its_lane_while_the_next_is_not_planned_yet(
        self, engine: Engine, redis_url: str
    ) -> None:
        make_list(engine.application, rows(1500))
        run = make_campaign(engine.application).run_id
        engine.sql("UPDATE run SET state = 'running', started_at = :now WHERE id = :run", run=run, now=NOON)
        settings = engine.application.settings.model_copy(update={"smtp": SmtpSettings(host="x")})
        leader = PlannedWhenOffered(replace(engine.application, settings=settings), redis_url)
        assert engine.application.database.run(leader._lead.hold)

        assert leader.fan_out() == 1500

        assert leader.waiting_before_slices[:2] == [0, 8]
        assert engine.states(run) == {"planned": 1500}
        engine.check_counters(run)

    def test_a_slice_after_the_last_one_is_empty(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = engine.start(make_campaign(engine.application).run_id)
        assert engine.application.database.run(lambda s: plan(engine, run, s)) == 0
        assert engine.states(run) == {"planned": 3}

    def test_a_slice_planned_again_from_an_old_cursor_is_refused_by_the_key(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.sql("UPDATE run SET planned_position = 0 WHERE id = :run", run=run)
        with pytest.raises(IntegrityError):
            engine.application.database.run(lambda s: plan(engine, run, s))
        assert engine.states(run) == {"planned": 3}
        engine.check_counters(run)

    def test_planned_equals_the_list_at_the_end(self, engine: Engine) -> None:
        make_list(engine.application, rows(25))
        run = engine.start(make_campaign(engine.application).run_id)
        states = engine.finish(run)
        assert sum(states.values()) == engine.run(run).recipient_count == 25

    def test_a_closed_run_is_announced_once_with_its_counts(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.finish(run)
        engine.round()
        (event,) = engine.sql("SELECT payload FROM outbox WHERE topic = 'run.closed'")
        assert event.payload == {"run_id": str(run), "notices": {"notified:accepted": 2}}


class TestUrgentRuns:
    """They do not wait for a round (P9): it may be busy with a fan-out for a second and more."""

    def test_they_are_started_and_planned_and_their_lane_is_woken_without_a_round(
        self, engine: Engine, redis_url: str
    ) -> None:
        make_list(engine.application, rows(3))
        bulk = make_campaign(engine.application).run_id
        urgent = make_campaign(engine.application, priority="urgent").run_id
        settings = engine.application.settings.model_copy(update={"smtp": SmtpSettings(host="x")})
        leader = Scheduler(replace(engine.application, settings=settings))
        assert engine.application.database.run(leader._lead.hold)
        connect_broker(redis_url)

        assert leader.start_urgent() == 3

        planned = {row.id: row.planned_position for row in engine.sql("SELECT id, planned_position FROM run")}
        assert planned == {bulk: 0, urgent: 3}
        with redis.Redis.from_url(redis_url) as client:
            waiting = {name: client.llen(f"dramatiq:{name}") for name in ("email-urgent", "email-bulk")}
        assert waiting == {"email-urgent": 1, "email-bulk": 0}
        assert leader.start_urgent() == 0

    def test_who_does_not_lead_writes_nothing(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = make_campaign(engine.application, priority="urgent").run_id
        leader, other = Scheduler(engine.application), Scheduler(engine.application)
        assert engine.application.database.run(leader._lead.hold)
        with pytest.raises(LostLeadError):
            other.start_urgent()
        assert engine.sql("SELECT state FROM run WHERE id = :run", run=run)[0][0] == "scheduled"
