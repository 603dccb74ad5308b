"""What the short messages of a dry run come to: how many parts, in which alphabet, at what price.

The price is the provider's own where it says one without sending (SMSC), else that of `sms.price_per_part`.
Asked about are made-up texts to made-up numbers, as long and with the same beginning as the real ones: what
nobody sends need not leave the house. The provider's price is one by prefix; who took a number along to
another operator may cost otherwise.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Protocol

from dispatcher.delivery.sms_texts import FOREIGN_SHOWN, SmsLength

#: `+7916`, `+38067`: country and operator
PREFIX_CHARACTERS: Final = 6
MOST_GROUPS: Final = 50  #: the rest is priced by the price list


@dataclass(frozen=True, slots=True)
class SmsGroup:
    """Messages that cost the same: to numbers that begin so, of so many parts."""

    prefix: str
    alphabet: str
    parts: int
    messages: int = 0

    @property
    def question(self) -> tuple[str, str, int]:
        """What its price depends on."""
        return self.prefix, self.alphabet, self.parts


@dataclass(frozen=True, slots=True)
class SmsEstimate:
    """The short messages of a dry run. `price` is None where nobody says one.

    `priced_by_provider` of the messages are at the provider's own price, the others by `sms.price_per_part`,
    or, where that is not set, as the others are on the average.
    """

    messages: int
    parts: int
    most_parts: int  #: of the longest
    price: Decimal | None
    by_alphabet: Mapping[str, int]  #: alphabet → messages
    foreign: tuple[str, ...]  #: the first characters that make texts UCS-2
    groups: tuple[SmsGroup, ...] = ()  #: the biggest
    priced_by_provider: int = 0


class AsksPrices(Protocol):
    """Whoever knows what providers would charge. Never raises, and answers within seconds."""

    def ask(self, questions: Sequence[tuple[str, str, int]]) -> Mapping[tuple[str, str, int], Decimal]:
        """The price of one message by (prefix, alphabet, parts), as far as providers say one."""
        ...


class SmsTally:
    """Counts while the list passes. What is only counted is taken to be as long as what was measured."""

    def __init__(self) -> None:
        self._parts = 0
        self._most_parts = 0
        self._list_price: Decimal | None = None
        self._alphabets: Counter[str] = Counter()
        self._foreign: dict[str, None] = {}
        self._groups: Counter[tuple[str, str, int]] = Counter()
        self._unmeasured = 0

    @property
    def measured(self) -> int:
        """How many messages were made."""
        return self._alphabets.total()

    def add(self, phone: str, length: SmsLength) -> None:
        """One message that was made."""
        self._parts += length.parts
        self._most_parts = max(self._most_parts, length.parts)
        self._alphabets[length.alphabet] += 1
        self._foreign |= dict.fromkeys(length.foreign)
        self._groups[prefix_of(phone), length.alphabet, length.parts] += 1
        if length.price is not None:
            self._list_price = (self._list_price or Decimal(0)) + length.price

    def count(self) -> None:
        """One more that was not made."""
        self._unmeasured += 1

    def estimate(self) -> SmsEstimate | None:
        """What it comes to; None when nothing was measured."""
        if not self.measured:
            return None
        share = Decimal(self.measured + self._unmeasured) / self.measured
        return SmsEstimate(
            messages=self.measured + self._unmeasured,
            parts=round(self._parts * share),
            most_parts=self._most_parts,
            price=None if self._list_price is None else round(self._list_price * share, 2),
            by_alphabet={name: round(count * share) for name, count in self._alphabets.items()},
            foreign=tuple(self._foreign)[:FOREIGN_SHOWN],
            groups=tuple(
                SmsGroup(*key, messages=round(count * share))
                for key, count in self._groups.most_common(MOST_GROUPS)
            ),
        )


def prefix_of(phone: str) -> str:
    """What a number's price depends on: `+7916`; six signs in other countries, whose codes are longer."""
    return phone[: PREFIX_CHARACTERS - 1] if phone.startswith("+7") else phone[:PREFIX_CHARACTERS]


def with_provider_prices(estimate: SmsEstimate, asker: AsksPrices) -> SmsEstimate:
    """The estimate with the prices that providers say, as far as they say any."""
    quotes = asker.ask([one.question for one in estimate.groups])
    asked = [one for one in estimate.groups if one.question in quotes]
    quoted = sum((quotes[one.question] * one.messages for one in asked), Decimal(0))
    parts = sum(one.parts * one.messages for one in asked)
    if not parts:
        return estimate
    # What was not asked about: at the list's price, or as the others are on the average.
    per_part = quoted / parts if estimate.price is None else estimate.price / estimate.parts
    rest = max(estimate.parts - parts, 0) * per_part
    return replace(
        estimate, price=round(quoted + rest, 2), priced_by_provider=sum(one.messages for one in asked)
    )
