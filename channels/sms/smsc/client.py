"""A thin typed client of the HTTP API of SMSC (smsc.ru, smsc.ua, smsc.kz and their reserve hosts).

The library `smsc-api` that was asked for does not exist (decision 0001). POST over TLS, JSON answers, UTF-8,
secrets in the body, never in a URL. What matters most is what is known after a fault: a request that
cannot have left goes to the next host at once, one that may have arrived is never repeated from here.
Sources: domain.md 2.1–2.5, after the provider's pages on sending, statuses, balance and incoming messages.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

import aiohttp
import structlog

from channels.sms.errors import NoAnswerError, ProviderRefusedError, ProviderUnreachableError
from channels.sms.smsc.codes import REQUEST_ERRORS
from channels.sms.smsc.incoming import IncomingMessage
from dispatcher.core.settings import SmscSettings

log = structlog.get_logger(__name__)

MOST_CHARACTERS: Final = 1000  #: of one text (parameter `mes`)
LEAST_VALIDITY_MINUTES: Final = 60  #: parameter `valid`: 1 to 24 hours
MOST_VALIDITY_MINUTES: Final = 24 * 60
#: A connection that the server is about to close must not be taken for a message.
KEEP_ALIVE_SECONDS: Final = 15.0
MOST_ANSWER_OCTETS: Final = 4 * 1024 * 1024
_JSON: Final = "3"
_SEND, _STATUS = "/sys/send.php", "/sys/status.php"
_BALANCE, _INCOMING = "/sys/balance.php", "/sys/get.php"


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the provider took: `parts` are paid for, `cost` is in the account's currency."""

    parts: int
    cost: Decimal | None
    balance: Decimal | None


@dataclass(frozen=True, slots=True)
class Price:
    """What sending would cost; nothing was sent."""

    parts: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Status:
    """What the provider says of one message. `cost` and `operator` (mcc and mnc) where it names them."""

    status: int
    err: int
    cost: Decimal | None = None
    operator: str | None = None
    at: int | None = None  #: seconds since 1970


