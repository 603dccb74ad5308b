"""A look-alike of SMSC's HTTP API whose answers follow the number (see `numbers`).

It takes the parameters that domain.md 2.2 lists, keeps the limits of 2.3, and writes every message that it
took into the journal before it answers, so that whatever the sender believes can be held against it.
"""

import asyncio
import errno
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import structlog
from aiohttp import web

from channels.sandbox.errors import SandboxError
from channels.sandbox.journal import Journal, JournalEntry, JournalVerdict, now
from channels.sandbox.numbers import NumberDirective, NumberFate, read_number
from channels.sandbox.smsc_account import (
    IDENTICAL_PRICES_PER_MINUTE,
    MOST_AT_ONCE,
    MOST_CHARACTERS,
    PRICE_PER_PART,
    KeptMessage,
    SmscAccount,
)
from channels.sandbox.smsc_callbacks import Callbacks, CallbackTarget
from channels.sms.parts import split
from channels.sms.reference import read_name

log = structlog.get_logger(__name__)

SILENCE_SECONDS: Final = 3600.0
LOOK_SECONDS: Final = 0.05  #: whether a client still waits
SLOW_SECONDS: Final = 0.3
LATE_SECONDS: Final = 3.0
MOST_REQUEST_OCTETS: Final = 8 * 1024 * 1024
_WORDS: Final = {
    1: "parameters error",
    2: "authorise error",
    3: "no money",
    4: "ip is blocked",
    5: "invalid date format",
    6: "message is denied",
    7: "invalid number",
    8: "message to this phone number can not be delivered",
    9: "duplicate request, wait a minute",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmscSandboxOptions:
    """How the look-alike listens; port 0 takes any free port."""

    host: str = "127.0.0.1"
    port: int = 0
    login: str = "sandbox"
    password: str = "sandbox"  # noqa: S105 - a toy's, said in its help
    balance: Decimal = Decimal(1_000_000)
    callback: CallbackTarget | None = None
    report_seconds: float = 0.05  #: from taking a message to its status
    identical_per_minute: int = 1  #: the same text to the same number; more are answered with error 9


class Refusal(Exception):  # noqa: N818 - the protocol's own word, caught in this module only
    """Raised when a request is answered with an error of the API."""

    def __init__(self, code: int) -> None:
        super().__init__(_WORDS[code])
        self.code = code


class SandboxSmscServer:
    """The server, on the running loop."""

    def __init__(self, options: SmscSandboxOptions | None = None, *, journal: Journal | None = None) -> None:
        self._options = options or SmscSandboxOptions()
        self._journal = journal
        self.account = SmscAccount(self._options.balance)
        self._callbacks = Callbacks(self._options.callback)
        self._runner: web.AppRunner | None = None
        self._seen_once: set[str] = set()
        self._later: set[asyncio.Task[None]] = set()
        self.port = 0
        self.requests = 0  #: taken so far, of any kind

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return f"http://{self._options.host}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises `SandboxError` when the port is taken."""
        app = web.Application(client_max_size=MOST_REQUEST_OCTETS)
        for path, handle in (
            ("/sys/send.php", self._send),
            ("/rest/send/", self._send),
            ("/sys/status.php", self._status),
            ("/sys/balance.php", self._balance),
            ("/sys/get.php", self._incoming),
        ):
            app.router.add_route("*", path, self._answering(handle))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._options.host, self._options.port)
        try:
            await site.start()
        except OSError as error:
            await self.stop()
            where = f"{self._options.host}:{self._options.port}"
            words = "the port is taken" if error.errno == errno.EADDRINUSE else error.strerror
            raise SandboxError(f"the SMS sandbox cannot listen on {where}: {words}") from error
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening, drop every client, call nobody back any more."""
        for task in self._later:
            task.cancel()
        await self._callbacks.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    def _answering(self, handle: Any) -> Any:
        """Sign in, count what runs at once, and put the outcome into the API's form."""

        async def answer(request: web.Request) -> web.StreamResponse:
            self.requests += 1
            fields = await _fields(request)
            self.account.requests_at_once += 1
            try:
                self._admit(fields)
                found = await handle(fields, request)
            except Refusal as refusal:
                found = {"error": str(refusal), "error_code": refusal.code, "id": fields.get("id", "")}
            finally:
                self.account.requests_at_once -= 1
            return found if isinstance(found, web.StreamResponse) else web.json_response(found)

        return answer

    def _admit(self, fields: Mapping[str, str]) -> None:
        by_key = fields.get("apikey") == self._options.password
        by_login = (fields.get("login"), fields.get("psw")) == (self._options.login, self._options.password)
        if not (by_key or by_login):
            raise Refusal(2)
        if fields.get("fmt") != "3":
            raise Refusal(1)  # the real one answers in words; ours is asked for JSON alone
        if self.account.requests_at_once > MOST_AT_ONCE:
            raise Refusal(9)

    async def _send(self, fields: Mapping[str, str], request: web.Request) -> Any:
        messages = _messages(fields)
        is_price = fields.get("cost") == "1"
        limit = IDENTICAL_PRICES_PER_MINUTE if is_price else self._options.identical_per_minute
        whole = fields.get("list") or fields.get("mes", "")
        if self.account.is_repeated(fields.get("phones", ""), whole, at=time.monotonic(), limit=limit):
            raise Refusal(9)
        parts = sum(len(split(text)) for _, text in messages)
        if is_price:
            return {"cost": str(parts * PRICE_PER_PART), "cnt": parts}
        if parts * PRICE_PER_PART > self.account.balance:
            raise Refusal(3)
        if len(messages) == 1:
            return await self._send_one(fields, *messages[0], request)
        taken = [self._take(fields, phone, text) for phone, text in messages]
        for message in taken:
            self._report(message, read_number(message.phone))
        return self._taken(fields, taken)

    async def _send_one(self, fields: Mapping[str, str], phone: str, text: str, request: web.Request) -> Any:
        wish = read_number(phone)
        if wish.error_code is not None:
            raise Refusal(wish.error_code)
        if wish.fate in {NumberFate.LOST_SILENT, NumberFate.LOST_DROP}:
            self._enter(fields.get("id", ""), JournalVerdict.UNANSWERED)
            return await _be_silent(request) if wish.fate is NumberFate.LOST_SILENT else _hang_up(request)
        if wish.fate is NumberFate.BUSY_ONCE and phone not in self._seen_once:
            self._seen_once.add(phone)
            raise Refusal(9)
        message = self._take(fields, phone, text)
        if wish.fate is NumberFate.CALLBACK_FIRST:
            message.status = wish.status
            await self._callbacks.now(message, wish.status, wish.err)
            return self._taken(fields, [message])
        self._report(message, wish)
        return await self._odd_answer(wish.fate, request) or self._taken(fields, [message])

    async def _odd_answer(self, fate: NumberFate, request: web.Request) -> web.StreamResponse | None:
        """What comes instead of the documented answer to a message that was taken."""
        match fate:
            case NumberFate.TAKEN_SILENT:
                return await _be_silent(request)
            case NumberFate.SLOW:
                await asyncio.sleep(SLOW_SECONDS)
            case NumberFate.TAKEN_DROP:
                return _hang_up(request)
            case NumberFate.TAKEN_BAD_GATEWAY:
                return web.Response(status=502, text="<html>502 Bad Gateway</html>")
            case NumberFate.TAKEN_GARBAGE:
                return web.Response(text="OK - 1 SMS")
            case NumberFate.TAKEN_BUSY:
                raise Refusal(9)
        return None

    def _take(self, fields: Mapping[str, str], phone: str, text: str) -> KeptMessage:
        name = fields.get("id") or str(len(self.account.messages) + 1)
        message = self.account.take(name, phone, text, int(time.time()))
        message.call = fields.get("param") if fields.get("call") == "1" else None
        self._enter(name, JournalVerdict.ACCEPTED)
        return message

    def _enter(self, name: str, verdict: JournalVerdict) -> None:
        if self._journal is not None:
            self._journal.append([JournalEntry(read_name(name), verdict, now())])

    def _taken(self, fields: Mapping[str, str], messages: list[KeptMessage]) -> dict[str, Any]:
        answer: dict[str, Any] = {"id": messages[0].name, "cnt": sum(one.parts for one in messages)}
        if fields.get("cost") in {"2", "3"}:
            answer["cost"] = str(sum(one.cost for one in messages))
        if fields.get("cost") == "3":
            answer["balance"] = str(self.account.balance)
        return answer

    def _report(self, message: KeptMessage, wish: NumberDirective) -> None:
        if wish.fate is NumberFate.NEVER_REPORTED:
            return
        task = asyncio.create_task(self._report_later(message, wish))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _report_later(self, message: KeptMessage, wish: NumberDirective) -> None:
        late = LATE_SECONDS if wish.fate is NumberFate.CALLBACK_LATE else 0.0
        await asyncio.sleep(self._options.report_seconds)
        message.status, message.err, message.changed_at = wish.status, wish.err, int(time.time())
        if wish.fate is NumberFate.CALLBACK_LOST:
            return
        self._callbacks.later(message, wish.status, wish.err, late)
        if wish.fate is NumberFate.CALLBACK_TWICE:
            self._callbacks.later(message, wish.status, wish.err, late + 0.1)
        if wish.fate is NumberFate.CALLBACKS_REORDERED:
            self._callbacks.later(message, 0, 0, late + 0.1)
        if wish.fate in {NumberFate.ANSWERS_STOP, NumberFate.ANSWERS_WORDS}:
            words = "СТОП" if wish.fate is NumberFate.ANSWERS_STOP else "Почему такой большой долг?"
            answer = self.account.answer(message.phone, words)
            self._callbacks.answered(answer, "79000000000", 0.2)

    async def _status(self, fields: Mapping[str, str], _: web.Request) -> Any:
        names = [name for name in fields.get("id", "").split(",") if name]
        phones = [phone for phone in fields.get("phone", "").split(",") if phone]
        if not names or len(names) != len(phones):
            raise Refusal(1)
        found = [self._status_of(name, phone) for name, phone in zip(names, phones, strict=True)]
        return found if "," in fields["id"] else found[0]

    def _status_of(self, name: str, phone: str) -> dict[str, Any]:
        message = self.account.find(name, phone)
        if message is None:
            return {"id": name, "phone": phone, "status": -3}
        return {
            "id": name,
            "phone": phone,
            "status": message.status,
            "err": message.err,
            "last_timestamp": message.changed_at,
            "cost": str(message.cost),
            "sms_cnt": message.parts,
        }

    async def _balance(self, _fields: Mapping[str, str], _request: web.Request) -> Any:
        return {"balance": str(self.account.balance)}

    async def _incoming(self, fields: Mapping[str, str], _: web.Request) -> Any:
        if fields.get("get_answers") != "1":
            raise Refusal(1)
        after = int(fields.get("after_id") or 0)
        return [
            {"id": one.id, "phone": one.phone, "message": one.text, "to_phone": "79000000000"}
            for one in self.account.answers
            if one.id > after
        ]


