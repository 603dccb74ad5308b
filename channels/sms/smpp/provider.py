"""An operator over SMPP 3.4 as a provider of short messages.

A message is handed over once. Refused before anything of it left, it may go by another provider; with its
answer lost it is unknown for good, since SMPP cannot be asked by a name of ours. Of a long text each part
is a message of its own: once the first is taken, whatever stops the others leaves the whole in doubt.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Final

import structlog

from channels.port import (
    Health,
    IncomingText,
    OutcomeKind,
    Price,
    Question,
    Receipt,
    ReceiptKind,
    ReceiptSink,
    TextSink,
)
from channels.sms.parts import MOST_PARTS
from channels.sms.provider import Answer, Message
from channels.sms.reference import message_name
from channels.sms.smpp.codes import MESSAGE_STATES, OK, read_status
from channels.sms.smpp.errors import AnswerLostError, NotBoundError
from channels.sms.smpp.link import Link
from channels.sms.smpp.pdu import Address, Command, Pdu, ShortMessage, Tag, id_body, message_id
from channels.sms.smpp.receipts import is_receipt, normal_id, read_letter, read_receipt
from channels.sms.smpp.texts import Part, read_text, write_parts
from dispatcher.core.settings import SmppSettings

log = structlog.get_logger(__name__)

#: How long a provider that throttles is left alone, when it does not say.
THROTTLE_SECONDS: Final = 1.0
#: A later part that is throttled was certainly not taken: it is tried again so often.
PART_TRIES: Final = 10
NAME, NUMBER = (5, 0), (1, 1)  #: type and numbering plan (5.2.5, 5.2.6)
ASKS_FOR_RECEIPT: Final = 0x01


class SmppProvider:
    """See `SmsProvider`. `listen` says where receipts and messages from customers go; else they wait."""

    least_validity_minutes = 1

    def __init__(self, settings: SmppSettings) -> None:
        self.name = settings.name
        self.parallel = settings.binds * settings.window
        self._settings = settings
        self._receipts: ReceiptSink | None = None
        self._incoming: TextSink | None = None
        self._reference = random.randrange(0x10000)  # noqa: S311 - holds parts together, no secret
        both = settings.bind == "transceiver"
        command = Command.BIND_TRANSCEIVER if both else Command.BIND_TRANSMITTER
        self._links = [Link(settings, command, self._take) for _ in range(settings.binds)]
        self._receivers = [] if both else [Link(settings, Command.BIND_RECEIVER, self._take)]

    async def listen(self, receipts: ReceiptSink, texts: TextSink | None = None) -> None:
        """Bind now, and hand over what comes from the provider."""
        self._receipts, self._incoming = receipts, texts
        self._start()

    async def submit(self, message: Message) -> Answer:
        """See `SmsProvider`."""
        self._reference = (self._reference + 1) % 0x10000
        settings = self._settings
        parts = write_parts(message.text, settings.concatenation, settings.default_alphabet, self._reference)
        if not parts or len(parts) > MOST_PARTS:
            return Answer(OutcomeKind.PERMANENT, "sms_too_long" if parts else "sms_empty")
        ids: list[str] = []
        for part in parts:
            try:
                body = self._body(message, part, is_first=not ids)
                answer = await self._hand_over(body, may_wait=bool(ids))
            except NotBoundError as error:
                return self._stopped(ids, Answer(OutcomeKind.NOT_SENT, error.reason, is_for_provider=True))
            except AnswerLostError as error:
                return self._stopped(ids, Answer(OutcomeKind.UNKNOWN, error.reason))
            if answer.status != OK:
                return self._stopped(ids, _refused(answer))
            ids.append(message_id(answer.body))
        return Answer(
            OutcomeKind.ACCEPTED,
            reply=f"message_id {' '.join(ids)}",
            provider_id=",".join(ids),
            price=Price(len(parts)),
            provider_messages=self._messages(ids),
        )

    async def ask(self, questions: Sequence[Question]) -> Sequence[Receipt]:
        """See `SmsProvider`. SMPP asks by the provider's ids alone: what has none stays unknown."""
        if not self._settings.can_query:
            return []
        found: list[Receipt] = []
        for question in questions:
            _, _, ids = (question.provider_id or "").partition("/")
            if ids:
                kinds = [await self._state_of(one) for one in ids.split(",")]
                kind = _together([one for one in kinds if one is not None])
                if kind is not None and None not in kinds:
                    found.append(Receipt(question.attempt, kind, "smpp_queried", raw=b"query_sm"))
        return found

    async def healthy(self) -> Health:
        """See `SmsProvider`: well while one bind for sending stands, and one for receipts."""
        self._start()
        problems = []
        for links in (self._links, self._receivers):
            found = await asyncio.gather(*(link.bound() for link in links), return_exceptions=True)
            faults = [one for one in found if isinstance(one, BaseException)]
            if links and len(faults) == len(links):
                problems.append(str(faults[0]))
        return Health(ok=not problems, problem="; ".join(problems))

    async def close(self) -> None:
        """See `SmsProvider`."""
        await asyncio.gather(*(link.close() for link in (*self._links, *self._receivers)))

    def _start(self) -> None:
        for link in (*self._links, *self._receivers):
            link.start()

    async def _hand_over(self, body: bytes, *, may_wait: bool) -> Pdu:
        """One packet over the bind that has least to do. A later part waits until it is taken or refused."""
        for turn in range(PART_TRIES if may_wait else 1):
            if turn:
                await asyncio.sleep(THROTTLE_SECONDS)
            self._start()
            session = await min(self._links, key=lambda link: link.in_flight).bound()
            answer = await session.submit(body)
            if read_status(answer.status).kind is not OutcomeKind.THROTTLED:
                break
        return answer

    def _body(self, message: Message, part: Part, *, is_first: bool) -> bytes:
        settings = self._settings
        ton, npi = NUMBER if settings.sender.lstrip("+").isdigit() else NAME
        if not settings.sender:
            ton, npi = 0, 0
        source = Address(
            settings.sender.removeprefix("+"),
            ton if settings.source_ton is None else settings.source_ton,
            npi if settings.source_npi is None else settings.source_npi,
        )
        name = message_name(message.attempt).encode()
        return ShortMessage(
            source=source,
            destination=Address(message.phone.removeprefix("+"), *NUMBER),
            octets=part.octets,
            esm_class=part.esm_class,
            data_coding=part.data_coding,
            registered_delivery=ASKS_FOR_RECEIPT,
            validity_period=_validity(message.valid_minutes),
            service_type=settings.service_type,
            parameters={Tag.ATTEMPT_NAME: name} if settings.sends_attempt_name and is_first else {},
        ).encode()

    def _stopped(self, ids: Sequence[str], answer: Answer) -> Answer:
        """What to say when a part did not go: the parts before it have left, and are not sent again.

        An empty id stands for the part that is missing: the others alone do not make the message whole.
        """
        if not ids:
            return answer
        return Answer(
            OutcomeKind.UNKNOWN,
            "smpp_partly_sent",
            f"{len(ids)} parts taken, then {answer.reason}",
            provider_id=",".join(ids),
            provider_messages=(*self._messages(ids), ""),
        )

    def _messages(self, ids: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{self.name}/{normal_id(one, self._settings.answer_ids)}" for one in ids if one)

    async def _state_of(self, name: str) -> ReceiptKind | None:
        body = id_body(name) + bytes(2) + id_body(self._settings.sender.removeprefix("+"))
        try:
            session = await self._links[0].bound()
            answer = await session.query(body)
        except (NotBoundError, AnswerLostError) as error:
            log.warning("sms.not_asked", provider=self.name, reason=error.reason)
            return None
        if answer.status != OK:
            return None
        # message_id, final_date, then a state and an error of an octet each (4.8.2)
        state = answer.body.split(b"\0", 2)[-1][:1]
        known = MESSAGE_STATES.get(state[0]) if state else None
        return known.kind if known else None

    async def _take(self, message: ShortMessage) -> None:
        """The one place where what a provider sends comes in. What it raises makes it come again."""
        if self._receipts is None:
            raise LookupError("nobody keeps receipts yet")
        if is_receipt(message):
            await self._receipts(read_receipt(message, self.name, self._settings.receipt_ids))
        elif self._incoming is not None:
            text = read_text(message, self._settings.default_alphabet)
            await self._incoming(IncomingText(self.name, message.source.value, text))
        else:
            await self._receipts(read_letter(message))


def _refused(answer: Pdu) -> Answer:
    known = read_status(answer.status)
    is_throttled = known.kind is OutcomeKind.THROTTLED
    return Answer(
        known.kind,
        known.reason,
        f"command_status 0x{answer.status:08x}",
        retry_after_seconds=THROTTLE_SECONDS if is_throttled else None,
        is_for_provider=known.is_for_provider,
    )


def _validity(minutes: int | None) -> str:
    """Relative, as `YYMMDDhhmmsstnnp` with `R` at its end (7.1.1.2); empty leaves it to the provider."""
    if minutes is None:
        return ""
    days, rest = divmod(minutes, 24 * 60)
    return f"0000{min(days, 30):02}{rest // 60:02}{rest % 60:02}00000R"


def _together(kinds: Sequence[ReceiptKind]) -> ReceiptKind | None:
    """A message is delivered when all its parts are, and failed when one is."""
    if ReceiptKind.FAILED in kinds:
        return ReceiptKind.FAILED
    if set(kinds) == {ReceiptKind.DELIVERED}:
        return ReceiptKind.DELIVERED
    return ReceiptKind.DELAYED if kinds else None
