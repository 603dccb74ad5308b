"""Token buckets in Redis: limits per provider and per run over all processes.

A tenth of every bucket is kept for the urgent lane (promise P9). An unreachable Redis grants nothing:
limits fail closed (promise P4). After a flush buckets start empty.
"""

from dataclasses import dataclass
from typing import Final

import redis
import structlog

log = structlog.get_logger()

URGENT_SHARE: Final = 0.1
KEPT_MS: Final = 60_000

# A new bucket starts empty, so a flush never opens the gates.
_TAKE: Final = """
local rate, burst, floor, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1]) or 0
local at = tonumber(kept[2]) or now
tokens = math.min(burst, tokens + (now - at) * rate)
local granted = math.max(0, math.min(wanted, math.floor(tokens - floor)))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - granted), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return granted
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """One bucket: a name and how many attempts per second it fills with."""

    name: str
    per_second: float


class TokenBuckets:
    """Asks the buckets before a claim how many attempts may be taken."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._take = client.register_script(_TAKE)

    def take(self, limits: list[Limit], wanted: int, *, urgent: bool) -> int:
        """How many of `wanted` attempts every limit allows now (0 when Redis is unreachable)."""
        granted = wanted
        asked: list[Limit] = []
        for limit in limits:
            try:
                allowed = self._take_from(limit, granted, urgent=urgent)
            except redis.RedisError as error:
                log.warning("delivery.limits_unreachable", error=type(error).__name__)
                return 0
            # What this limit refuses must not be lost to the limits asked before it.
            self.give_back(asked, granted - allowed)
            asked.append(limit)
            granted = allowed
        return granted

    def give_back(self, limits: list[Limit], unused: int) -> None:
        """Return tokens that were taken for attempts that did not exist."""
        if unused <= 0:
            return
        for limit in limits:
            try:
                self._client.hincrbyfloat(f"limit:{limit.name}", "tokens", unused)
            except redis.RedisError as error:
                log.warning("delivery.limits_unreachable", error=type(error).__name__)

    def _take_from(self, limit: Limit, wanted: int, *, urgent: bool) -> int:
        burst = max(1.0, limit.per_second)
        floor = 0.0 if urgent else burst * URGENT_SHARE
        # A burst of less than two tokens could never pass a floor: there the urgent lane has no reserve.
        floor = 0.0 if burst < 2 else floor
        return int(
            self._take(keys=[f"limit:{limit.name}"], args=[limit.per_second, burst, floor, wanted, KEPT_MS])
        )