def _messages(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """(phone, text) of each message: from `list`, or `mes` to each of `phones`."""
    if fields.get("list"):
        lines = [line.partition(":") for line in fields["list"].split("\n") if line]
        found = [(phone, text.replace("\\n", "\n")) for phone, _, text in lines]
    else:
        phones = fields.get("phones", "").replace(";", ",").split(",")
        found = [(phone, fields.get("mes", "")) for phone in phones if phone]
    if not found or any(not text or len(text) > MOST_CHARACTERS for _, text in found):
        raise Refusal(1)
    if any(not phone.lstrip("+").isdigit() for phone, _ in found):
        raise Refusal(7)
    return found


async def _fields(request: web.Request) -> dict[str, str]:
    if request.content_type == "application/json":
        with suppress(ValueError):
            sent = json.loads(await request.read())
            return {str(name): str(value) for name, value in sent.items()}
        return {}
    posted = await request.post()
    return {**request.query, **{name: value for name, value in posted.items() if isinstance(value, str)}}


async def _be_silent(request: web.Request) -> web.Response:
    """Until the client gives up: so long, and no longer, the request is one of those at once."""
    until = time.monotonic() + SILENCE_SECONDS
    while time.monotonic() < until and request.transport is not None:
        await asyncio.sleep(LOOK_SECONDS)
    return web.Response()


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
