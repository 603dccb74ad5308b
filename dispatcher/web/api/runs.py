"""Runs: their figures, and pausing, resuming, stopping and extending them with the honest answer."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from campaigns.approval import submit_run
from dispatcher.core.api_keys import Scope
from dispatcher.delivery.runs import HonestAnswer, extend_run, pause_run, resume_run, stop_run
from dispatcher.web.api.calls import ApiCall, Changes, Limit, Made, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Cursor, Moment, Page, example
from dispatcher.web.services import load_run
from reports.live import RunSummary, list_runs

router = APIRouter(tags=["runs"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CAMPAIGNS_READ))]
Controller = Annotated[ApiCall, Depends(Changes(Scope.CAMPAIGNS_WRITE))]

#: Why a run is held or ended when another system asked for it.
REASON: Final = "api"

_SUMMARY: Final = {
    "id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40",
    "number": 1,
    "campaign": "Долги за ноябрь",
    "state": "running",
    "state_reason": None,
    "starts_at": "2026-11-23T05:00:00Z",
    "ends_at": "2026-11-27T14:00:00Z",
    "recipients": 1998,
    "decided": 640,
    "notified": 612,
}
_FIGURES: Final = {
    "run": {
        "id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40",
        "number": 1,
        "campaign": "Долги за ноябрь",
        "list_name": "november",
        "state": "running",
        "state_reason": None,
        "priority": "bulk",
        "purpose": "debt",
        "starts_at": "2026-11-23T05:00:00Z",
        "ends_at": "2026-11-27T14:00:00Z",
        "started_at": "2026-11-23T05:00:01Z",
        "closed_at": None,
    },
    "read_at": "2026-11-23T05:10:00Z",
    "planned": 1998,
    "not_fanned_out": 0,
    "open": 1358,
    "decided": 640,
    "is_balanced": True,
    "in_flight": 64,
    "notices": {"open": 1358, "notified": 612, "blocked": 28},
    "notice_reasons": [{"state": "blocked", "reason": "no_consent", "count": 28}],
    "attempts": {"email": [{"state": "accepted", "reason": "", "count": 612}]},
    "rate_per_minute": 120.0,
    "expected_finish": "2026-11-23T05:21:19Z",
    "is_late": False,
}
_ANSWER: Final = {
    "run_id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40",
    "left": 612,
    "in_flight": 64,
    "waiting": 1294,
}


class RunOut(BaseModel):
    """One run in short."""

    model_config = example(_SUMMARY)
    id: UUID
    number: int
    campaign: str
    state: str
    state_reason: str | None
    starts_at: datetime
    ends_at: datetime
    recipients: int
    decided: int
    notified: int


class RunPage(Page[RunOut]):
    """Runs."""

    model_config = example({"items": [_SUMMARY], "next": None})


class RunFactsOut(BaseModel):
    """What was asked for, and where it stands."""

    id: UUID
    number: int
    campaign: str
    list_name: str
    state: str = Field(
        description="draft, awaiting_approval, rejected, scheduled, running, paused, stopping or closed."
    )
    state_reason: str | None
    priority: str
    purpose: str
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    closed_at: datetime | None


class CountOut(BaseModel):
    """How many stand in one state for one reason."""

    state: str
    reason: str
    count: int


class FiguresOut(BaseModel):
    """A run at one moment: planned = decided + open + not_fanned_out."""

    model_config = example(_FIGURES)
    run: RunFactsOut
    read_at: datetime
    planned: int
    not_fanned_out: int
    open: int
    decided: int
    is_balanced: bool = Field(description="Whether the sum above holds; anything else is a fault.")
    in_flight: int
    notices: dict[str, int]
    notice_reasons: list[CountOut]
    attempts: dict[str, list[CountOut]] = Field(description="By channel.")
    rate_per_minute: float | None
    expected_finish: datetime | None
    is_late: bool


class HonestOut(BaseModel):
    """What the action could not call back."""

    model_config = example(_ANSWER)
    run_id: UUID
    left: int = Field(description="Taken by a provider already, or in doubt.")
    in_flight: int = Field(description="Being sent at that moment.")
    waiting: int = Field(description="Held back, or ahead again.")


class SubmittedOut(BaseModel):
    """A draft that was handed over; ask the run for its state."""

    model_config = example({"run_id": _ANSWER["run_id"]})
    run_id: UUID


class NewEndIn(Body):
    """A new end of the window."""

    model_config = example({"ends_at": "2026-11-28T17:00:00+03:00"})
    ends_at: Moment


class NewEndOut(BaseModel):
    """The end that is in force now."""

    model_config = example({"run_id": _ANSWER["run_id"], "ends_at": "2026-11-28T14:00:00Z"})
    run_id: UUID
    ends_at: datetime


@router.get("/runs", responses=answers())
def show_runs(call: Reader, limit: Limit = 100, cursor: Cursor = None) -> RunPage:
    """Runs, the newest first."""
    found = call.read(lambda session: list_runs(session, limit=limit + 1, before=cursor))
    items = [_run_out(one) for one in found[:limit]]
    return RunPage(items=items, next=str(items[-1].id) if len(found) > limit else None)


@router.get("/runs/{run_id}", responses=answers(404))
def show_run(call: Reader, run_id: UUID) -> FiguresOut:
    """One run with its figures: as dear for a million as for a thousand, so ask as often as you like."""
    return FiguresOut.model_validate(load_run(call.services, run_id).to_json())


@router.post("/runs/{run_id}/submit", response_model=SubmittedOut, responses=answers(404, 409))
def submit(call: Controller, run_id: UUID) -> object:
    """Let a draft go: for approval by a second person where that is needed, else to its start."""

    def hand_over(session: Session, now: datetime) -> Made:
        delivery = call.services.settings.delivery
        submit_run(session, run_id, delivery=delivery, actor=call.client.actor, now=now)
        return Made(SubmittedOut(run_id=run_id))

    return call.change(hand_over, request=b"")


@router.post("/runs/{run_id}/pause", response_model=HonestOut, responses=answers(404, 409))
def pause(call: Controller, run_id: UUID) -> object:
    """Hold the run; within two seconds nothing more leaves."""
    return _do(
        call,
        run_id,
        lambda session, now: pause_run(session, run_id, actor=call.client.actor, reason=REASON, now=now),
    )


@router.post("/runs/{run_id}/resume", response_model=HonestOut, responses=answers(404, 409))
def resume(call: Controller, run_id: UUID) -> object:
    """Go on inside the window."""
    return _do(
        call,
        run_id,
        lambda session, now: resume_run(session, run_id, actor=call.client.actor, now=now),
    )


@router.post("/runs/{run_id}/stop", response_model=HonestOut, responses=answers(404, 409))
def stop(call: Controller, run_id: UUID) -> object:
    """End the run for good; what has not left never will."""
    return _do(
        call,
        run_id,
        lambda session, now: stop_run(session, run_id, actor=call.client.actor, reason=REASON, now=now),
    )


@router.post("/runs/{run_id}/extend", response_model=NewEndOut, responses=answers(404, 409))
def extend(call: Controller, run_id: UUID, wanted: NewEndIn) -> object:
    """Move the end of the window, into the future."""

    def move(session: Session, now: datetime) -> Made:
        extend_run(session, run_id, wanted.ends_at, actor=call.client.actor, now=now)
        return Made(NewEndOut(run_id=run_id, ends_at=wanted.ends_at))

    return call.change(move, request=wanted.model_dump_json().encode())


def _do(call: ApiCall, run_id: UUID, act: Callable[[Session, datetime], HonestAnswer]) -> object:
    def done(session: Session, now: datetime) -> Made:
        answer = act(session, now)
        return Made(
            HonestOut(run_id=run_id, left=answer.left, in_flight=answer.in_flight, waiting=answer.waiting)
        )

    return call.change(done, request=b"")


def _run_out(one: RunSummary) -> RunOut:
    return RunOut(
        id=one.id,
        number=one.number,
        campaign=one.campaign,
        state=one.state,
        state_reason=one.state_reason,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        recipients=one.recipient_count,
        decided=one.decided,
        notified=one.notified,
    )
