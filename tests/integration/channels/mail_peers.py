"""Starts the sandbox's mail server with a channel to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from channels.email.channel import EmailChannel
from channels.sandbox import Journal, RandomFaults, SandboxOptions, SandboxSmtpServer
from channels.sandbox.mail_host import ReceivedMail
from dispatcher.core.settings import MailSettings, SmtpSettings
from tests.integration.channels.channel_contract import PATIENCE_SECONDS

KEY = b"a key for tests"
MAIL = MailSettings(bounce_domain="bounces.example", message_id_domain="sender.example")


def make_channel(port: int, **changes: Any) -> EmailChannel:
    fields: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "timeout_seconds": PATIENCE_SECONDS,
    }
    return EmailChannel(SmtpSettings(**(fields | changes)), MAIL, KEY)


class MailPeer:
    """A sandbox, what it received, and channels to it that are closed at the end."""

    def __init__(self, server: SandboxSmtpServer, received: list[ReceivedMail]) -> None:
        self.server = server
        self.received = received
        self._channels: list[EmailChannel] = []

    def channel(self, **changes: Any) -> EmailChannel:
        channel = make_channel(self.server.port, **changes)
        self._channels.append(channel)
        return channel

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()
        await self.server.stop()


@asynccontextmanager
async def mail_peer(
    *, journal: Path | None = None, faults: RandomFaults | None = None, fsync: bool = False, **options: Any
) -> AsyncIterator[MailPeer]:
    received: list[ReceivedMail] = []
    book = Journal(journal, fsync=fsync) if journal else None
    server = SandboxSmtpServer(
        SandboxOptions(**options), journal=book, faults=faults, on_message=received.append
    )
    await server.start()
    peer = MailPeer(server, received)
    try:
        yield peer
    finally:
        await peer.close()
        if book:
            book.close()
