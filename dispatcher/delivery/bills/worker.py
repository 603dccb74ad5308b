"""Fetching bills: claim some, fetch them all at once, record each as it comes, claim more.

No transaction is open while a server is asked. Whatever happens to this process, a bill is at worst fetched
once more: only a claim of its attempt sends, and that has its own guards.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.ids import new_id
from dispatcher.core.settings import AttachmentSettings
from dispatcher.delivery.bills import repository
from dispatcher.delivery.bills.content import FetchedBill
from dispatcher.delivery.bills.errors import BillFaultError
from dispatcher.delivery.bills.repository import ClaimedBill
from dispatcher.delivery.bills.states import BILL_SETTLED, BillState
from dispatcher.delivery.bills.urls import UrlRules
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.transitions import Change, apply_changes
from templates.errors import AttachmentError

if TYPE_CHECKING:  # the scheduler, which only wakes this worker, need not load an HTTP client
    from dispatcher.delivery.bills.fetch import BillFetcher

log = structlog.get_logger()

#: Short, and renewed while the worker lives: the places that a dead one holds at a server are soon free.
LEASE_SECONDS: Final = 15.0
RENEW_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 5.0
#: What is not there yet may come: a patient bill is asked for again.
_MAY_COME: Final = frozenset({"http_404", "http_410"})

Result = TypeVar("Result")
Running = dict["Future[FetchedBill]", ClaimedBill]


@dataclass(frozen=True, slots=True)
class BillTools:
    """What fetching needs."""

    database: Database
    clock: Clock
    bridge: Bridge
    fetcher: "BillFetcher"
    url_rules: UrlRules
    settings: AttachmentSettings


class BillWorker:
    """Fetches bills for one process, at most `fetches_at_once` at a time."""

    def __init__(self, tools: BillTools) -> None:
        self.tools = tools
        self._stopping = threading.Event()
        self._at_work = threading.Lock()

    def stop(self) -> None:
        """Begin no further fetch; what runs is let go and done again by somebody else."""
        self._stopping.set()

    def close(self) -> None:
        """Let go of all connections and of the event loop."""
        self.tools.bridge.run(self.tools.fetcher.close(), CLOSE_SECONDS)
        self.tools.bridge.close()

    def work(self, seconds: float) -> int:
        """Fetch what is due, beginning none after `seconds`; returns how many were begun.

        A second call while one is running returns at once: one thread can keep all fetches of a process.
        """
        if not self.tools.url_rules.is_on or not self._at_work.acquire(blocking=False):
            return 0
        try:
            return _Turn(self.tools, self._stopping).run(time.monotonic() + seconds)
        finally:
            self._at_work.release()


@dataclass(slots=True)
class _Turn:
    """One call of `work`: the fetches that are running, and the token they are claimed with."""

    tools: BillTools
    stopping: threading.Event
    token: UUID = field(default_factory=new_id)
    running: Running = field(default_factory=dict)
    renewed_at: float = field(default_factory=time.monotonic)

    def run(self, until: float) -> int:
        begun = 0
        try:
            while not self.stopping.is_set():
                if time.monotonic() < until:
                    begun += self._begin()
                if not self.running:
                    break
                done, _ = wait(self.running, timeout=1.0, return_when=FIRST_COMPLETED)
                self._record(done)
                self._renew()
        finally:
            self._let_go()
        return begun

    def _begin(self) -> int:
        room = self.tools.settings.fetches_at_once - len(self.running)
        if room <= 0:
            return 0
        claimed = self._in_transaction(lambda session, now: self._claim(session, room, now))
        for bill in claimed:
            self.running[self.tools.bridge.start(self.tools.fetcher.fetch(bill.url))] = bill
        return len(claimed)

    def _claim(self, session: Session, room: int, now: datetime) -> Sequence[ClaimedBill]:
        settings = self.tools.settings
        return repository.claim_bills(
            session,
            self.tools.url_rules.origins,
            limit=room,
            per_host=settings.fetches_per_host,
            token=self.token,
            lease_seconds=LEASE_SECONDS,
            now=now,
        )

    def _record(self, done: Iterable["Future[FetchedBill]"]) -> None:
        for future in done:
            bill = self.running.pop(future)
            self._in_transaction(partial(self._result(future, bill).write, bill))

    def _result(self, future: "Future[FetchedBill]", bill: ClaimedBill) -> "_Ready | _Fault":
        try:
            fetched = future.result()
        except BillFaultError as error:
            fault = error
        except AttachmentError:  # a host was taken off the list meanwhile
            fault = BillFaultError("url_refused", is_final=True)
        except Exception as error:  # noqa: BLE001 - whatever one server provokes, the other bills go on
            # Without the trace: its words would carry the URL.
            log.error("bills.fetch_broken", bill_id=str(bill.id), error=type(error).__name__)  # noqa: TRY400
            fault = BillFaultError("broken")
        else:
            log.debug("bills.fetched", bill_id=str(bill.id), host=bill.origin, bytes=len(fetched.content))
            return _Ready(self.token, fetched)
        log.info("bills.not_fetched", bill_id=str(bill.id), host=bill.origin, fault=fault.fault)
        return _Fault(self.token, fault, self.tools.settings.fetch_retry_seconds)

    def _renew(self) -> None:
        if not self.running or time.monotonic() - self.renewed_at < RENEW_SECONDS:
            return
        bills = [bill.id for bill in self.running.values()]
        self._in_transaction(
            lambda session, _now: repository.renew(session, bills, self.token, LEASE_SECONDS)
        )
        self.renewed_at = time.monotonic()

    def _let_go(self) -> None:
        """Give back what was not finished, so that nobody has to wait for the lease."""
        if not self.running:
            return
        for future in self.running:
            future.cancel()
        bills = [bill.id for bill in self.running.values()]
        self._in_transaction(lambda session, _now: repository.give_back(session, bills, self.token))

    def _in_transaction(self, work: Callable[[Session, datetime], Result]) -> Result:
        return self.tools.database.run(lambda session: work(session, self.tools.clock.refresh(session)))


@dataclass(frozen=True, slots=True)
class _Ready:
    token: UUID
    fetched: FetchedBill

    def write(self, bill: ClaimedBill, session: Session, now: datetime) -> None:
        digest = hashlib.sha256(self.fetched.content).digest()
        if repository.keep_ready(session, bill.id, self.fetched, digest, token=self.token, now=now):
            _wake_attempts(session, bill.id, now)


@dataclass(frozen=True, slots=True)
class _Fault:
    token: UUID
    error: BillFaultError
    waits: Sequence[float]

    def write(self, bill: ClaimedBill, session: Session, now: datetime) -> None:
        wait_seconds = next_wait(self.error, bill, self.waits)
        state = BillState.FAILED if wait_seconds is None else BillState.WAITING
        next_try_at = now + timedelta(seconds=wait_seconds or 0.0)
        repository.keep_fault(session, bill.id, self.error.fault, state, next_try_at, token=self.token)
        if state is BillState.FAILED:
            _wake_attempts(session, bill.id, now)


def next_wait(error: BillFaultError, bill: ClaimedBill, waits: Sequence[float]) -> float | None:
    """Seconds before the next try; None: it is given up.

    A patient bill (its template waits for it to the end) is never given up for being late.
    """
    is_hopeless = error.is_final and not (bill.is_patient and error.fault in _MAY_COME)
    is_over = bill.tries > len(waits)
    if is_hopeless or not waits or (is_over and not bill.is_patient):
        return None
    return max(waits[min(bill.tries, len(waits)) - 1], error.retry_after_seconds or 0.0)


def _wake_attempts(session: Session, bill: UUID, now: datetime) -> None:
    """The attempt that was held for this bill is due now."""
    held = repository.list_held(session, bill)
    changes = [Change(period, attempt, Trigger.HOLD, BILL_SETTLED, due_at=now) for period, attempt in held]
    apply_changes(session, changes, now)
