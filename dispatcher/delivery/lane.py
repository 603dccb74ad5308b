"""Working a lane: record what became of the last group, claim the next one, send it, and so on.

The order is the promise (P3): claim → commit → send → record. No transaction is open while the provider
is called, and the transaction that records one group claims the next. When the database goes away the
worker keeps what it knows in memory and waits; leases and tokens make the late record safe.
"""

import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from channels.port import Channel, ChannelKind, Collecting, Envelope, Outcome, OutcomeKind
from channels.voice.result import CallResult
from dispatcher.core.db import plan_by_keys
from dispatcher.core.ids import new_id
from dispatcher.delivery.asking import ask_due
from dispatcher.delivery.bills.gate import BillGate
from dispatcher.delivery.calls.answers import follow_answers
from dispatcher.delivery.calls.desk import CallDesk, CallingChannel, ClaimedCalls
from dispatcher.delivery.calls.lengths import CallLengths
from dispatcher.delivery.calls.lines import lines_left
from dispatcher.delivery.channel_pause import lift_pause, pause_channel, read_pause
from dispatcher.delivery.checks import SENDING_MARGIN, RunView
from dispatcher.delivery.claim import (
    ClaimedGroup,
    RunningRun,
    claim_group,
    list_running,
)
from dispatcher.delivery.claim_commits import ClaimCommits
from dispatcher.delivery.confirmations import send_due
from dispatcher.delivery.due_positions import DuePositions
from dispatcher.delivery.group_size import GroupSize
from dispatcher.delivery.inboxes import collect_due
from dispatcher.delivery.lane_tools import Lane, Tools
from dispatcher.delivery.outcomes import PROVIDER_FAULTS, change_of
from dispatcher.delivery.places import Holding, Places, Share
from dispatcher.delivery.refusal_answers import answer_due
from dispatcher.delivery.refusals import refusal_of
from dispatcher.delivery.returns.traffic import DomainTrafficCounter
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.step_plan import StepPlan
from dispatcher.delivery.throttle import Limit
from dispatcher.delivery.transitions import Change, Claim, Transitions
from templates.rendering import CompiledTemplate
from templates.repository import compiled_versions

log = structlog.get_logger()

#: Whoever answers so can be reached: a pause of its channel is over.
_PROVIDER_ANSWERS: Final = frozenset({Trigger.ACCEPT, Trigger.DELIVER})

Plans = Mapping[UUID, StepPlan]


