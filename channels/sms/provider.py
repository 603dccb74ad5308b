"""What the SMS channel asks of each provider: one message in, one answer out, and what became of it later."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from channels.port import AttemptReference, Health, IncomingText, OutcomeKind, Price, Question, Receipt


@dataclass(frozen=True, slots=True)
class Message:
    """One short message. `valid_minutes` is how long the provider may try; None leaves it to the provider."""

    attempt: AttemptReference
    phone: str  #: E.164 with its plus
    text: str = field(repr=False)
    valid_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider made of a message.

    `is_for_provider`: the account or the connection is meant, not this message; it has certainly not left,
    so another provider may take it.
    """

    kind: OutcomeKind
    reason: str = ""
    reply: str = field(default="", repr=False)
    provider_id: str | None = None
    price: Price | None = None
    retry_after_seconds: float | None = None
    is_for_provider: bool = False
    provider_messages: tuple[str, ...] = ()  #: see `Outcome`


@runtime_checkable
class Collector(Protocol):
    """A provider that keeps what customers wrote until it is fetched."""

    @property
    def inbox_seconds(self) -> float | None:
        """Between two looks; None: it is not looked into."""
        ...

    async def collect(self, after: str | None) -> Sequence[IncomingText] | None:
        """See `Collecting`."""
        ...


class SmsProvider(Protocol):
    """One account at one provider. Lives on one event loop."""

    name: str
    parallel: int  #: messages at once, per worker process
    least_validity_minutes: int  #: it cannot be told to give up sooner

    async def submit(self, message: Message) -> Answer:
        """Hand one message over, once. Never raises for the provider's faults: each is an answer."""
        ...

    async def ask(self, questions: Sequence[Question]) -> Sequence[Receipt]:
        """What became of attempts, by our own ids; only those of which the provider knows something."""
        ...

    async def healthy(self) -> Health:
        """Sign in without sending."""
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...
