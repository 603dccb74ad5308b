"""Limits of single mail servers, where there are several: the channel asks before it uses one.

The same buckets as for the claim, over all processes; an unreachable Redis grants nothing there either.
"""

import asyncio
from dataclasses import dataclass

from dispatcher.core.settings import MailServerSettings
from dispatcher.delivery.throttle import Limit, TokenBuckets


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """See `channels.email.gate.ServerGate`. `urgent`: this process works urgent lanes only."""

    buckets: TokenBuckets
    urgent: bool

    async def take(self, server: MailServerSettings, wanted: int) -> int:
        """How many of `wanted` messages may go by the server now."""
        limits = _limits(server)
        return await asyncio.to_thread(self.buckets.take, limits, wanted, urgent=self.urgent)

    async def give_back(self, server: MailServerSettings, unused: int) -> None:
        """So many of them did not go."""
        await asyncio.to_thread(self.buckets.give_back, _limits(server), unused)

    async def slow_down(self, server: MailServerSettings) -> None:
        """The server asked for fewer: for a while all processes send it half as many."""
        await asyncio.to_thread(self.buckets.slow_down, [limit.name for limit in _limits(server)])


def _limits(server: MailServerSettings) -> list[Limit]:
    if server.max_per_second is None:
        return []
    return [Limit(f"server:{server.name}", server.max_per_second)]
