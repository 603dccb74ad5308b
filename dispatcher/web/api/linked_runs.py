"""Runs made from a run that is closed: once more to those not reached, and a correction to those told."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy.orm import Session

from campaigns.linked_runs import NewLinkedRun, correct_run, resend_run
from campaigns.service import CreatedCampaign
from channels.port import ChannelKind
from dispatcher.bootstrap import require_channels
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Made, Makes
from dispatcher.web.api.new_campaigns import ChannelNames, CreatedOut, created_out
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, FirstCount, Line, Moment, example, json_bytes

router = APIRouter(prefix="/runs/{run_id}", tags=["runs"])

Maker = Annotated[ApiCall, Depends(Makes(Scope.CAMPAIGNS_WRITE))]


class LinkedRunIn(Body):
    """The window of the new run, and how it begins; everything else is the parent's."""

    starts_at: Moment | None = Field(default=None, description="Default: now.")
    ends_at: Moment
    first_count: FirstCount = None
    as_draft: bool = Field(default=False, description="Nothing happens until it is submitted.")
    needs_approval: bool = Field(default=False, description="Also where the parent needed none.")
    channels: ChannelNames | None = Field(
        default=None, description="In the order in which they are tried; default: the parent's."
    )


class ResendIn(LinkedRunIn):
    """Failed, expired and stopped are always taken."""

    model_config = example({"ends_at": "2026-11-30T17:00:00+03:00", "include_unknown": False})
    include_unknown: bool = Field(
        default=False, description="Also whom nobody knows to be told: maybe twice."
    )
    include_blocked: bool = Field(
        default=False, description="Also who was not permitted then; consent holds."
    )


class CorrectionIn(LinkedRunIn):
    """The right text for everybody who may have read the wrong one."""

    model_config = example({"ends_at": "2026-11-30T17:00:00+03:00", "scenario": "correction"})
    scenario: Line = Field(default="correction", description="The scenario with the right text.")


@router.post("/resend", status_code=201, response_model=CreatedOut, responses=answers(404, 409))
def resend(call: Maker, run_id: UUID, wanted: ResendIn) -> object:
    """Send once more to exactly those whom a closed run did not reach."""

    def make(session: Session, now: datetime) -> Made:
        made = resend_run(
            session,
            run_id,
            _linked(call, wanted, now),
            include_unknown=wanted.include_unknown,
            include_blocked=wanted.include_blocked,
            delivery=call.services.settings.delivery,
            calendar=call.services.calendar.read(session),
            actor=call.client.actor,
            now=now,
        )
        return _made(made)

    return call.change(make, request=json_bytes(wanted))


@router.post("/correct", status_code=201, response_model=CreatedOut, responses=answers(404, 409))
def correct(call: Maker, run_id: UUID, wanted: CorrectionIn) -> object:
    """Send another text to everybody whom a closed run has told, or may have told."""

    def make(session: Session, now: datetime) -> Made:
        made = correct_run(
            session,
            run_id,
            _linked(call, wanted, now),
            scenario=wanted.scenario,
            delivery=call.services.settings.delivery,
            calendar=call.services.calendar.read(session),
            actor=call.client.actor,
            now=now,
        )
        return _made(made)

    return call.change(make, request=json_bytes(wanted))


def _linked(call: ApiCall, wanted: LinkedRunIn, now: datetime) -> NewLinkedRun:
    channels = None if wanted.channels is None else tuple(map(ChannelKind, wanted.channels))
    require_channels(call.services.settings, channels)
    return NewLinkedRun(
        wanted.starts_at or now,
        wanted.ends_at,
        first_count=wanted.first_count,
        as_draft=wanted.as_draft,
        needs_approval=wanted.needs_approval,
        channels=channels,
    )


def _made(made: CreatedCampaign) -> Made:
    return Made(created_out(made), 201, {"Location": f"/api/v1/runs/{made.run_id}"})
