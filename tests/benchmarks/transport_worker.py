"""One process of the transport measurement: prebuilt messages over kept connections, and nothing else.

    python -m tests.benchmarks.transport_worker aiosmtplib 127.0.0.1:2525 16 25000 messages.json

Says `ready` when all connections are open, begins at the first line of its input, and says `sent N` when
the last message is answered. Each message goes to a recipient of its own, as in real sending.
"""

import argparse
import asyncio
import json
import sys
from itertools import count, islice
from pathlib import Path
from typing import Final

import aiosmtplib

SENDER: Final = "notify@energosbyt.example"
HOST_NAME: Final = "energosbyt.example"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("protocol", choices=("aiosmtplib",))
    parser.add_argument("address")
    parser.add_argument("connections", type=int)
    parser.add_argument("messages", type=int)
    parser.add_argument("file", type=Path, help="JSON: a list of messages, Latin-1 for octets")
    arguments = parser.parse_args()
    host, port = arguments.address.split(":")
    contents = [text.encode("latin-1") for text in json.loads(arguments.file.read_text())]
    asyncio.run(send_all(host, int(port), arguments.connections, arguments.messages, contents))


async def send_all(host: str, port: int, connections: int, messages: int, contents: list[bytes]) -> None:
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


async def say_and_wait(words: str) -> None:
    """Tell the parent, and wait for its next word."""
    print(words, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


def recipient(number: int) -> str:
    """An address as those of the list."""
    return f"customer.{number}@mail{number % 20}.example"


if __name__ == "__main__":
    main()
