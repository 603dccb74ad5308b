"""What messages would cost, asked at the accounts that would send them; nothing is sent (SMSC: `cost=1`).

Bounded on every side: a few questions, a few at once, a few seconds in all, and each answer is kept for some
minutes, since the provider takes five equal questions a minute. Whatever does not answer is left out.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple, Protocol, runtime_checkable

import structlog

from channels.sms.alphabet import Alphabet
from channels.sms.parts import CHAINED, SINGLE
from channels.sms.provider import SmsProvider
from channels.sms.routing import Router
from dispatcher.core.settings import SmsSettings

log = structlog.get_logger(__name__)

MOST_ASKED: Final = 20
AT_ONCE: Final = 3
SECONDS: Final = 3.0  #: for all questions together
KEPT_SECONDS: Final = 600.0
NUMBER_DIGITS: Final = 11
MOST_CHARACTERS: Final = 1000


class PriceQuestion(NamedTuple):
    """What a message costs to a number that begins so, in this alphabet, of so many parts."""

    prefix: str
    alphabet: str
    parts: int


@runtime_checkable
class Quoting(Protocol):
    """A provider that says what a message would cost."""

    async def quote(self, phone: str, text: str) -> Decimal | None:
        """The price of one message, in the account's currency; None: it does not say now."""
        ...


class SmsQuotes:
    """Asks from any thread. `build` makes the providers anew for each turn: each has its own loop."""

    def __init__(self, settings: SmsSettings, build: Callable[[], Sequence[SmsProvider]]) -> None:
        self._settings = settings
        self._build = build
        self._kept: dict[PriceQuestion, tuple[float, Decimal]] = {}
        self._lock = threading.Lock()

    def ask(self, questions: Sequence[tuple[str, str, int]]) -> Mapping[tuple[str, str, int], Decimal]:
        """The prices, for as many of the questions as could be answered, the first ones first."""
        wanted = [PriceQuestion(*one) for one in questions[:MOST_ASKED]]
        known = self._known()
        missing = [one for one in wanted if one not in known]
        if missing:
            found = asyncio.run(self._ask(missing))
            with self._lock:
                self._kept |= {one: (time.monotonic(), price) for one, price in found.items()}
            known |= found
        return {one: known[one] for one in wanted if one in known}

    def _known(self) -> dict[PriceQuestion, Decimal]:
        since = time.monotonic() - KEPT_SECONDS
        with self._lock:
            self._kept = {one: kept for one, kept in self._kept.items() if kept[0] > since}
            return {one: price for one, (_, price) in self._kept.items()}

    async def _ask(self, questions: Sequence[PriceQuestion]) -> dict[PriceQuestion, Decimal]:
        providers = self._build()
        router, turns = Router(self._settings, providers), asyncio.Semaphore(AT_ONCE)
        found: dict[PriceQuestion, Decimal] = {}

        async def ask(question: PriceQuestion) -> None:
            number = question.prefix + "0" * (NUMBER_DIGITS + 1 - len(question.prefix))
            provider = next(iter(router.providers_for(number)), None)
            if provider is not None and isinstance(provider, Quoting):
                async with turns:
                    price = await provider.quote(number, sample_text(question))
                if price is not None:
                    found[question] = price

        tasks = [asyncio.create_task(ask(one)) for one in questions]
        _, late = await asyncio.wait(tasks, timeout=SECONDS)
        if late:
            log.warning("sms.prices_not_said_in_time", questions=len(late))
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(provider.close() for provider in providers))
        return found


def sample_text(question: PriceQuestion) -> str:
    """A text that says nothing, as long as asked for."""
    alphabet = Alphabet(question.alphabet)
    room = SINGLE[alphabet] if question.parts == 1 else CHAINED[alphabet] * question.parts
    return ("A" if alphabet is Alphabet.GSM7 else "Ж") * min(room, MOST_CHARACTERS)
