"""A file of consents or bans sent by a form: kept while it is worked on; and its bad rows to take home."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from campaigns.address_file import RowReport
from dispatcher.web.auth import SignedIn, is_form_token, session_binding
from dispatcher.web.errors import ForgedFormError
from dispatcher.web.pages.typed import FormFaultError
from dispatcher.web.services import WebServices
from dispatcher.web.upload_form import BadFormError, FormWithFile
from dispatcher.web.uploads import Upload


@asynccontextmanager
async def uploaded_form(
    request: Request, services: WebServices, signed_in: SignedIn
) -> AsyncIterator[tuple[Upload, Mapping[str, str]]]:
    """The file of the form, removed at the end, and the fields before it; the token is checked first.

    Raises `ForgedFormError`, and `FormFaultError` where there is no file in it.
    """
    try:
        sent = FormWithFile(request.headers.get("content-type", ""), request.stream())
        await sent.to_file()
        token = sent.fields.get("csrf_token", "")
        if not is_form_token(token, services.secret_key, session_binding(signed_in.session_token)):
            raise ForgedFormError("the form was not made for this session")
        kept = await services.uploads.keep(sent.chunks(), sent.file_name or "")
    except (BadFormError, ClientDisconnect) as error:
        raise FormFaultError("no file", code="no_file") from error
    try:
        yield kept, sent.fields
    finally:
        await run_in_threadpool(services.uploads.remove, kept.id)


@asynccontextmanager
async def uploaded_file(
    request: Request, services: WebServices, signed_in: SignedIn
) -> AsyncIterator[Upload]:
    """The file of a form that has no other fields; raises what `uploaded_form` does."""
    async with uploaded_form(request, services, signed_in) as (kept, _):
        yield kept


def rejected_link(report: RowReport | None) -> str:
    """The bad rows as a link that holds them: they are kept nowhere, so they go back with the page."""
    if report is None or not report.rejected:
        return ""
    content = base64.b64encode(report.rejected_csv().encode("utf-8-sig")).decode("ascii")
    return f"data:text/csv;base64,{content}"
