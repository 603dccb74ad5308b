"""The scheduler: starts runs, fans them out, sweeps, closes, and wakes the workers.

A round of all its duties takes as long as they take: a second of fan-out, a second of purging. Urgent runs do
not wait for it (promise P9): a thread of their own starts them, plans them and wakes their lanes. Nor do the
first notices of a big run wait for its last: its lanes are woken as soon as one slice is committed.

Any number may run; one leads. Every piece of work is a transaction of its own that checks the lead, so
losing it in the middle loses nothing. All timers are rows in PostgreSQL.
"""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType
from typing import Final, TypeVar
from uuid import UUID

import redis
import structlog
from dramatiq.errors import BrokerError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from campaigns.import_leases import fail_absent_imports, fail_interrupted_lists
from campaigns.occurrences import make_due_occurrence
from campaigns.retention import purge_rejected_rows
from campaigns.seeds import make_seed_run
from channels.port import ChannelKind
from consent.expiry import record_expired
from dispatcher.bootstrap import Application, build_url_rules, configured_channels, provider_inboxes
from dispatcher.core import outbox
from dispatcher.core.db import is_database_gone
from dispatcher.core.garbage import settle_loaded_objects
from dispatcher.core.idempotency import forget_old_answers
from dispatcher.core.lead import Lead, LostLeadError
from dispatcher.core.outage import Outage
from dispatcher.core.queue import connect_broker
from dispatcher.core.queue_names import QueueName
from dispatcher.delivery import confirmations, planning, receipts, refusal_answers, sweep
from dispatcher.delivery.bills.repository import drop_of_closed_runs
from dispatcher.delivery.bills.repository import is_any_due as is_any_bill_due
from dispatcher.delivery.bills.tasks import wake_bills
from dispatcher.delivery.calls.answers import follow_answers
from dispatcher.delivery.claim import list_running
from dispatcher.delivery.error_limit import pause_failing_runs
from dispatcher.delivery.inboxes import is_any_due as is_any_inbox_due
from dispatcher.delivery.lane_tools import Lane
from dispatcher.delivery.questions import is_any_due
from dispatcher.delivery.returns.domains import release_held
from dispatcher.delivery.returns.faults import judge_contents, judge_sender_faults
from dispatcher.delivery.returns.judging import judge_addresses
from dispatcher.delivery.returns.traffic import forget_traffic
from dispatcher.delivery.tasks import ASKING, LANES, wake
from dispatcher.privacy.erasure import continue_erasures
from dispatcher.privacy.retention import is_night, purge_slice

log = structlog.get_logger()

URGENT_SECONDS: Final = 0.2  #: between two looks for urgent runs that are due
PLANNING_SECONDS: Final = 1.0  #: per round, so that sweeps never wait long behind a big fan-out
SWEEP_ROUNDS: Final = 20  #: slices of one kind per round
OFFER_SECONDS: Final = 0.25  #: between two offers of what a fan-out has planned while it goes on
WAKES_PER_ROUND: Final = 8  #: a lane with work is offered to so many threads; idle ones return at once
HOUSEKEEPING_SECONDS: Final = 3600.0
PURGING_SECONDS: Final = 1.0  #: per round of a night
PURGE_AGAIN_SECONDS: Final = 1800.0  #: after a look that found nothing too old
ABSENT_GRACE_SECONDS: Final = 120.0  #: for machines that start together with the scheduler
DROP_ROUNDS: Final = 200  #: slices of bills of closed runs that are let go at a time; the rest in an hour
WAKING_TOPICS: Final = frozenset({"run.started", "run.resumed"})

Result = TypeVar("Result")

# Partitions are made two months ahead, so that opening a run never has to.
_PERIODS_AHEAD = text(
    """
    SELECT ensure_period((date_trunc('month', CAST(:now AS timestamptz) AT TIME ZONE 'UTC')
                          + make_interval(months => ahead))::date)
    FROM generate_series(0, 2) AS ahead
    """
)


