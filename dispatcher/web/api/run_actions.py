"""Steering runs: submit, edit, pause, resume, stop, extend, each with the honest answer (promise P8)."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, model_validator
from sqlalchemy.orm import Session

from campaigns.approval import RunEdit, edit_run, submit_run
from dispatcher.core.api_keys import Scope
from dispatcher.delivery.run_change import lock_run
from dispatcher.delivery.runs import HonestAnswer, extend_run, pause_run, resume_run, stop_run
from dispatcher.web.api.calls import ApiCall, Changes, Made
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, ListName, Moment, example, json_bytes

router = APIRouter(prefix="/runs", tags=["runs"])

Controller = Annotated[ApiCall, Depends(Changes(Scope.CAMPAIGNS_WRITE))]

#: Why a run is held or ended when another system asked for it.
REASON: Final = "api"

_RUN_ID: Final = "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40"
_ANSWER: Final = {
    "run_id": _RUN_ID,
    "left": 612,
    "in_flight": 64,
    "waiting": 1294,
}


class HonestOut(BaseModel):
    """What the action could not call back."""

    model_config = example(_ANSWER)
    run_id: UUID
    left: int = Field(description="Taken by a provider already, or in doubt.")
    in_flight: int = Field(description="Being sent at that moment.")
    waiting: int = Field(description="Held back, or ahead again.")


class NewEndIn(Body):
    """A new end of the window."""

    model_config = example({"ends_at": "2026-11-28T17:00:00+03:00"})
    ends_at: Moment


class NewEndOut(BaseModel):
    """The end that is in force now."""

    model_config = example({"run_id": _RUN_ID, "ends_at": "2026-11-28T14:00:00Z"})
    run_id: UUID
    ends_at: datetime


class RunEditIn(Body):
    """What to change before the start; what is left out stays."""

    model_config = example({"ends_at": "2026-11-28T17:00:00+03:00", "list": "november"})
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    list: ListName | None = Field(default=None, description="The newest complete version of this list.")

    @model_validator(mode="after")
    def _something(self) -> "RunEditIn":
        if self.starts_at is None and self.ends_at is None and self.list is None:
            raise ValueError("name a start, an end or a list")
        return self


class RunStateOut(BaseModel):
    """Where the run stands after the change."""

    model_config = example({"run_id": _RUN_ID, "state": "awaiting_approval", "generation": 2})
    run_id: UUID
    state: str
    generation: int = Field(description="Grows with every change.")


@router.post("/{run_id}/submit", response_model=RunStateOut, responses=answers(404, 409))
def submit(call: Controller, run_id: UUID) -> object:
    """Let a draft go: for approval by a second person where that is needed, else to its start."""

    def hand_over(session: Session, now: datetime) -> Made:
        delivery = call.services.settings.delivery
        submit_run(session, run_id, delivery=delivery, actor=call.client.actor, now=now)
        return Made(state_out(session, run_id))

    return call.change(hand_over, request=b"")


@router.patch("/{run_id}", response_model=RunStateOut, responses=answers(404, 409))
def edit(call: Controller, run_id: UUID, wanted: RunEditIn) -> object:
    """Change window or list of a run that has not started. An approval that was given is void then."""

    def change(session: Session, now: datetime) -> Made:
        what = RunEdit(starts_at=wanted.starts_at, ends_at=wanted.ends_at, list_name=wanted.list)
        edit_run(session, run_id, what, actor=call.client.actor, now=now)
        return Made(state_out(session, run_id))

    return call.change(change, request=json_bytes(wanted))


@router.post("/{run_id}/pause", response_model=HonestOut, responses=answers(404, 409))
def pause(call: Controller, run_id: UUID) -> object:
    """Hold the run; within two seconds nothing more leaves."""
    return _do(
        call,
        run_id,
        lambda session, now: pause_run(session, run_id, actor=call.client.actor, reason=REASON, now=now),
    )


@router.post("/{run_id}/resume", response_model=HonestOut, responses=answers(404, 409))
def resume(call: Controller, run_id: UUID) -> object:
    """Go on inside the window. A run that waits after its first N is released: the rest follows."""
    return _do(
        call,
        run_id,
        lambda session, now: resume_run(session, run_id, actor=call.client.actor, now=now),
    )


@router.post("/{run_id}/stop", response_model=HonestOut, responses=answers(404, 409))
def stop(call: Controller, run_id: UUID) -> object:
    """End the run for good; what has not left never will."""
    return _do(
        call,
        run_id,
        lambda session, now: stop_run(session, run_id, actor=call.client.actor, reason=REASON, now=now),
    )


@router.post("/{run_id}/extend", response_model=NewEndOut, responses=answers(404, 409))
def extend(call: Controller, run_id: UUID, wanted: NewEndIn) -> object:
    """Move the end of the window forward. What was approved with its window an approver extends."""

    def move(session: Session, now: datetime) -> Made:
        extend_run(session, run_id, wanted.ends_at, actor=call.client.actor, now=now)
        return Made(NewEndOut(run_id=run_id, ends_at=wanted.ends_at))

    return call.change(move, request=json_bytes(wanted))


def _do(call: ApiCall, run_id: UUID, act: Callable[[Session, datetime], HonestAnswer]) -> object:
    def done(session: Session, now: datetime) -> Made:
        answer = act(session, now)
        return Made(
            HonestOut(run_id=run_id, left=answer.left, in_flight=answer.in_flight, waiting=answer.waiting)
        )

    return call.change(done, request=b"")


def state_out(session: Session, run_id: UUID) -> RunStateOut:
    """The run as this transaction leaves it."""
    run = lock_run(session, run_id)
    return RunStateOut(run_id=run_id, state=run.state, generation=run.generation)
