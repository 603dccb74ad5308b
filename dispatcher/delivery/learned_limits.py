"""Limits that domains have taught us: one without a configured limit asked for fewer messages.

It gets ten a second from then on, over all processes; half of that when it asks again. Every two minutes
the rate doubles, and after twelve quiet minutes the limit is forgotten. The buckets are those of the
configured limits, with a rate so high that halvings alone say what is left of it.

What has been learned is in Redis and may be lost with it (promise P4): the next refusal teaches it again.
Domains stand there as digests, for a domain of one's own names its owner (promise P10).
"""

import hashlib
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, cast

import redis
import structlog

from dispatcher.delivery.throttle import STEP_SECONDS, Limit, TokenBuckets

log = structlog.get_logger()

KEY: Final = "limit:learned"  #: a sorted set: digest of a domain → when its limit is forgotten, epoch seconds
CEILING_PER_SECOND: Final = 640.0  #: beyond it a limit would hold nobody back
FIRST_HALVINGS: Final = 6  #: 640 / 2⁶: ten a second after the first wish
MOST_HALVINGS: Final = 12  #: 640 / 2¹²: one in six seconds at least
REFRESH_SECONDS: Final = 1.0  #: how often a process looks for what others have learned
UNREACHABLE_SECONDS: Final = 5.0  #: until a Redis that did not answer is asked again


class LearnedLimits:
    """What this process knows of the learned limits. Safe to be asked from several threads."""

    def __init__(self, buckets: TokenBuckets) -> None:
        self._buckets = buckets
        self._client = buckets.client
        self._known: frozenset[str] = frozenset()
        self._next_look = float("-inf")

    def has_any(self) -> bool:
        """Whether any domain is limited now. Asks Redis once a second at most; keeps what it knew else."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + REFRESH_SECONDS
            self._look()
        return bool(self._known)

    def limit_of(self, domain: str) -> Limit | None:
        """The learned limit of a domain (lower case, ASCII); None: it has not asked for less."""
        if not self._known:
            return None
        digest = _digest(domain)
        return _limit(digest) if digest in self._known else None

    def slow_down(self, domains: Iterable[str]) -> None:
        """These domains, which have no configured limit, asked for less. Never raises."""
        digests = sorted({_digest(domain) for domain in domains})
        if not digests:
            return
        names = [_limit(digest).name for digest in digests]
        halvings = self._buckets.slow_down(names, first=FIRST_HALVINGS, most=MOST_HALVINGS)
        self._known |= frozenset(digests)
        self._next_look = time.monotonic() + REFRESH_SECONDS
        try:
            seconds, _ = self._client.time()
            ends = {
                digest: seconds + left * STEP_SECONDS for digest, left in zip(digests, halvings, strict=True)
            }
            self._client.zadd(KEY, ends)
            self._client.expire(KEY, MOST_HALVINGS * STEP_SECONDS)
        except (redis.RedisError, ValueError) as error:  # ValueError: the buckets could not be reached
            log.warning("delivery.limits_unreachable", error=type(error).__name__)
            return
        log.info("delivery.domains_slowed", domains=len(digests))

    def _look(self) -> None:
        try:
            seconds, _ = self._client.time()
            self._client.zremrangebyscore(KEY, "-inf", seconds)
            members = cast(list[bytes], self._client.zrange(KEY, 0, -1))
            self._known = frozenset(member.decode() for member in members)
        except redis.RedisError as error:
            self._next_look = time.monotonic() + UNREACHABLE_SECONDS
            log.warning("delivery.limits_unreachable", error=type(error).__name__)


@lru_cache(maxsize=1024)
def _digest(domain: str) -> str:
    return hashlib.blake2b(domain.encode(), digest_size=12).hexdigest()


def _limit(digest: str) -> Limit:
    return Limit(f"learned:{digest}", CEILING_PER_SECOND)
