"""One call of `send`: a few workers share the batch, each with one connection at a time.

This is where the port's promise is kept: exactly one outcome per envelope. An envelope is either still
waiting (then its outcome is written by `_settle_waiting` at the end) or taken by one connection, which
settles it or puts it back whatever happens. What one of several servers cannot carry (`fitness`) waits for
another one.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from channels.email.addresses import MailAddress
from channels.email.chunking import ChunkedSession
from channels.email.connection import SmtpConnection
from channels.email.errors import MailServerUnavailableError, UnsendableError
from channels.email.fitness import Fitness
from channels.email.outcome_queue import OutcomeQueue
from channels.email.pipeline import PipelinedSession
from channels.email.pool import ConnectionPool
from channels.email.replies import Verdict, is_of_server
from channels.email.transaction import LOST_EARLY, SLOW_EARLY, Letter, Request, send_singly
from channels.port import AttemptReference, Envelope, Outcome, OutcomeKind

log = structlog.get_logger(__name__)


@dataclass(slots=True)  # one is made for each message: freezing would take four times as long
class Built:
    """A message with its addresses, before it is known over which connection it goes."""

    address: MailAddress
    sender: str
    content: bytes = field(repr=False)
    needs_8bit: bool


class Post(Protocol):
    """Turns envelopes into requests and verdicts into outcomes."""

    async def build_ahead(self, envelopes: Sequence[Envelope]) -> Mapping[AttemptReference, Built]:
        """The messages of a batch before any connection takes one up; those not in it are built later."""
        ...

    def prepare(self, connection: SmtpConnection, envelope: Envelope, built: Built | None) -> Request:
        """What goes over the wire; raises `UnsendableError` when it cannot go, or not by this server."""
        ...

    def outcome(
        self, envelope: Envelope, verdict: Verdict, server: str, content: bytes | None = None
    ) -> Outcome:
        """What the engine is told: `server` was the attempt's, `content` are the bytes that left."""
        ...

    def is_stopped(self) -> bool:
        """Whether no envelope may be begun any more, in no batch."""
        ...


