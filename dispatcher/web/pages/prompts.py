"""Recordings for calls: listening, uploading, retiring."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from campaigns.prompt_sound import LEAST_SECONDS, MOST_BYTES, MOST_SECONDS
from campaigns.prompts import (
    LONGEST_NAME,
    PromptError,
    UnknownPromptError,
    add_prompt,
    list_prompts,
    prompt_samples,
    retire_prompt,
)
from channels.voice.errors import BadSoundFileError
from channels.voice.sound import Sound
from channels.voice.speech.wav import write_wav
from dispatcher.core.errors import DispatcherError
from dispatcher.web.auth import Controller, Services, SignedIn, Staff, require_csrf, require_staff
from dispatcher.web.errors import NotFoundError
from dispatcher.web.flash import Flash
from dispatcher.web.guards import STRICT_POLICY
from dispatcher.web.pages.address_files import uploaded_form
from dispatcher.web.pages.showing import fault, go_on, refusal, show
from dispatcher.web.pages.typed import FormFaultError
from dispatcher.web.prompt_files import read_prompt
from dispatcher.web.services import WebServices
from dispatcher.web.uploads import Upload

router = APIRouter(prefix="/prompts")

PATH: Final = "/prompts"
#: The page plays what this very server gives out.
SOUND_POLICY: Final = {"Content-Security-Policy": f"{STRICT_POLICY}; media-src 'self'"}

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.get("")
def show_prompts(request: Request, services: Services, signed_in: Staff) -> Response:
    """Every recording with its length, its digest and a player."""
    return _page(request, services, signed_in)


@router.post("")
async def upload(request: Request, services: Services, signed_in: Controller) -> Response:
    """Keep a recording that can be heard over the telephone; another is refused, and nothing is kept."""
    try:
        async with uploaded_form(request, services, signed_in) as (kept, fields):
            name = fields.get("name", "")
            is_new = await run_in_threadpool(_add, services, signed_in, kept, name)
    except (BadSoundFileError, PromptError, FormFaultError) as error:
        return await run_in_threadpool(_page, request, services, signed_in, problem=error)
    return go_on(services, PATH, Flash("prompt_added" if is_new else "prompt_again"))


@router.get("/{digest}/sound", dependencies=[Depends(require_staff)])
def listen(services: Services, digest: Digest) -> Response:
    """A recording as calls play it: WAV, 8 kHz, 16 bits, mono."""
    samples = services.database.run(lambda session: prompt_samples(session, digest))
    if samples is None:
        raise NotFoundError("there is no such recording")
    return Response(write_wav(Sound(samples)), media_type="audio/wav")


@router.post("/{digest}/retire", dependencies=[Depends(require_csrf)])
def retire(services: Services, signed_in: Controller, digest: Digest) -> Response:
    """Offer a recording no more; texts that name it go on playing it."""
    try:
        services.database.run(
            lambda session: retire_prompt(
                session, digest, actor=signed_in.member.actor, now=services.clock.refresh(session)
            )
        )
    except UnknownPromptError as error:
        return go_on(services, PATH, refusal(error))
    return go_on(services, PATH, Flash("prompt_retired"))


def _add(services: WebServices, signed_in: SignedIn, kept: Upload, name: str) -> bool:
    sound, original = read_prompt(kept)
    _, is_new = services.database.run(
        lambda session: add_prompt(
            session,
            name=name,
            sound=sound,
            original=original,
            actor=signed_in.member.actor,
            now=services.clock.refresh(session),
        )
    )
    return is_new


def _page(
    request: Request, services: WebServices, signed_in: SignedIn, *, problem: DispatcherError | None = None
) -> Response:
    values = {
        "prompts": services.database.run(list_prompts),
        "problem": fault(request, problem) if problem else "",
        "longest_name": LONGEST_NAME,
        "least": LEAST_SECONDS,
        "most": round(MOST_SECONDS),
        "megabytes": MOST_BYTES // 1024**2,
    }
    return show(request, signed_in, "prompts.html", values, 422 if problem else 200, SOUND_POLICY)
