"""A worker process: sends what is due in its lanes until it is told to end.

SIGTERM: claim nothing more, give back what was not begun, wait for the replies that are on their way,
record them, and mark what is still without an answer as unknown (design: section 5, leases and stopping).
"""

import logging
import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import Final

import dramatiq
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from channels.port import Reporting
from dispatcher.bootstrap import Application, build_bill_worker, build_channels, build_lane_worker
from dispatcher.core.garbage import settle_loaded_objects
from dispatcher.core.queue import broker, connect_broker
from dispatcher.core.queue_names import QueueName
from dispatcher.delivery.bills.tasks import bill_worker
from dispatcher.delivery.bills.worker import BillWorker
from dispatcher.delivery.lane import LaneWorker
from dispatcher.delivery.receipt_keeper import ReceiptKeeper
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.tasks import LANES, lane_worker
from dispatcher.delivery.transitions import Change, apply_changes

log = structlog.get_logger()

#: The longest an idle worker sleeps before it looks into its queue again: an urgent one is to be quick (P9).
URGENT_LOOK_MS: Final = 50
IDLE_LOOK_MS: Final = 250
LISTEN_SECONDS: Final = 5.0  #: to begin; no connection is waited for
CLOSE_SECONDS: Final = 5.0  #: for channels to let go of their connections
#: Wake-ups that nobody needed in time are normal, yet dramatiq warns of each one twice.
STALE_WAKE_LOGGERS: Final = ("dramatiq.middleware.age_limit.AgeLimit", "dramatiq.worker.WorkerThread")
STALE_WAKE_WORDS: Final = ("has exceeded its age limit", "was skipped")


def run_worker(application: Application, queues: Sequence[QueueName], threads: int) -> None:
    """Work the queues until SIGTERM or SIGINT; call it from the main thread."""
    hush_stale_wakes()
    connect_broker(application.addresses.redis_url)
    worker = _fill_lanes(application, queues) if set(queues) & set(LANES) else None
    bills = _fill_bills(application) if QueueName.BILLS in queues else None
    told_to_end = _stop_event()
    pool = dramatiq.Worker(
        broker,
        queues={str(queue) for queue in queues},
        worker_threads=threads,
        worker_timeout=URGENT_LOOK_MS if _is_urgent(queues) else IDLE_LOOK_MS,
    )
    broker.emit_after("process_boot")
    settle_loaded_objects()
    pool.start()
    log.info("worker.started", queues=[str(queue) for queue in queues], threads=threads)
    told_to_end.wait()
    _end(application, worker, bills, pool)
    log.info("worker.ended")


def _fill_lanes(application: Application, queues: Sequence[QueueName]) -> LaneWorker:
    # What its lanes do not send over is not built: a trunk that nobody calls over wants no registration.
    lanes = {LANES[queue] for queue in queues if queue in LANES}
    kinds = {lane.channel for lane in lanes}
    registry = build_channels(application, urgent=_is_urgent(queues), kinds=kinds)
    worker = build_lane_worker(application, registry, serves_one_lane=len(lanes) == 1)
    _listen(application, worker)
    lane_worker.fill(worker)
    worker.tools.leases.start()
    return worker


def _listen(application: Application, worker: LaneWorker) -> None:
    """Take the receipts that come over channels' own connections."""
    for channel in worker.tools.registry.all():
        if isinstance(channel, Reporting):
            keeper = ReceiptKeeper(application.database, application.clock, channel.kind)
            worker.tools.bridge.run(channel.listen(keeper.keep, keeper.keep_text), LISTEN_SECONDS)


def _is_urgent(queues: Sequence[QueueName]) -> bool:
    """Whether all lanes among the queues are urgent ones, and there are any."""
    lanes = [LANES[queue] for queue in queues if queue in LANES]
    return bool(lanes) and all(lane.priority == "urgent" for lane in lanes)


def _fill_bills(application: Application) -> BillWorker:
    worker = build_bill_worker(application)
    bill_worker.fill(worker)
    return worker


def hush_stale_wakes() -> None:
    """Keep the log of a busy worker from being nothing but wake-ups that came too late to matter."""
    for name in STALE_WAKE_LOGGERS:
        logging.getLogger(name).addFilter(_is_no_stale_wake)


def _is_no_stale_wake(record: logging.LogRecord) -> bool:
    return not any(words in str(record.msg) for words in STALE_WAKE_WORDS)


def _stop_event() -> threading.Event:
    event = threading.Event()

    def set_it(_number: int, _frame: FrameType | None) -> None:
        event.set()

    signal.signal(signal.SIGTERM, set_it)
    signal.signal(signal.SIGINT, set_it)
    return event


def _end(
    application: Application, worker: LaneWorker | None, bills: BillWorker | None, pool: dramatiq.Worker
) -> None:
    for one in (worker, bills):
        if one is not None:
            one.stop()
    until = time.monotonic() + (worker.stop_seconds if worker else application.settings.delivery.stop_seconds)
    pool.stop(timeout=int(application.settings.delivery.stop_seconds * 1000))
    if bills is not None:
        bills.close()
    if worker is not None:
        worker.end_calls(max(0.0, until - time.monotonic()))
        _end_lanes(application, worker)


def _end_lanes(application: Application, worker: LaneWorker) -> None:
    _mark_unanswered(application, worker)
    worker.tools.leases.stop()
    for channel in worker.tools.registry.all():
        try:
            worker.tools.bridge.run(channel.close(), CLOSE_SECONDS)
        except TimeoutError:
            log.warning("worker.channel_not_closed", channel=channel.kind.value)
    worker.tools.bridge.close()


def _mark_unanswered(application: Application, worker: LaneWorker) -> None:
    """What the provider has not answered by now is in doubt; saying so now saves the wait for the lease."""
    changes = [
        Change(period, attempt, Trigger.LOSE, "worker_stopped", token=token)
        for token, attempts in worker.tools.leases.held().items()
        for period, attempt in attempts
    ]

    def mark(session: Session) -> None:
        apply_changes(session, changes, application.clock.refresh(session))

    try:
        application.database.run(mark)
    except SQLAlchemyError as error:
        # The leases run out by themselves, and the sweeper says the same a little later.
        log.warning("worker.unanswered_not_marked", error=type(error).__name__)
