"""The sandbox as a process of its own."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from channels.sandbox.directives import RandomFaults
from channels.sandbox.journal import Journal
from channels.sandbox.sip_server import SandboxSipServer, SipSandboxOptions
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
    calls: SipSandboxOptions | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; call it from the main thread.

    With `sms` it plays SMSC too, with `calls` the far end of a SIP trunk, into the same journal.
    Prints `sandbox listening on host:port` when clients may come. Raises `SandboxError` when the port is
    taken, the journal cannot be written or a share in `fault_shares` (see `RandomFaults`) is wrong.
    """
    options = SandboxOptions(host=host, port=port, bounce_host=bounce_host, bounce_port=bounce_port)
    faults = RandomFaults(seed, fault_shares or {})
    book = Journal(journal, fsync=fsync)
    try:
        server = SandboxSmtpServer(options, journal=book, faults=faults)
        smsc = None if sms is None else SandboxSmscServer(sms, journal=book)
        sip = None if calls is None else SandboxSipServer(calls, journal=book)
        asyncio.run(_serve(server, smsc, sip, host))
    finally:
        book.close()


async def _serve(
    server: SandboxSmtpServer, smsc: SandboxSmscServer | None, sip: SandboxSipServer | None, host: str
) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        await server.start()
        if smsc is not None:
            stack.push_async_callback(smsc.stop)
            await smsc.start()
            sys.stdout.write(f"sandbox plays SMSC on {smsc.url}\n")
        if sip is not None:
            stack.push_async_callback(sip.stop)
            await sip.start()
            sys.stdout.write(f"sandbox answers calls on {sip.address}\n")
        sys.stdout.write(f"sandbox listening on {host}:{server.port}\n")
        sys.stdout.flush()
        await told_to_stop.wait()
