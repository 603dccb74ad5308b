"""Calls of a run and the digits that people entered in them: personal data, so each look is on record."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from dispatcher.core.api_keys import Scope
from dispatcher.core.audit import record_action
from dispatcher.delivery.calls.recordings import find_recording
from dispatcher.web.api.calls import ApiCall, Limit, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Cursor, Page, example
from dispatcher.web.errors import NotFoundError
from reports.calls import list_calls

router = APIRouter(tags=["runs"])

CallReader = Annotated[ApiCall, Depends(Reads(Scope.RECIPIENTS_READ))]

_CALL: Final = {
    "attempt_id": "01936f50-0b7e-7a11-8f02-2d3c4b5a6980",
    "notice_id": "01936f50-0b7e-7a11-8f02-2d3c4b5a6981",
    "account_number": "0001234567",
    "full_name": "Петрова Анна Ильинична",
    "state": "delivered",
    "reason": "confirmed",
    "ended_at": "2026-11-23T05:10:00Z",
    "status": 200,
    "cause": 16,
    "words": "Normal call clearing",
    "trunk": "main",
    "caller_id": "74951234567",
    "ring_seconds": 6.2,
    "talk_seconds": 41.0,
    "heard_seconds": 18.4,
    "message_seconds": 18.4,
    "answered_by": "human",
    "answered_because": "human",
    "reached": "confirmed",
    "is_identity_confirmed": True,
    "keys": "11",
    "collected": {"reading": "12345"},
    "is_wrong_person": False,
    "wants_no_calls": False,
    "was_transferred": False,
    "prompts": ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
}


class CallOut(BaseModel):
    """What came of a call."""

    model_config = example(_CALL)
    attempt_id: UUID
    notice_id: UUID
    account_number: str
    full_name: str
    state: str
    reason: str | None = Field(
        description="busy, no_answer, machine, …; answered, heard, confirmed when told."
    )
    ended_at: datetime
    status: int = Field(description="The final SIP status; 200: answered, 0: nothing came back.")
    cause: int | None = Field(description="Q.850.")
    words: str = Field(description="The trunk's own words.")
    trunk: str
    caller_id: str
    ring_seconds: float
    talk_seconds: float
    heard_seconds: float = Field(description="Of the facts.")
    message_seconds: float = Field(description="How long all facts are.")
    answered_by: str = Field(description="human, machine, unsure, nobody.")
    answered_because: str = Field(
        description="Why: human, key, initialsilence, longgreeting, maxwordlength, maxwords, toolong, hangup."
    )
    reached: str | None = Field(description="answered, heard, confirmed.")
    is_identity_confirmed: bool
    keys: str = Field(description="In the order in which they were pressed.")
    collected: dict[str, str] = Field(description="Digits that were asked for (a meter reading), by name.")
    is_wrong_person: bool
    wants_no_calls: bool
    was_transferred: bool
    prompts: list[str] = Field(description="SHA-256 of each sound that was played, in order.")


class CallPage(Page[CallOut]):
    """Calls of a run, the oldest first."""

    model_config = example({"items": [_CALL], "next": None})


@router.get("/runs/{run_id}/calls", responses=answers())
def calls(
    run_id: UUID, call: CallReader, cursor: Cursor = None, limit: Limit = 100, only_collected: bool = False
) -> CallPage:
    """What came of the calls of a run; `only_collected`: those in which people entered digits."""

    def read(session: Session) -> CallPage:
        found = list_calls(session, run_id, limit=limit + 1, after=cursor, only_collected=only_collected)
        shown = found[:limit]
        record_action(
            session,
            at=call.services.clock.refresh(session),
            actor=call.client.actor,
            action="calls.viewed",
            subject_type="run",
            subject_id=run_id,
            after={"count": len(shown)},
        )
        items = [CallOut.model_validate({**asdict(one), "prompts": list(one.prompts)}) for one in shown]
        return CallPage(items=items, next=str(shown[-1].attempt_id) if len(found) > limit else None)

    return call.read(read)


@router.get(
    "/runs/{run_id}/calls/{attempt_id}/recording",
    response_class=Response,
    responses={
        **answers(404),
        200: {
            "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
            "description": "A WAV file.",
        },
    },
)
def recording(run_id: UUID, attempt_id: UUID, call: CallReader) -> Response:
    """What the called person said, where that is recorded (`voice.records_far_end`) and still kept."""

    def read(session: Session) -> bytes:
        sealed = find_recording(session, run_id, attempt_id)
        if sealed is None:
            raise NotFoundError("no recording of this call is kept")
        sound = call.services.recording_seal.open(attempt_id, sealed)
        record_action(
            session,
            at=call.services.clock.refresh(session),
            actor=call.client.actor,
            action="recording.heard",
            subject_type="attempt",
            subject_id=attempt_id,
            after={"run": run_id},
        )
        return sound

    return Response(call.read(read), media_type="audio/wav", headers={"Cache-Control": "no-store"})
