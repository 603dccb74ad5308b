"""Recordings that calls play: the list, uploading one, and retiring it."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from campaigns.prompts import add_prompt, list_prompts, retire_prompt
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Changes, Made, Makes, Reads
from dispatcher.web.api.problems import WrongContentTypeError, answers
from dispatcher.web.api.values import Line, example
from dispatcher.web.prompt_files import read_prompt
from dispatcher.web.uploads import Upload

router = APIRouter(prefix="/prompts", tags=["templates"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.TEMPLATES_READ))]
Writer = Annotated[ApiCall, Depends(Makes(Scope.TEMPLATES_WRITE))]
Changer = Annotated[ApiCall, Depends(Changes(Scope.TEMPLATES_WRITE))]

_PROMPT: Final = {
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "name": "Приветствие, Анна",
    "seconds": 3.4,
    "uploaded_by": "api:crm",
    "uploaded_at": "2026-11-20T06:00:00Z",
    "is_active": True,
}
_FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The WAV file as it is: 0.3 to 120 seconds, 25 MB at most.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class PromptOut(BaseModel):
    """A recording."""

    model_config = example(_PROMPT)
    sha256: str = Field(description="Of its 8 kHz samples: what a text writes behind `recording =`.")
    name: str
    seconds: float
    uploaded_by: str
    uploaded_at: datetime
    is_active: bool = Field(description="false: retired. Texts that name it still play it.")


class PromptsOut(BaseModel):
    """All recordings."""

    model_config = example({"items": [_PROMPT]})
    items: list[PromptOut]


@router.get("", responses=answers())
def show_prompts(call: Reader) -> PromptsOut:
    """All recordings, those in use first."""
    found = call.read(list_prompts)
    return PromptsOut(items=[PromptOut.model_validate(one, from_attributes=True) for one in found])


@router.post("", status_code=201, response_model=PromptOut, responses=answers(409, 415), openapi_extra=_FILE)
async def upload(
    request: Request, call: Writer, name: Annotated[Line, Query(description="Unique among those in use.")]
) -> object:
    """Keep a recording that can be heard over the telephone. Another is refused, and nothing is kept."""
    if request.headers.get("content-type", "").startswith(("multipart/", "application/x-www-form")):
        raise WrongContentTypeError("send the file itself as the body, not a form")
    uploads = call.services.uploads
    try:
        kept = await uploads.keep(request.stream(), "prompt.wav")
    except ClientDisconnect as error:
        raise HTTPException(400) from error
    try:
        return await run_in_threadpool(_add, call, kept, name)
    finally:
        await run_in_threadpool(uploads.remove, kept.id)


@router.post("/{digest}/retire", response_model=PromptOut, responses=answers(404))
def retire(
    call: Changer,
    digest: Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="The recording's `sha256`.")],
) -> object:
    """Offer a recording no more. Its name is free; texts that name its digest go on playing it."""

    def work(session: Session, now: datetime) -> Made:
        found = retire_prompt(session, digest, actor=call.client.actor, now=now)
        return Made(PromptOut.model_validate(found, from_attributes=True), 200)

    return call.change(work, request=digest.encode())


def _add(call: ApiCall, kept: Upload, name: str) -> Response:
    sound, original = read_prompt(kept)

    def add(session: Session, now: datetime) -> Made:
        found, is_new = add_prompt(
            session, name=name, sound=sound, original=original, actor=call.client.actor, now=now
        )
        return Made(PromptOut.model_validate(found, from_attributes=True), 201 if is_new else 200)

    return call.change(add, request=kept.sha256)