class Batch:
    """The envelopes of one call and the workers that send them; the source of its connections' letters."""

    def __init__(self, envelopes: Sequence[Envelope], pool: ConnectionPool, post: Post) -> None:
        self._waiting = deque(envelopes)
        self._late_at = _earliest_end(envelopes)
        self._pool = pool
        self._post = post
        self._fitness = Fitness([server.name for server in pool.servers])
        self._is_stopped = False
        self._is_server_slow = False  # the only one there is
        self._fault: MailServerUnavailableError | None = None
        self._in_use: dict[asyncio.Task[None] | None, SmtpConnection] = {}
        self._outcomes = OutcomeQueue()
        self._built: Mapping[AttemptReference, Built] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._overseer: asyncio.Task[None] | None = None

    def start(self, workers: int) -> None:
        """Begin with so many connections at most."""
        self._overseer = asyncio.create_task(self._oversee(workers))

    async def next_outcome(self) -> Outcome | None:
        """The next outcome; None after the last one."""
        return await self._outcomes.get()

    def stop(self) -> None:
        """Begin no further envelope; those under way end."""
        self._is_stopped = True

    def abort(self) -> None:
        """Break off what is under way: its outcome says whether it may have left."""
        self.stop()
        for worker in self._workers:
            connection = self._in_use.get(worker)
            if connection is not None:  # its envelope ends by itself then, and knows how far it got
                connection.abort()
            else:  # still connecting, or waiting for a place
                worker.cancel()

    async def finish(self, timeout_seconds: float) -> None:
        """Stop, and wait for the envelopes under way; after the time they are broken off."""
        self.stop()
        if self._overseer is None:
            return
        try:
            await asyncio.wait({self._overseer}, timeout=timeout_seconds)
        finally:
            if not self._overseer.done():
                self.abort()
                await asyncio.wait({self._overseer})

    async def _oversee(self, workers: int) -> None:
        try:
            self._built = await self._post.build_ahead(list(self._waiting))
        except Exception as error:  # noqa: BLE001 - a bug must not cost the batch its outcomes
            _log_bug(error)
        self._workers = [asyncio.create_task(self._work()) for _ in range(min(workers, len(self._waiting)))]
        for ending in await asyncio.gather(*self._workers, return_exceptions=True):
            if isinstance(ending, Exception):
                _log_bug(ending)
        self._settle_waiting()
        self._outcomes.close()

    def _settle_waiting(self) -> None:
        kind, reason = OutcomeKind.NOT_SENT, "stopped"
        if self._fault is not None and not self._is_told_to_stop():
            kind = OutcomeKind.THROTTLED if self._fault.is_throttled else OutcomeKind.NOT_SENT
            reason = self._fault.reason
        elif self._is_late() and not self._is_told_to_stop():
            reason = SLOW_EARLY.reason if self._is_server_slow else "not_begun_in_time"
        is_throttled = kind is OutcomeKind.THROTTLED
        while self._waiting:
            envelope = self._waiting.popleft()
            verdict = self._fitness.verdict_of(envelope) if reason != "stopped" else None
            self._outcomes.put(
                Outcome(envelope.attempt, kind, reason, is_for_provider=is_throttled)
                if verdict is None
                else self._post.outcome(envelope, verdict, "")
            )

    def _is_told_to_stop(self) -> bool:
        return self._is_stopped or self._post.is_stopped()

    def _is_late(self) -> bool:
        return self._late_at is not None and time.monotonic() > self._late_at

    async def _work(self) -> None:
        """Send until nothing waits, or no connection can be had: the other workers may have better luck."""
        try:
            while not self._has_nothing_to_begin():
                connection = await self._pool.take(self._has_nothing_to_begin, self._has_work_for)
                if connection is not None:
                    await self._send_over(connection)
            if self.must_stop():
                self._settle_waiting()
        except MailServerUnavailableError as error:
            if self._fault is None:  # once a batch is enough
                log.warning("email.server_unavailable", reason=error.reason)
            self._fault = error

    def _has_nothing_to_begin(self) -> bool:
        return not self._waiting or self.must_stop()

    def _has_work_for(self, server: str) -> bool:
        return self._fitness.next_for(server, self._waiting) is not None

    async def _send_over(self, connection: SmtpConnection) -> None:
        me = asyncio.current_task()
        self._in_use[me] = connection
        try:
            if connection.offers("PIPELINING"):
                is_chunked = connection.wants_chunking and connection.offers("CHUNKING")
                await (ChunkedSession if is_chunked else PipelinedSession)(connection, self).run()
            else:
                await send_singly(connection, self)
            place = self._fitness.next_for(connection.server, self._waiting)
            if connection.begun == 0 and place is not None and not self.must_stop():
                # It hung up at once: that must cost an envelope its turn, not loop for ever.
                lost = self._waiting[place]
                del self._waiting[place]
                self._outcomes.put(self._post.outcome(lost, LOST_EARLY, connection.server))
        except BaseException:
            connection.abort()
            raise
        finally:
            self._in_use.pop(me, None)
            self._release_idle_workers()
            await self._pool.give_back(connection)

    def _release_idle_workers(self) -> None:
        """Nothing waits and nothing can be put back: who still waits for a connection needs none."""
        if not self._waiting and not self._in_use:
            for worker in self._workers:
                if worker is not asyncio.current_task():
                    worker.cancel()

    # The source of letters.

    def take(self, connection: SmtpConnection) -> Letter | None:
        """See `LetterSource`. Envelopes that cannot be sent get their outcome on the way."""
        # One at least, however short a connection's life is set to be.
        while (
            not self._has_nothing_to_begin()
            and connection.allowance != 0
            and (connection.begun == 0 or connection.is_usable())
        ):
            place = self._fitness.next_for(connection.server, self._waiting)
            if place is None:
                return None
            envelope = self._waiting[place]
            del self._waiting[place]
            request = self._prepare(connection, envelope)
            if request is not None:
                if connection.allowance is not None:
                    connection.allowance -= 1
                return Letter(envelope, request, server=connection.server, is_first_use=connection.begun == 0)
        return None

    def must_stop(self) -> bool:
        """See `LetterSource`: staff told us, the process ends, or the time to begin is over."""
        return self._is_told_to_stop() or self._is_late()

    def settle(self, letter: Letter, verdict: Verdict) -> None:
        """See `LetterSource`."""
        if verdict is LOST_EARLY and not letter.is_first_use and not self.must_stop():
            # A kept connection that had died unseen: nothing was sent, so a fresh one may try.
            self.put_back(letter)
            return
        if verdict is SLOW_EARLY and self._is_told_to_stop():  # nobody waits for the server then
            self.put_back(letter)
            return
        if is_of_server(verdict) and self._fitness.note(letter.envelope, letter.server):
            self.put_back(letter)
            return
        self._heed(letter.server, verdict)
        content = letter.request.content if verdict.is_body_sent else None
        self._outcomes.put(self._post.outcome(letter.envelope, verdict, letter.server, content))
        if verdict is SLOW_EARLY:
            self._settle_waiting()

    def _heed(self, server: str, verdict: Verdict) -> None:
        """Spare a server that asks for it, or that does not answer."""
        if verdict.is_for_server:
            self._pool.slow_down(server, verdict.reason)
        elif verdict.is_silent:
            self._pool.leave_out_silent(server, verdict.reason)
            self._is_server_slow = not self._pool.has_several

    def put_back(self, letter: Letter) -> None:
        """See `LetterSource`: it waits again, before all others."""
        self._waiting.appendleft(letter.envelope)
        if self.must_stop():  # others may still wait for their replies, these have nothing to wait for
            self._settle_waiting()

    def _prepare(self, connection: SmtpConnection, envelope: Envelope) -> Request | None:
        try:
            built = self._built.get(envelope.attempt) if self._built else None
            return self._post.prepare(connection, envelope, built)
        except UnsendableError as error:
            if error.is_by_server and self._fitness.note(envelope, connection.server):
                self._waiting.append(envelope)
                return None
            verdict = Verdict(OutcomeKind.PERMANENT, error.reason)
        except Exception as error:  # noqa: BLE001 - a bug must not cost the envelope its outcome
            _log_bug(error, attempt_id=str(envelope.attempt.attempt_id))
            verdict = Verdict(OutcomeKind.PERMANENT, "not_built")
        self._outcomes.put(self._post.outcome(envelope, verdict, connection.server))
        return None


def _earliest_end(envelopes: Sequence[Envelope]) -> float | None:
    """Until when envelopes may be begun (monotonic); one batch has one claim, so one limit serves all."""
    return min((one.begin_until for one in envelopes if one.begin_until is not None), default=None)


def _log_bug(error: Exception, **ids: str) -> None:
    # The type only: the words of an exception may hold an address.
    log.error("email.send_failed", error=type(error).__name__, **ids)
