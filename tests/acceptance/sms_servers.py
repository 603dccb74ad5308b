"""Providers of short messages beside an installation: sandboxes in threads, outside the killed tree."""

import asyncio
import threading
from pathlib import Path

from channels.sandbox.journal import Journal, read_journal
from channels.sandbox.smpp_server import SandboxSmppServer, SmppSandboxOptions
from channels.sandbox.smsc_server import SandboxSmscServer, SmscSandboxOptions
from tests.acceptance.product import LIMIT_SECONDS
from tests.ports import reserve_port


class SmsServer:
    """One provider; it can go away and come back on its port, and its journal stays."""

    def __init__(self, directory: Path, kind: str) -> None:
        self.port = reserve_port()
        self._kind = kind
        self._path = directory / f"{kind}-{self.port}.jsonl"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: SandboxSmppServer | SandboxSmscServer | None = None
        self._journal: Journal | None = None

    def open(self) -> None:
        """Listen; returns when clients may come."""
        self._journal = Journal(self._path)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(LIMIT_SECONDS)

    def close(self) -> None:
        """Go away; no error if it is away."""
        if self._loop is None or self._server is None or self._thread is None or self._journal is None:
            return
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(LIMIT_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT_SECONDS)
        self._loop.close()
        self._journal.close()
        self._loop = None

    def received(self) -> list[str]:
        """Attempt ids that it took, in order."""
        return [str(entry.attempt.attempt_id) for entry in read_journal(self._path) if entry.attempt]

    async def _start(self) -> None:
        if self._kind == "smpp":
            self._server = SandboxSmppServer(SmppSandboxOptions(port=self.port), journal=self._journal)
        else:
            self._server = SandboxSmscServer(SmscSandboxOptions(port=self.port), journal=self._journal)
        await self._server.start()
