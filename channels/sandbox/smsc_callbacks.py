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
AT_ONCE: Final = 8


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
        self._turns = asyncio.Semaphore(AT_ONCE)

    def later(self, message: KeptMessage, status: int, err: int, seconds: float = 0.0) -> None:
        """Report a status of a message after a while."""
        self._start(*_report(message, status, err), seconds)

    async def now(self, message: KeptMessage, status: int, err: int) -> None:
        """Report a status and wait for the answer; a handler that is away hears of it later.

        No provider holds back what it answers to requests until the handler of callbacks is there again.
        """
        if self._target is None:
            return
        report = _report(message, status, err)
        if not await self._is_taken(self._target, _signed(self._target, *report)):
            self._start(*report, PAUSE_SECONDS)

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
        task = asyncio.create_task(
            self._send_later(self._target, _signed(self._target, fields, signed), seconds)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_later(self, target: CallbackTarget, fields: dict[str, str], seconds: float) -> None:
        await asyncio.sleep(seconds)
        # As the real one: a few at once, the rest wait for their turn rather than time out.
        async with self._turns:
            await self._send(target, fields)

    async def _send(self, target: CallbackTarget, fields: dict[str, str]) -> None:
        for _ in range(TRIES):
            if await self._is_taken(target, fields):
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _is_taken(self, target: CallbackTarget, fields: dict[str, str]) -> bool:
        try:
            return await self._post(target, fields) == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            log.warning("sandbox.callback_failed")
            return False

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


def _report(message: KeptMessage, status: int, err: int) -> tuple[dict[str, str], str]:
    """The fields of a status, and what its checksum is over."""
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
    return fields, f"{fields['id']}:{fields['phone']}:{fields['status']}"


def _signed(target: CallbackTarget, fields: dict[str, str], signed: str) -> dict[str, str]:
    text = f"{signed}:{target.secret}".encode()
    return {
        **fields,
        "md5": hashlib.md5(text, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(text, usedforsecurity=False).hexdigest(),
    }
