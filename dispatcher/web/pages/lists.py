"""Lists: their versions, uploading one, how far its import is, and its row-level report."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect

from campaigns.import_jobs import add_import_job, get_import_job
from campaigns.list_rejected import rejected_name, write_rejected
from dispatcher.core.audit import record_action
from dispatcher.core.ids import new_id
from dispatcher.web.api.values import ListName
from dispatcher.web.auth import Controller, Services, SignedIn, Staff, is_form_token, session_binding
from dispatcher.web.errors import ForgedFormError, NotFoundError
from dispatcher.web.import_desk import DOWNLOADS
from dispatcher.web.languages import choose_language
from dispatcher.web.rendering import Renderer
from dispatcher.web.services import WebServices
from dispatcher.web.upload_form import BadFormError, FormWithFile
from dispatcher.web.uploads import Upload
from reports.lists import (
    ListVersion,
    count_by_reason,
    get_list_version,
    list_problem_rows,
    list_versions,
)

router = APIRouter()

PAGE_SIZE: Final = 50
_LIST_NAME: Final = TypeAdapter(ListName)


@router.get("/lists")
def show_lists(
    request: Request, services: Services, signed_in: Staff, before: Annotated[UUID | None, Query()] = None
) -> Response:
    """All versions of all lists, the newest first."""
    with services.database.transaction() as session:
        found = list_versions(session, limit=PAGE_SIZE + 1, before=before)
    values = {
        "lists": found[:PAGE_SIZE],
        "older": found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None,
        "is_first": before is None,
    }
    return _page(request, signed_in, "lists.html", values)


@router.get("/lists/upload")
def show_upload(request: Request, signed_in: Controller) -> Response:
    """The form to upload a list."""
    return _page(request, signed_in, "upload.html", {"problem": "", "name": ""})


@router.post("/lists/upload")
async def upload(request: Request, services: Services, signed_in: Controller) -> Response:
    """Take a list in. The form's token comes before the file and is checked before the file is read."""
    try:
        form = FormWithFile(request.headers.get("content-type", ""), request.stream())
        await form.to_file()
        _check_token(services, signed_in, form.fields.get("csrf_token", ""))
        name = _list_name(form.fields.get("name", ""), form.file_name or "")
        kept = await services.uploads.keep(form.chunks(), form.file_name or "")
    except (BadFormError, ValidationError, ClientDisconnect):
        return _refused(request, signed_in, "upload_no_name")
    if not kept.size:
        services.uploads.remove(kept.id)
        return _refused(request, signed_in, "upload_empty")
    await run_in_threadpool(_ask_for_import, services, signed_in, name, kept)
    services.imports.hurry()
    return RedirectResponse(f"/imports/{kept.id}", 303)


@router.get("/imports/{import_id}")
def show_import(
    request: Request,
    services: Services,
    signed_in: Staff,
    import_id: UUID,
    part: Annotated[bool, Query(description="Only what changes.")] = False,
) -> Response:
    """How far an import is; when it is done, its list."""
    with services.database.transaction() as session:
        job = get_import_job(session, import_id)
    if job is None:
        raise NotFoundError("there is no such import")
    target = f"/lists/{job.list_id}" if job.list_id else f"/imports/{import_id}"
    if not part:
        return (
            RedirectResponse(target, 303)
            if job.list_id
            else _page(request, signed_in, "import.html", {"job": job})
        )
    renderer: Renderer = request.app.state.renderer
    html = renderer.fragment("fragments/import.html", choose_language(request), {"job": job})
    headers = {"HX-Redirect": target} if job.is_over else {}
    return Response(html, 200, headers, media_type="text/html")


@router.get("/lists/{list_id}")
def show_list(
    request: Request,
    services: Services,
    signed_in: Staff,
    list_id: UUID,
    reason: Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,60}$")] = None,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """One version: how many were taken, and each row that was not, by kind of value and reason."""
    with services.database.transaction() as session:
        version = _known(session, list_id)
        reasons = count_by_reason(session, list_id)
        found = list_problem_rows(session, list_id, limit=PAGE_SIZE + 1, after=after, reason=reason)
    values = {
        "version": version,
        "reasons": reasons,
        "problems": found[:PAGE_SIZE],
        "next": found[PAGE_SIZE - 1].number if len(found) > PAGE_SIZE else None,
        "reason": reason,
    }
    return _page(request, signed_in, "list.html", values)


@router.get("/lists/{list_id}/rejected")
def download_rejected(services: Services, signed_in: Controller, list_id: UUID) -> Response:
    """The bad rows in the shape of the source, ready to be mended; personal data, so it goes on record."""
    folder = services.settings.data_directory / DOWNLOADS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(session: Session) -> tuple[Any, str]:
        _known(session, list_id)
        name = rejected_name(session, list_id)
        suffix = "." + name.rsplit(".", 1)[-1]
        written = write_rejected(session, list_id, folder / f"{new_id()}{suffix}")
        record_action(
            session,
            at=services.clock.refresh(session),
            actor=signed_in.member.actor,
            action="list.rejected_downloaded",
            subject_type="recipient_list",
            subject_id=list_id,
            after={"rows": written.rows},
        )
        return written, name

    written, name = services.database.run(write)
    return FileResponse(written.path, filename=name, background=BackgroundTask(written.path.unlink))


def _ask_for_import(services: WebServices, signed_in: SignedIn, name: str, kept: Upload) -> None:
    def add(session: Session) -> None:
        now: datetime = services.clock.refresh(session)
        add_import_job(
            session,
            job=kept.id,
            list_name=name,
            file_name=kept.path.name,
            options={"purpose": "debt"},
            actor=signed_in.member.actor,
            now=now,
        )

    services.database.run(add)


def _check_token(services: WebServices, signed_in: SignedIn, token: str) -> None:
    if not is_form_token(token, services.secret_key, session_binding(signed_in.session_token)):
        raise ForgedFormError("the form was not made for this session")


def _list_name(typed: str, file_name: str) -> str:
    """What was typed, else the file's name without its ending."""
    return _LIST_NAME.validate_python(typed.strip() or file_name.rsplit(".", 1)[0].strip())


def _known(session: Session, list_id: UUID) -> ListVersion:
    found = get_list_version(session, list_id)
    if found is None:
        raise NotFoundError("there is no such list")
    return found


def _refused(request: Request, signed_in: SignedIn, problem: str) -> Response:
    renderer: Renderer = request.app.state.renderer
    text = renderer.text(problem, choose_language(request))
    return _page(request, signed_in, "upload.html", {"problem": text, "name": ""}, 422)


def _page(
    request: Request, signed_in: SignedIn, template: str, values: dict[str, Any], status: int = 200
) -> Response:
    person = {"member": signed_in.member, "csrf_token": signed_in.csrf_token}
    return request.app.state.renderer.page(request, template, {**person, **values}, status)  # type: ignore[no-any-return]
