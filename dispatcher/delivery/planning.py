"""Fanning a run out: one notice and one first attempt per recipient, in keyset slices (design: 5.1).

Ids exist before anything is queued, and `(run, recipient)` is unique, so a slice that is planned twice
changes nothing (promise P2). The run's cursor moves in the same transaction as its slice. A run that is
stopped, or whose window has ended, is still fanned out to the end, straight into the terminal state:
planned always equals the list (promise P1). Where a plan has several channels, a notice begins with the one
that the person prefers (`preference`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.calendar import WorkingCalendar
from consent.place import Place, place_of
from dispatcher.core.arrays import number_array, text_array, time_array, uuid_array
from dispatcher.core.db import fetch
from dispatcher.core.ids import new_ids
from dispatcher.delivery.bills.urls import NO_URLS, UrlRules
from dispatcher.delivery.bills.wanted import want_bills_of
from dispatcher.delivery.checks import RunView, next_sending_time
from dispatcher.delivery.claim import run_view
from dispatcher.delivery.manual_tasks import ClosedNotice, follow_notices
from dispatcher.delivery.preference import first_steps, may_choose
from dispatcher.delivery.progress import ProgressDeltas
from dispatcher.delivery.run_lock import hold_shared
from dispatcher.delivery.states import AttemptState, NoticeState

SLICE: Final = 1000

_UNPLANNED = text(
    """
    SELECT id FROM run
    WHERE state IN ('running', 'paused', 'stopping') AND planned_position < recipient_count
      AND (first_count IS NULL OR first_released_at IS NOT NULL OR planned_position < first_count
           OR state = 'stopping' OR ends_at <= :now)
      AND (NOT :urgent_only OR priority = 'urgent')
    ORDER BY CASE priority WHEN 'urgent' THEN 0 ELSE 1 END, started_at, id
    """
)
_RUN = text(
    """
    SELECT id, period, purpose, purpose_group, starts_at, ends_at, hours, caps, policies, step_plan,
           needs_truth, max_per_second, common_fields, state, list_id, planned_position, first_count,
           first_released_at
    FROM run WHERE id = :run FOR NO KEY UPDATE
    """
)
_SLICE = text(
    """
    SELECT position, id, time_zone, customer_group, address,
           CASE WHEN :by_region THEN coalesce(fields ->> 'region_code', fields ->> 'Код региона',
                                             fields ->> 'Код регіону') END AS region
    FROM recipient
    WHERE list_id = :list AND position > :position ORDER BY position LIMIT :slice
    """
)
# Only where the plan leaves a choice: the joins would cost every run something.
_SLICE_WITH_WISHES = text(
    """
    SELECT r.position, r.id, r.time_zone, r.customer_group, r.address,
           CASE WHEN :by_region THEN coalesce(r.fields ->> 'region_code', r.fields ->> 'Код региона',
                                             r.fields ->> 'Код регіону') END AS region,
           r.email_contact_id, r.phone_contact_id, p.preferred_channel, o.has_contract
    FROM recipient r JOIN person p ON p.id = r.person_id JOIN account o ON o.id = r.account_id
    WHERE r.list_id = :list AND r.position > :position ORDER BY r.position LIMIT :slice
    """
)
_ADD_NOTICES = text(
    """
    INSERT INTO notice (period, id, run_id, recipient_id, person_id, state, reason, created_at, closed_at,
                        first_step)
    SELECT :period, w.id, :run, r.id, r.person_id, w.state, w.reason, :now,
           CASE WHEN w.state <> 'open' THEN CAST(:now AS timestamptz) END, w.step
    FROM unnest(CAST(:ids AS uuid[]), CAST(:recipients AS uuid[]), CAST(:states AS text[]),
                CAST(:reasons AS text[]), CAST(:steps AS smallint[]))
         AS w(id, recipient_id, state, reason, step)
    JOIN recipient r ON r.id = w.recipient_id
    ORDER BY w.id
    """
)
_ADD_ATTEMPTS = text(
    """
    INSERT INTO attempt (period, id, notice_id, run_id, person_id, contact_point_id, channel, step, number,
                         state, due_at, hold_reason, created_at)
    SELECT :period, w.id, w.notice_id, :run, r.person_id,
           CASE WHEN w.channel = 'email' THEN r.email_contact_id ELSE r.phone_contact_id END,
           w.channel, w.step, 1, 'planned', w.due_at,
           CASE WHEN w.due_at > :now THEN 'outside_hours' END, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:notices AS uuid[]), CAST(:recipients AS uuid[]),
                CAST(:dues AS timestamptz[]), CAST(:steps AS smallint[]), CAST(:channels AS text[]))
         AS w(id, notice_id, recipient_id, due_at, step, channel)
    JOIN recipient r ON r.id = w.recipient_id
    ORDER BY w.id
    """
)
_MOVE_CURSOR = text("UPDATE run SET planned_position = :position WHERE id = :run")


@dataclass(frozen=True, slots=True)
class _Planned:
    recipient_id: UUID
    state: NoticeState
    reason: str | None
    due_at: datetime | None
    step: int


def list_unplanned(session: Session, now: datetime, *, urgent_only: bool = False) -> Sequence[UUID]:
    """Runs that have somebody to fan out now, urgent ones first."""
    return session.execute(_UNPLANNED, {"now": now, "urgent_only": urgent_only}).scalars().all()


def plan_slice(
    session: Session,
    run_id: UUID,
    *,
    calendar: WorkingCalendar,
    now: datetime,
    url_rules: UrlRules = NO_URLS,
) -> int:
    """Plan the next slice of a run; returns how many recipients it covered (0: nothing is left).

    Bills that the list names by URL are noted as wanted in the same transaction.
    """
    hold_shared(session, run_id)
    row = session.execute(_RUN, {"run": run_id}).one()
    run = run_view(row._asdict())
    recipients = session.execute(
        _SLICE_WITH_WISHES if may_choose(run.plan) else _SLICE,
        {
            "list": row.list_id,
            "position": row.planned_position,
            "slice": _room(row, now),
            "by_region": bool(calendar.regions),
        },
    ).all()
    if not recipients:
        return 0
    places = [_place(one, calendar) for one in recipients]
    due = _due_times(run, set(places), row.state, calendar, now)
    steps = first_steps(session, run.plan, recipients, purpose=run.purpose, now=now)
    planned = [
        _plan(one.id, row.state, due.get(place), step)
        for one, place, step in zip(recipients, places, steps, strict=True)
    ]
    _write(session, run, planned, now)
    going = [one.recipient_id for one in planned if one.due_at is not None]
    want_bills_of(session, run, going, url_rules, now)
    session.execute(_MOVE_CURSOR, {"run": run_id, "position": recipients[-1].position})
    return len(recipients)


def _room(run: Any, now: datetime) -> int:
    """How many the slice may hold: a run that sends its first N plans exactly N until staff release it.

    Once it is stopped, or its window has ended, nobody will be told: the rest is planned into that end.
    """
    is_bounded = run.first_count is not None and run.first_released_at is None
    if not is_bounded or run.state == "stopping" or run.ends_at <= now:
        return SLICE
    return max(0, min(SLICE, int(run.first_count - run.planned_position)))


def _place(one: Any, calendar: WorkingCalendar) -> Place:
    return place_of(
        one.time_zone, one.customer_group, address=one.address, region=one.region, calendar=calendar
    )


def _due_times(
    run: RunView, places: set[Place], state: str, calendar: WorkingCalendar, now: datetime
) -> dict[Place, datetime | None]:
    if state == "stopping":
        return {}
    return {place: next_sending_time(run, place, calendar, now) for place in places}


def _plan(recipient: UUID, run_state: str, due_at: datetime | None, step: int) -> _Planned:
    if run_state == "stopping":
        return _Planned(recipient, NoticeState.STOPPED, "run_stopped", None, step)
    if due_at is None:
        return _Planned(recipient, NoticeState.EXPIRED, "window_ended", None, step)
    return _Planned(recipient, NoticeState.OPEN, None, due_at, step)


def _write(session: Session, run: RunView, planned: Sequence[_Planned], now: datetime) -> None:
    notice_ids = new_ids(len(planned))
    fetch(
        session,
        _ADD_NOTICES,
        {
            "period": run.period,
            "run": run.id,
            "now": now,
            "ids": uuid_array(notice_ids),
            "recipients": uuid_array(one.recipient_id for one in planned),
            "states": text_array(one.state for one in planned),
            "reasons": text_array(one.reason for one in planned),
            "steps": number_array(one.step for one in planned),
        },
    )
    going = [(id_, one) for id_, one in zip(notice_ids, planned, strict=True) if one.due_at is not None]
    channels = [run.plan.steps[one.step].channel.value for _, one in going]
    if going:
        fetch(
            session,
            _ADD_ATTEMPTS,
            {
                "period": run.period,
                "run": run.id,
                "now": now,
                "ids": uuid_array(new_ids(len(going))),
                "notices": uuid_array(id_ for id_, _ in going),
                "recipients": uuid_array(one.recipient_id for _, one in going),
                "dues": time_array(one.due_at for _, one in going),
                "steps": number_array(one.step for _, one in going),
                "channels": text_array(channels),
            },
        )
    if run.plan.is_mandatory:
        closed = [
            ClosedNotice(run.period, id_, run.id, one.state, one.reason)
            for id_, one in zip(notice_ids, planned, strict=True)
            if one.state is not NoticeState.OPEN
        ]
        follow_notices(session, closed, now)
    deltas = ProgressDeltas()
    for (state, reason), count in Counter((one.state, one.reason or "") for one in planned).items():
        deltas.notice(run.id, state, reason, count)
    holds = ["outside_hours" if one.due_at and one.due_at > now else "" for _, one in going]
    for (channel, hold), count in Counter(zip(channels, holds, strict=True)).items():
        deltas.attempt(run.id, channel, AttemptState.PLANNED, hold, count)
    deltas.write(session)
