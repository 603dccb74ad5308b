"""A channel in memory whose outcomes a test chooses by address. It keeps the port's one promise."""

import asyncio
import threading
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.port import (
    AttemptReference,
    ChannelKind,
    Envelope,
    Health,
    IncomingText,
    Outcome,
    OutcomeKind,
    Question,
    Receipt,
)

BeforeSend = Callable[[Sequence[Envelope]], None]


class ScriptedChannel:
    """Accepts everything unless told otherwise; remembers every envelope in the order of sending.

    `answer(address, *kinds)` says what the next tries to an address end with; the last one stays.
    `before_send` is called with each batch before anything is sent, in a thread, so it may block.
    A test that holds `gate` closed keeps batches waiting inside `send`.
    """

    def __init__(self, kind: ChannelKind = ChannelKind.EMAIL) -> None:
        self.kind = kind
        self.sent: list[Envelope] = []
        self.before_send: BeforeSend | None = None
        self.after_send: BeforeSend | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.is_stopped = False
        self.asked: list[Question] = []
        self.known: dict[AttemptReference, Receipt] = {}  #: what the provider says when it is asked
        self.inbox: list[IncomingText] = []  #: what customers wrote, by growing ids
        self.inbox_seconds: dict[str, float] = {}
        self.inbox_is_away = False
        self._answers: dict[str, deque[dict[str, Any] | None]] = defaultdict(deque)

    def answer(self, address: str, *kinds: OutcomeKind | None, **details: Any) -> None:
        """What the next tries to this address end with; None means no outcome at all."""
        self._answers[address] = deque(None if kind is None else {"kind": kind, **details} for kind in kinds)

    def addresses(self) -> list[str]:
        """Who was written to, in order."""
        return [envelope.address for envelope in self.sent]

    async def send(self, batch: Sequence[Envelope]) -> AsyncIterator[Outcome]:
        self.entered.set()
        if self.before_send is not None:
            await asyncio.to_thread(self.before_send, batch)
        while not self.gate.is_set():
            await asyncio.sleep(0.005)
        for envelope in batch:
            if self.is_stopped:
                yield Outcome(envelope.attempt, OutcomeKind.NOT_SENT, "stopped")
                continue
            outcome = self._outcome(envelope)
            if outcome is None or outcome.kind not in {OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED}:
                self.sent.append(envelope)
            if outcome is not None:
                yield outcome
        if self.after_send is not None:
            await asyncio.to_thread(self.after_send, batch)

    async def query(self, questions: Sequence[Question]) -> Sequence[Receipt]:
        self.asked += questions
        return [self.known[one.attempt] for one in questions if one.attempt in self.known]

    def inboxes(self) -> Mapping[str, float]:
        return self.inbox_seconds

    async def collect(self, provider: str, after: str | None) -> Sequence[IncomingText] | None:
        if self.inbox_is_away:
            return None
        return [one for one in self.inbox if one.provider == provider and int(one.id) > int(after or 0)]

    async def healthy(self) -> Health:
        return Health(ok=True)

    def stop_starting(self) -> None:
        self.is_stopped = True

    async def close(self) -> None:
        pass

    def _outcome(self, envelope: Envelope) -> Outcome | None:
        answers = self._answers[envelope.address]
        chosen = {"kind": OutcomeKind.ACCEPTED} if not answers else answers[0]
        if len(answers) > 1:
            answers.popleft()
        if chosen is None:
            return None
        details = {"reason": f"scripted_{chosen['kind'].value}", **chosen}
        if chosen["kind"] is OutcomeKind.ACCEPTED:
            details.update(content=envelope.text.encode(), provider_id=f"q-{envelope.attempt.attempt_id.hex}")
        return Outcome(envelope.attempt, at=datetime.now(UTC), **details)
