"""The port: what the delivery engine asks of every channel, and nothing more.

A channel is given envelopes and yields outcomes as they come. It knows no database, no queue, no
consent. The one promise every adapter keeps (and the contract test checks): **exactly one outcome per
envelope**, whatever happens, and never a second try of its own once the provider may have the message.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable
from uuid import UUID

from channels.voice.result import CallResult
from channels.voice.script import CallScript


class ChannelKind(StrEnum):
    """The three ways to reach a person."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"


class OutcomeKind(StrEnum):
    """What became of one attempt, as far as the channel knows."""

    ACCEPTED = "accepted"  #: the provider took it; a receipt may follow
    DELIVERED = "delivered"  #: the person has it, as the scenario counts that: no receipt is needed (calls)
    #: it cannot have left (no connection, body incomplete, told to stop): not an attempt
    NOT_SENT = "not_sent"
    THROTTLED = "throttled"  #: the provider asked us to slow down: not an attempt
    TRANSIENT = "transient"  #: refused for now; worth another attempt later
    PERMANENT = "permanent"  #: refused for good
    #: refused because of us (reputation, policy, configuration), not because of the address
    SENDER_FAULT = "sender_fault"
    UNKNOWN = "unknown"  #: it may have left; nobody knows. Never blindly sent again


@dataclass(frozen=True, slots=True)
class AttemptReference:
    """The name of an attempt that travels to providers and back: period (first of a month, UTC) and id."""

    period: date
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a notice. With a `content_id` it is an image of the HTML, named as `cid:…`."""

    file_name: str
    content_type: str
    content: bytes = field(repr=False)
    content_id: str | None = None


@dataclass(slots=True)  # one is made for each message: freezing would take four times as long
class Envelope:
    """One rendered notice on its way to one address.

    `notice_key` is the same for every attempt of one notice and step (a stable Message-ID). `headers`
    are added by the delivery engine (unsubscribe); a channel copies them without understanding them.
    An envelope not begun by `begin_until` (of `time.monotonic()`) is yielded as `NOT_SENT`, reason
    `not_begun_in_time`: a window may have closed, or staff may have paused the run, in the meantime.
    """

    attempt: AttemptReference
    notice_key: str
    address: str
    recipient_name: str
    subject: str
    text: str
    html: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    begin_until: float | None = None
    attachments: tuple[Attachment, ...] = ()
    #: the provider must give up by then (promise P6); None: nothing the provider holds can come too late
    deliver_until: datetime | None = None
    call: CallScript | None = None  #: what a call says and asks; `text` is then all of it, to be read


@dataclass(frozen=True, slots=True)
class Question:
    """An attempt of which the provider is asked what became of it, by our own id.

    `provider_id` is what was recorded when it was sent, None where no answer came. `sent_at` is when it
    entered `sending`.
    """

    attempt: AttemptReference
    address: str = field(repr=False)
    provider_id: str | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What a provider charged for one attempt. `parts` are SMS parts; currency as the account has it."""

    parts: int
    amount: Decimal | None = None


@dataclass(slots=True)  # one is made for each message: freezing would take four times as long
class Outcome:
    """What the provider said about one attempt.

    `reason` is a short stable code without personal data (`smtp_550_5.1.1`); `reply` is the provider's
    own words, kept as evidence (it may name the address, so it is never logged). `content` holds the
    exact bytes that were sent. `retry_after_seconds` is the provider's wish, if it stated one.
    `is_for_provider`: THROTTLED by the provider itself, not by the recipient's side of it. `is_heeded`:
    THROTTLED by one of the provider's servers, which the channel itself now spares; nobody else need.
    """

    attempt: AttemptReference
    kind: OutcomeKind
    reason: str = ""
    reply: str = field(default="", repr=False)
    provider_id: str | None = None
    retry_after_seconds: float | None = None
    content: bytes | None = field(default=None, repr=False)
    at: datetime | None = None
    is_for_provider: bool = False
    is_heeded: bool = False
    price: Price | None = None
    #: the provider's own ids of the parts, where its receipts name nothing else (`smpp/0a1b`); an empty one
    #: is of a part that it did not take, or of which nobody knows
    provider_messages: tuple[str, ...] = ()
    call: CallResult | None = None  #: what came of a call, answered or not


class ReceiptKind(StrEnum):
    """What a provider reports later about an attempt."""

    DELIVERED = "delivered"
    DELAYED = "delayed"  #: the provider has it and still tries: settles only that it left
    FAILED = "failed"  #: refused for good after acceptance (a bounce)
    UNKNOWN = "unknown"  #: the report does not say


@dataclass(frozen=True, slots=True)
class Receipt:
    """One report of a provider, sent or asked for, parsed. `raw` is stored before anything is applied.

    A provider that knows our attempts only by its own ids names its id in `provider_message`, as
    `Outcome.provider_messages` did.
    """

    attempt: AttemptReference | None
    kind: ReceiptKind
    reason: str = ""
    raw: bytes = field(default=b"", repr=False)
    price: Price | None = None
    provider_message: str | None = None


#: Keeps a report. It returns once the report is stored, and raises when it could not be: it comes again.
ReceiptSink = Callable[[Receipt], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class IncomingText:
    """What a customer wrote to us. `provider` is the account's name; `id` is the provider's own, if any."""

    provider: str
    phone: str = field(repr=False)
    text: str = field(repr=False)
    id: str = ""


#: Keeps what a customer wrote; as `ReceiptSink`.
TextSink = Callable[[IncomingText], Awaitable[None]]


@runtime_checkable
class Reporting(Protocol):
    """A channel or a provider over whose own connection receipts come in."""

    async def listen(self, receipts: ReceiptSink, texts: TextSink | None = None) -> None:
        """Connect now, and hand over what comes; a provider is answered only once its report is kept."""
        ...


@runtime_checkable
class Collecting(Protocol):
    """A channel whose providers keep what customers wrote until it is fetched."""

    def inboxes(self) -> Mapping[str, float]:
        """The accounts that can be looked into, with the seconds between two looks."""
        ...

    async def collect(self, provider: str, after: str | None) -> Sequence[IncomingText] | None:
        """What was written to an account after the text with this id, oldest first; None: not to be had now.

        Without an id: of the last day.
        """
        ...


@runtime_checkable
class Lines(Protocol):
    """A channel of which each message takes up a line for as long as it lasts: calls.

    Never more is handed to it than lines are free, and what it is handed takes a line at once. Outcomes of
    one batch come minutes apart, and further batches are handed over meanwhile.
    """

    def free_lines(self) -> int:
        """How many more envelopes may be begun now; 0 where nothing can be sent. Safe in every thread."""
        ...


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a channel can send now; `problem` says in plain words what to do if not."""

    ok: bool
    problem: str = ""


class Channel(Protocol):
    """One adapter to one provider."""

    kind: ChannelKind

    def send(self, batch: Sequence[Envelope]) -> AsyncIterator[Outcome]:
        """Send the batch and yield one outcome per envelope, in any order, as each becomes known.

        Never raises for a provider's fault; every fault is an outcome. Closing or cancelling the
        iterator early leaves no connection in the middle of a message.
        """
        ...

    async def query(self, questions: Sequence[Question]) -> Sequence[Receipt]:
        """Ask the provider by our own ids what became of attempts; empty where it cannot answer.

        Only attempts of which the provider knows something are answered: silence decides nothing.
        """
        ...

    async def healthy(self) -> Health:
        """Connect and sign in as for sending, without sending."""
        ...

    def stop_starting(self) -> None:
        """From now on begin no envelope: those not begun are yielded as `NOT_SENT`; running ones end."""
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...