class SmscClient:
    """One account. Lives on one event loop; `close` ends its connections.

    Every call raises `ProviderUnreachableError` when no host could be reached, `NoAnswerError` when the
    answer did not come or makes no sense, `ProviderRefusedError` when the provider said no.
    """

    def __init__(
        self, settings: SmscSettings, message_fields: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """`message_fields` go with every message: what makes it a call."""
        self._settings = settings
        self._message_fields = message_fields
        self._hosts = [host.rstrip("/") for host in settings.hosts]
        self._first = 0
        self._session: aiohttp.ClientSession | None = None

    async def send(self, phone: str, text: str, *, name: str, valid_minutes: int | None = None) -> Taken:
        """Send one text. `name` is our own id, `valid_minutes` how long it may be tried (60 to 1440)."""
        fields = {**self._message(text), "phones": phone, "id": name, "cost": "3"}
        if valid_minutes is not None:
            fields["valid"] = f"{valid_minutes // 60:02}:{valid_minutes % 60:02}"
        answer = await self._ask(_SEND, fields)
        with _reading():
            return Taken(int(answer["cnt"]), _money(answer.get("cost")), _money(answer.get("balance")))

    async def price(self, texts: Sequence[tuple[str, str]]) -> Price:
        """What these (phone, text) pairs would cost together: 100 at most, nothing is sent."""
        lines = "\n".join(f"{phone}:{_one_line(text)}" for phone, text in texts)
        answer = await self._ask(_SEND, {**self._message(""), "list": lines, "cost": "1"})
        with _reading():
            return Price(int(answer["cnt"]), Decimal(str(answer["cost"])))

    async def status(self, messages: Sequence[tuple[str, str]]) -> Sequence[Status]:
        """What became of these (name, phone) messages, in their order: 100 at most."""
        names, phones = zip(*messages, strict=True)
        # With a comma at its end the list is one even where it holds a single message.
        fields = {"phone": ",".join(phones) + ",", "id": ",".join(names) + ",", "all": "1"}
        answer = await self._ask(_STATUS, fields)
        found = answer if isinstance(answer, list) else [answer]
        with _reading():
            if len(found) != len(messages):
                raise ValueError("not as many answers as questions")
            return [_status(one) for one in found]

    async def balance(self) -> Decimal:
        """The money on the account, in its currency."""
        answer = await self._ask(_BALANCE, {})
        with _reading():
            return Decimal(str(answer["balance"]))

    async def incoming(self, after: str | None = None) -> Sequence[IncomingMessage]:
        """Messages from customers after the one with this id, oldest first; None: of the last hours."""
        fields = {"get_answers": "1", **({"after_id": after} if after else {"hour": "24"})}
        answer = await self._ask(_INCOMING, fields)
        with _reading():
            found = [
                IncomingMessage(str(one["id"]), str(one["phone"]), str(one["message"]), str(one["to_phone"]))
                for one in (answer if isinstance(answer, list) else [answer])
            ]
            return sorted(found, key=lambda one: int(one.id))

    async def close(self) -> None:
        """Let go of all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _message(self, text: str) -> dict[str, str]:
        sender = {"sender": self._settings.sender} if self._settings.sender else {}
        return {**self._message_fields, **sender, **({"mes": text} if text else {})}

    async def _ask(self, path: str, fields: Mapping[str, str]) -> Any:
        """Ask the hosts in turn, beginning with the one that answered last, until one can be reached."""
        problem: ProviderUnreachableError | None = None
        for turn in range(len(self._hosts)):
            place = (self._first + turn) % len(self._hosts)
            try:
                answer = await self._ask_host(self._hosts[place], path, fields)
            except ProviderUnreachableError as error:
                log.warning("sms.host_unreachable", host=self._hosts[place])
                problem = error
                continue
            self._first = place
            return answer
        raise problem or ProviderUnreachableError("smsc_not_configured", "no host of SMSC is configured")

    async def _ask_host(self, host: str, path: str, fields: Mapping[str, str]) -> Any:
        try:
            async with self._connected().post(host + path, data={**self._account(), **fields}) as response:
                return _read_answer(response.status, await _whole(response.content))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            # Of aiohttp's errors these alone are certain to come before the first octet has left.
            raise ProviderUnreachableError(
                "smsc_unreachable", f"{host} cannot be reached: check the network, or set another host"
            ) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswerError("smsc_no_answer", f"{host} broke off or did not answer in time") from error

    def _account(self) -> dict[str, str]:
        settings, common = self._settings, {"fmt": _JSON, "charset": "utf-8"}
        if settings.api_key is not None:
            return {**common, "apikey": settings.api_key.get_secret_value()}
        password = settings.password.get_secret_value() if settings.password else ""
        return {**common, "login": settings.login or "", "psw": password}

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._settings.parallel_requests, keepalive_timeout=KEEP_ALIVE_SECONDS
                ),
                timeout=aiohttp.ClientTimeout(
                    total=self._settings.timeout_seconds, sock_connect=self._settings.connect_seconds
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever does not fit the documented form of an answer is no answer: nobody knows what was done."""
    try:
        yield
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise NoAnswerError(
            "smsc_no_answer", "the provider's answer is not of the documented form"
        ) from error


async def _whole(stream: aiohttp.StreamReader) -> bytes:
    """Everything to the end, since one read gives what has arrived; raises `NoAnswerError` for too much."""
    octets = bytearray()
    async for piece in stream.iter_any():
        octets += piece
        if len(octets) > MOST_ANSWER_OCTETS:
            raise NoAnswerError("smsc_no_answer", "the provider's answer is longer than any can be")
    return bytes(octets)


def _read_answer(http_status: int, octets: bytes) -> Any:
    if http_status == 429:
        raise ProviderRefusedError("smsc_too_many", "the provider takes no more for now", number=http_status)
    try:
        answer = json.loads(octets)
    except ValueError as error:
        # A gateway's own error page too: what stands behind it may have done its work.
        raise NoAnswerError("smsc_no_answer", f"HTTP {http_status} without a readable answer") from error
    if isinstance(answer, dict) and "error_code" in answer:
        raise _refusal(answer)
    if not isinstance(answer, dict | list) or http_status != 200:
        raise NoAnswerError("smsc_no_answer", f"HTTP {http_status} with an answer of another form")
    return answer


def _refusal(answer: Mapping[str, Any]) -> ProviderRefusedError | NoAnswerError:
    try:
        number = int(answer["error_code"])
        known = REQUEST_ERRORS[number]
    except (KeyError, TypeError, ValueError):
        return NoAnswerError("smsc_no_answer", "the provider answered with an error that nobody documented")
    return ProviderRefusedError(known.reason, known.meaning, number=number)


def _status(answer: Mapping[str, Any]) -> Status:
    if "error_code" in answer:  # of this one message
        raise ValueError("an error instead of a status")
    return Status(
        int(answer["status"]),
        int(answer.get("err") or 0),
        cost=_money(answer.get("cost")),
        operator=str(answer["mccmnc"]) if answer.get("mccmnc") else None,
        at=int(answer["last_timestamp"]) if answer.get("last_timestamp") else None,
    )


def _money(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _one_line(text: str) -> str:
    """As `list` wants a text: its own lines are written `\\n`."""
    return text.replace("\\", "/").replace("\r", "").replace("\n", "\\n")
