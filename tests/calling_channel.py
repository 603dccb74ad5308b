"""A channel of calls in memory: the test says who answers, how, and when each one hangs up."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from channels.port import ChannelKind, Envelope, Health, Outcome, OutcomeKind, Question, Receipt
from channels.voice.reasons import KINDS, CallReason
from channels.voice.result import AnsweredBy, CallResult, Signalling
from channels.voice.script import Counts

CONFIRMED = CallResult(
    Signalling(200, 16, "Normal Clearing", "main", "74951234567", 4.0, 31.0, ended_by_them=True),
    AnsweredBy.HUMAN,
    "human",
    reached=Counts.CONFIRMED,
    is_identity_confirmed=True,
    heard_seconds=20.0,
    message_seconds=20.0,
    keys="11",
    prompts=("ab" * 32,),
)
HEARD = replace(CONFIRMED, reached=Counts.HEARD, keys="1")
BUSY = CallResult(Signalling(486, 17, "Busy Here", "main", "74951234567"))


class CallingChannel:
    """Everybody answers and confirms unless told otherwise; `lines` calls at once.

    A test that calls `hold` keeps who is called then talking until `hang_up` names the number.
    """

    kind = ChannelKind.VOICE

    def __init__(self, lines: int = 10) -> None:
        self.lines = lines
        self.called: list[str] = []
        self.envelopes: list[Envelope] = []
        self.most_at_once = 0
        self.is_stopped = False
        self._talking: dict[str, threading.Event] = {}
        self._holds = False
        self._answers: dict[str, list[tuple[OutcomeKind, str, CallResult | None]]] = {}
        self._changed = threading.Condition()

    def answer(self, number: str, reason: CallReason | OutcomeKind, result: CallResult | None = None) -> None:
        """How the next call to this number ends; the last answer stays."""
        kind, word = (reason, "") if isinstance(reason, OutcomeKind) else (KINDS[reason], reason.value)
        self._answers.setdefault(number, []).append((kind, word, result))

    def hold(self) -> None:
        """Who is called from now on talks until `hang_up`."""
        self._holds = True

    def talking(self) -> list[str]:
        with self._changed:
            return sorted(number for number, over in self._talking.items() if not over.is_set())

    def wait_for(self, count: int) -> list[str]:
        """Wait until so many talk."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._talking) >= count, timeout=60), self._talking
        return self.talking()

    def hang_up(self, *numbers: str) -> None:
        for number in numbers:
            self._talking[number].set()

    def free_lines(self) -> int:
        return 0 if self.is_stopped else self.lines - len(self._talking)

    async def send(self, batch: Sequence[Envelope]) -> AsyncIterator[Outcome]:
        with self._changed:
            for envelope in batch:
                self._talking[envelope.address] = threading.Event()
            self.most_at_once = max(self.most_at_once, len(self._talking))
            self._changed.notify_all()
        calls = [asyncio.create_task(self._call(envelope)) for envelope in batch]
        for call in asyncio.as_completed(calls):
            yield await call

    async def query(self, questions: Sequence[Question]) -> Sequence[Receipt]:
        return ()

    async def healthy(self) -> Health:
        return Health(ok=True)

    def stop_starting(self) -> None:
        self.is_stopped = True

    async def close(self) -> None:
        pass

    async def _call(self, envelope: Envelope) -> Outcome:
        number = envelope.address
        self.called.append(number)
        self.envelopes.append(envelope)
        while self._holds and not self._talking[number].is_set():
            await asyncio.sleep(0.005)
        with self._changed:
            del self._talking[number]
        answers = self._answers.get(number, [(OutcomeKind.DELIVERED, "", CONFIRMED)])
        kind, reason, result = answers[0] if len(answers) == 1 else answers.pop(0)
        return Outcome(envelope.attempt, kind, reason, at=datetime.now(UTC), call=result)
