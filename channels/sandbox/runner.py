"""The sandbox as a process of its own."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from channels.sandbox.directives import RandomFaults
from channels.sandbox.journal import Journal
from channels.sandbox.smsc_server import SandboxSmscServer, SmscSandboxOptions
from channels.sandbox.smtp_server import SandboxOptions, SandboxSmtpServer


def run_sandbox(
    host: str,
    port: int,
    journal: Path,
    bounce_host: str,
    bounce_port: int | None,
    *,
    seed: int = 0,
    fault_shares: Mapping[str, float] | None = None,
    fsync: bool = False,
    sms: SmscSandboxOptions | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; call it from the main thread.

    With `sms` it plays SMSC too, into the same journal.
    Prints `sandbox listening on host:port` when clients may come. Raises `SandboxError` when the port is
    taken, the journal cannot be written or a share in `fault_shares` (see `RandomFaults`) is wrong.
    """
    options = SandboxOptions(host=host, port=port, bounce_host=bounce_host, bounce_port=bounce_port)
    faults = RandomFaults(seed, fault_shares or {})
    book = Journal(journal, fsync=fsync)
    try:
        asyncio.run(_serve(SandboxSmtpServer(options, journal=book, faults=faults), sms, book, host))
    finally:
        book.close()


async def _serve(server: SandboxSmtpServer, sms: SmscSandboxOptions | None, book: Journal, host: str) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    smsc = None if sms is None else SandboxSmscServer(sms, journal=book)
    await server.start()
    try:
        if smsc is not None:
            await smsc.start()
            sys.stdout.write(f"sandbox plays SMSC on {smsc.url}\n")
        sys.stdout.write(f"sandbox listening on {host}:{server.port}\n")
        sys.stdout.flush()
        await told_to_stop.wait()
    finally:
        if smsc is not None:
            await smsc.stop()
        await server.stop()
