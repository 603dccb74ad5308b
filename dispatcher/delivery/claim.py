"""The claim: one transaction that decides what leaves now (design: section 5.3; promises P2–P6).

First the run is held shared, so that a pause, a stop or a change of the window takes effect between
claims, never inside one. Then due attempts are locked, then their persons and contact points, skipping
what others hold. Only then, in new statements (READ COMMITTED: earlier snapshots lie), consent, caps and
the rest are read, the verdicts fall, and `sending` is written. The caller commits before it sends.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.budget import Reservation, reserve
from consent.calendar import WorkingCalendar
from consent.locks import lock_free_addresses, lock_free_contacts, lock_free_persons
from consent.permission import ask_permission
from consent.policy import caps_from_json
from dispatcher.core.arrays import uuid_array
from dispatcher.core.db import fetch
from dispatcher.delivery.checks import (
    Candidate,
    RunView,
    Verdict,
    judge,
    policies_from_json,
    wait_for_bill,
)
from dispatcher.delivery.due_positions import FRONT, DuePositions, Position
from dispatcher.delivery.group_limits import NO_VALIDITY, GroupLimits, group_limits
from dispatcher.delivery.repository import SELECT_ATTEMPTS, AttemptRow, attempt_row
from dispatcher.delivery.returns.domains import hold_paused
from dispatcher.delivery.run_lock import hold_shared
from dispatcher.delivery.states import NoticeState, Trigger
from dispatcher.delivery.step_plan import StepPlan
from dispatcher.delivery.transitions import Change, Claim, Transitions

_RUNNING = text(
    """
    SELECT id, max_per_second FROM run
    WHERE state = 'running' AND priority = :priority AND starts_at <= :now AND ends_at > :now
    ORDER BY id
    """
)
#: What `_RUN` selects, in its order.
_RUN_COLUMNS: Final = (
    *("id", "period", "purpose", "purpose_group", "starts_at", "ends_at", "hours", "caps", "policies"),
    *("step_plan", "needs_truth", "max_per_second", "common_fields"),
)
_RUN = text(
    """
    SELECT id, period, purpose, purpose_group, starts_at, ends_at, hours, caps, policies, step_plan,
           needs_truth, max_per_second, common_fields
    FROM run WHERE id = :run AND state = 'running' AND starts_at <= :now AND ends_at > :now
    """
)
# Served by ix_attempt_due alone, from a position on: the cost does not depend on the size of the run.
_DUE = text(
    f"""{SELECT_ATTEMPTS}
    WHERE a.period = :period AND a.run_id = :run AND a.channel = :channel AND a.state = 'planned'
      AND a.due_at <= :now
      AND (a.due_at, a.id) > (CAST(:after AS timestamptz), CAST(:after_id AS uuid))
    ORDER BY a.due_at, a.id LIMIT :limit
    FOR NO KEY UPDATE SKIP LOCKED
    """
)
# What the locked attempts' own rows do not say, in the order of `Candidate` from `notice_state` on.
# One look-up by key after the other, whatever the planner believes of tables that have just been filled:
# a LIMIT keeps it from joining whole tables first.
_CANDIDATES = text(
    """
    SELECT n.state, c.address, r.full_name, r.address, r.time_zone, r.language, r.fields, o.number,
           o.has_contract, r.customer_group, r.id
    FROM unnest(CAST(:notices AS uuid[]), CAST(:contacts AS uuid[])) WITH ORDINALITY
         AS w(notice_id, contact_id, place)
    CROSS JOIN LATERAL (SELECT * FROM notice WHERE period = :period AND id = w.notice_id LIMIT 1) n
    CROSS JOIN LATERAL (SELECT * FROM recipient WHERE id = n.recipient_id LIMIT 1) r
    CROSS JOIN LATERAL (SELECT * FROM account WHERE id = r.account_id LIMIT 1) o
    LEFT JOIN LATERAL (SELECT address FROM contact_point WHERE id = w.contact_id LIMIT 1) c ON true
    ORDER BY w.place
    """
)
_NOTICE_STATES: Final = MappingProxyType({state.value: state for state in NoticeState})


#: Which of the candidates wait for a bill, and when to look again.
BillLooks = Callable[[Session, RunView, Sequence[Candidate], datetime], Mapping[UUID, datetime]]
HoldBack = Callable[[Sequence[Candidate], Sequence[Verdict], datetime], Sequence[Verdict]]


@dataclass(frozen=True, slots=True)
class ClaimedGroup:
    """What one claim took. `seen` counts attempts that were judged, the refused ones among them."""

    run: RunView
    token: UUID
    candidates: Sequence[Candidate]
    seen: int
    #: attempt → when a provider that holds it must give it up; empty: nothing of the channel is held
    deliver_until: Mapping[UUID, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunningRun:
    """A run that may be claimed from, with its own rate limit (attempts per second) if it has one."""

    id: UUID
    max_per_second: float | None


def list_running(session: Session, priority: str, now: datetime) -> list[RunningRun]:
    """The runs of this priority that are inside their window and neither paused nor stopped."""
    return [RunningRun(*row) for row in fetch(session, _RUNNING, {"priority": priority, "now": now})]


def claim_group(
    session: Session,
    run_id: UUID,
    channel: str,
    *,
    claim: Claim,
    limit: int,
    calendar: WorkingCalendar,
    now: datetime,
    hold_back: HoldBack | None = None,
    bill_looks: BillLooks | None = None,
    transitions: Transitions | None = None,
    least_validity: Mapping[str, float] = NO_VALIDITY,
    call_seconds: float | None = None,
    positions: DuePositions | None = None,
) -> ClaimedGroup | None:
    """Claim at most `limit` due attempts of a run; None when the run may not send now or nothing is due.

    With `transitions` the changes are added to them, for the caller to write before it commits.

    `hold_back` may put off some of those that nothing else forbids, for limits outside the database;
    `bill_looks` says which must wait for a bill that is still to be fetched; `least_validity` by channel is
    for how many seconds its providers hold what they are given, at least; `call_seconds` is how
    long the run's calls are known to take; `positions` spare it what earlier claims have passed by.
    """
    hold_shared(session, run_id)
    run = _load_run(session, run_id, now)
    if run is None:
        return None
    locked = _lock_due(session, run, channel, limit, now, positions or DuePositions())
    if not locked:
        return None
    candidates = _candidates(session, run, locked)
    limits = group_limits(session, run, candidates, calendar, now, least_validity, call_seconds)
    verdicts: Sequence[Verdict] = _judge_all(session, run, channel, candidates, limits, now, bill_looks)
    verdicts = hold_paused(session, run, channel, candidates, verdicts, now)
    if hold_back is not None:
        verdicts = hold_back(candidates, verdicts, now)
    changes = [
        Change(one.period, one.attempt_id, verdict.trigger, verdict.reason, due_at=verdict.due_at)
        for one, verdict in zip(candidates, verdicts, strict=True)
    ]
    work = transitions or Transitions(session, now)
    work.add(changes, claim=claim, plans={run.id: run.plan}, locked=locked)
    if transitions is None:
        work.write()
    taken = [
        one for one, verdict in zip(candidates, verdicts, strict=True) if verdict.trigger is Trigger.CLAIM
    ]
    _reserve(session, run, channel, taken, now)
    deliver_until = {
        one.attempt_id: until for one in taken if (until := limits.deliver_until(one)) is not None
    }
    return ClaimedGroup(run, claim.token, taken, len(candidates), deliver_until)


def _load_run(session: Session, run_id: UUID, now: datetime) -> RunView | None:
    rows = fetch(session, _RUN, {"run": run_id, "now": now})
    return run_view(dict(zip(_RUN_COLUMNS, rows[0], strict=True))) if rows else None


def run_view(values: Mapping[str, Any]) -> RunView:
    """The run from the columns of its row."""
    return RunView(
        id=values["id"],
        period=values["period"],
        purpose=values["purpose"],
        purpose_group=values["purpose_group"],
        starts_at=values["starts_at"],
        ends_at=values["ends_at"],
        hours=values["hours"],
        caps=caps_from_json(values["caps"]),
        plan=StepPlan.from_json(values["step_plan"]),
        needs_truth=values["needs_truth"],
        max_per_second=values["max_per_second"],
        policies=policies_from_json(values["policies"]),
        common_fields=values["common_fields"],
    )


def _lock_due(
    session: Session, run: RunView, channel: str, limit: int, now: datetime, positions: DuePositions
) -> list[AttemptRow]:
    """Lock due attempts with their persons and contact points; those that others hold are left out."""
    due = _due(session, run, channel, limit, now, positions)
    if not due:
        return []
    wanted = {row.person_id for row in due}
    persons = lock_free_persons(session, wanted)
    if len(persons) < len(wanted):
        due = [row for row in due if row.person_id in persons]
    addressed = {row.contact_point_id for row in due if row.contact_point_id}
    contacts = lock_free_contacts(session, addressed)
    if run.has_caps:
        contacts = lock_free_addresses(session, contacts)
    if len(contacts) < len(addressed):
        due = [row for row in due if row.contact_point_id is None or row.contact_point_id in contacts]
    return due


def _due(
    session: Session, run: RunView, channel: str, limit: int, now: datetime, positions: DuePositions
) -> list[AttemptRow]:
    """Lock due attempts behind the position; from the front when fewer are there than are wanted."""
    position = positions.get(run.id, channel)
    due = _due_behind(session, run, channel, limit, now, position or FRONT)
    if position is not None and len(due) < limit:
        due = _due_behind(session, run, channel, limit, now, FRONT)
    if len(due) < limit:
        positions.forget(run.id, channel)
    else:
        positions.advance(run.id, channel, Position(due[-1].due_at, due[-1].id))
    return due


def _due_behind(
    session: Session, run: RunView, channel: str, limit: int, now: datetime, position: Position
) -> list[AttemptRow]:
    values = {
        "period": run.period,
        "run": run.id,
        "channel": channel,
        "now": now,
        "after": position.due_at,
        "after_id": position.attempt_id,
        "limit": limit,
    }
    return [attempt_row(row) for row in fetch(session, _DUE, values)]


def _candidates(session: Session, run: RunView, locked: Sequence[AttemptRow]) -> list[Candidate]:
    values = {
        "period": run.period,
        "notices": uuid_array(row.notice_id for row in locked),
        "contacts": uuid_array(row.contact_point_id for row in locked),
    }
    rows = fetch(session, _CANDIDATES, values)
    return [_candidate(attempt, row) for attempt, row in zip(locked, rows, strict=True)]


def _candidate(attempt: AttemptRow, row: tuple[Any, ...]) -> Candidate:
    return Candidate(
        attempt.period,
        attempt.id,
        attempt.notice_id,
        attempt.person_id,
        attempt.contact_point_id,
        attempt.channel,
        attempt.step,
        attempt.truth_until,
        _NOTICE_STATES[row[0]],
        *row[1:],
    )


def _judge_all(
    session: Session,
    run: RunView,
    channel: str,
    candidates: Sequence[Candidate],
    limits: GroupLimits,
    now: datetime,
    bill_looks: BillLooks | None,
) -> list[Verdict]:
    contact_ids = [one.contact_point_id for one in candidates if one.contact_point_id]
    permissions = ask_permission(session, contact_ids, channel=channel, purpose=run.purpose, now=now)
    looks = {} if bill_looks is None else bill_looks(session, run, candidates, now)
    verdicts = []
    for one in candidates:
        permission = permissions.get(one.contact_point_id) if one.contact_point_id else None
        verdict = judge(
            one,
            run,
            permission=permission,
            cap_wait=partial(limits.cap_wait, one),
            allowed_at=limits.allowed_at(one),
            now=now,
        )
        if one.attempt_id in looks:
            verdict = wait_for_bill(verdict, looks[one.attempt_id])
        if verdict.trigger is Trigger.CLAIM:
            limits.spend(one)
        verdicts.append(verdict)
    return verdicts


def _reserve(session: Session, run: RunView, channel: str, taken: Sequence[Candidate], now: datetime) -> None:
    reserve(
        session,
        [
            Reservation(
                one.attempt_id,
                one.person_id,
                one.contact_point_id,
                run.policy_of(one.customer_group).purpose_group,
            )
            for one in taken
            if one.contact_point_id is not None
        ],
        channel=channel,
        now=now,
    )
