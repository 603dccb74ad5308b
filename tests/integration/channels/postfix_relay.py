"""A whole Postfix, in a directory of its own: takes mail on a loopback port and relays it to another one.

Postfix starts its daemons as its own user, so it needs root; nothing of the machine's own mail is touched.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from tests.ports import reserve_port

MASTER: Final = Path("/usr/lib/postfix/sbin/master")
QUEUES: Final = [
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "private",
    "saved",
    "trace",
]
SERVICES: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
verify unix - - n - 1 verify
"""
SETTINGS: Final = {
    "compatibility_level": "3.6",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "myhostname": "relay.example",
    "mydestination": "",
    "mynetworks": "127.0.0.0/8",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "alias_maps": "",
    "local_recipient_maps": "",
    "smtp_host_lookup": "native",
    "disable_dns_lookups": "yes",
}


def why_not() -> str | None:
    """Why no Postfix can be started here; None when it can."""
    if not MASTER.exists():
        return "postfix is missing: install it to test against a foreign mail server"
    return None if os.geteuid() == 0 else "postfix needs root"


@asynccontextmanager
async def postfix_relay(relay_to: int, changes: Mapping[str, str]) -> AsyncIterator[int]:
    """The port it listens on. `changes` are more settings of its `main.cf`."""
    directory = Path(tempfile.mkdtemp(prefix="postfix-"))
    port = reserve_port()
    _prepare(directory, port, {"default_transport": f"smtp:[127.0.0.1]:{relay_to}", **changes})
    process = subprocess.Popen(
        [MASTER, "-c", directory / "conf", "-d"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while process.poll() is None:
            with suppress(OSError):
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                break
            await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()  # it ends its daemons
        await asyncio.to_thread(process.wait)
        shutil.rmtree(directory, ignore_errors=True)


def _prepare(directory: Path, port: int, changes: Mapping[str, str]) -> None:
    directory.chmod(0o755)
    queue, conf, data = directory / "queue", directory / "conf", directory / "data"
    for path in (queue, conf, data, *(queue / name for name in (*QUEUES, "maildrop", "pid", "public"))):
        path.mkdir()
    for path in (data, *(queue / name for name in QUEUES)):
        shutil.chown(path, "postfix")
        path.chmod(0o700)
    for name, mode in (("maildrop", 0o730), ("public", 0o710)):
        shutil.chown(queue / name, "postfix", "postdrop")
        (queue / name).chmod(mode)
    settings = {**SETTINGS, "queue_directory": str(queue), "data_directory": str(data), **changes}
    (conf / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    (conf / "master.cf").write_text(SERVICES.format(port=port))
