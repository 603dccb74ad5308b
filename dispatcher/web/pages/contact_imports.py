"""Statements about consent by a file, in the browser."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from campaigns.consent_file import ConsentImport
from campaigns.list_errors import ListFileError
from consent.purposes import Purpose
from consent.sources import STATED, Basis
from dispatcher.core.errors import DispatcherError
from dispatcher.web.address_files import take_statements
from dispatcher.web.auth import Controller, Services, SignedIn
from dispatcher.web.pages.address_files import rejected_link, uploaded_file
from dispatcher.web.pages.showing import fault, show
from dispatcher.web.pages.typed import FormFaultError

router = APIRouter(prefix="/contacts/import")

SHOWN: Final = 200  #: problems on the page; the file of rejected rows has them all


@router.get("")
def show_form(request: Request, signed_in: Controller) -> Response:
    """The form, with the columns that a file may have."""
    return _page(request, signed_in)


@router.post("")
async def upload(request: Request, services: Services, signed_in: Controller) -> Response:
    """Take the good rows, show the bad ones."""
    try:
        async with uploaded_file(request, services, signed_in) as kept:
            actor = signed_in.member.actor
            done = await run_in_threadpool(take_statements, services, kept, actor=actor)
    except (ListFileError, FormFaultError) as error:
        return await run_in_threadpool(_page, request, signed_in, problem=error)
    return await run_in_threadpool(_page, request, signed_in, done=done)


def _page(
    request: Request,
    signed_in: SignedIn,
    *,
    done: ConsentImport | None = None,
    problem: DispatcherError | None = None,
) -> Response:
    values = {
        "done": done,
        "problem": fault(request, problem) if problem else "",
        "rejected": rejected_link(done),
        "shown": SHOWN,
        "purposes": list(Purpose),
        "sources": STATED,
        "bases": list(Basis),
    }
    return show(request, signed_in, "contact_import.html", values, 422 if problem else 200)
