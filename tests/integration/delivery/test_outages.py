"""PostgreSQL or Redis goes away in the middle: the work waits, goes on, loses and doubles nothing (P4)."""

import threading
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pytest
import redis
from pydantic import SecretStr

from channels.port import ChannelKind, Envelope
from dispatcher.bootstrap import open_application
from dispatcher.core.queue import connect_broker, connect_redis
from dispatcher.core.settings import Settings
from dispatcher.delivery.throttle import TokenBuckets
from tests.cuttable_proxy import CuttableProxy
from tests.engine import Engine
from tests.factories import make_campaign, make_list, rows

NOWHERE = "redis://127.0.0.1:1"


@pytest.fixture
def proxy(database_url: str) -> Iterator[CuttableProxy]:
    server = urlsplit(database_url)
    with CuttableProxy.to(str(server.hostname), int(server.port or 5432)) as proxy:
        yield proxy


@pytest.fixture
def reached_by_proxy(settings: Settings, database_url: str, proxy: CuttableProxy) -> Iterator[Engine]:
    """An engine whose way to PostgreSQL can be cut."""
    port = urlsplit(database_url).port
    url = database_url.replace(f":{port}/", f":{proxy.port}/")
    changed = settings.model_copy(update={"database_url": SecretStr(url)})
    with open_application(changed) as application, Engine.over(application) as engine:
        yield engine


class TestPostgresAway:
    def test_outcomes_are_kept_until_it_is_back_and_recorded_once(
        self, reached_by_proxy: Engine, proxy: CuttableProxy
    ) -> None:
        engine = reached_by_proxy
        make_list(engine.application, rows(130))
        run = engine.start(make_campaign(engine.application).run_id)
        menders: list[threading.Thread] = []

        def cut(batch: Sequence[Envelope]) -> None:
            if not menders:
                proxy.cut()
                menders.append(threading.Thread(target=self._mend_when_noticed, args=(proxy,)))
                menders[0].start()

        engine.email.before_send = cut
        assert engine.work() == 130
        menders[0].join()
        assert proxy.refused
        assert len(set(engine.email.addresses())) == len(engine.email.sent) == 130
        assert engine.states(run) == {"accepted": 130}
        assert engine.finish(run) == {"notified": 130}

    @staticmethod
    def _mend_when_noticed(proxy: CuttableProxy) -> None:
        proxy.wait_for_refused(2)
        proxy.mend()

    def test_connections_ended_by_the_server_in_the_middle_do_no_harm(self, engine: Engine) -> None:
        make_list(engine.application, rows(130))
        run = engine.start(make_campaign(engine.application).run_id)

        def end_all(batch: Sequence[Envelope]) -> None:
            engine.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        engine.email.before_send = end_all
        assert engine.work() == 130
        assert engine.finish(run) == {"notified": 130}

    def test_the_scheduler_waits_and_goes_on(self, reached_by_proxy: Engine, proxy: CuttableProxy) -> None:
        engine = reached_by_proxy
        make_list(engine.application, rows(5))
        run = make_campaign(engine.application).run_id
        proxy.cut()
        thread = threading.Thread(target=engine.scheduler.run)
        thread.start()
        proxy.wait_for_refused(3)
        proxy.mend()
        while not engine.attempts(run):
            pass
        engine.scheduler.stop()
        thread.join()
        assert engine.states(run) == {"planned": 5}


class TestRedisAway:
    def test_limits_that_cannot_be_asked_let_nothing_through_until_they_can(self, engine: Engine) -> None:
        make_list(engine.application, rows(5))
        run = engine.start(make_campaign(engine.application, max_per_second=1000).run_id)
        reachable = engine.worker.tools.buckets
        with connect_redis(NOWHERE) as client:
            object.__setattr__(engine.worker.tools, "buckets", TokenBuckets(client))
            assert engine.work() == 0
        assert engine.states(run) == {"planned": 5}
        object.__setattr__(engine.worker.tools, "buckets", reachable)
        while engine.states(run)["planned"]:
            engine.work()
        assert len(engine.email.sent) == 5

    def test_a_flush_in_the_middle_loses_and_doubles_nothing(self, engine: Engine) -> None:
        make_list(engine.application, rows(200))
        run = engine.start(make_campaign(engine.application, max_per_second=5000).run_id)

        def flush(batch: Sequence[Envelope]) -> None:
            with redis.Redis.from_url(engine.application.addresses.redis_url) as client:
                client.flushall()

        engine.email.before_send = flush
        while engine.states(run)["planned"]:
            engine.work()
        assert len(set(engine.email.addresses())) == len(engine.email.sent) == 200
        assert engine.finish(run) == {"notified": 200}

    def test_the_scheduler_plans_sweeps_and_closes_without_the_queue(self, engine: Engine) -> None:
        make_list(engine.application, rows(3))
        run = make_campaign(engine.application).run_id
        connect_broker(NOWHERE)
        assert engine.round()
        assert engine.work(ChannelKind.EMAIL) == 3
        assert engine.finish(run) == {"notified": 3}

    def test_events_wait_for_the_queue_to_come_back(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        make_campaign(engine.application)
        connect_broker(NOWHERE)
        engine.round()
        waiting = "SELECT topic FROM outbox WHERE relayed_at IS NULL"
        assert [one.topic for one in engine.sql(waiting)] == ["run.started"]
        connect_broker(engine.application.addresses.redis_url)
        engine.round()
        assert engine.sql(waiting) == []