class Scheduler:
    """One scheduler. `run` blocks until it is stopped; `round` is one turn, for tests."""

    def __init__(self, application: Application) -> None:
        connect_broker(application.addresses.redis_url)
        self._application = application
        self._database = application.database
        self._lead = Lead()
        self._stop = threading.Event()
        self._housekept_at = float("-inf")
        self._began_at = time.monotonic()
        self._purge_again_at = float("-inf")
        self._url_rules = build_url_rules(application.settings)
        # Nobody takes the wake-ups of a lane whose channel is not configured: they would only pile up.
        kinds = configured_channels(application.settings)
        self._inboxes = provider_inboxes(application.settings)
        self._lanes = {queue: lane for queue, lane in LANES.items() if lane.channel in kinds}

    def stop(self) -> None:
        """End after the current round."""
        self._stop.set()

    def run(self) -> None:
        """Turn round after round; waits while the database is away."""
        log.info("scheduler.started")
        urgent = threading.Thread(target=self._run_urgent, name="urgent-runs")
        urgent.start()
        try:
            self._run_rounds()
        finally:
            self._stop.set()
            urgent.join()
        self._leave()
        log.info("scheduler.ended")

    def _run_rounds(self) -> None:
        outage = Outage("scheduler.database")
        while not self._stop.is_set():
            try:
                self.round()
                outage.end()
            except LostLeadError:
                log.warning("scheduler.lost_lead")
            except DBAPIError as error:
                if not is_database_gone(error):
                    raise
                outage.note()
            self._stop.wait(self._application.settings.delivery.sweep_seconds)

    def _run_urgent(self) -> None:
        while not self._stop.wait(URGENT_SECONDS):
            try:
                self.start_urgent()
            except LostLeadError:
                continue  # another scheduler leads, and looks
            except DBAPIError as error:
                if not is_database_gone(error):  # the rounds say when it is away
                    log.exception("scheduler.urgent_failed")
            except Exception:
                log.exception("scheduler.urgent_failed")

    def start_urgent(self) -> int:
        """Start what is due, plan urgent runs and wake their lanes; returns how many recipients were planned.

        Raises `LostLeadError` when another scheduler leads. Both this and a round may meet the same run: its
        row is locked, and what one has planned the other does not find any more.
        """
        planned = 0
        for run in self._as_leader(self._begin_urgent):
            while (count := self._plan_slice(run)) and not self._stop.is_set():
                if planned == 0:
                    self._wake_urgent()
                planned += count
        return planned

    def _begin_urgent(self, session: Session) -> Sequence[UUID]:
        now = self._application.clock.refresh(session)
        sweep.start_due(session, now)
        return planning.list_unplanned(session, now, urgent_only=True)

    def _wake_urgent(self) -> None:
        try:
            for queue, lane in self._lanes.items():
                if lane.priority == "urgent":
                    wake(queue)
        except (redis.RedisError, BrokerError, OSError) as error:
            log.warning("scheduler.queue_away", error=type(error).__name__)

    def round(self) -> bool:
        """One turn of all duties; returns whether this scheduler leads."""
        if not self._database.run(self._lead.hold):
            return False
        for duty in (
            self._housekeep,
            partial(
                self._each,
                partial(
                    make_due_occurrence,
                    delivery=self._application.settings.delivery,
                    country=self._application.settings.country,
                ),
            ),
            partial(self._each, sweep.start_due),
            partial(self._each, make_seed_run),
            self.fan_out,
            partial(self._each, sweep.lose_expired),
            partial(self._each, receipts.apply_stored),
            partial(self._each, follow_answers),
            partial(self._judge, judge_addresses),
            partial(self._judge, judge_sender_faults),
            partial(self._judge, judge_contents),
            partial(self._each, release_held),
            partial(self._each, sweep.settle_due),
            partial(self._each, sweep.expire_ended),
            partial(self._each, sweep.stop_planned),
            partial(self._each, sweep.hold_first, rounds=1),
            partial(self._as_leader, self._pause_failing),
            partial(self._each, sweep.close_finished, rounds=1),
            partial(self._each, fail_interrupted_lists, rounds=1),
            self._fail_absent,
            partial(self._each, continue_erasures),
            self._purge,
            self._wake,
        ):
            self._do(duty)
        return True

    def _do(self, duty: Callable[[], object]) -> None:
        """One duty; a bug in it must not keep the others from theirs."""
        try:
            duty()
        except LostLeadError:
            raise
        except DBAPIError as error:
            if is_database_gone(error):
                raise
            log.exception("scheduler.duty_failed")
        except Exception:
            log.exception("scheduler.duty_failed")

    def _as_leader(self, work: Callable[[Session], Result]) -> Result:
        def checked(session: Session) -> Result:
            self._lead.check(session)
            return work(session)

        return self._database.run(checked)

    def _each(self, duty: Callable[..., int], *, rounds: int = SWEEP_ROUNDS) -> None:
        for _ in range(rounds):
            moved = self._as_leader(lambda session: duty(session, self._application.clock.refresh(session)))
            if moved == 0:
                return
        self._database.run(self._lead.hold)

    def _judge(self, judge: Callable[..., int]) -> None:
        self._each(partial(judge, settings=self._application.settings.returns))

    def fan_out(self) -> int:
        """Plan runs slice by slice for a second, offering what is committed; returns how many recipients.

        The first slice is offered at once, so that workers send it while the others are planned. Raises
        `LostLeadError` when another scheduler leads.
        """
        planned, offer_at = 0, float("-inf")
        until = time.monotonic() + PLANNING_SECONDS
        for run in self._database.run(self._unplanned):
            while time.monotonic() < until and not self._stop.is_set():
                count = self._plan_slice(run)
                if count == 0:
                    break
                planned += count
                if time.monotonic() >= offer_at:
                    self._offer_runs()
                    offer_at = time.monotonic() + OFFER_SECONDS
        return planned

    def _plan_slice(self, run: UUID) -> int:
        return self._as_leader(
            lambda session: planning.plan_slice(
                session,
                run,
                calendar=self._application.calendar.read(session),
                now=self._application.clock.refresh(session),
                url_rules=self._url_rules,
            )
        )

    def _fail_absent(self) -> None:
        # After a night in which all was switched off the machines with the files must have their say first.
        if time.monotonic() - self._began_at >= ABSENT_GRACE_SECONDS:
            self._each(fail_absent_imports, rounds=1)

    def _purge(self) -> None:
        """At night, what retention takes away; a second of it per round, so that nothing waits for it."""
        settings, until = self._application.settings, time.monotonic() + PURGING_SECONDS
        if time.monotonic() < self._purge_again_at:
            return
        now = self._application.clock.now()
        if not is_night(now, settings.retention.hour, settings.time_zone):
            return
        purge = partial(purge_slice, settings=settings.retention)
        while time.monotonic() < until and not self._stop.is_set():
            if not self._as_leader(lambda session: purge(session, self._application.clock.refresh(session))):
                self._purge_again_at = time.monotonic() + PURGE_AGAIN_SECONDS
                return

    def _unplanned(self, session: Session) -> Sequence[UUID]:
        return planning.list_unplanned(session, self._application.clock.refresh(session))

    def _pause_failing(self, session: Session) -> int:
        settings = self._application.settings.delivery
        now = self._application.clock.refresh(session)
        return len(
            pause_failing_runs(
                session, limit=settings.error_rate_limit, sample=settings.error_rate_sample, now=now
            )
        )

    def _offer_runs(self) -> None:
        """Wake every lane that has running runs. Redis away: the end of the round tries again."""
        try:
            for queue, lane in self._lanes.items():
                self._offer_runs_of(queue, lane)
        except (redis.RedisError, BrokerError, OSError) as error:
            log.warning("scheduler.queue_away", error=type(error).__name__)

    def _offer_runs_of(self, queue: QueueName, lane: Lane) -> bool:
        if not self._database.run(self._runs_of(lane.priority)):
            return False
        for _ in range(WAKES_PER_ROUND):
            wake(queue)
        return True

    def _wake(self) -> None:
        """Offer work to every lane that has running runs. Redis away: the next round tries again."""
        try:
            self._database.run(lambda session: outbox.relay(session, _deliver))
            for queue, lane in self._lanes.items():
                if lane.priority == "urgent" and self._database.run(self._is_own_message_due(lane)):
                    wake(queue)
                if self._offer_runs_of(queue, lane):
                    continue
                if queue in ASKING and self._database.run(self._is_provider_asked(lane)):
                    wake(queue)
            if self._url_rules.is_on and self._database.run(self._are_bills_due):
                wake_bills()
        except (redis.RedisError, BrokerError, OSError) as error:
            log.warning("scheduler.queue_away", error=type(error).__name__)

    def _runs_of(self, priority: str) -> Callable[[Session], Sequence[object]]:
        return lambda session: list_running(session, priority, self._application.clock.refresh(session))

    def _is_provider_asked(self, lane: Lane) -> Callable[[Session], bool]:
        """Whether there is something to ask about, or an account to look into for what customers wrote."""

        def is_asked(session: Session) -> bool:
            now = self._application.clock.refresh(session)
            if is_any_due(session, lane.channel.value, now):
                return True
            return is_any_inbox_due(session, self._inboxes.get(lane.channel, ()), now)

        return is_asked

    def _is_own_message_due(self, lane: Lane) -> Callable[[Session], bool]:
        """Whether somebody is to confirm an address, or to be answered."""

        def is_due(session: Session) -> bool:
            now = self._application.clock.refresh(session)
            if confirmations.is_any_due(session, lane.channel.value, now):
                return True
            return lane.channel is ChannelKind.SMS and refusal_answers.is_any_due(session, now)

        return is_due

    def _are_bills_due(self, session: Session) -> bool:
        now = self._application.clock.refresh(session)
        return is_any_bill_due(session, self._url_rules.origins, now)

    def _housekeep(self) -> None:
        if time.monotonic() - self._housekept_at < HOUSEKEEPING_SECONDS:
            return

        def keep(session: Session) -> None:
            session.execute(_PERIODS_AHEAD, {"now": self._application.clock.refresh(session)})
            outbox.forget_relayed(session)
            forget_old_answers(session, self._application.clock.now())
            forget_traffic(session, self._application.clock.now())

        self._database.run(keep)
        days = self._application.settings.retention.rejected_row_days
        self._each(partial(purge_rejected_rows, days=days))
        self._each(record_expired)
        self._each(drop_of_closed_runs, rounds=DROP_ROUNDS)
        self._housekept_at = time.monotonic()

    def _leave(self) -> None:
        try:
            self._database.run(self._lead.leave)
        except DBAPIError as error:
            if not is_database_gone(error):
                raise


def _deliver(event: outbox.OutboxEvent) -> None:
    """Tell those who listen. A run that begins or goes on wakes its lanes at once, not at the next round."""
    if event.topic in WAKING_TOPICS:
        for queue in LANES:
            wake(queue)


def run_scheduler(application: Application) -> None:
    """Run until SIGTERM or SIGINT; call it from the main thread."""
    scheduler = Scheduler(application)

    def stop(_number: int, _frame: FrameType | None) -> None:
        scheduler.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    settle_loaded_objects()
    scheduler.run()
