"""The lines of SIP trunks over all processes: an operator counts calls, not our processes.

A line is held in Redis for as long as its process renews it, so those of a killed process are free again a
little later. A tenth of every trunk is kept for the urgent lane (promise P9). An unreachable Redis grants
nothing (promise P4); after a flush the lines that are in use come back with their next renewal.
"""

import asyncio
import math
from collections import defaultdict
from typing import Final

import redis
import structlog

from dispatcher.core.voice_settings import TrunkSettings
from dispatcher.delivery.throttle import URGENT_SHARE, Limit, TokenBuckets

log = structlog.get_logger(__name__)

LEASE_MS: Final = 15_000
RENEW_SECONDS: Final = 4.0
#: Fewer lines than this are not shared out: nobody could use a part of one.
LEAST_FOR_RESERVE: Final = 2

_NOW: Final = """
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
"""
_TAKE: Final = f"""{_NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""
_RENEW: Final = f"""{_NOW}
for place = 2, #ARGV do redis.call('ZADD', KEYS[1], now + tonumber(ARGV[1]), ARGV[place]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
"""


class TrunkLines:
    """See `channels.voice.sip.trunks.TrunkGate`. `urgent`: this process works urgent lanes only."""

    def __init__(
        self,
        client: redis.Redis,
        buckets: TokenBuckets,
        *,
        urgent: bool,
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        self._client = client
        self._buckets = buckets
        self._urgent = urgent
        self._renew_seconds = renew_seconds
        self._take = client.register_script(_TAKE)
        self._renew = client.register_script(_RENEW)
        self._held: defaultdict[str, set[str]] = defaultdict(set)
        self._renewing: asyncio.Task[None] | None = None

    async def take_line(self, trunk: TrunkSettings, call_key: str) -> bool:
        """Whether one more call may be begun over the trunk now; it then holds a line."""
        if not await asyncio.to_thread(self._try_take, trunk, call_key):
            return False
        self._held[trunk.name].add(call_key)
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._keep_renewing())
        return True

    async def give_back(self, trunk: TrunkSettings, call_key: str) -> None:
        """The call is over, or was never begun."""
        self._held[trunk.name].discard(call_key)
        try:
            await asyncio.to_thread(self._client.zrem, _key(trunk.name), call_key)
        except redis.RedisError as error:  # it runs out by itself
            log.warning("voice.lines_unreachable", error=type(error).__name__)

    async def close(self) -> None:
        """Renew nothing more; what is still held runs out by itself."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait({self._renewing})

    def _try_take(self, trunk: TrunkSettings, call_key: str) -> bool:
        most = trunk.lines
        if not self._urgent and most >= LEAST_FOR_RESERVE:
            most -= math.ceil(most * URGENT_SHARE)
        try:
            if not self._take(keys=[_key(trunk.name)], args=[most, LEASE_MS, call_key]):
                return False
            pace = Limit(f"trunk:{trunk.name}", trunk.calls_per_second)
            if self._buckets.take([pace], 1, urgent=self._urgent):
                return True
            self._client.zrem(_key(trunk.name), call_key)
        except redis.RedisError as error:
            log.warning("voice.lines_unreachable", error=type(error).__name__)
        return False

    async def _keep_renewing(self) -> None:
        """As long as any line is held; the next one taken begins it anew."""
        while any(self._held.values()):
            await asyncio.sleep(self._renew_seconds)
            for name, keys in list(self._held.items()):
                if keys:
                    await asyncio.to_thread(self._renew_all, name, sorted(keys))

    def _renew_all(self, name: str, call_keys: list[str]) -> None:
        try:
            self._renew(keys=[_key(name)], args=[LEASE_MS, *call_keys])
        except redis.RedisError as error:
            log.warning("voice.lines_unreachable", error=type(error).__name__)


def _key(name: str) -> str:
    return f"lines:{name}"
