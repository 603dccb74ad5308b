"""Limits per recipient domain: what leaves now, what waits how long, and who asked for less (P4, P9)."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from uuid import uuid4

import pytest
import redis

from channels.port import OutcomeKind
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.queue import connect_redis
from dispatcher.core.settings import MailServerSettings
from dispatcher.delivery.checks import Candidate, Verdict
from dispatcher.delivery.domain_limits import DomainLimits
from dispatcher.delivery.learned_limits import KEY, LearnedLimits
from dispatcher.delivery.server_limits import ServerLimits
from dispatcher.delivery.states import NoticeState, Trigger
from dispatcher.delivery.throttle import STEP_SECONDS, Grant, Limit, TokenBuckets
from tests.engine import Engine
from tests.factories import NOON, make_campaign, make_list, row


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def fill(client: redis.Redis, name: str, tokens: float) -> None:
    """Put so many tokens into the bucket, now."""
    seconds, micros = client.time()
    client.hset(f"limit:{name}", mapping={"tokens": tokens, "at": seconds + micros / 1e6})


def halvings(client: redis.Redis, name: str) -> int:
    return int(client.hget(f"limit:{name}", "halvings") or 0)


def age(client: redis.Redis, name: str, seconds: float) -> None:
    """Let the last wish to slow down lie so far back."""
    now, _ = client.time()
    client.hset(f"limit:{name}", "slowed_at", now - seconds)


def limit_domains(engine: Engine, client: redis.Redis, **per_second: float) -> None:
    limits = {domain.replace("_", "."): limit for domain, limit in per_second.items()}
    object.__setattr__(engine.worker.tools, "domain_limits", DomainLimits(TokenBuckets(client), limits))


def make_candidate(address: str) -> Candidate:
    return Candidate(
        period=date(2026, 11, 1),
        attempt_id=uuid4(),
        notice_id=uuid4(),
        person_id=uuid4(),
        contact_point_id=uuid4(),
        channel="email",
        step=0,
        truth_until=None,
        notice_state=NoticeState.OPEN,
        address=address,
        full_name="Анна Петрова",
        supply_address="",
        time_zone="Europe/Moscow",
        language="ru",
        fields={},
        account_number="1",
        has_contract=True,
    )


class TestTurns:
    def test_several_buckets_are_asked_at_once(self, client: redis.Redis) -> None:
        fill(client, "a", 10)
        fill(client, "b", 3)
        wanted = [(Limit("a", 10), 4), (Limit("b", 10), 8), (Limit("new", 10), 8)]
        grants = TokenBuckets(client).take_each(wanted, urgent=True)
        assert grants is not None
        assert [one.granted for one in grants] == [4, 3, 0]

    def test_who_must_wait_gets_a_turn_behind_those_before(self, client: redis.Redis) -> None:
        buckets, slow = TokenBuckets(client), Limit("x", 0.01)
        (first,), (second,) = (buckets.take_each([(slow, 3)], urgent=True) or [] for _ in range(2))
        assert (first.granted, first.first_seconds, first.spacing_seconds) == (0, 0.0, 100.0)
        assert second.granted == 0
        assert 200 < second.first_seconds <= 300

    def test_a_bucket_that_ran_over_has_forgotten_its_queue(self, client: redis.Redis) -> None:
        buckets = TokenBuckets(client)
        buckets.take_each([(Limit("x", 1), 1000)], urgent=True)
        fill(client, "x", 1000)
        ((grant),) = buckets.take_each([(Limit("x", 1), 3)], urgent=True) or []
        assert (grant.granted, grant.first_seconds) == (1, 0.0)

    def test_a_tenth_is_kept_for_the_urgent_lane(self, client: redis.Redis) -> None:
        buckets, limit = TokenBuckets(client), Limit("x", 0.0001)
        client.hset("limit:x", mapping={"tokens": 1, "at": client.time()[0]})
        assert buckets.take([limit], 5, urgent=False) == 1  # no reserve below two tokens
        fill(client, "y", 100)
        (bulk,) = buckets.take_each([(Limit("y", 100), 1000)], urgent=False) or []
        assert 89 <= bulk.granted <= 90 + 9
        (urgent,) = buckets.take_each([(Limit("y", 100), 1000)], urgent=True) or []
        assert urgent.granted >= 10

    @pytest.mark.parametrize("granted", [0, 1, 5])
    @pytest.mark.parametrize("many", [1, 5, 64])
    def test_those_granted_leave_and_each_other_has_a_moment_of_its_own(
        self, granted: int, many: int
    ) -> None:
        class Scripted(TokenBuckets):
            def take_each(self, wanted: Sequence[tuple[Limit, int]], *, urgent: bool) -> list[Grant]:
                return [Grant(min(granted, count), 7.0, 50.0) for _, count in wanted]

        with connect_redis("redis://127.0.0.1:1") as nowhere:
            hold_back = DomainLimits(Scripted(nowhere), {"a.ru": 5}).hold_back_in("email", urgent=False)
        assert hold_back is not None
        candidates = [make_candidate(f"p{n}@a.ru") for n in range(many)]
        judged = hold_back(candidates, [Verdict(Trigger.CLAIM)] * many, NOON)
        leaving = min(granted, many)
        assert [one.trigger for one in judged] == [Trigger.CLAIM] * leaving + [Trigger.HOLD] * (
            many - leaving
        )
        turns = [one.due_at for one in judged[leaving:]]
        assert len(set(turns)) == len(turns)
        assert all(one and NOON < one <= NOON + timedelta(hours=1) for one in turns)

    def test_nobody_is_sent_off_for_longer_than_an_hour(self, client: redis.Redis) -> None:
        hold_back = DomainLimits(TokenBuckets(client), {"a.ru": 0.001}).hold_back_in("email", urgent=False)
        assert hold_back is not None
        judged = hold_back(
            [make_candidate(f"p{n}@a.ru") for n in range(64)], [Verdict(Trigger.CLAIM)] * 64, NOON
        )
        assert all(one.due_at and one.due_at <= NOON + timedelta(hours=1) for one in judged)

    def test_who_is_refused_for_another_reason_takes_no_room(self, client: redis.Redis) -> None:
        fill(client, "domain:a.ru", 1)
        hold_back = DomainLimits(TokenBuckets(client), {"a.ru": 1}).hold_back_in("email", urgent=False)
        assert hold_back is not None
        blocked = Verdict(Trigger.BLOCK, "no_consent")
        judged = hold_back(
            [make_candidate("a@a.ru"), make_candidate("b@a.ru")], [blocked, Verdict(Trigger.CLAIM)], NOON
        )
        assert judged == [blocked, Verdict(Trigger.CLAIM)]


class TestClaim:
    def test_a_domain_without_room_waits_and_the_others_do_not(
        self, engine: Engine, client: redis.Redis
    ) -> None:
        limit_domains(engine, client, gmail_com=0.01)
        lines = [row(n, email=f"p{n}@gmail.com") for n in range(1, 31)]
        lines += [row(n, email=f"p{n}@example.org") for n in range(31, 41)]
        make_list(engine.application, lines)
        run = engine.start(make_campaign(engine.application).run_id)
        fill(client, "domain:gmail.com", 1)
        engine.work()
        domains = Counter(address.rpartition("@")[2] for address in engine.email.addresses())
        assert domains == {"gmail.com": 1, "example.org": 10}
        held = [one for one in engine.attempts(run) if one.state == "planned"]
        assert {one.hold_reason for one in held} == {"domain_limit"}
        assert {one.number for one in held} == {1}
        assert engine.sql("SELECT count(*) FROM contact_budget WHERE released_at IS NULL")[0][0] == 11
        engine.check_counters(run)
        limit_domains(engine, client)
        assert engine.finish(run) == {"notified": 40}

    def test_case_and_script_of_a_domain_do_not_matter(self, engine: Engine, client: redis.Redis) -> None:
        limits = DomainLimits(TokenBuckets(client), {"Пример.рф": 0.01, "GMail.com": 0.01})
        object.__setattr__(engine.worker.tools, "domain_limits", limits)
        addresses = ["a@gmail.com", "b@xn--e1afmkfd.xn--p1ai", "в@пример.рф"]
        make_list(engine.application, [row(n, email=one) for n, one in enumerate(addresses, 1)])
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert engine.email.addresses() == []

    def test_an_unreachable_redis_holds_back_limited_domains_only(self, engine: Engine) -> None:
        with connect_redis("redis://127.0.0.1:1") as nowhere:
            limit_domains(engine, nowhere, gmail_com=1000)
            make_list(engine.application, [row(1, email="a@gmail.com"), row(2, email="b@example.org")])
            run = engine.start(make_campaign(engine.application).run_id)
            now = engine.now()
            engine.work()
            assert engine.email.addresses() == ["b@example.org"]
            (held,) = [one for one in engine.attempts(run) if one.state == "planned"]
            assert now < held.due_at <= engine.now() + timedelta(seconds=6)

    def test_without_limits_an_unreachable_redis_holds_nobody_back(self) -> None:
        with connect_redis("redis://127.0.0.1:1") as nowhere:
            limits = DomainLimits(TokenBuckets(nowhere), {})
            assert limits.hold_back_in("email", urgent=False) is None
            assert DomainLimits(TokenBuckets(nowhere), {"a.ru": 1}).hold_back_in("sms", urgent=False) is None

    def test_what_is_no_domain_is_refused(self, client: redis.Redis) -> None:
        with pytest.raises(ConfigurationError, match="not a domain"):
            DomainLimits(TokenBuckets(client), {"gmail com": 5})


class TestSlowingDown:
    def test_a_wish_halves_the_rate_and_its_bunch_is_one_wish(self, client: redis.Redis) -> None:
        buckets, limit = TokenBuckets(client), Limit("x", 0.01)
        for _ in range(3):
            buckets.slow_down(["x"])
        (grant,) = buckets.take_each([(limit, 1)], urgent=True) or []
        assert (halvings(client, "x"), grant.spacing_seconds) == (1, 200.0)

    def test_each_further_wish_halves_again_down_to_a_floor(self, client: redis.Redis) -> None:
        buckets = TokenBuckets(client)
        seen = []
        for _ in range(9):
            buckets.slow_down(["x"])
            seen.append(halvings(client, "x"))
            age(client, "x", 60)
        assert seen == [1, 2, 3, 4, 5, 6, 6, 6, 6]

    def test_it_recovers_step_by_step(self, client: redis.Redis) -> None:
        buckets, limit = TokenBuckets(client), Limit("x", 0.01)
        for _ in range(3):
            buckets.slow_down(["x"])
            age(client, "x", 60)
        spacings = []
        for steps in range(5):
            age(client, "x", steps * STEP_SECONDS + 10)
            (grant,) = buckets.take_each([(limit, 1)], urgent=True) or []
            spacings.append(grant.spacing_seconds)
        assert spacings == [800.0, 400.0, 200.0, 100.0, 100.0]

    def test_the_slowness_outlives_a_quiet_time_and_not_for_ever(self, client: redis.Redis) -> None:
        buckets = TokenBuckets(client)
        buckets.slow_down(["x"])
        assert STEP_SECONDS * 1000 < client.pttl("limit:x") <= (STEP_SECONDS + 60) * 1000
        buckets.take([Limit("x", 100)], 1, urgent=True)
        assert client.pttl("limit:x") > STEP_SECONDS * 1000

    def test_a_throttled_outcome_slows_its_domain_for_every_process(
        self, engine: Engine, client: redis.Redis
    ) -> None:
        limit_domains(engine, client, gmail_com=100)
        fill(client, "domain:gmail.com", 100)
        engine.email.answer("a@gmail.com", OutcomeKind.THROTTLED, OutcomeKind.ACCEPTED)
        engine.email.answer("b@example.org", OutcomeKind.THROTTLED, OutcomeKind.ACCEPTED)
        make_list(engine.application, [row(1, email="a@gmail.com"), row(2, email="b@example.org")])
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert halvings(client, "domain:gmail.com") == 1
        assert client.exists("limit:domain:example.org", "limit:provider:email") == 0
        client.flushdb()
        limit_domains(engine, client)
        assert engine.finish(run) == {"notified": 2}

    def test_a_provider_that_asks_for_less_itself_gets_less(
        self, engine: Engine, client: redis.Redis
    ) -> None:
        limit_domains(engine, client, gmail_com=100)
        fill(client, "domain:gmail.com", 100)
        engine.email.answer("a@gmail.com", OutcomeKind.THROTTLED, OutcomeKind.ACCEPTED, is_for_provider=True)
        make_list(engine.application, [row(1, email="a@gmail.com")])
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert halvings(client, "provider:email") == 1
        assert halvings(client, "domain:gmail.com") == 0

    def test_one_of_several_servers_that_asks_for_less_slows_no_domain(
        self, engine: Engine, client: redis.Redis
    ) -> None:
        limit_domains(engine, client, gmail_com=100)
        fill(client, "domain:gmail.com", 100)
        engine.email.answer("a@gmail.com", OutcomeKind.THROTTLED, OutcomeKind.ACCEPTED, is_heeded=True)
        make_list(engine.application, [row(1, email="a@gmail.com")])
        engine.start(make_campaign(engine.application).run_id)
        assert engine.work() == 1
        assert halvings(client, "domain:gmail.com") == 0
        assert client.exists("limit:provider:email") == 0


def learned(client: redis.Redis) -> str:
    """The name of the one bucket that was learned."""
    (key,) = client.keys("limit:learned:*")
    return str(key.decode().removeprefix("limit:"))


class TestLearning:
    """A domain that nobody has set a limit for asks for less."""

    def teach(self, client: redis.Redis, domain: str = "gmail.com") -> LearnedLimits:
        limits = LearnedLimits(TokenBuckets(client))
        limits.slow_down([domain])
        return limits

    def spacing(self, client: redis.Redis, limits: LearnedLimits) -> float:
        limit = limits.limit_of("gmail.com")
        assert limit is not None
        ((grant),) = TokenBuckets(client).take_each([(limit, 1)], urgent=True) or []
        return float(grant.spacing_seconds)

    def test_its_next_messages_wait_for_turns_and_those_of_others_do_not(
        self, engine: Engine, client: redis.Redis
    ) -> None:
        limit_domains(engine, client)
        for number in range(1, 31):
            engine.email.answer(f"p{number}@gmail.com", OutcomeKind.THROTTLED, OutcomeKind.ACCEPTED)
        lines = [row(n, email=f"p{n}@gmail.com") for n in range(1, 101)]
        lines += [row(n, email=f"p{n}@example.org") for n in range(101, 201)]
        make_list(engine.application, lines)
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        held = [one for one in engine.attempts(run) if one.hold_reason == "domain_limit"]
        assert held
        assert {one.number for one in held} == {1}
        sent = Counter(address.rpartition("@")[2] for address in engine.email.addresses())
        assert sent["example.org"] == 100
        client.flushdb()
        limit_domains(engine, client)
        assert engine.finish(run) == {"notified": 200}

    def test_it_gets_ten_a_second_then_half_of_it_and_all_processes_know(self, client: redis.Redis) -> None:
        limits = self.teach(client)
        assert self.spacing(client, limits) == pytest.approx(0.1)
        age(client, learned(client), 60)
        self.teach(client)
        other = LearnedLimits(TokenBuckets(client))
        assert other.has_any()
        assert self.spacing(client, other) == pytest.approx(0.2)
        assert other.limit_of("example.org") is None

    def test_it_recovers_step_by_step_and_is_forgotten(self, client: redis.Redis) -> None:
        limits = self.teach(client)
        spacings = []
        for steps in range(4):
            age(client, learned(client), steps * STEP_SECONDS + 10)
            spacings.append(self.spacing(client, limits))
        assert spacings == pytest.approx([0.1, 0.05, 0.025, 0.0125])
        ((_, ends),) = client.zrange(KEY, 0, -1, withscores=True)
        assert ends == pytest.approx(client.time()[0] + 6 * STEP_SECONDS, abs=2)
        client.zadd(KEY, dict.fromkeys(client.zrange(KEY, 0, -1), ends - 6 * STEP_SECONDS - 3))
        fresh = LearnedLimits(TokenBuckets(client))
        assert not fresh.has_any()
        assert client.zcard(KEY) == 0

    def test_no_domain_can_be_read_from_redis(self, client: redis.Redis) -> None:
        self.teach(client, "ivanov.example")
        kept = [*client.keys("*"), *client.zrange(KEY, 0, -1)]
        assert len(kept) == 3
        assert not any(b"ivanov" in one for one in kept)

    def test_what_is_known_holds_while_redis_is_away(self, engine: Engine, client: redis.Redis) -> None:
        with connect_redis("redis://127.0.0.1:1") as nowhere:
            limit_domains(engine, nowhere)
            engine.worker.tools.domain_limits._learned.slow_down(["gmail.com"])
            make_list(engine.application, [row(1, email="a@gmail.com"), row(2, email="b@example.org")])
            engine.start(make_campaign(engine.application).run_id)
            engine.work()
            assert engine.email.addresses() == ["b@example.org"]

    @pytest.mark.parametrize(("reason", "is_taught"), [("smtp_421_4.3.2", False), ("smtp_421_4.7.28", True)])
    def test_a_server_that_goes_down_teaches_nothing(
        self, engine: Engine, client: redis.Redis, reason: str, is_taught: bool
    ) -> None:
        limit_domains(engine, client)
        engine.email.answer("a@gmail.com", OutcomeKind.THROTTLED, OutcomeKind.ACCEPTED, reason=reason)
        make_list(engine.application, [row(1, email="a@gmail.com")])
        engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert client.zcard(KEY) == is_taught


class TestServerLimits:
    async def take(self, limits: ServerLimits, server: MailServerSettings) -> tuple[int, int]:
        first = await limits.take(server, 8)
        await limits.give_back(server, 2)
        return first, await limits.take(server, 8)

    def test_they_hold_over_all_processes_and_can_be_slowed(self, client: redis.Redis) -> None:
        server = MailServerSettings(name="b", max_per_second=0.001)
        limits = ServerLimits(TokenBuckets(client), urgent=True)
        fill(client, "server:b", 1)
        assert asyncio.run(self.take(limits, server)) == (1, 1)
        asyncio.run(limits.slow_down(server))
        assert halvings(client, "server:b") == 1

    def test_a_server_without_a_limit_takes_all(self) -> None:
        with connect_redis("redis://127.0.0.1:1") as nowhere:
            limits = ServerLimits(TokenBuckets(nowhere), urgent=False)
            assert asyncio.run(limits.take(MailServerSettings(), 8)) == 8
            limited = MailServerSettings(max_per_second=5)
            assert asyncio.run(limits.take(limited, 8)) == 0
