"""Limits per recipient domain: big mail providers take only so many messages a second from one sender.

A claim asks for all its limited domains in one round trip, and not at all where none is limited now. What a
domain has no room for is held, which is no attempt and costs no budget, until a moment of its own: each is
told when its turn comes, or a run of half a million would be looked at again and again. A domain, or a
provider, that asks us to slow down gets less for a while, over all processes; one without a limit gets one
(`learned_limits`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from channels.email.addresses import ascii_domain
from channels.port import ChannelKind, Envelope, Outcome, OutcomeKind
from dispatcher.core.errors import ConfigurationError
from dispatcher.delivery.checks import Candidate, Verdict
from dispatcher.delivery.claim import HoldBack
from dispatcher.delivery.learned_limits import LearnedLimits
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.throttle import Grant, Limit, TokenBuckets

REASON: Final = "domain_limit"
#: A server that goes down says 421, too (RFC 3463: 4.3.2): no wish of a domain's, so it teaches no limit.
GOING_DOWN: Final = "_4.3.2"
UNREACHABLE_WAIT_SECONDS: Final = 5.0  #: until a Redis that did not answer is asked again
#: Nobody waits longer at once: limits may be raised meanwhile, and a sent-off turn is not called back.
LONGEST_WAIT_SECONDS: Final = 3600.0


class DomainLimits:
    """`per_second` by domain; raises `ConfigurationError` when a key is no domain."""

    def __init__(self, buckets: TokenBuckets, per_second: Mapping[str, float]) -> None:
        self._buckets = buckets
        self._learned = LearnedLimits(buckets)
        self._limits = {
            domain: Limit(f"domain:{domain}", limit)
            for domain, limit in ((ascii_domain(key).lower(), limit) for key, limit in per_second.items())
        }

    def hold_back_in(self, channel: str, *, urgent: bool) -> HoldBack | None:
        """What a claim in this channel must ask; None when there is nothing to ask."""
        if channel != ChannelKind.EMAIL or not (self._learned.has_any() or self._limits):
            return None
        return partial(self._hold_back, urgent=urgent)

    def heed(
        self, channel: ChannelKind, outcomes: Iterable[Outcome], envelopes: Mapping[UUID, Envelope]
    ) -> None:
        """Give less to those who asked us to slow down."""
        names, teachers = set(), set()
        for one in outcomes:
            is_wish = one.kind is OutcomeKind.THROTTLED and not one.is_heeded
            if not is_wish or one.attempt.attempt_id not in envelopes:
                continue
            if one.is_for_provider:
                names.add(f"provider:{channel.value}")
                continue
            domain = _domain_of(envelopes[one.attempt.attempt_id].address)
            if domain in self._limits:
                names.add(self._limits[domain].name)
            elif domain is not None and not one.reason.endswith(GOING_DOWN):
                teachers.add(domain)
        self._buckets.slow_down(sorted(names))
        self._learned.slow_down(teachers)

    def _hold_back(
        self, candidates: Sequence[Candidate], verdicts: Sequence[Verdict], now: datetime, *, urgent: bool
    ) -> Sequence[Verdict]:
        limits = [
            self._limit_of(one.address) if verdict.trigger is Trigger.CLAIM else None
            for one, verdict in zip(candidates, verdicts, strict=True)
        ]
        wanted = Counter(limit for limit in limits if limit is not None)
        if not wanted:
            return verdicts
        grants = self._buckets.take_each(list(wanted.items()), urgent=urgent)
        turns = {} if grants is None else dict(zip(wanted, map(_Turns, grants), strict=True))
        return [
            verdict if limit is None else _in_turn(verdict, turns.get(limit), now)
            for limit, verdict in zip(limits, verdicts, strict=True)
        ]

    def _limit_of(self, address: str | None) -> Limit | None:
        domain = _domain_of(address)
        if domain is None:
            return None
        return self._limits.get(domain) or self._learned.limit_of(domain)


def _domain_of(address: str | None) -> str | None:
    domain = (address or "").rpartition("@")[2].lower()
    if not domain.isascii():
        try:
            domain = ascii_domain(domain).lower()
        except ConfigurationError:  # no domain at all: the channel refuses the address
            return None
    return domain or None


class _Turns:
    """Hands out what one bucket granted, then the turns of those who must wait."""

    def __init__(self, grant: Grant) -> None:
        self._left = grant.granted
        self._next_seconds = grant.first_seconds
        self._spacing_seconds = grant.spacing_seconds

    def next_wait(self) -> float | None:
        """How long the next one waits, seconds; None: it may leave now."""
        if self._left > 0:
            self._left -= 1
            return None
        self._next_seconds += self._spacing_seconds
        return _bounded(self._next_seconds)


def _in_turn(verdict: Verdict, turns: _Turns | None, now: datetime) -> Verdict:
    wait = UNREACHABLE_WAIT_SECONDS if turns is None else turns.next_wait()
    return verdict if wait is None else Verdict(Trigger.HOLD, REASON, now + timedelta(seconds=wait))


def _bounded(wait: float) -> float:
    """Who would wait for too long comes back some time in the second half of the longest wait."""
    half = LONGEST_WAIT_SECONDS / 2
    return wait if wait <= LONGEST_WAIT_SECONDS else half + wait % half
