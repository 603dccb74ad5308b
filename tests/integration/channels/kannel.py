"""Kannel's bearerbox and smsbox, private: own configuration, free ports on loopback, no file outside."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

from tests.ports import reserve_port

_CONFIGURATION: Final = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = secret
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
box-deny-ip = "*.*.*.*"
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = sandbox
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = sandbox
smsc-password = sandbox
system-type = ""
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sending}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = tester
password = tester
concatenation = true
max-messages = 10
"""
PROGRAMS: Final = ("bearerbox", "smsbox")


def why_not() -> str | None:
    """Why Kannel cannot run here; None when it can."""
    missing = [name for name in PROGRAMS if _path(name) is None]
    return f"not installed: {', '.join(missing)} (package kannel)" if missing else None


@asynccontextmanager
async def running(directory: Path, smsc_port: int) -> AsyncIterator[str]:
    """Kannel bound to an SMSC; yields the address where it takes messages."""
    admin, boxes, sending = (reserve_port() for _ in range(3))
    configuration = directory / "kannel.conf"
    configuration.write_text(_CONFIGURATION.format(admin=admin, boxes=boxes, sending=sending, smsc=smsc_port))
    processes = []
    try:
        for name, port in (("bearerbox", boxes), ("smsbox", sending)):
            with (directory / f"{name}.log").open("wb") as log:
                processes.append(
                    await asyncio.create_subprocess_exec(
                        str(_path(name)), "-v", "1", str(configuration), stdout=log, stderr=log
                    )
                )
            await _wait_for(port)
        yield f"http://127.0.0.1:{sending}/cgi-bin/sendsms"
    finally:
        for process in reversed(processes):
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def send(address: str, phone: str, text: str, report_url: str) -> str:
    """Hand one text to Kannel, with reports of every kind to `report_url`; returns its answer."""
    fields = {
        "username": "tester",
        "password": "tester",
        "from": "Energosbyt",
        "to": phone,
        "text": text,
        "coding": "2",
        "charset": "UTF-8",
        "dlr-mask": "31",
        "dlr-url": report_url,
    }
    async with aiohttp.ClientSession() as session, session.get(address, params=fields) as response:
        return await response.text()


def _path(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin")


async def _wait_for(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
