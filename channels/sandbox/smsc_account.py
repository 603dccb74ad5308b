"""The account that the sandbox's SMSC keeps: messages, money and the limits of domain.md 2.3."""

import hashlib
from collections import defaultdict, deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from channels.sms.parts import split

PRICE_PER_PART: Final = Decimal("3.50")
MOST_AT_ONCE: Final = 14  #: from the fifteenth request at once on the answer is error 9
IDENTICAL_PRICES_PER_MINUTE: Final = 5
IDENTICAL_WINDOW_SECONDS: Final = 60.0
MOST_CHARACTERS: Final = 1000
HANDED_OVER: Final = 0


@dataclass(slots=True)
class KeptMessage:
    """A message that was taken."""

    name: str
    phone: str
    text: str = field(repr=False)
    status: int
    err: int = 0
    parts: int = 1
    changed_at: int = 0  #: seconds since 1970
    call: str | None = None  #: of a call: ring time, interval, attempts; None: a short message

    @property
    def cost(self) -> Decimal:
        """What it cost."""
        return self.parts * PRICE_PER_PART


@dataclass(frozen=True, slots=True)
class Answered:
    """What a customer wrote."""

    id: int
    phone: str
    text: str = field(repr=False)


class SmscAccount:
    """One login. Nothing here knows of HTTP."""

    def __init__(self, balance: Decimal) -> None:
        self.balance = balance
        self.messages: dict[tuple[str, str], KeptMessage] = {}
        self.answers: list[Answered] = []
        self.requests_at_once = 0
        self._seen: defaultdict[bytes, deque[float]] = defaultdict(deque)

    def is_repeated(self, phones: str, text: str, *, at: float, limit: int) -> bool:
        """Whether this very request came more than `limit` times within a minute (it counts this one)."""
        seen = self._seen[hashlib.sha256(f"{phones}\0{text}".encode()).digest()]
        while seen and seen[0] < at - IDENTICAL_WINDOW_SECONDS:
            seen.popleft()
        seen.append(at)
        return len(seen) > limit

    def take(self, name: str, phone: str, text: str, at: int) -> KeptMessage:
        """Keep a message and charge for it."""
        message = KeptMessage(name, phone, text, HANDED_OVER, parts=len(split(text)), changed_at=at)
        self.messages[name, phone.lstrip("+")] = message
        self.balance -= message.cost
        return message

    def find(self, name: str, phone: str) -> KeptMessage | None:
        """The message of this name to this number."""
        return self.messages.get((name, phone.lstrip("+")))

    def answer(self, phone: str, text: str) -> Answered:
        """A customer writes."""
        answered = Answered(len(self.answers) + 1, phone.lstrip("+"), text)
        self.answers.append(answered)
        return answered
