"""Calls through SMSC (`call=1`; domain 2.6): for who has no trunk, and for notices that ask nothing.

One request is one attempt: the provider is told to dial once, since its own repeats would hide attempts from
evidence and from frequency limits. The outcome is waited for, as for a call of our own, so busy and
unanswered calls go by the same retry rules.

What SMSC reports of keys is not documented (domain 2.6). So a script that must know who listens before it
tells a fact (domain 52), collects digits, plays a recording, or counts a call as told only when a key
confirmed it, is refused before anything is dialled; `campaigns.calls_read_out` says so when the campaign is
made. How much was heard SMSC does not say either: whoever took the call was told, with the strength
"answered", never more, also where the script counts what was heard.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from types import MappingProxyType
from typing import Final

from channels.batch import Batch
from channels.port import ChannelKind, Envelope, Health, Outcome, OutcomeKind, Question, Receipt, ReceiptKind
from channels.sms.provider import Answer, Message
from channels.sms.reference import message_name
from channels.sms.smsc.client import MOST_CHARACTERS, Status
from channels.sms.smsc.codes import FailureClass, failure_of_reason, read_report
from channels.sms.smsc.provider import SmscProvider
from channels.voice.channel import utc_now
from channels.voice.reasons import KINDS, CallReason
from channels.voice.result import AnsweredBy, CallResult, Signalling
from channels.voice.script import Ask, CallScript, Collect, Counts, Say
from dispatcher.core.settings import SmscSettings
from dispatcher.core.voice_settings import SmscCallSettings

INTERVAL_SECONDS: Final = 10  #: of no meaning with a single attempt; the least that is allowed
ATTEMPTS: Final = 1
NEEDS_KEYS: Final = "smsc_call_needs_keys"
ANSWERED: Final = 200  #: as SIP has it
#: `err` of a call → why nobody was told (domain 2.5)
REASONS: Final = MappingProxyType(
    {
        237: CallReason.NO_ANSWER,
        240: CallReason.BUSY,
        241: CallReason.NO_SPEECH,
        242: CallReason.MACHINE,
    }
)


class SmscCalls:
    """See the port and `Lines`. Lives on one event loop."""

    kind = ChannelKind.VOICE

    def __init__(
        self, account: SmscSettings, settings: SmscCallSettings, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        param = f"{settings.ring_seconds},{INTERVAL_SECONDS},{ATTEMPTS}"
        self._provider = SmscProvider(account, {"call": "1", "voice": settings.voice, "param": param})
        self._settings = settings
        self._now = now
        self._is_stopped = False
        self._taken = 0
        self._batches: set[Batch] = set()

    async def send(self, batch: Sequence[Envelope]) -> AsyncIterator[Outcome]:
        """See the port. A cancelled caller still gets every outcome, and the cancellation after the last."""
        running = Batch(batch, self._call, lambda: self._is_stopped, _in_doubt)
        self._batches.add(running)
        self._taken += len(batch)
        left = len(batch)
        try:
            async with aclosing(running.outcomes(self._settings.lines)) as outcomes:
                async for outcome in outcomes:
                    self._taken, left = self._taken - 1, left - 1
                    yield outcome
        finally:
            self._taken -= left
            self._batches.discard(running)

    async def query(self, questions: Sequence[Question]) -> Sequence[Receipt]:
        """See the port."""
        return await self._provider.ask(questions)

    async def healthy(self) -> Health:
        """See the port."""
        return await self._provider.healthy()

    def free_lines(self) -> int:
        """See `Lines`."""
        return 0 if self._is_stopped else max(0, self._settings.lines - self._taken)

    def stop_starting(self) -> None:
        """See the port."""
        self._is_stopped = True

    async def close(self) -> None:
        """Let what runs end, close all connections."""
        self.stop_starting()
        await asyncio.gather(*(batch.finish() for batch in self._batches))
        await self._provider.close()

    async def _call(self, envelope: Envelope) -> Outcome:
        if envelope.call is None:
            return self._not_told(envelope, CallReason.NO_SCRIPT)
        text = text_of(envelope.call)
        if text is None:
            return Outcome(envelope.attempt, OutcomeKind.SENDER_FAULT, NEEDS_KEYS)
        if not text or len(text) > MOST_CHARACTERS:
            return self._not_told(envelope, CallReason.NO_SPEECH)
        minutes = self._minutes_left(envelope)
        if minutes is not None and minutes < self._provider.least_validity_minutes:
            return Outcome(envelope.attempt, OutcomeKind.NOT_SENT, "sms_window_too_short")
        try:
            answer = await self._provider.submit(
                Message(envelope.attempt, envelope.address, text, valid_minutes=minutes)
            )
            status = await self._wait(envelope) if answer.kind is OutcomeKind.ACCEPTED else None
        except asyncio.CancelledError:  # broken off: the telephone may ring
            return _in_doubt(envelope)
        return self._outcome(envelope, answer, status, text)

    async def _wait(self, envelope: Envelope) -> Status | None:
        """The final status; None when it does not come in time: the provider reports it later."""
        until = time.monotonic() + self._settings.ring_seconds + self._settings.talk_seconds
        while time.monotonic() < until:
            await asyncio.sleep(self._settings.poll_seconds)
            status = await self._provider.find(message_name(envelope.attempt), envelope.address)
            if status is not None and read_report(status.status, status.err).is_final:
                return status
        return None

    def _outcome(self, envelope: Envelope, answer: Answer, status: Status | None, text: str) -> Outcome:
        kind, reason, result = answer.kind, answer.reason, None
        if status is not None:
            kind, reason, result = self._meaning(status)
        has_left = answer.kind not in {OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED}
        return Outcome(
            envelope.attempt,
            kind,
            reason,
            reply=answer.reply if status is None else f"status {status.status}, err {status.err}",
            provider_id=f"{self._provider.name}/{answer.provider_id or ''}",
            retry_after_seconds=answer.retry_after_seconds,
            content=text.encode() if has_left else None,
            at=self._now(),
            is_for_provider=answer.kind is OutcomeKind.THROTTLED,
            price=answer.price,
            call=result,
        )

    def _meaning(self, status: Status) -> tuple[OutcomeKind, str, CallResult]:
        report = read_report(status.status, status.err)
        words = f"status {status.status}, err {status.err}"
        unanswered = CallResult(Signalling(0, reason=words, trunk=self._provider.name))
        if report.kind is ReceiptKind.DELIVERED:
            signalling = Signalling(ANSWERED, reason=words, trunk=self._provider.name)
            answered = CallResult(signalling, answered_by=AnsweredBy.UNSURE, reached=Counts.ANSWERED)
            return OutcomeKind.DELIVERED, "", answered
        reason = REASONS.get(status.err)
        if reason is not None:
            return KINDS[reason], reason.value, unanswered
        if report.kind is ReceiptKind.UNKNOWN:
            return OutcomeKind.UNKNOWN, report.reason, unanswered
        failure = failure_of_reason(report.reason)
        if failure is FailureClass.CONTACT:
            return KINDS[CallReason.WRONG_NUMBER], CallReason.WRONG_NUMBER.value, unanswered
        is_ours = failure is FailureClass.SENDER
        return OutcomeKind.SENDER_FAULT if is_ours else OutcomeKind.PERMANENT, report.reason, unanswered

    def _minutes_left(self, envelope: Envelope) -> int | None:
        if envelope.deliver_until is None:
            return None
        return int((envelope.deliver_until - self._now()).total_seconds() // 60)

    def _not_told(self, envelope: Envelope, reason: CallReason) -> Outcome:
        return Outcome(envelope.attempt, KINDS[reason], reason.value, at=self._now())


def text_of(script: CallScript) -> str | None:
    """What is read out; None when the script needs more than that (see the module).

    A question that only asks for a confirmation is left out where nothing depends on its answer.
    """
    if script.counts is Counts.CONFIRMED:
        return None
    if any(
        isinstance(part, Collect) or (isinstance(part, Ask) and part.is_identity) for part in script.parts
    ):
        return None
    said = [phrase for part in script.parts if isinstance(part, Say) for phrase in part.phrases]
    phrases = [*said, *script.goodbye]
    if any(phrase.recording is not None for phrase in phrases):
        return None
    return " ".join(phrase.text.strip() for phrase in phrases).strip()


def _in_doubt(envelope: Envelope) -> Outcome:
    return Outcome(envelope.attempt, OutcomeKind.UNKNOWN, CallReason.BROKEN_OFF.value)
