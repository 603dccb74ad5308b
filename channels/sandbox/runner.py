"""The sandbox as a process of its own."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from channels.sandbox.directives import RandomFaults
from channels.sandbox.journal import Journal
from channels.sandbox.sip_server import SandboxSipServer, SipSandboxOptions
from channels.sandbox.smpp_server import SandboxSmppServer, SmppSandboxOptions
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
    smpp: SmppSandboxOptions | None = None,
    calls: SipSandboxOptions | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; call it from the main thread.

    With `sms` it plays SMSC too, with `smpp` an operator over SMPP, with `calls` the far end of a SIP trunk,
    into the same journal.
    Prints `sandbox listening on host:port` when clients may come. Raises `SandboxError` when the port is
    taken, the journal cannot be written or a share in `fault_shares` (see `RandomFaults`) is wrong.
    """
    options = SandboxOptions(host=host, port=port, bounce_host=bounce_host, bounce_port=bounce_port)
    faults = RandomFaults(seed, fault_shares or {})
    book = Journal(journal, fsync=fsync)
    try:
        servers = _Servers(
            SandboxSmtpServer(options, journal=book, faults=faults),
            None if sms is None else SandboxSmscServer(sms, journal=book),
            None if smpp is None else SandboxSmppServer(smpp, journal=book),
            None if calls is None else SandboxSipServer(calls, journal=book),
        )
        asyncio.run(_serve(servers, host))
    finally:
        book.close()


@dataclass(frozen=True, slots=True)
class _Servers:
    """What is played; None: not this time."""

    mail: SandboxSmtpServer
    smsc: SandboxSmscServer | None
    operator: SandboxSmppServer | None
    sip: SandboxSipServer | None


async def _serve(servers: _Servers, host: str) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    async with AsyncExitStack() as stack:
        for one in (servers.mail, servers.smsc, servers.operator, servers.sip):
            if one is not None:
                stack.push_async_callback(one.stop)
                await one.start()
        if servers.smsc is not None:
            sys.stdout.write(f"sandbox plays SMSC on {servers.smsc.url}\n")
        if servers.operator is not None:
            sys.stdout.write(f"sandbox plays an operator over SMPP on {servers.operator.address}\n")
        if servers.sip is not None:
            sys.stdout.write(f"sandbox answers calls on {servers.sip.address}\n")
        sys.stdout.write(f"sandbox listening on {host}:{servers.mail.port}\n")
        sys.stdout.flush()
        await told_to_stop.wait()
