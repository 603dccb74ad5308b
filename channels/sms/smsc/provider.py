"""SMSC as a provider of short messages: one request for each attempt, under the attempt's own name.

In doubt (no answer, or error 9) the provider is asked by that name before anything else (domain: 2.8). Its
"not found" is believed only where it has just refused the very request; after a silence it proves nothing,
since the message may still be on its way in.
"""

import asyncio
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import structlog

from channels.port import Health, IncomingText, OutcomeKind, Price, Question, Receipt
from channels.sms.errors import (
    NoAnswerError,
    ProviderRefusedError,
    ProviderUnreachableError,
    SmsProviderError,
)
from channels.sms.provider import Answer, Message
from channels.sms.reference import message_name
from channels.sms.smsc.client import (
    LEAST_VALIDITY_MINUTES,
    MOST_CHARACTERS,
    MOST_VALIDITY_MINUTES,
    SmscClient,
    Status,
    Taken,
)
from channels.sms.smsc.codes import DUPLICATE_OR_TOO_MANY, NOT_FOUND, REQUEST_ERRORS, read_report
from dispatcher.core.settings import SmscSettings

log = structlog.get_logger(__name__)

#: How long error 9 asks us to keep still (domain: 2.4).
QUIET_SECONDS: Final = 60.0
BALANCE_SECONDS: Final = 60.0  #: between two looks at an account that is too low
ASKED_AT_ONCE: Final = 100  #: messages in one question
_TOO_MANY_REQUESTS: Final = 429


