"""Letters of people who answered our notices.

They are personal data, so reading them needs `recipients:read`, and each look is on record.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from dispatcher.core.api_keys import Scope
from dispatcher.core.audit import record_action
from dispatcher.delivery.returns.letters import handle_letter
from dispatcher.web.api.calls import ApiCall, Changes, Limit, Made, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Cursor, Page, example
from reports.returns import list_letters

router = APIRouter(tags=["returns"])

LetterReader = Annotated[ApiCall, Depends(Reads(Scope.RECIPIENTS_READ))]
LetterWriter = Annotated[ApiCall, Depends(Changes(Scope.TASKS_WRITE))]

_LETTER: Final = {
    "id": "01936f50-0b7e-7a11-8f02-2d3c4b5a6980",
    "received_at": "2026-11-23T05:10:00Z",
    "sender": "person@example.org",
    "subject": "Re: Задолженность",
    "text": "Я уже заплатила.",
    "file_names": ["check.jpg"],
    "certainty": "proven",
    "notice_id": "01936f50-0b7e-7a11-8f02-2d3c4b5a6981",
    "run_id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40",
    "full_name": "Петрова Анна Ильинична",
    "handled_at": None,
    "handled_by": None,
    "handling": None,
    "answer": None,
    "answer_reason": None,
    "answer_report": None,
}


class LetterOut(BaseModel):
    """A letter of a person."""

    model_config = example(_LETTER)
    id: UUID
    received_at: datetime
    sender: str
    subject: str
    text: str
    file_names: list[str]
    certainty: str = Field(description="How surely it is known whose it is: proven, said, none.")
    notice_id: UUID | None
    run_id: UUID | None
    full_name: str | None
    handled_at: datetime | None
    handled_by: str | None
    handling: str | None
    answer: str | None = Field(
        description="Of the SMS that answers a refusal: waiting, sending, sent, unknown, failed."
    )
    answer_reason: str | None
    answer_report: str | None = Field(description="What the operator reported of it: delivered, failed, …")


class LetterPage(Page[LetterOut]):
    """Letters, the newest first."""

    model_config = example({"items": [_LETTER], "next": None})


class HandledIn(Body):
    """What was done about a letter."""

    model_config = example({"handling": "перезвонили, долг погашен"})
    handling: Annotated[str, Field(min_length=1, max_length=1000)]


class LetterId(BaseModel):
    """The letter."""

    model_config = example({"id": _LETTER["id"]})
    id: UUID


@router.get("/letters", responses=answers())
def letters(
    call: LetterReader,
    cursor: Cursor = None,
    limit: Limit = 100,
    with_handled: bool = False,
) -> LetterPage:
    """What people wrote to us; each look is on record."""

    def read(session: Session) -> LetterPage:
        found = list_letters(session, limit=limit + 1, is_handled=with_handled, before=cursor)
        shown = found[:limit]
        record_action(
            session,
            at=call.services.clock.refresh(session),
            actor=call.client.actor,
            action="letters.viewed",
            subject_type="incoming_letter",
            subject_id="*",
            after={"count": len(shown)},
        )
        items = [LetterOut(**{**asdict(one), "file_names": list(one.file_names)}) for one in shown]
        return LetterPage(items=items, next=str(shown[-1].id) if len(found) > limit else None)

    return call.read(read)


@router.post("/letters/{letter_id}/handle", response_model=LetterId, responses=answers(404, 409, 422))
def handle(call: LetterWriter, letter_id: UUID, said: HandledIn) -> object:
    """Say what was done about a letter."""

    def work(session: Session, now: datetime) -> Made:
        handle_letter(session, letter_id, handling=said.handling, actor=call.client.actor, now=now)
        return Made(LetterId(id=letter_id))

    return call.change(work, request=said.model_dump_json().encode())
