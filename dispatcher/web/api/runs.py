"""Runs: one campaign going over one list. Their figures at one moment."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Limit, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Cursor, Line, Page, example
from dispatcher.web.services import load_run
from reports.live import RunSummary, list_runs
from reports.waiting import list_waiting

router = APIRouter(tags=["runs"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CAMPAIGNS_READ))]

_SUMMARY: Final = {
    "id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40",
    "number": 1,
    "campaign": "Долги за ноябрь",
    "kind": "main",
    "parent_run_id": None,
    "first_count": None,
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
        "kind": "main",
        "parent_run_id": None,
        "first_count": None,
        "needs_approval": False,
        "generation": 3,
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
    "waiting": {"frequency_cap": 12},
    "cap_window": {"first_at": "2026-11-24T05:00:00Z", "last_at": "2026-11-25T05:00:00Z"},
    "profiles": {"1": ["service_standard v1", "debtor_safe v1"]},
    "notices": {"open": 1358, "notified": 612, "blocked": 28},
    "notice_reasons": [{"state": "blocked", "reason": "no_consent", "count": 28}],
    "attempts": {"email": [{"state": "accepted", "reason": "", "count": 612}]},
    "rate_per_minute": 120.0,
    "expected_finish": "2026-11-23T05:21:19Z",
    "is_late": False,
}

Kind = Annotated[str, Field(description="main, resend, correction, or seed: to our own staff.")]
Parent = Annotated[UUID | None, Field(description="The run that this one was made from.")]
First = Annotated[
    int | None, Field(description="It sends so many, then pauses (first_sent) until it is resumed.")
]
State = Annotated[
    str,
    Field(description="draft, awaiting_approval, rejected, scheduled, running, paused, stopping or closed."),
]


class RunOut(BaseModel):
    """One run in short."""

    model_config = example(_SUMMARY)
    id: UUID
    number: int
    campaign: str
    kind: Kind
    parent_run_id: Parent
    first_count: First
    state: State
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
    kind: Kind
    parent_run_id: Parent
    first_count: First
    needs_approval: bool
    generation: int = Field(description="Grows with every change; approve says which one was looked at.")
    state: State
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


class CapWindowOut(BaseModel):
    """When the first and the last of those who wait for a frequency cap may be spoken to again."""

    first_at: datetime
    last_at: datetime


class WaitingIn(Body):
    """Whose notice; an account stands in no address."""

    model_config = example({"account": "0000000001"})
    account: Line


class WaitingOut(BaseModel):
    """Why an attempt waits, and until when."""

    notice_id: UUID
    attempt_id: UUID
    channel: str
    reason: str
    until: datetime
    is_too_late: bool = Field(description="Whether that is past the end of the run.")


class AllWaitingOut(BaseModel):
    """What waits for one account; empty when nothing does."""

    model_config = example(
        {
            "items": [
                {
                    "notice_id": "01936f45-7a6b-7c5d-9e8f-1a2b3c4d5e6f",
                    "attempt_id": "01936f45-7a6b-7c5d-9e8f-1a2b3c4d5e70",
                    "channel": "sms",
                    "reason": "frequency_cap",
                    "until": "2026-11-24T05:00:00Z",
                    "is_too_late": False,
                }
            ]
        }
    )
    items: list[WaitingOut]


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
    waiting: dict[str, int] = Field(description="Attempts that were put off, by what they wait for.")
    cap_window: CapWindowOut | None = Field(description="null: nobody waits for a frequency cap.")
    profiles: dict[str, list[str]] = Field(description="Customer group → policy profiles with versions.")
    notices: dict[str, int]
    notice_reasons: list[CountOut]
    attempts: dict[str, list[CountOut]] = Field(description="By channel.")
    rate_per_minute: float | None
    expected_finish: datetime | None
    is_late: bool


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


@router.post("/runs/{run_id}/waiting", responses=answers(404))
def show_waiting(call: Reader, run_id: UUID, wanted: WaitingIn) -> AllWaitingOut:
    """Why the notice of one account waits, and until when."""
    load_run(call.services, run_id)
    found = call.read(lambda session: list_waiting(session, run_id, wanted.account))
    return AllWaitingOut(items=[WaitingOut.model_validate(one, from_attributes=True) for one in found])


def _run_out(one: RunSummary) -> RunOut:
    return RunOut(
        id=one.id,
        number=one.number,
        campaign=one.campaign,
        kind=one.kind,
        parent_run_id=one.parent_run_id,
        first_count=one.first_count,
        state=one.state,
        state_reason=one.state_reason,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        recipients=one.recipient_count,
        decided=one.decided,
        notified=one.notified,
    )
