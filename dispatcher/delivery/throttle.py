"""Token buckets in Redis: limits per provider, per run and per recipient domain over all processes.

A tenth of every bucket is kept for the urgent lane (promise P9). An unreachable Redis grants nothing:
limits fail closed (promise P4). After a flush buckets start empty.

Who asks us to slow down gets half as much, and half of that when it asks again; every two minutes one
halving is undone. What a bucket refuses can be given a time at which there will be room for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis
import structlog

log = structlog.get_logger()

URGENT_SHARE: Final = 0.1
KEPT_MS: Final = 60_000
#: Refusals come in bunches: those within so many seconds are one wish.
BUNCH_SECONDS: Final = 10
STEP_SECONDS: Final = 120  #: until one halving is undone
MOST_HALVINGS: Final = 6

# What both scripts need: the state of a bucket, and its rate after the halvings that still hold.
_READ: Final = """
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
local function read(key)
  local kept = redis.call('HMGET', key, 'tokens', 'at', 'halvings', 'slowed_at', 'tail')
  local slowed_at = tonumber(kept[4]) or 0
  local undone = math.floor((now - slowed_at) / STEP)
  return {tokens = tonumber(kept[1]) or 0, at = tonumber(kept[2]) or now, slowed_at = slowed_at,
          halvings = math.max(0, (tonumber(kept[3]) or 0) - undone), tail = tonumber(kept[5]) or now}
end
""".replace("STEP", str(STEP_SECONDS))
# A new bucket starts empty, so a flush never opens the gates. One that ran over shows that nobody queues.
_TAKE: Final = f"""{_READ}
local share, kept_ms, is_queued = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local answers = {{}}
for place, key in ipairs(KEYS) do
  local full_rate, wanted = tonumber(ARGV[2 + 2 * place]), tonumber(ARGV[3 + 2 * place])
  local bucket = read(key)
  local rate = full_rate / 2 ^ bucket.halvings
  local burst = math.max(1, rate)
  -- A burst of less than two tokens could never pass a floor: there the urgent lane has no reserve.
  local floor = burst < 2 and 0 or burst * share
  local filled = bucket.tokens + (now - bucket.at) * rate
  local tokens = math.min(burst, filled)
  local granted = math.max(0, math.min(wanted, math.floor(tokens - floor)))
  local tail = filled >= 2 * burst and now or math.max(now, bucket.tail)
  local first = tail - now
  if is_queued and granted < wanted then
    tail = tail + (wanted - granted) / rate
    redis.call('HSET', key, 'tail', string.format('%.6f', tail))
  end
  redis.call('HSET', key, 'tokens', tostring(tokens - granted), 'at', string.format('%.6f', now))
  local useful = math.max(bucket.halvings * {STEP_SECONDS}, tail - now, 2 / rate)
  redis.call('PEXPIRE', key, math.ceil(kept_ms + useful * 1000))
  answers[place] = {{granted, tostring(first), tostring(1 / rate)}}
end
return answers
"""
_SLOW_DOWN: Final = f"""{_READ}
local answers, first, most = {{}}, tonumber(ARGV[3]), tonumber(ARGV[4])
for place, key in ipairs(KEYS) do
  local bucket = read(key)
  if now - bucket.slowed_at >= tonumber(ARGV[1]) then
    bucket.halvings = bucket.halvings == 0 and first or math.min(most, bucket.halvings + 1)
    redis.call('HSET', key, 'tokens', '0', 'at', string.format('%.6f', now),
               'halvings', bucket.halvings, 'slowed_at', string.format('%.6f', now))
    redis.call('PEXPIRE', key, tonumber(ARGV[2]) + bucket.halvings * {STEP_SECONDS} * 1000)
  end
  answers[place] = bucket.halvings
end
return answers
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """One bucket: a name and how many attempts per second it fills with."""

    name: str
    per_second: float


@dataclass(frozen=True, slots=True)
class Grant:
    """How many were granted; the others get a turn after `first_seconds`, one each `spacing_seconds`."""

    granted: int
    first_seconds: float
    spacing_seconds: float


class TokenBuckets:
    """Asks the buckets before a claim how many attempts may be taken."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self._take = client.register_script(_TAKE)
        self._slow_down = client.register_script(_SLOW_DOWN)

    def take(self, limits: list[Limit], wanted: int, *, urgent: bool) -> int:
        """How many of `wanted` attempts every limit allows now (0 when Redis is unreachable)."""
        granted = wanted
        asked: list[Limit] = []
        for limit in limits:
            try:
                ((allowed, *_),) = self._ask([(limit, granted)], urgent=urgent, is_queued=False)
            except redis.RedisError as error:
                log.warning("delivery.limits_unreachable", error=type(error).__name__)
                return 0
            # What this limit refuses must not be lost to the limits asked before it.
            self.give_back(asked, granted - allowed)
            asked.append(limit)
            granted = allowed
        return granted

    def take_each(self, wanted: Sequence[tuple[Limit, int]], *, urgent: bool) -> list[Grant] | None:
        """What each bucket grants of what is wanted from it, in one round trip; None: no Redis."""
        try:
            answers = self._ask(wanted, urgent=urgent, is_queued=True)
        except redis.RedisError as error:
            log.warning("delivery.limits_unreachable", error=type(error).__name__)
            return None
        return [Grant(granted, float(first), float(spacing)) for granted, first, spacing in answers]

    def slow_down(self, names: Sequence[str], *, first: int = 1, most: int = MOST_HALVINGS) -> Sequence[int]:
        """Halve the rate of these buckets for a while: somebody behind them asks for less.

        One at its full rate is halved `first` times. Returns the halvings of each now; empty: no Redis.
        """
        if not names:
            return ()
        keys = [f"limit:{name}" for name in names]
        try:
            halvings: list[int] = self._slow_down(keys=keys, args=[BUNCH_SECONDS, KEPT_MS, first, most])
        except redis.RedisError as error:
            log.warning("delivery.limits_unreachable", error=type(error).__name__)
            return ()
        return halvings

    def give_back(self, limits: list[Limit], unused: int) -> None:
        """Return tokens that were taken for attempts that did not exist."""
        if unused <= 0:
            return
        for limit in limits:
            try:
                self.client.hincrbyfloat(f"limit:{limit.name}", "tokens", unused)
            except redis.RedisError as error:
                log.warning("delivery.limits_unreachable", error=type(error).__name__)

    def _ask(self, wanted: Sequence[tuple[Limit, int]], *, urgent: bool, is_queued: bool) -> list[Any]:
        share = 0.0 if urgent else URGENT_SHARE
        rates = [value for limit, count in wanted for value in (limit.per_second, count)]
        answers: list[Any] = self._take(
            keys=[f"limit:{limit.name}" for limit, _ in wanted],
            args=[share, KEPT_MS, int(is_queued), *rates],
        )
        return answers
