"""A person's data for other systems: handed out whole, erased. Both are on record."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from dispatcher.core.api_keys import Scope
from dispatcher.privacy.erasure import begin_erasure
from dispatcher.web.api.calls import ApiCall, Changes, Made, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, example
from dispatcher.web.person_file import send_person

router = APIRouter(prefix="/persons/{person_id}", tags=["persons"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.PERSONAL_DATA_READ))]
Eraser = Annotated[ApiCall, Depends(Changes(Scope.PERSONAL_DATA_ERASE))]


class ErasureIn(Body):
    """Why; without personal data."""

    model_config = example({"reason": "заявление № 7 от 01.03.2026"})
    reason: str = Field(min_length=1, max_length=2000)


class ErasureOut(BaseModel):
    """Where the erasure stands; ask again the same way to hear whether it is done."""

    model_config = example({"erasure_id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40", "state": "running"})
    erasure_id: UUID
    state: Literal["running", "done"]


@router.post(
    "/export",
    response_class=Response,
    responses={
        **answers(404),
        200: {
            "description": "The export.",
            "content": {"application/json": {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
def export(call: Reader, person_id: UUID) -> Response:
    """Everything held about a person, with the purpose of every field, as one JSON document."""
    return send_person(call.services, person_id, kind="json", language="ru", actor=call.client.actor)


@router.post("/erase", response_model=ErasureOut, responses=answers(404, 409))
def erase(call: Eraser, person_id: UUID, said: ErasureIn) -> object:
    """Erase a person. What identifies goes at once, the rest within moments; refused while a run needs it."""

    def begin(session: Session, now: datetime) -> Made:
        begun = begin_erasure(session, person_id, reason=said.reason, actor=call.client.actor, now=now)
        return Made(ErasureOut(erasure_id=begun.id, state="done" if begun.is_done else "running"))

    return call.change(begin, request=said.model_dump_json().encode())
