"""The SMS channel: envelopes in, outcomes out, over one or several providers."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

import structlog

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

log = structlog.get_logger(__name__)

#: How long an attempt whose caller went away may take to end.
GRACE_SECONDS = 60.0


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
        self._batches: set[_Batch] = set()

    async def send(self, batch: Sequence[Envelope]) -> AsyncIterator[Outcome]:
        """See the port. A cancelled caller still gets every outcome, and the cancellation after the last."""
        running = _Batch(batch, self._send_one, self.is_stopped)
        self._batches.add(running)
        running.start(sum(provider.parallel for provider in self._providers))
        was_cancelled = False
        try:
            while True:
                try:
                    outcome = await running.next_outcome()
                except asyncio.CancelledError:
                    if was_cancelled:
                        running.abort()
                    was_cancelled = True
                    running.stop()
                    continue
                if outcome is None:
                    break
                yield outcome
        finally:
            await running.finish(GRACE_SECONDS)
            self._batches.discard(running)
        if was_cancelled:
            raise asyncio.CancelledError

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
        await asyncio.gather(*(batch.finish(GRACE_SECONDS) for batch in self._batches))
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


class _Batch:
    """One call of `send`: a few workers share the envelopes; exactly one outcome for each."""

    def __init__(
        self,
        envelopes: Sequence[Envelope],
        send_one: Callable[[Envelope], Awaitable[Outcome]],
        is_stopped: Callable[[], bool],
    ) -> None:
        self._waiting = deque(envelopes)
        self._send_one = send_one
        self._must_stop = is_stopped
        self._is_stopped = False
        self._outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self._overseer: asyncio.Task[None] | None = None

    def start(self, workers: int) -> None:
        self._workers = [asyncio.create_task(self._work()) for _ in range(min(workers, len(self._waiting)))]
        self._overseer = asyncio.create_task(self._oversee())

    async def next_outcome(self) -> Outcome | None:
        return await self._outcomes.get()

    def stop(self) -> None:
        self._is_stopped = True

    def abort(self) -> None:
        self.stop()
        for worker in self._workers:
            worker.cancel()

    async def finish(self, seconds: float) -> None:
        self.stop()
        if self._overseer is None:
            return
        try:
            await asyncio.wait({self._overseer}, timeout=seconds)
        finally:
            if not self._overseer.done():
                self.abort()
                await asyncio.wait({self._overseer})

    async def _oversee(self) -> None:
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._outcomes.put_nowait(None)

    async def _work(self) -> None:
        while self._waiting:
            envelope = self._waiting.popleft()
            if self._is_stopped or self._must_stop():
                outcome = Outcome(envelope.attempt, OutcomeKind.NOT_SENT, "stopped")
            elif envelope.begin_until is not None and time.monotonic() > envelope.begin_until:
                outcome = Outcome(envelope.attempt, OutcomeKind.NOT_SENT, "not_begun_in_time")
            else:
                outcome = await self._try(envelope)
            self._outcomes.put_nowait(outcome)

    async def _try(self, envelope: Envelope) -> Outcome:
        try:
            return await self._send_one(envelope)
        except Exception as error:  # noqa: BLE001 - a bug must not cost the envelope its outcome
            # The type only: the words of an exception may hold a number.
            log.error("sms.send_failed", error=type(error).__name__)  # noqa: TRY400
            return Outcome(envelope.attempt, OutcomeKind.UNKNOWN, "sms_no_answer")
