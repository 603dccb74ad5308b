"""Telling by hand what could not be told otherwise (requirements 46 and 48).

A run that rests on the contract or on law (`StepPlan.basis`) lets nobody vanish who may not be written to:
in the transaction in which such a notice closes untold a manual task appears; should it turn out to have been
told after all, the task is called off. Staff close a task by the record of how the person was told. The
notice then counts as notified with that strength, through the same table as everything else, also when its
run has long been closed: planned = the sum of the terminal states at every moment (promise P1), and what
receipts say later changes it no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.arrays import text_array, time_array, uuid_array
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_ids
from dispatcher.core.outbox import publish
from dispatcher.delivery import repository
from dispatcher.delivery.errors import ManualTaskError, UnknownManualTaskError
from dispatcher.delivery.progress import ProgressDeltas
from dispatcher.delivery.repository import NoticeRow, NoticeUpdate
from dispatcher.delivery.states import NoticeState, may_become

#: Strengths of notices that were told by hand begin so: `hand_signature`, …
BY_HAND: Final = "hand_"
#: A closed notice in one of these was not surely told. What staff stopped they did not want told.
UNTOLD: Final = frozenset(
    {
        NoticeState.BLOCKED,
        NoticeState.FAILED,
        NoticeState.EXPIRED,
        NoticeState.PARTLY_NOTIFIED,
        NoticeState.UNKNOWN,
    }
)
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
MAX_CHARS: Final = 300

_OPEN = text(
    """
    INSERT INTO manual_task (id, period, notice_id, run_id, state, reason, created_at)
    SELECT t.id, t.period, t.notice_id, t.run_id, 'open', t.reason, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:periods AS date[]), CAST(:notices AS uuid[]),
                CAST(:runs AS uuid[]), CAST(:reasons AS text[]))
         AS t(id, period, notice_id, run_id, reason)
    ORDER BY t.notice_id
    ON CONFLICT (period, notice_id) DO UPDATE SET state = 'open', reason = excluded.reason, closed_at = NULL
    WHERE manual_task.state = 'not_needed'
    """
)
_CALL_OFF = text(
    """
    UPDATE manual_task m SET state = 'not_needed', closed_at = :now
    FROM unnest(CAST(:periods AS date[]), CAST(:notices AS uuid[])) AS t(period, notice_id)
    WHERE m.period = t.period AND m.notice_id = t.notice_id AND m.state = 'open'
    """
)
_FIND = text("SELECT period, notice_id FROM manual_task WHERE id = :task")
_LOCK = text("SELECT state FROM manual_task WHERE id = :task FOR NO KEY UPDATE")
_CLOSE = text(
    """
    UPDATE manual_task
    SET state = :state, way = :way, told_at = :told_at, told_by = :told_by, taken_by = :taken_by,
        reference = :reference, recorded_by = :actor, closed_at = :now
    WHERE id = :task
    """
)


class ManualTaskState(StrEnum):
    """Where a manual task stands."""

    #: somebody has to tell the person
    OPEN = "open"
    #: told by hand, with the record of it
    DONE = "done"
    #: told after all, by a receipt that came late
    NOT_NEEDED = "not_needed"
    #: staff could not tell the person; the reference says why
    GIVEN_UP = "given_up"


class HandWay(StrEnum):
    """How a person was told by hand, the most certain first."""

    #: handed over against a signature (вручено под роспись)
    SIGNATURE = "signature"
    #: read out and taken down by a named person (телефонограмма)
    PHONE_MESSAGE = "phone_message"
    #: sent by fax, with the machine's report
    FAX = "fax"
    #: sent as a letter
    LETTER = "letter"
    #: told on the telephone
    CALL = "call"


#: What the record of each way cannot do without.
NEEDED: Final[Mapping[HandWay, tuple[str, ...]]] = MappingProxyType(
    {
        HandWay.SIGNATURE: ("taken_by", "reference"),
        HandWay.PHONE_MESSAGE: ("taken_by", "told_by"),
        HandWay.FAX: ("reference",),
        HandWay.LETTER: ("reference",),
        HandWay.CALL: ("told_by",),
    }
)


@dataclass(frozen=True, slots=True)
class HandRecord:
    """How, when and by whom the person was told; who took it, and the document: personal data (P10)."""

    way: HandWay
    told_at: datetime
    told_by: str = ""
    taken_by: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ClosedNotice:
    """A notice of a mandatory run that has just been closed or amended."""

    period: date
    id: UUID
    run_id: UUID
    state: NoticeState
    reason: str | None


def is_by_hand(strength: str | None) -> bool:
    """Whether a notice was told by hand: no receipt knows better."""
    return strength is not None and strength.startswith(BY_HAND)


def follow_notices(session: Session, closed: Sequence[ClosedNotice], now: datetime) -> None:
    """Open a task for each that was not told, call off those of notices that were; in the caller's
    transaction, under the locks of the notices. Of several for one notice the last counts."""
    last = {one.id: one for one in closed}.values()
    wanted = [one for one in last if one.state in UNTOLD]
    if wanted:
        values = {
            **_keys(wanted),
            "ids": uuid_array(new_ids(len(wanted))),
            "runs": uuid_array(one.run_id for one in wanted),
            "reasons": text_array(one.reason or one.state.value for one in wanted),
            "now": now,
        }
        session.execute(_OPEN, values)
    told = [one for one in last if one.state not in UNTOLD]
    if told:
        session.execute(_CALL_OFF, {**_keys(told), "now": now})


def record_told(session: Session, task: UUID, record: HandRecord, *, actor: str, now: datetime) -> None:
    """Close a task: the person was told by hand, and the notice counts as notified.

    Raises `UnknownManualTaskError`, and `ManualTaskError` when it is closed already or the record lacks what
    its way cannot do without.
    """
    _check(record, now)
    notice = _lock(session, task)
    before, strength = notice.state, f"{BY_HAND}{record.way}"
    if not may_become(notice.state, NoticeState.NOTIFIED):  # pragma: no cover - the table allows all closed
        raise ManualTaskError("the notice is not decided yet", code="manual_notice_open")
    deltas = ProgressDeltas()
    deltas.notice(notice.run_id, notice.state, notice.reason or notice.strength or "", -1)
    notice.state, notice.strength, notice.reason = NoticeState.NOTIFIED, strength, None
    deltas.notice(notice.run_id, notice.state, strength, +1)
    repository.update_notices(session, [NoticeUpdate.of(notice, now, was_open=False)])
    values = {"told_at": record.told_at, "told_by": record.told_by, "taken_by": record.taken_by}
    _close(session, task, ManualTaskState.DONE, record.way, record.reference, values, actor, now)
    deltas.write(session)
    publish(
        session,
        "notice.told_by_hand",
        {"run_id": str(notice.run_id), "notice_id": str(notice.id), "way": record.way},
    )
    record_action(
        session,
        at=now,
        actor=actor,
        action="manual_task.done",
        subject_type="manual_task",
        subject_id=task,
        before={"notice": before.value},
        after={"notice": notice.state.value, "way": record.way.value, "told_at": record.told_at},
    )


def give_up(session: Session, task: UUID, reason: str, *, actor: str, now: datetime) -> None:
    """Close a task because the person cannot be told; the notice stays what it is.

    Raises `UnknownManualTaskError`, and `ManualTaskError` without a reason or when it is closed already.
    """
    if not reason.strip():
        raise ManualTaskError("say why the person cannot be told", code="manual_reason")
    notice = _lock(session, task)
    _close(session, task, ManualTaskState.GIVEN_UP, None, reason, {}, actor, now)
    record_action(
        session,
        at=now,
        actor=actor,
        action="manual_task.given_up",
        subject_type="manual_task",
        subject_id=task,
        before={"notice": notice.state.value},
        after={"notice": notice.state.value},
    )


def _check(record: HandRecord, now: datetime) -> None:
    for name in NEEDED[record.way]:
        if not getattr(record, name).strip():
            raise ManualTaskError(
                f"this way needs: {', '.join(NEEDED[record.way])}",
                code="manual_lacking",
                way=record.way.value,
            )
    if record.told_at > now + CLOCK_TOLERANCE:
        raise ManualTaskError("the person cannot have been told in the future", code="manual_future")


def _lock(session: Session, task: UUID) -> NoticeRow:
    """The notice of an open task, both locked: the notice first, as in every change of state."""
    found = session.execute(_FIND, {"task": task}).first()
    if found is None:
        raise UnknownManualTaskError("there is no such manual task", code="unknown_manual_task")
    notice = repository.lock_notices(session, [(found.period, found.notice_id)])[found.notice_id]
    state = session.execute(_LOCK, {"task": task}).scalar_one()
    if state != ManualTaskState.OPEN:
        raise ManualTaskError("this task is closed already", code="manual_task_closed")
    return notice


def _close(
    session: Session,
    task: UUID,
    state: ManualTaskState,
    way: HandWay | None,
    reference: str,
    told: Mapping[str, Any],
    actor: str,
    now: datetime,
) -> None:
    values = {"told_at": None, "told_by": None, "taken_by": None, **told}
    session.execute(
        _CLOSE,
        {
            **values,
            "task": task,
            "state": state.value,
            "way": None if way is None else way.value,
            "reference": reference or None,
            "actor": actor,
            "now": now,
        },
    )


def _keys(notices: Sequence[ClosedNotice]) -> dict[str, object]:
    return {
        "periods": time_array(one.period for one in notices),
        "notices": uuid_array(one.id for one in notices),
    }
