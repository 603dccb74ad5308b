"""Statements about consent by a file, in the browser."""

import base64
from typing import Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from campaigns.consent_file import ConsentImport
from campaigns.list_errors import ListFileError
from dispatcher.web.auth import Controller, Services, SignedIn, is_form_token, session_binding
from dispatcher.web.consent_upload import take_statements
from dispatcher.web.errors import ForgedFormError
from dispatcher.web.pages.showing import fault, say, show
from dispatcher.web.upload_form import BadFormError, FormWithFile

router = APIRouter(prefix="/contacts/import")

SHOWN: Final = 200  #: problems on the page; the file of rejected rows has them all


@router.get("")
def show_form(request: Request, signed_in: Controller) -> Response:
    """The form, with the columns that a file may have."""
    return _page(request, signed_in)


@router.post("")
async def upload(request: Request, services: Services, signed_in: Controller) -> Response:
    """Take the good rows, show the bad ones. The form's token is checked before the file is read."""
    try:
        sent = FormWithFile(request.headers.get("content-type", ""), request.stream())
        await sent.to_file()
        token = sent.fields.get("csrf_token", "")
        if not is_form_token(token, services.secret_key, session_binding(signed_in.session_token)):
            raise ForgedFormError("the form was not made for this session")
        kept = await services.uploads.keep(sent.chunks(), sent.file_name or "")
    except (BadFormError, ClientDisconnect):
        return await run_in_threadpool(_page, request, signed_in, problem=say(request, "upload_no_name"))
    try:
        done = await run_in_threadpool(take_statements, services, kept, actor=signed_in.member.actor)
    except ListFileError as error:
        return await run_in_threadpool(_page, request, signed_in, problem=fault(request, error))
    finally:
        await run_in_threadpool(services.uploads.remove, kept.id)
    return await run_in_threadpool(_page, request, signed_in, done=done)


def _page(
    request: Request, signed_in: SignedIn, *, done: ConsentImport | None = None, problem: str = ""
) -> Response:
    rejected = ""
    if done is not None and done.rejected:
        rejected = base64.b64encode(done.rejected_csv().encode("utf-8-sig")).decode("ascii")
    values = {"done": done, "problem": problem, "rejected": rejected, "shown": SHOWN}
    return show(request, signed_in, "contact_import.html", values, 422 if problem else 200)