class SmscProvider:
    """See `SmsProvider`."""

    least_validity_minutes = LEAST_VALIDITY_MINUTES

    def __init__(
        self, settings: SmscSettings, message_fields: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.name = settings.name
        self.parallel = settings.parallel_requests
        self._client = SmscClient(settings, message_fields)
        self._least_balance = settings.least_balance
        self._doubt_seconds = settings.doubt_seconds
        self._inbox_seconds = settings.inbox_seconds
        self._balance: Decimal | None = None  #: as the last answer named it
        self._looked_at = -math.inf

    async def submit(self, message: Message) -> Answer:
        """See `SmsProvider`."""
        if len(message.text) > MOST_CHARACTERS:
            return Answer(OutcomeKind.PERMANENT, "sms_too_long")
        if await self._lacks_money():
            return Answer(OutcomeKind.NOT_SENT, "smsc_low_balance", is_for_provider=True)
        name = message_name(message.attempt)
        try:
            taken = await self._client.send(
                message.phone, message.text, name=name, valid_minutes=_valid(message.valid_minutes)
            )
        except ProviderUnreachableError as error:
            return Answer(OutcomeKind.NOT_SENT, error.reason, is_for_provider=True)
        except NoAnswerError as error:
            return await self._look_after(name, message.phone, error)
        except ProviderRefusedError as error:
            return await self._refused(name, message.phone, error)
        return self._accepted(name, taken)

    async def ask(self, questions: Sequence[Question]) -> Sequence[Receipt]:
        """See `SmsProvider`. Where it cannot be asked now, nothing is known: it is asked again later."""
        found: list[Receipt] = []
        for start in range(0, len(questions), ASKED_AT_ONCE):
            some = questions[start : start + ASKED_AT_ONCE]
            try:
                answers = await self._client.status(
                    [(message_name(one.attempt), one.address) for one in some]
                )
            except SmsProviderError as error:
                log.warning("sms.not_asked", provider=self.name, reason=error.reason)
                break
            found += [
                _receipt(question, status)
                for question, status in zip(some, answers, strict=True)
                if status.status != NOT_FOUND
            ]
        return found

    @property
    def inbox_seconds(self) -> float | None:
        """See `Collector`."""
        return self._inbox_seconds

    async def collect(self, after: str | None) -> Sequence[IncomingText] | None:
        """See `Collector`."""
        try:
            found = await self._client.incoming(after)
        except SmsProviderError as error:
            log.warning("sms.not_collected", provider=self.name, reason=error.reason)
            return None
        return [IncomingText(self.name, one.phone, one.text, one.id) for one in found]

    async def quote(self, phone: str, text: str) -> Decimal | None:
        """See `Quoting`."""
        try:
            return (await self._client.price([(phone, text)])).cost
        except SmsProviderError as error:
            log.warning("sms.price_not_said", provider=self.name, reason=error.reason)
            return None

    async def healthy(self) -> Health:
        """See `SmsProvider`."""
        self._looked_at = time.monotonic()
        try:
            self._balance = await self._client.balance()
        except SmsProviderError as error:
            return Health(ok=False, problem=f"{self.name}: {error}")
        if self._is_short_of_money():
            return Health(ok=False, problem=f"{self.name}: {self._balance} left on the account: pay it in")
        return Health(ok=True)

    async def close(self) -> None:
        """See `SmsProvider`."""
        await self._client.close()

    async def _lacks_money(self) -> bool:
        """Whether the account is too low to begin anything; looks again now and then, staff may have paid."""
        if not self._is_short_of_money():
            return False
        if time.monotonic() - self._looked_at > BALANCE_SECONDS:
            await self.healthy()
        return self._is_short_of_money()

    def _is_short_of_money(self) -> bool:
        return self._balance is not None and self._balance < self._least_balance

    def _accepted(self, name: str, taken: Taken) -> Answer:
        self._balance = taken.balance if taken.balance is not None else self._balance
        reply = json.dumps({"cnt": taken.parts, "cost": str(taken.cost)})
        return Answer(
            OutcomeKind.ACCEPTED, reply=reply, provider_id=name, price=Price(taken.parts, taken.cost)
        )

    async def _refused(self, name: str, phone: str, error: ProviderRefusedError) -> Answer:
        reply = f"error_code {error.number}"
        if error.number == DUPLICATE_OR_TOO_MANY:
            found = await self.find(name, phone)
            if found is not None:
                return Answer(OutcomeKind.ACCEPTED, reply=reply, provider_id=name, price=_price(found))
            # Refused, and not there: it cannot have left.
            return Answer(OutcomeKind.THROTTLED, error.reason, reply, retry_after_seconds=QUIET_SECONDS)
        if error.number == _TOO_MANY_REQUESTS:
            return Answer(OutcomeKind.THROTTLED, error.reason, reply, retry_after_seconds=QUIET_SECONDS)
        known = REQUEST_ERRORS[error.number]
        if known.is_for_provider:
            # The account's own matter: another provider may take it, and this one waits for staff.
            return Answer(OutcomeKind.NOT_SENT, known.reason, reply, is_for_provider=True)
        return Answer(known.kind, known.reason, reply)

    async def _look_after(self, name: str, phone: str, error: NoAnswerError) -> Answer:
        for wait in self._doubt_seconds:
            await asyncio.sleep(wait)
            found = await self.find(name, phone)
            if found is not None:
                return Answer(
                    OutcomeKind.ACCEPTED, "smsc_found_afterwards", provider_id=name, price=_price(found)
                )
        return Answer(OutcomeKind.UNKNOWN, error.reason, provider_id=name)

    async def find(self, name: str, phone: str) -> Status | None:
        """What the provider says of a message now; None: it does not know it, or does not answer."""
        try:
            (status,) = await self._client.status([(name, phone)])
        except SmsProviderError as error:
            log.warning("sms.not_asked", provider=self.name, reason=error.reason)
            return None
        return None if status.status == NOT_FOUND else status


def _valid(minutes: int | None) -> int | None:
    return None if minutes is None else min(minutes, MOST_VALIDITY_MINUTES)


def _price(status: Status) -> Price | None:
    return None if status.cost is None else Price(1, status.cost)


def _receipt(question: Question, status: Status) -> Receipt:
    report = read_report(status.status, status.err)
    raw = json.dumps({"polled": asdict(status)}, default=str).encode()
    return Receipt(question.attempt, report.kind, report.reason, raw=raw, price=_price(status))