class LaneWorker:
    """Works lanes in the threads of one process, at most `in_flight_limit` attempts at a time."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self._stopping = threading.Event()
        self._give_up_at = float("inf")
        self._desks: dict[Lane, CallDesk] = {}
        self._desks_lock = threading.Lock()
        self._commits = ClaimCommits(tools.database, tools.clock)
        self._places = Places(tools.settings.in_flight_limit)
        self._shares: dict[Lane, Share] = {}
        self._group_sizes: dict[Lane, GroupSize] = {}
        self._turn: dict[Lane, UUID] = {}
        self._templates: Mapping[UUID, CompiledTemplate] = {}
        self._call_lengths = CallLengths()
        self._due_positions = DuePositions()
        self._traffic = DomainTrafficCounter()
        self._bills = BillGate(tools.url_rules, self._compiled)

    def stop(self) -> None:
        """Claim nothing more; running groups end and are recorded (SIGTERM)."""
        self._give_up_at = time.monotonic() + self.stop_seconds
        self._stopping.set()
        for channel in self.tools.registry.all():
            channel.stop_starting()

    @property
    def stop_seconds(self) -> float:
        """How long what has begun may take to end: calls take longer than messages."""
        settings = self.tools.settings
        has_calls = any(isinstance(channel, CallingChannel) for channel in self.tools.registry.all())
        return max(settings.stop_seconds, settings.calls.stop_seconds) if has_calls else settings.stop_seconds

    def end_calls(self, seconds: float) -> None:
        """Wait for the calls that are being made, no longer than that; `stop` comes before."""
        until = time.monotonic() + seconds
        for desk in list(self._desks.values()):
            desk.wait_until_idle(max(0.0, until - time.monotonic()))
            desk.close()

    @property
    def is_stopping(self) -> bool:
        """Whether the process was told to end."""
        return self._stopping.is_set()

    def work(self, lane: Lane, seconds: float) -> int:
        """Send what is due in the lane for at most `seconds`; returns how many attempts were claimed."""
        channel = self.tools.registry.get(lane.channel)
        if isinstance(channel, CallingChannel):
            return self._desk(lane, channel).wake(seconds)
        return 0 if channel is None else self._work(lane, channel, time.monotonic() + seconds)

    def ask(self, kind: ChannelKind) -> int:
        """Ask the channel's provider what became of attempts of which it reported nothing."""
        channel = self.tools.registry.get(kind)
        if channel is None or self.is_stopping:
            return 0
        return ask_due(self.tools.database, self.tools.clock, self.tools.bridge, channel)

    def collect(self, kind: ChannelKind) -> int:
        """Fetch what customers wrote from the accounts that are due; returns how many texts were new."""
        channel = self.tools.registry.get(kind)
        if channel is None or self.is_stopping or not isinstance(channel, Collecting):
            return 0
        return collect_due(self.tools.database, self.tools.clock, self.tools.bridge, channel)

    def confirm(self, kind: ChannelKind) -> int:
        """Send the letters or codes by which people prove an address; returns how many."""
        channel, writer = self.tools.registry.get(kind), self.tools.confirmations
        if channel is None or writer is None or self.is_stopping:
            return 0
        return send_due(self.tools.database, self.tools.clock, self.tools.bridge, channel, writer)

    def answer_refusals(self) -> int:
        """Answer those who have just refused short messages by one; returns how many."""
        channel, writer = self.tools.registry.get(ChannelKind.SMS), self.tools.refusal_answers
        if channel is None or writer is None or self.is_stopping:
            return 0
        return answer_due(self.tools.database, self.tools.clock, self.tools.bridge, channel, writer)

    def _work(self, lane: Lane, channel: Channel, until: float) -> int:
        claimed, outcomes = 0, list[Change]()
        sent: UUID | None = None
        plans: Plans = {}
        size, places = self._group_size(lane), Holding(self._shares.setdefault(lane, Share(self._places)))
        try:
            while True:
                wants_more = time.monotonic() < until and not self.is_stopping
                room = places.widen(size.now, least=size.least) if wants_more else 0
                if room == 0 and not outcomes:
                    return claimed
                group = self._record_and_claim(lane, outcomes, plans, most=room)
                self._let_go(sent)
                if group is None and (room > 0 or not wants_more):
                    return claimed
                if group is None:  # another thread had too many of the places; ours are free now, too
                    places.keep(0)
                    sent, outcomes = None, []
                    continue
                sent, plans = group.claimed.token, group.plans
                claimed += len(group.claimed.candidates)
                places.keep(len(group.claimed.candidates))
                outcomes = self._send(lane, channel, group, places)
        finally:
            self._let_go(sent)
            places.keep(0)

    def _group_size(self, lane: Lane) -> GroupSize:
        return self._group_sizes.setdefault(lane, GroupSize(self._largest_group))

    @property
    def _largest_group(self) -> int:
        """Where several lanes share the process, a group leaves room for one of another lane."""
        limit = self.tools.settings.in_flight_limit
        return min(
            self.tools.settings.claim_size, limit if self.tools.serves_one_lane else max(1, limit // 2)
        )

    def _places_for_calls(self) -> int:
        """All there are, but for a group where the process sends other things too: who talks, talks long."""
        limit = self.tools.settings.in_flight_limit
        return limit if len(self.tools.registry.all()) == 1 else max(1, limit - self._largest_group)

    def _desk(self, lane: Lane, channel: CallingChannel) -> CallDesk:
        with self._desks_lock:
            if lane not in self._desks:
                self._desks[lane] = CallDesk(
                    _LaneOfCalls(self, lane),
                    channel,
                    bridge=self.tools.bridge,
                    leases=self.tools.leases,
                    places=Holding(self._shares.setdefault(lane, Share(self._places))),
                    most_calls=self._places_for_calls(),
                )
            return self._desks[lane]

    def _let_go(self, token: UUID | None) -> None:
        """Renew the group's lease no more: only once its outcomes are recorded, or never will be."""
        if token is not None:
            self.tools.leases.release(token)

    def _record_and_claim(
        self,
        lane: Lane,
        outcomes: Sequence[Change],
        plans: Plans,
        *,
        most: int,
    ) -> "_Group | None":
        """Record what became of attempts and claim `most` others at most, in one transaction; 0: none."""
        token = new_id()

        def work(session: Session) -> "_Group | None":
            plan_by_keys(session)
            now = self.tools.clock.refresh(session)
            paused_until = read_pause(session, lane.channel.value)
            work = Transitions(session, now)
            may_claim = most > 0 and (paused_until is None or paused_until <= now)
            group = self._claim(session, lane, token, work, most) if may_claim else None
            work.add(outcomes, plans=plans)
            work.write()
            if any(one.call is not None and _asks_for_something(one.call) for one in outcomes):
                while follow_answers(session, now):  # a slice at a time: older ones may stand before ours
                    pass
            self._heed_provider(session, lane, outcomes, now, was_paused=paused_until is not None)
            self._traffic.write(session, now, is_last=group is None and most > 0)
            return group

        group = self._commits.run(work, token, give_up_at=lambda: self._give_up_at)
        if group is not None:
            keys = [(one.period, one.attempt_id) for one in group.claimed.candidates]
            self.tools.leases.hold(token, keys)
        return group

    def _claim(
        self, session: Session, lane: Lane, token: UUID, work: Transitions, most: int
    ) -> "_Group | None":
        channel, settings, now = lane.channel.value, self.tools.settings, work.now
        calendar = self.tools.read_calendar(session)
        wanted = self._room(session, lane, most)
        if wanted <= 0:
            return None
        for run in self._in_turn(lane, list_running(session, lane.priority, now)):
            limits = self._limits(lane, run)
            allowed = self.tools.buckets.take(limits, wanted, urgent=lane.priority == "urgent")
            claimed = allowed and claim_group(
                session,
                run.id,
                channel,
                claim=Claim(token, settings.lease_seconds),
                limit=allowed,
                calendar=calendar,
                now=now,
                bill_looks=self._bills.looks,
                hold_back=self.tools.domain_limits.hold_back_in(channel, urgent=lane.priority == "urgent"),
                transitions=work,
                least_validity=settings.least_validity_seconds,
                call_seconds=self._call_lengths.of(run.id),
                positions=self._due_positions,
            )
            if claimed:
                self.tools.buckets.give_back(limits, allowed - len(claimed.candidates))
                self._turn[lane] = run.id
                return _Group(
                    claimed, self._compiled(session, claimed.run), now, _begin_until(claimed.run, now)
                )
            self.tools.buckets.give_back(limits, allowed)
        return None

    def _room(self, session: Session, lane: Lane, most: int) -> int:
        """How many may be claimed; of calls no more than the trunks have lines, whoever uses the others."""
        lines = self.tools.call_lines
        if lines is None or not isinstance(self.tools.registry.get(lane.channel), CallingChannel):
            return most
        return min(most, lines_left(session, lines, urgent=lane.priority == "urgent"))

    def _compiled(self, session: Session, run: RunView) -> Mapping[UUID, CompiledTemplate]:
        """The run's texts. A version never changes, so those of the last run need not be read again."""
        versions, templates = frozenset(run.plan.version_ids()), self._templates
        if versions != templates.keys():
            templates = self._templates = compiled_versions(session, versions)
        return templates

    def _in_turn(self, lane: Lane, runs: Sequence[RunningRun]) -> Sequence[RunningRun]:
        """The runs, beginning after the one served last, so that none waits for another to end."""
        last = self._turn.get(lane)
        position = 0 if last is None else sum(1 for run in runs if run.id <= last)
        return [*runs[position:], *runs[:position]]

    def _limits(self, lane: Lane, run: RunningRun) -> list[Limit]:
        provider = self.tools.provider_limits.get(lane.channel)
        limits = [] if provider is None else [Limit(f"provider:{lane.channel.value}", provider)]
        if run.max_per_second is not None:
            limits.append(Limit(f"run:{run.id}", run.max_per_second))
        return limits

    def _heed_provider(
        self, session: Session, lane: Lane, outcomes: Sequence[Change], now: datetime, *, was_paused: bool
    ) -> None:
        fault = next((one.reason for one in outcomes if one.reason in PROVIDER_FAULTS), None)
        if fault is not None:
            wait = self.tools.settings.channel_pause_seconds
            pause_channel(session, lane.channel.value, fault, first_wait_seconds=wait, now=now)
        elif was_paused and any(one.trigger in _PROVIDER_ANSWERS for one in outcomes):
            lift_pause(session, lane.channel.value)

    def _send(self, lane: Lane, channel: Channel, group: "_Group", places: Holding) -> list[Change]:
        """Send one group; returns what is not recorded yet when its last outcome is in.

        What is recorded before frees its places, so that those who wait for a slow answer hold nobody up.
        """
        token, begun_at, sent = group.claimed.token, time.monotonic(), 0
        envelopes, waiting = self._render(group)
        for outcomes in self._outcomes(channel, list(envelopes.values())):
            self.tools.domain_limits.heed(lane.channel, outcomes, envelopes)
            self._traffic.count(lane.channel, outcomes, envelopes)
            sent += sum(1 for one in outcomes if one.kind is not OutcomeKind.NOT_SENT)
            now = self.tools.clock.now()
            waiting += [
                change_of(one, envelopes.pop(one.attempt.attempt_id), token, now)
                for one in outcomes
                if one.attempt.attempt_id in envelopes
            ]
            if envelopes:  # the rest may take as long as a provider may be silent
                self._record_and_claim(lane, waiting, group.plans, most=0)
                waiting = []
                places.keep(len(envelopes))
        self._group_size(lane).heed(sent, time.monotonic() - begun_at)
        return [*waiting, *_without_outcome(envelopes.values(), token)]

    def _outcomes(self, channel: Channel, envelopes: Sequence[Envelope]) -> Iterator[list[Outcome]]:
        def start() -> AsyncIterator[Outcome]:
            return channel.send(envelopes)

        settings = self.tools.settings
        try:
            yield from self.tools.bridge.groups(
                start, size=settings.claim_size, wait_seconds=settings.record_interval_ms / 1000
            )
        except Exception:
            log.exception("delivery.channel_failed", channel=channel.kind.value)

    def _render(self, group: "_Group") -> tuple[dict[UUID, Envelope], list[Change]]:
        envelopes: dict[UUID, Envelope] = {}
        refused: list[Change] = []
        claimed = group.claimed
        bills = self._bills.take(self.tools.database, claimed.run, claimed.candidates, group.templates)
        for one in group.claimed.candidates:
            try:
                envelopes[one.attempt_id] = self.tools.renderer.envelope(
                    claimed.run,
                    one,
                    group.templates,
                    group.now,
                    bills=bills,
                    begin_until=group.begin_until,
                    deliver_until=claimed.deliver_until.get(one.attempt_id),
                )
            except Exception as error:  # noqa: BLE001 - whatever a text does, its recipient fails alone
                log.warning(
                    "delivery.not_rendered", attempt_id=str(one.attempt_id), error=type(error).__name__
                )
                refused.append(refusal_of(one, error, group.claimed.token, group.now))
        return envelopes, refused


class _LaneOfCalls:
    """What a desk needs of the worker (`dispatcher.delivery.calls.desk.Engine`)."""

    def __init__(self, worker: LaneWorker, lane: Lane) -> None:
        self._worker = worker
        self._lane = lane

    @property
    def is_stopping(self) -> bool:
        return self._worker.is_stopping

    def claim_calls(self, most: int) -> ClaimedCalls | None:
        # The worker's own steps, which groups of messages take as well: SLF001 would have them copied.
        group = self._worker._record_and_claim(self._lane, (), {}, most=most)
        if group is None:
            return None
        envelopes, refused = self._worker._render(group)
        return ClaimedCalls(group.claimed.token, envelopes, refused, group.plans)

    def record_calls(self, changes: Sequence[Change], plans: Plans) -> None:
        self._worker._record_and_claim(self._lane, changes, plans, most=0)

    def note_length(self, run: UUID, seconds: float) -> None:
        self._worker._call_lengths.note(run, seconds)

    def change_of_call(self, outcome: Outcome, envelope: Envelope, token: UUID) -> Change:
        tools = self._worker.tools
        return change_of(outcome, envelope, token, tools.clock.now(), tools.seal)


def _asks_for_something(call: CallResult) -> bool:
    return call.is_wrong_person or call.wants_no_calls


@dataclass(frozen=True, slots=True)
class _Group:
    claimed: ClaimedGroup
    templates: Mapping[UUID, CompiledTemplate]
    now: datetime
    begin_until: float  #: of `time.monotonic()`

    @property
    def plans(self) -> Plans:
        """The step plan that its run is pinned to."""
        return {self.claimed.run.id: self.claimed.run.plan}


def _begin_until(run: RunView, now: datetime) -> float:
    """By when what was checked just now must have begun: a frozen process sends nothing once it thaws."""
    left = min(SENDING_MARGIN, run.ends_at - now)
    return time.monotonic() + left.total_seconds()


def _without_outcome(envelopes: Iterable[Envelope], token: UUID) -> list[Change]:
    """An envelope the channel said nothing about may have left: in doubt, never sent again blindly."""
    return [
        Change(one.attempt.period, one.attempt.attempt_id, Trigger.LOSE, "no_outcome", token=token)
        for one in envelopes
    ]
