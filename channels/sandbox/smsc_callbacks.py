"""The sandbox's SMSC calls our handler back: statuses and what customers write, with their checksums."""

import asyncio
import hashlib
import time
from dataclasses import dataclass
from typing import Final

import aiohttp
import structlog

from channels.sandbox.smsc_account import Answered, KeptMessage

log = structlog.get_logger(__name__)

TRIES: Final = 5
PAUSE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class CallbackTarget:
    """Where callbacks go. `secret` is that of the checksum; `as_json` or as form fields."""

    url: str
    secret: str
    as_json: bool = False
    by_get: bool = False


class Callbacks:
    """Sends them one by one in the background, a few times each until they are answered with 200."""

    def __init__(self, target: CallbackTarget | None) -> None:
        self._target = target
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def later(self, message: KeptMessage, status: int, err: int, seconds: float = 0.0) -> None:
        """Report a status of a message after a while."""
        fields = {
            "id": message.name,
            "phone": message.phone.lstrip("+"),
            "status": str(status),
            "err": str(err),
            "cnt": str(message.parts),
            "cost": str(message.cost),
            "ts": str(int(time.time())),
            "type": "0",
        }
        self._start(fields, f"{fields['id']}:{fields['phone']}:{fields['status']}", seconds)

    async def now(self, message: KeptMessage, status: int, err: int) -> None:
        """Report a status and wait until that is done."""
        self.later(message, status, err)
        await asyncio.gather(*self._tasks)

    def answered(self, answer: Answered, to: str, seconds: float) -> None:
        """Report what a customer wrote."""
        fields = {"id": str(answer.id), "phone": answer.phone, "mes": answer.text, "to": to}
        self._start(fields, f"{answer.phone}:{answer.text}:{to}", seconds)

    async def stop(self) -> None:
        """End at once; what was not sent is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _start(self, fields: dict[str, str], signed: str, seconds: float) -> None:
        if self._target is None:
            return
        text = f"{signed}:{self._target.secret}"
        fields = {
            **fields,
            "md5": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
            "sha1": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
        }
        task = asyncio.create_task(self._send(self._target, fields, seconds))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, target: CallbackTarget, fields: dict[str, str], seconds: float) -> None:
        await asyncio.sleep(seconds)
        for _ in range(TRIES):
            try:
                if await self._post(target, fields) == 200:
                    return
            except (aiohttp.ClientError, TimeoutError, OSError):
                log.warning("sandbox.callback_failed")
            await asyncio.sleep(PAUSE_SECONDS)

    async def _post(self, target: CallbackTarget, fields: dict[str, str]) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        if target.by_get:
            request = self._session.get(target.url, params=fields)
        elif target.as_json:
            request = self._session.post(target.url, json=fields)
        else:
            request = self._session.post(target.url, data=fields)
        async with request as response:
            return response.status
