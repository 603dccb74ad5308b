"""Notices that are told by hand: who is to be told what, and the record of how it was done.

Full names, addresses and texts stand here, so reading needs `recipients:read`, and each look is on record.
"""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from dispatcher.core.api_keys import Scope
from dispatcher.core.audit import record_action
from dispatcher.delivery.manual_tasks import HandRecord, HandWay, ManualTaskState, give_up, record_told
from dispatcher.web.api.calls import ApiCall, Changes, Limit, Made, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Cursor, Line, Moment, Page, example
from dispatcher.web.manual_task_file import send_manual_tasks
from reports.manual_tasks import ManualTask, list_manual_tasks

router = APIRouter(prefix="/manual-tasks", tags=["manual tasks"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.RECIPIENTS_READ))]
Writer = Annotated[ApiCall, Depends(Changes(Scope.TASKS_WRITE))]
State = Literal["open", "done", "not_needed", "given_up"]
OfRun = Annotated[UUID | None, Query(description="Of this run only.")]
InState = Annotated[State | None, Query(description="Default: all.")]

_TASK: Final = {
    "id": "01936f50-0b7e-7a11-8f02-2d3c4b5a6978",
    "run_id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40",
    "campaign": "Предупреждение об ограничении",
    "run_number": 1,
    "purpose": "restriction_warning",
    "basis": "legal_duty",
    "state": "open",
    "reason": "consent_withdrawn",
    "created_at": "2026-11-23T05:10:00Z",
    "notice_state": "blocked",
    "account_number": "0012345",
    "full_name": "Петров Пётр Петрович",
    "address": "г. Москва, ул. Тихая, д. 1",
    "customer_group": 1,
    "is_vulnerable": False,
    "debt": "1250.40",
    "due_date": "2026-12-25",
    "is_told_since": False,
    "way": None,
    "told_at": None,
    "told_by": None,
    "taken_by": None,
    "reference": None,
    "recorded_by": None,
    "closed_at": None,
    "text": "Уважаемый Пётр Петрович! …",
}


class ManualTaskOut(BaseModel):
    """Whom to tell what, why by hand, and how it was done."""

    model_config = example(_TASK)
    id: UUID
    run_id: UUID
    campaign: str
    run_number: int
    purpose: str
    basis: str
    state: State
    reason: str = Field(description="Why the person was not told otherwise.")
    created_at: datetime
    notice_state: str
    account_number: str
    full_name: str
    address: str
    customer_group: int
    is_vulnerable: bool
    debt: str | None
    due_date: str | None
    is_told_since: bool = Field(description="A later resend has told the person: do not tell twice.")
    way: str | None
    told_at: datetime | None
    told_by: str | None
    taken_by: str | None
    reference: str | None
    recorded_by: str | None
    closed_at: datetime | None
    text: str | None = Field(description="The notice; null where it cannot be made for this recipient.")


class ManualTaskPage(Page[ManualTaskOut]):
    """Tasks in the order in which they came up."""

    model_config = example({"items": [_TASK], "next": None})


class ToldIn(Body):
    """How the person was told. A signature and a telephone message need who took it."""

    model_config = example(
        {
            "way": "signature",
            "told_at": "2026-11-24T09:30:00+03:00",
            "told_by": "контролёр Сидоров",
            "taken_by": "Петрова А. И.",
            "reference": "расписка 17",
        }
    )
    way: HandWay
    told_at: Moment
    told_by: Line | None = Field(default=None, description="Who of the company told the person.")
    taken_by: Line | None = Field(default=None, description="Who took it.")
    reference: Line | None = Field(default=None, description="The document: receipt, number of the letter.")


class GivenUpIn(Body):
    """Why the person cannot be told."""

    model_config = example({"reason": "адресат выбыл, письмо вернулось"})
    reason: Line


class TaskStateOut(BaseModel):
    """Where the task stands now."""

    model_config = example({"state": "done"})
    state: State


@router.get("", responses=answers())
def show_tasks(
    call: Reader, run: OfRun = None, state: InState = None, limit: Limit = 100, cursor: Cursor = None
) -> ManualTaskPage:
    """Who is to be told by hand, with the text of each notice."""

    def read(session: Session) -> list[ManualTask]:
        now = call.services.clock.refresh(session)
        found = list_manual_tasks(
            session,
            limit=limit + 1,
            run=run,
            state=state,
            after=cursor,
            renderer=call.services.notices,
            now=now,
        )
        record_action(
            session,
            at=now,
            actor=call.client.actor,
            action="manual_tasks.viewed",
            subject_type="run",
            subject_id=run or "*",
            after={"count": min(len(found), limit)},
        )
        return found

    found = call.read(read)
    items = [ManualTaskOut.model_validate(one, from_attributes=True) for one in found[:limit]]
    return ManualTaskPage(items=items, next=str(items[-1].id) if len(found) > limit else None)


@router.get(
    "/export",
    response_class=Response,
    responses={
        200: {
            "description": "A CSV file.",
            "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
        },
        **answers(),
    },
)
def export(call: Reader, run: OfRun = None, state: InState = None) -> Response:
    """The list as a CSV file, for those who carry notices out."""
    return send_manual_tasks(call.services, run=run, state=state, actor=call.client.actor)


@router.post("/{task}/done", response_model=TaskStateOut, responses=answers(404, 409))
def done(call: Writer, task: UUID, told: ToldIn) -> object:
    """Record how the person was told: the notice counts as notified with that strength."""
    record = HandRecord(told.way, told.told_at, told.told_by or "", told.taken_by or "", told.reference or "")

    def close(session: Session, now: datetime) -> Made:
        record_told(session, task, record, actor=call.client.actor, now=now)
        return Made(TaskStateOut(state=ManualTaskState.DONE.value))

    return call.change(close, request=told.model_dump_json().encode())


@router.post("/{task}/give-up", response_model=TaskStateOut, responses=answers(404, 409))
def abandon(call: Writer, task: UUID, said: GivenUpIn) -> object:
    """Close a task because the person cannot be told; the notice stays what it is."""

    def close(session: Session, now: datetime) -> Made:
        give_up(session, task, said.reason, actor=call.client.actor, now=now)
        return Made(TaskStateOut(state=ManualTaskState.GIVEN_UP.value))

    return call.change(close, request=said.model_dump_json().encode())
