"""Urgent overtakes, runs take turns, limits hold over all processes (P9), caps over all campaigns."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import redis
from sqlalchemy import text

from channels.port import ChannelKind, Envelope
from dispatcher.bootstrap import build_lane_worker
from dispatcher.core.ids import new_id
from dispatcher.core.queue import connect_redis
from dispatcher.delivery.claim import claim_group
from dispatcher.delivery.due_positions import DuePositions
from dispatcher.delivery.lane import LaneWorker
from dispatcher.delivery.lane_tools import Lane
from dispatcher.delivery.throttle import Limit, TokenBuckets
from dispatcher.delivery.transitions import Claim
from tests.engine import Engine, registry_of
from tests.factories import make_campaign, make_list, make_run, make_step, row, rows

EMAIL = Lane(ChannelKind.EMAIL, "bulk")
DAILY_CAP = ({"channel_group": "text", "limit": 1, "period": "day"},)


@contextmanager
def alone(engine: Engine, **changes: int) -> Iterator[LaneWorker]:
    """A worker of a process that serves no other lane."""
    tools = build_lane_worker(
        engine.application, registry_of({ChannelKind.EMAIL: engine.email}), serves_one_lane=True
    ).tools
    try:
        yield LaneWorker(replace(tools, settings=tools.settings.model_copy(update=changes)))
    finally:
        tools.bridge.close()


class TestLanes:
    @pytest.mark.requirement(58, "Urgency classes; safety-related items first")
    def test_an_urgent_run_is_sent_while_a_bulk_run_is_under_way(self, engine: Engine) -> None:
        make_list(engine.application, rows(300), name="Долги")
        make_list(engine.application, rows(3, email="urgent@example.org", consent="да"), name="Авария")
        bulk = make_campaign(engine.application, list_name="Долги").run_id
        urgent = make_campaign(engine.application, list_name="Авария", priority="urgent").run_id
        engine.round()
        in_between: list[int] = []

        def send_urgent(batch: Sequence[Envelope]) -> None:
            if not in_between and batch[0].address != "urgent@example.org":
                in_between.append(0)
                in_between[0] = engine.work(priority="urgent")

        engine.email.before_send = send_urgent
        engine.work()
        assert in_between == [3]
        assert engine.email.addresses()[:3] == ["urgent@example.org"] * 3
        assert engine.finish(urgent) == {"notified": 3}
        assert engine.finish(bulk) == {"notified": 300}

    def test_a_bulk_worker_never_takes_urgent_work(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        engine.start(make_campaign(engine.application, priority="urgent").run_id)
        assert engine.work() == 0
        assert engine.work(priority="urgent") == 2

    def test_two_runs_take_turns(self, engine: Engine) -> None:
        groups: list[str] = []
        engine.email.before_send = lambda batch: groups.append(batch[0].address.partition("-")[0])
        for name in ("a", "b"):
            lines = [row(n, email=f"{name}-{n}@example.org") for n in range(1, 193)]
            make_list(engine.application, lines, name=name)
            make_campaign(engine.application, list_name=name)
        engine.round()
        engine.work()
        assert groups == ["a", "b"] * 3

    def test_no_more_groups_are_in_flight_than_the_process_may_hold(self, engine: Engine) -> None:
        make_list(engine.application, rows(400))
        engine.start(make_campaign(engine.application).run_id)
        seen: list[int] = []

        def claim_inside(batch: Sequence[Envelope]) -> None:
            if len(seen) < 4:
                seen.append(engine.sql("SELECT count(*) FROM attempt WHERE state = 'sending'")[0][0])
                engine.work()

        engine.email.before_send = claim_inside
        engine.work()
        assert max(seen) <= engine.application.settings.delivery.in_flight_limit


class TestPlacesInFlight:
    def test_a_process_of_one_lane_fills_all_its_places_with_one_group_and_never_more(
        self, engine: Engine
    ) -> None:
        make_list(engine.application, rows(400))
        engine.start(make_campaign(engine.application).run_id)
        sizes: list[int] = []
        in_flight: list[int] = []
        with alone(engine) as worker:

            def claim_inside(batch: Sequence[Envelope]) -> None:
                sizes.append(len(batch))
                in_flight.append(engine.sql("SELECT count(*) FROM attempt WHERE state = 'sending'")[0][0])
                worker.work(EMAIL, 30.0)

            engine.email.before_send = claim_inside
            worker.work(EMAIL, 30.0)
        assert max(sizes) == max(in_flight) == 128
        assert sum(sizes) == len(engine.email.sent) == 400

    def test_whoever_is_waited_for_holds_only_one_place(self, engine: Engine) -> None:
        make_list(engine.application, rows(150))
        run = make_campaign(engine.application).run_id
        engine.start(run)
        engine.email.answer("person1@example.org", None)
        sent_meanwhile: list[int] = []
        with alone(engine, in_flight_limit=64) as worker:

            def wait_for_the_slow_one(_batch: Sequence[Envelope]) -> None:
                if not sent_meanwhile:
                    sent_meanwhile.append(0)
                    while engine.states(run).get("accepted", 0) < 63:
                        time.sleep(0.01)
                    sent_meanwhile[0] = worker.work(EMAIL, 30.0)

            engine.email.after_send = wait_for_the_slow_one
            worker.work(EMAIL, 30.0)
        assert sent_meanwhile == [86]
        assert engine.states(run) == {"accepted": 149, "unknown": 1}

    def test_who_was_busy_is_claimed_though_claims_have_passed_by(self, engine: Engine) -> None:
        application = engine.application
        make_list(application, rows(6))
        run = make_campaign(application).run_id
        engine.start(run)
        positions = DuePositions()

        def claim() -> list[str]:
            group = application.database.run(
                lambda session: claim_group(
                    session,
                    run,
                    "email",
                    claim=Claim(new_id(), 60.0),
                    limit=2,
                    calendar=application.calendar.read(session),
                    now=application.clock.refresh(session),
                    positions=positions,
                )
            )
            return [] if group is None else [one.address for one in group.candidates]

        with application.database.transaction() as session:
            held = engine.attempts(run)[0].address
            session.execute(
                text("SELECT 1 FROM contact_point WHERE address = :address FOR UPDATE"), {"address": held}
            )
            passed = [*claim(), *claim(), *claim()]
        assert len(passed) == 5
        assert held not in passed
        assert claim() == [held]


class TestCaps:
    def test_a_cap_counts_a_person_over_accounts_and_campaigns(self, engine: Engine) -> None:
        application = engine.application
        lines = [
            row(1, person="A1", email="same@example.org"),
            row(2, person="A1", email="same@example.org"),
            row(3),
        ]
        first, second = (make_list(application, lines, name=name) for name in ("один", "два"))
        step = make_step(application)
        runs = [
            make_run(application, [step], imported=imported, caps=DAILY_CAP, lasts=timedelta(days=10))
            for imported in (first, second)
        ]
        engine.round()
        assert engine.work() == 2
        assert sorted(engine.email.addresses()) == ["person3@example.org", "same@example.org"]
        held = [one for run in runs for one in engine.attempts(run) if one.state == "planned"]
        assert {one.hold_reason for one in held} == {"frequency_cap"}
        engine.advance(hours=23)
        assert engine.work() == 0
        engine.advance(hours=1.1)
        assert engine.work() == 2
        for _ in range(3):
            engine.advance(hours=24.1)
            engine.work()
        assert engine.email.addresses().count("same@example.org") == 4
        for run in runs:
            engine.finish(run)

    def test_a_cap_of_one_purpose_group_does_not_hold_back_another(self, engine: Engine) -> None:
        application = engine.application
        imported = make_list(application, rows(1))
        step = make_step(application)
        for group in ("debt", "survey"):
            make_run(application, [step], imported=imported, caps=DAILY_CAP, purpose_group=group)
        engine.round()
        assert engine.work() == 2

    def test_what_a_cap_holds_back_to_the_end_expires(self, engine: Engine) -> None:
        application = engine.application
        lines = [row(n, person="A1", email="same@example.org") for n in (1, 2)]
        imported = make_list(application, lines)
        run = make_run(
            application, [make_step(application)], imported=imported, caps=DAILY_CAP, lasts=timedelta(hours=5)
        )
        engine.round()
        engine.work()
        engine.advance(hours=6)
        engine.finish(run)
        assert engine.states(run) == {"accepted": 1, "expired": 1}


class TestTokenBuckets:
    @pytest.fixture
    def client(self, redis_url: str):
        with redis.Redis.from_url(redis_url) as client:
            yield client

    def fill(self, client: redis.Redis, name: str, tokens: float) -> None:
        seconds, micros = client.time()
        client.hset(f"limit:{name}", mapping={"tokens": tokens, "at": seconds + micros / 1e6})

    def test_a_new_bucket_is_empty_so_a_flush_never_opens_the_gates(self, client: redis.Redis) -> None:
        assert TokenBuckets(client).take([Limit("x", 0.001)], 10, urgent=True) == 0

    def test_it_grants_what_is_there_and_no_more(self, client: redis.Redis) -> None:
        buckets = TokenBuckets(client)
        self.fill(client, "x", 20)
        slow = Limit("x", 20)
        assert buckets.take([slow], 5, urgent=True) == 5
        granted = buckets.take([slow], 64, urgent=True)
        assert 15 <= granted <= 20

    def test_a_tenth_is_kept_for_the_urgent_lane(self, client: redis.Redis) -> None:
        buckets = TokenBuckets(client)
        seconds, micros = client.time()
        # Filled in the future: nothing is added while the test runs.
        client.hset("limit:x", mapping={"tokens": 100, "at": seconds + 1e6})
        client.hset("limit:x", mapping={"tokens": 100})
        still = Limit("x", 100)
        client.hset("limit:x", mapping={"at": seconds + micros / 1e6})
        bulk = buckets.take([still], 1000, urgent=False)
        assert 90 <= bulk < 100
        assert buckets.take([still], 1000, urgent=True) >= 10

    def test_tokens_nobody_used_are_given_back(self, client: redis.Redis) -> None:
        buckets = TokenBuckets(client)
        self.fill(client, "x", 10)
        limit = Limit("x", 10)
        taken = buckets.take([limit], 10, urgent=True)
        buckets.give_back([limit], taken)
        assert buckets.take([limit], 10, urgent=True) == 10

    def test_what_a_second_limit_refuses_is_not_lost_to_the_first(self, client: redis.Redis) -> None:
        buckets = TokenBuckets(client)
        self.fill(client, "provider", 50)
        self.fill(client, "run", 1)
        provider, run = Limit("provider", 50), Limit("run", 1)
        assert buckets.take([provider, run], 50, urgent=True) == 1
        assert float(client.hget("limit:provider", "tokens") or 0) >= 49

    def test_an_unreachable_redis_grants_nothing(self) -> None:
        with connect_redis("redis://127.0.0.1:1") as nowhere:
            buckets = TokenBuckets(nowhere)
            assert buckets.take([Limit("x", 100)], 5, urgent=True) == 0
            buckets.give_back([Limit("x", 100)], 3)

    def test_without_limits_redis_is_not_asked(self) -> None:
        with connect_redis("redis://127.0.0.1:1") as nowhere:
            assert TokenBuckets(nowhere).take([], 64, urgent=False) == 64
