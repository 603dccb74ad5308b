"""The SMS channel: envelopes in, outcomes out, over one or several providers."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from channels.batch import Batch
from channels.port import (
    ChannelKind,
    Envelope,
    Health,
    IncomingText,
    Outcome,
    OutcomeKind,
    Question,
    Receipt,
    ReceiptSink,
    Reporting,
    TextSink,
)
from channels.sms.provider import Answer, Collector, Message, SmsProvider
from channels.sms.routing import Router
from channels.sms.transliteration import Scheme, transliterate
from dispatcher.core.settings import SmsSettings


def utc_now() -> datetime:
    """The machine's time; the composition root passes the product's clock instead."""
    return datetime.now(UTC)


class SmsChannel:
    """Sends by the providers that a number's route names. Lives on one event loop."""

    kind = ChannelKind.SMS

    def __init__(
        self,
        settings: SmsSettings,
        providers: Sequence[SmsProvider],
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._router = Router(settings, providers)
        self._providers = providers
        self._scheme = Scheme(settings.transliteration) if settings.transliteration else None
        self._now = now
        self._is_stopped = False
        self._batches: set[Batch] = set()

    async def send(self, batch: Sequence[Envelope]) -> AsyncIterator[Outcome]:
        """See the port. A cancelled caller still gets every outcome, and the cancellation after the last."""
        running = Batch(batch, self._send_one, self.is_stopped, _in_doubt)
        self._batches.add(running)
        try:
            workers = sum(provider.parallel for provider in self._providers)
            async with aclosing(running.outcomes(workers)) as outcomes:
                async for outcome in outcomes:
                    yield outcome
        finally:
            self._batches.discard(running)

    async def listen(self, receipts: ReceiptSink, texts: TextSink | None = None) -> None:
        """See `Reporting`."""
        for provider in self._providers:
            if isinstance(provider, Reporting):
                await provider.listen(receipts, texts)

    async def query(self, questions: Sequence[Question]) -> Sequence[Receipt]:
        """See the port. Who took an attempt is asked; where nobody answered for it, everybody is."""
        found: dict[object, Receipt] = {}
        for provider in self._providers:
            open_questions = [
                one
                for one in questions
                if one.attempt not in found and _is_by(one.provider_id, provider.name)
            ]
            if open_questions:
                found |= {one.attempt: one for one in await provider.ask(open_questions)}
        return list(found.values())

    def inboxes(self) -> Mapping[str, float]:
        """See `Collecting`."""
        return {
            one.name: one.inbox_seconds
            for one in self._providers
            if isinstance(one, Collector) and one.inbox_seconds is not None
        }

    async def collect(self, provider: str, after: str | None) -> Sequence[IncomingText] | None:
        """See `Collecting`."""
        found = self._router.providers.get(provider)
        return await found.collect(after) if isinstance(found, Collector) else None

    async def healthy(self) -> Health:
        """Well when one provider at least takes us; the problem names those that do not."""
        health = await asyncio.gather(*(provider.healthy() for provider in self._providers))
        problems = [one.problem for one in health if not one.ok]
        return Health(ok=any(one.ok for one in health), problem="; ".join(problems))

    def stop_starting(self) -> None:
        """See the port. Holds for every later batch too; safe to call from any thread."""
        self._is_stopped = True

    def is_stopped(self) -> bool:
        """Whether no envelope may be begun any more, in no batch."""
        return self._is_stopped

    async def close(self) -> None:
        """Stop, let what runs end, close all connections."""
        self.stop_starting()
        await asyncio.gather(*(batch.finish() for batch in self._batches))
        await asyncio.gather(*(provider.close() for provider in self._providers))

    async def _send_one(self, envelope: Envelope) -> Outcome:
        text = envelope.text if self._scheme is None else transliterate(envelope.text, self._scheme)
        answer, provider = Answer(OutcomeKind.SENDER_FAULT, "sms_no_route"), None
        for provider in self._router.providers_for(envelope.address):
            minutes = self._minutes_left(envelope)
            if minutes is not None and minutes < provider.least_validity_minutes:
                # It would go on trying when the window is closed (promise P6).
                answer = Answer(OutcomeKind.NOT_SENT, "sms_window_too_short", is_for_provider=True)
                continue
            answer = await self._submit(
                provider, Message(envelope.attempt, envelope.address, text, valid_minutes=minutes)
            )
            if not answer.is_for_provider:
                break
        return self._outcome(envelope, answer, provider, text)

    async def _submit(self, provider: SmsProvider, message: Message) -> Answer:
        begun = time.monotonic()
        try:
            answer = await provider.submit(message)
        except asyncio.CancelledError:  # broken off: the request may have left
            answer = Answer(OutcomeKind.UNKNOWN, "sms_broken_off")
        is_fault = answer.is_for_provider or answer.kind is OutcomeKind.UNKNOWN
        self._router.note(provider, is_fault=is_fault, seconds=time.monotonic() - begun)
        return answer

    def _minutes_left(self, envelope: Envelope) -> int | None:
        if envelope.deliver_until is None:
            return None
        return int((envelope.deliver_until - self._now()).total_seconds() // 60)

    def _outcome(
        self, envelope: Envelope, answer: Answer, provider: SmsProvider | None, text: str
    ) -> Outcome:
        named = None if provider is None else f"{provider.name}/{answer.provider_id or ''}"
        has_left = answer.kind not in {OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED}
        return Outcome(
            envelope.attempt,
            answer.kind,
            answer.reason,
            reply=answer.reply,
            provider_id=named,
            retry_after_seconds=answer.retry_after_seconds,
            content=text.encode() if has_left else None,
            at=self._now(),
            is_for_provider=answer.kind is OutcomeKind.THROTTLED,
            price=answer.price,
            provider_messages=answer.provider_messages,
        )


def _is_by(provider_id: str | None, name: str) -> bool:
    return provider_id is None or provider_id.partition("/")[0] == name


def _in_doubt(envelope: Envelope) -> Outcome:
    return Outcome(envelope.attempt, OutcomeKind.UNKNOWN, "sms_no_answer")
