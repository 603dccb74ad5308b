"""The broker and the queues. `actor` comes from here, so that the broker is always set first.

Messages carry ids only and merely wake somebody: losing one costs a sweep's delay (design: section 5.2).
The broker's own defaults would find a dead worker's messages only after minutes, so maintenance runs on
every command and a silent worker counts as dead after five seconds.
"""

from typing import Any, Final

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Retries
from redis.backoff import NoBackoff
from redis.retry import Retry

from dispatcher.core.errors import ConfigurationError

HEARTBEAT_TIMEOUT_MS: Final = 5_000
ALWAYS_MAINTAIN: Final = 1_000_000  #: out of one million commands
#: Limits are asked inside a claim, which a pause waits for: a Redis that hangs must not hold it up.
REDIS_TIMEOUT_SECONDS: Final = 1.0


class _NotConnected(redis.ConnectionPool):
    """Refuses to connect until the composition root has named the server."""

    def get_connection(self, *_args: Any, **_options: Any) -> Any:
        raise ConfigurationError("the queue was used before it was connected: build the application first")


broker: Final = RedisBroker(
    client=redis.Redis(connection_pool=_NotConnected()),
    # Neither TimeLimit nor ShutdownNotifications: they raise in the middle of a thread that may be
    # recording what was sent. Work is bounded by its own clock instead.
    middleware=[AgeLimit(), Retries()],
    maintenance_chance=ALWAYS_MAINTAIN,
    heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
)
dramatiq.set_broker(broker)

actor = dramatiq.actor


def connect_redis(url: str) -> "redis.Redis":
    """A client with bounded waits: an unreachable server is an error at once, never a hang.

    One more try for a connection that the server has closed meanwhile, and no pauses in between: a claim
    asks the limits inside its transaction, and whoever pauses a run would wait for the client's own
    back-off of seconds.
    """
    return redis.Redis.from_url(
        url,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )


def connect_broker(url: str) -> None:
    """Point the broker at its server; called once by the composition root."""
    broker.client.connection_pool = redis.ConnectionPool.from_url(
        url, socket_connect_timeout=REDIS_TIMEOUT_SECONDS
    )
