"""The processes that `up` and `demo` run under one supervisor, and the servers below them."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from channels.port import ChannelKind
from dispatcher.bootstrap import (
    Addresses,
    Application,
    bring_up_to_date,
    check_both_or_neither,
    configured_channels,
    open_on,
)
from dispatcher.core.queue_names import QueueName
from dispatcher.core.settings import Settings
from dispatcher.delivery.tasks import LANES
from dispatcher.embedded.child import ChildCommand
from dispatcher.embedded.servers import EmbeddedServers


@dataclass(frozen=True, slots=True)
class Household:
    """An application whose servers this process keeps running by calling `keep_servers`."""

    application: Application
    keep_servers: Callable[[], object]


@contextmanager
def own_household(settings: Settings) -> Iterator[Household]:
    """Own the embedded servers, or use the configured ones, with the schema brought up to date.

    Raises `ConfigurationError` when only one of the two addresses is set.
    """
    check_both_or_neither(settings)
    if settings.database_url is not None and settings.redis_url is not None:
        addresses = Addresses(settings.database_url.get_secret_value(), settings.redis_url.get_secret_value())
        with open_on(settings, addresses) as application:
            bring_up_to_date(application.database.engine)
            yield Household(application, lambda: None)
        return
    with EmbeddedServers(settings.data_directory) as servers:
        addresses = Addresses(servers.addresses.database_url, servers.addresses.redis_url)
        with open_on(settings, addresses) as application:
            bring_up_to_date(application.database.engine)
            yield Household(application, servers.ensure_running)


def command(name: str, *arguments: str, environment: Mapping[str, str]) -> ChildCommand:
    """One of our own commands as a supervised process."""
    return ChildCommand(name, [sys.executable, "-m", "dispatcher", *arguments], environment)


def household_commands(application: Application, environment: Mapping[str, str]) -> list[ChildCommand]:
    """Web, scheduler, bounce listener, and workers by lane for every channel that is configured.

    One more worker fetches bills where servers are named for them.
    """
    commands = [command(name, name, environment=environment) for name in ("web", "scheduler", "bounces")]
    kinds = configured_channels(application.settings)
    workers = application.settings.workers
    counts = {
        QueueName.EMAIL_BULK: workers.bulk_processes,
        QueueName.EMAIL_URGENT: workers.urgent_processes,
        QueueName.SMS_BULK: workers.sms_bulk_processes,
        QueueName.SMS_URGENT: workers.sms_urgent_processes,
        QueueName.VOICE_BULK: workers.voice_bulk_processes,
        QueueName.VOICE_URGENT: workers.voice_urgent_processes,
    }
    for queue, count in counts.items():
        if LANES[queue].channel not in kinds:
            continue
        commands += [
            command(
                f"worker-{queue}-{number}",
                "worker",
                "--lane",
                str(queue),
                "--threads",
                str(workers.threads),
                environment=environment,
            )
            for number in range(1, count + 1)
        ]
    attachments = application.settings.attachments
    if ChannelKind.EMAIL in kinds and (attachments.hosts or attachments.internal_hosts):
        arguments = ("worker", "--lane", str(QueueName.BILLS), "--threads", "1")
        commands.append(command(f"worker-{QueueName.BILLS}", *arguments, environment=environment))
    return commands
