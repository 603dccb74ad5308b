"""Lines of trunks in a real Valkey: held, renewed, given back, and free again when a process is gone."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis

from channels.port import ChannelKind
from channels.voice.errors import NotDialledError
from channels.voice.reasons import CallReason
from channels.voice.telephone import CallRequest
from dispatcher.bootstrap import build_channels
from dispatcher.core.queue import connect_redis
from dispatcher.core.voice_settings import TrunkSettings, VoiceSettings
from dispatcher.delivery.throttle import TokenBuckets
from dispatcher.delivery.trunk_lines import LEASE_MS, TrunkLines
from tests.engine import Engine
from tests.integration.delivery.test_domain_limits import fill


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        client.delete("lines:main", "limit:trunk:main")
        yield client


def trunk(**changes: Any) -> TrunkSettings:
    fields: dict[str, Any] = {
        "name": "main",
        "host": "127.0.0.1",
        "caller_ids": [{"number": "74950000000"}],
        "lines": 3,
        "calls_per_second": 1000,
    }
    return TrunkSettings(**(fields | changes))


class Unlimited(TokenBuckets):
    def take(self, limits: Any, wanted: int, *, urgent: bool) -> int:
        return wanted


def lines(client: redis.Redis, *, urgent: bool = True, buckets: TokenBuckets | None = None) -> TrunkLines:
    return TrunkLines(client, buckets or Unlimited(client), urgent=urgent)


async def take(gate: TrunkLines, *keys: str, **changes: Any) -> list[bool]:
    return [await gate.take_line(trunk(**changes), key) for key in keys]


class TestLines:
    def test_two_processes_share_the_lines_of_a_trunk(self, client: redis.Redis) -> None:
        async def case() -> None:
            one, other = lines(client), lines(client)
            assert await take(one, "a", "b") == [True, True]
            assert await take(other, "c", "d") == [True, False]
            await one.give_back(trunk(), "a")
            assert await take(other, "d") == [True]
            await one.close()
            await other.close()

        asyncio.run(case())

    def test_a_tenth_is_kept_for_the_urgent_lane(self, client: redis.Redis) -> None:
        async def case() -> None:
            bulk, urgent = lines(client, urgent=False), lines(client)
            assert await take(bulk, "a", "b", "c") == [True, True, False]
            assert await take(urgent, "c") == [True]
            await bulk.close()
            await urgent.close()

        asyncio.run(case())

    def test_the_lines_of_a_killed_process_run_out(self, client: redis.Redis) -> None:
        async def case() -> None:
            killed, living = lines(client), lines(client)
            await take(killed, "a", "b", "c")
            await killed.close()  # nobody renews them any more
            assert client.zcard("lines:main") == 3
            assert 0 < client.pttl("lines:main") <= LEASE_MS
            client.zadd("lines:main", dict.fromkeys("abc", 1))  # as if the lease were over
            assert await take(living, "d") == [True]
            await living.close()

        asyncio.run(case())

    def test_what_is_in_use_is_renewed_and_comes_back_after_a_flush(self, client: redis.Redis) -> None:
        async def case() -> None:
            gate = TrunkLines(client, Unlimited(client), urgent=True, renew_seconds=0.02)
            await take(gate, "a", "b")
            client.delete("lines:main")
            while client.zcard("lines:main") < 2:
                await asyncio.sleep(0.01)
            assert await take(gate, "c", "d") == [True, False]
            await gate.close()

        asyncio.run(case())

    def test_calls_per_second_hold_over_all_processes(self, client: redis.Redis) -> None:
        async def case() -> None:
            fill(client, "trunk:main", 1)
            gate = lines(client, buckets=TokenBuckets(client))
            assert await take(gate, "a", "b", calls_per_second=0.001) == [True, False]
            assert client.zrange("lines:main", 0, -1) == [b"a"]
            await gate.close()

        asyncio.run(case())

    def test_an_unreachable_redis_grants_no_line(self) -> None:
        async def case() -> None:
            with connect_redis("redis://127.0.0.1:1") as nowhere:
                gate = lines(nowhere)
                assert await take(gate, "a") == [False]
                await gate.give_back(trunk(), "a")
                await gate.close()

        asyncio.run(case())


class TestAWorkerOfCalls:
    def test_dials_over_no_line_that_another_process_holds(self, engine: Engine, client: redis.Redis) -> None:
        voice = VoiceSettings(trunks=[trunk()], address="127.0.0.1")
        settings = engine.application.settings.model_copy(update={"voice": voice})
        application = replace(engine.application, settings=settings)
        registry = build_channels(application, urgent=True, kinds=[ChannelKind.VOICE])
        telephone = registry.get(ChannelKind.VOICE)._telephone  # type: ignore[attr-defined]

        async def case() -> None:
            other = lines(client)
            assert await take(other, "a", "b", "c") == [True, True, True]
            request = CallRequest("+79161234567", "d", begin_until=time.monotonic() + 0.6)
            with pytest.raises(NotDialledError) as refused:
                await telephone.call(request)
            assert refused.value.reason is CallReason.NOT_BEGUN_IN_TIME
            await telephone.close()
            await other.close()

        asyncio.run(case())
