"""One process of the transport measurement: prebuilt messages over kept connections, and nothing else.

    python -m tests.benchmarks.transport_worker aiosmtplib 127.0.0.1:2525 16 25000 messages.json

Says `ready` when all connections are open, begins at the first line of its input, and says `sent N` when
the last message is answered. Each message goes to a recipient of its own, as in real sending.
"""

import argparse
import asyncio
import json
import sys
from datetime import date
from itertools import count, islice
from pathlib import Path
from typing import Final

import aiosmtplib

from channels.email.connection import SmtpConnection, TlsContext
from channels.email.pipeline import PipelinedSession
from channels.email.replies import Verdict
from channels.email.transaction import Letter, Request
from channels.port import AttemptReference, Envelope, OutcomeKind
from dispatcher.core.ids import new_id
from dispatcher.core.settings import SmtpSettings

SENDER: Final = "notify@energosbyt.example"
HOST_NAME: Final = "energosbyt.example"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("protocol", choices=tuple(PROTOCOLS))
    parser.add_argument("address")
    parser.add_argument("connections", type=int)
    parser.add_argument("messages", type=int)
    parser.add_argument("file", type=Path, help="JSON: a list of messages, Latin-1 for octets")
    arguments = parser.parse_args()
    host, port = arguments.address.split(":")
    contents = [text.encode("latin-1") for text in json.loads(arguments.file.read_text())]
    send = PROTOCOLS[arguments.protocol]
    asyncio.run(send(host, int(port), arguments.connections, arguments.messages, contents))


async def send_by_aiosmtplib(
    host: str, port: int, connections: int, messages: int, contents: list[bytes]
) -> None:
    """Send over so many connections at once, and say how many messages the server took."""
    clients = [
        aiosmtplib.SMTP(hostname=host, port=port, local_hostname=HOST_NAME, use_tls=False, start_tls=False)
        for _ in range(connections)
    ]
    for client in clients:
        await client.connect()
    await say_and_wait("ready")
    numbers = islice(count(), messages)

    async def work(client: aiosmtplib.SMTP) -> int:
        sent = 0
        for number in numbers:
            content = contents[number % len(contents)]
            await client.sendmail(SENDER, recipient(number), content, mail_options=["BODY=8BITMIME"])
            sent += 1
        return sent

    sent = sum(await asyncio.gather(*(work(client) for client in clients)))
    await say_and_wait(f"sent {sent}")
    for client in clients:
        await client.quit()


async def send_pipelined(
    host: str, port: int, connections: int, messages: int, contents: list[bytes]
) -> None:
    """The same by the product's own protocol."""
    settings = SmtpSettings(
        host=host, port=port, security="none", connections=connections, messages_per_connection=messages
    )
    kept = [SmtpConnection(settings, TlsContext(settings), HOST_NAME) for _ in range(connections)]
    for connection in kept:
        await connection.open()
    await say_and_wait("ready")
    source = PrebuiltLetters(messages, contents)
    await asyncio.gather(*(PipelinedSession(connection, source).run() for connection in kept))
    await say_and_wait(f"sent {source.accepted}")
    for connection in kept:
        await connection.close()


class PrebuiltLetters:
    """So many letters for whichever connection asks; counts those that were taken."""

    def __init__(self, messages: int, contents: list[bytes]) -> None:
        self._numbers = islice(count(), messages)
        self._contents = contents
        self.accepted = 0
        self._envelope = Envelope(
            AttemptReference(date(2026, 1, 1), new_id()), "prebuilt", recipient(0), "", "", ""
        )

    def take(self, connection: SmtpConnection) -> Letter | None:
        """The next letter, or None when all are gone."""
        number = next(self._numbers, None)
        if number is None:
            return None
        content = self._contents[number % len(self._contents)]
        request = Request(SENDER, recipient(number), content, mail_options=("BODY=8BITMIME",))
        return Letter(self._envelope, request, connection.server, is_first_use=connection.begun == 0)

    def must_stop(self) -> bool:
        """Never before the end."""
        return False

    def settle(self, letter: Letter, verdict: Verdict) -> None:
        """Count it."""
        self.accepted += verdict.kind is OutcomeKind.ACCEPTED

    def put_back(self, letter: Letter) -> None:
        """Lost: the counts will say so."""


async def say_and_wait(words: str) -> None:
    """Tell the parent, and wait for its next word."""
    print(words, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


def recipient(number: int) -> str:
    """An address as those of the list."""
    return f"customer.{number}@mail{number % 20}.example"


PROTOCOLS: Final = {"aiosmtplib": send_by_aiosmtplib, "pipelined": send_pipelined}

if __name__ == "__main__":
    main()
