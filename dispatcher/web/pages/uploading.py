"""Uploading a list: the form, and taking the file in as a stream."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session
from starlette.requests import ClientDisconnect

from campaigns.import_jobs import add_import_job
from campaigns.list_encoding import ENCODINGS
from campaigns.list_mapping import list_mappings
from consent.purposes import Purpose
from dispatcher.web.api.values import ListName
from dispatcher.web.auth import Controller, Services, SignedIn, is_form_token, session_binding
from dispatcher.web.errors import ForgedFormError
from dispatcher.web.pages.showing import one_line, say, show
from dispatcher.web.services import WebServices
from dispatcher.web.upload_form import BadFormError, FormWithFile
from dispatcher.web.uploads import Upload

router = APIRouter()

#: What a consent column may speak about; the scenarios that come with the product first.
PURPOSES_OFFERED: Final = tuple(one.value for one in Purpose if one is not Purpose.ADVERTISING)
MOST_CHARACTERS: Final = 100  #: of a source's or a sheet's name
_LIST_NAME: Final = TypeAdapter(ListName)


@dataclass(frozen=True, slots=True)
class ListForm:
    """How a file is to be read, as it was typed."""

    name: str = ""
    purpose: str = "debt"
    source: str = ""
    encoding: str = ""
    sheet: str = ""
    look_first: str = ""

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "ListForm":
        """The fields of a form; raises `BadFormError` for a choice that was not offered."""
        typed = {name: one_line(fields.get(name, "")) for name in cls.__slots__}
        form = cls(**{**typed, "purpose": typed["purpose"] or "debt"})
        if form.purpose not in PURPOSES_OFFERED or form.encoding not in ("", *ENCODINGS):
            raise BadFormError("this was not offered")
        if max(len(form.source), len(form.sheet)) > MOST_CHARACTERS:
            raise BadFormError("a name is too long")
        return form

    def options(self) -> dict[str, Any]:
        """As an import keeps them."""
        return {
            "purpose": self.purpose,
            "source": self.source or None,
            "encoding": self.encoding or None,
            "sheet": self.sheet or None,
            "keeps_file": True,
        }


@router.get("/lists/upload")
def show_upload(request: Request, services: Services, signed_in: Controller, name: str = "") -> Response:
    """The form to upload a list; `name` makes the next version of that one."""
    return _form(request, services, signed_in, ListForm(name=one_line(name)[:MOST_CHARACTERS]))


@router.post("/lists/upload")
async def upload(request: Request, services: Services, signed_in: Controller) -> Response:
    """Take a list in. The form's token comes before the file and is checked before the file is read."""
    form = ListForm()
    try:
        sent = FormWithFile(request.headers.get("content-type", ""), request.stream())
        await sent.to_file()
        _check_token(services, signed_in, sent.fields.get("csrf_token", ""))
        form = ListForm.of(sent.fields)
        name = _list_name(form.name, sent.file_name or "")
        kept = await services.uploads.keep(sent.chunks(), sent.file_name or "")
    except (BadFormError, ValidationError, ClientDisconnect):
        return await run_in_threadpool(_refused, request, services, signed_in, form, "upload_no_name")
    if not kept.size:
        services.uploads.remove(kept.id)
        return await run_in_threadpool(_refused, request, services, signed_in, form, "upload_empty")
    await run_in_threadpool(_ask_for_import, services, signed_in, name, kept, form)
    services.imports.hurry()
    return RedirectResponse(f"/imports/{kept.id}{'/columns' if form.look_first else ''}", 303)


def list_choices(session: Session) -> dict[str, Any]:
    """What the form offers."""
    return {
        "purposes": PURPOSES_OFFERED,
        "encodings": ENCODINGS,
        "sources": [one.source for one in list_mappings(session)],
    }


def _ask_for_import(
    services: WebServices, signed_in: SignedIn, name: str, kept: Upload, form: ListForm
) -> UUID:
    def add(session: Session) -> UUID:
        add_import_job(
            session,
            job=kept.id,
            list_name=name,
            file_name=kept.path.name,
            options=form.options(),
            actor=signed_in.member.actor,
            now=services.clock.refresh(session),
            is_held=bool(form.look_first),
        )
        return kept.id

    return services.database.run(add)


def _check_token(services: WebServices, signed_in: SignedIn, token: str) -> None:
    if not is_form_token(token, services.secret_key, session_binding(signed_in.session_token)):
        raise ForgedFormError("the form was not made for this session")


def _list_name(typed: str, file_name: str) -> str:
    """What was typed, else the file's name without its ending."""
    return _LIST_NAME.validate_python(typed or one_line(file_name.rsplit(".", 1)[0]))


def _form(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    form: ListForm,
    problem: str = "",
    status: int = 200,
) -> Response:
    choices = services.database.run(list_choices)
    most = services.settings.web.upload_megabytes
    values = {**choices, "form": form, "problem": problem, "most_megabytes": most}
    return show(request, signed_in, "upload.html", values, status)


def _refused(
    request: Request, services: WebServices, signed_in: SignedIn, form: ListForm, problem: str
) -> Response:
    return _form(request, services, signed_in, form, say(request, problem), 422)
