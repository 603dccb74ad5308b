"""Uploads of lists and what comes of them."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from campaigns.import_jobs import ImportJob, add_import_job, get_import_job, list_import_jobs
from campaigns.list_errors import ListFileError
from consent.purposes import Purpose
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Limit, Made, Makes, Reads
from dispatcher.web.api.problems import WrongContentTypeError, answers
from dispatcher.web.api.values import Cursor, Line, ListName, Page, SourceName, example
from dispatcher.web.errors import NotFoundError
from dispatcher.web.uploads import Upload, harmless_name

router = APIRouter(tags=["imports"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.LISTS_READ))]
Uploader = Annotated[ApiCall, Depends(Makes(Scope.LISTS_WRITE))]

_IMPORT: Final = {
    "id": "01936f3e-6a10-7b00-8c11-5f0a9d1e4c21",
    "list": "november",
    "file_name": "debtors.csv",
    "state": "done",
    "recipients": 1998,
    "problems": 5,
    "rejected": 2,
    "list_id": "01936f3e-7b1a-7c51-9d57-0a2f6f1c2b10",
    "failure": None,
    "failure_message": None,
    "created_by": "api:billing",
    "created_at": "2026-11-20T06:00:00Z",
    "started_at": "2026-11-20T06:00:00Z",
    "finished_at": "2026-11-20T06:00:02Z",
}
_FILE: Final = (
    "Лицевой счёт;ФИО;E-mail;Сумма долга;Согласие\n0012345;Иванова А. А.;a@example.org;1250,40;да\n"
)


class ImportOut(BaseModel):
    """An upload and what has come of it so far."""

    model_config = example(_IMPORT)
    id: UUID
    list: str
    file_name: str
    state: Literal["held", "waiting", "running", "done", "failed"]
    recipients: int
    problems: int
    rejected: int
    list_id: UUID | None = Field(description="The version that was made of it.")
    failure: str | None = Field(description="Why the file as a whole cannot be used: a stable code.")
    failure_message: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ImportPage(Page[ImportOut]):
    """Uploads."""

    model_config = example({"items": [_IMPORT], "next": None})


@router.post(
    "/lists/{name}/versions",
    status_code=202,
    responses={
        **answers(404, 409, 415),  # 404: a name with a line break is no path
        202: {
            "description": "The file is kept; ask the import what comes of it.",
            "headers": {"Location": {"schema": {"type": "string"}, "description": "The import."}},
        },
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file as it is: CSV, TSV or a workbook. It is read as a stream.",
            "content": {
                "text/csv": {
                    "schema": {"type": "string"},
                    "example": _FILE,
                },
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
async def upload_list(
    request: Request,
    call: Uploader,
    name: ListName,
    purpose: Annotated[Purpose, Query(description="What the consent column speaks about.")] = Purpose.DEBT,
    encoding: Annotated[
        str | None, Query(pattern=r"^[A-Za-z0-9_-]{2,20}$", description="Default: found out.")
    ] = None,
    source: Annotated[
        SourceName | None,
        Query(description="The billing system whose saved column mapping is used; see /mappings."),
    ] = None,
    sheet: Annotated[Line | None, Query(description="Of a workbook; default: found out.")] = None,
    file_name: Annotated[str, Query(max_length=200, description="How the source called it.")] = "list.csv",
) -> ImportOut:
    """Upload the next version of a list.

    Answers 202 when the whole file is safe on disk. The import then goes on by itself, begins anew after
    a crash, and makes a version that can be used only when it is whole.
    """
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise WrongContentTypeError("the API takes the file itself as the body, not a form")
    uploads = call.services.uploads
    try:
        upload = await uploads.keep(request.stream(), file_name)
    except ClientDisconnect:
        raise HTTPException(400) from None
    is_asked_for = False
    try:
        if not upload.size:
            raise ListFileError("empty", "the body is empty: send the file itself")
        options = {"purpose": purpose.value, "encoding": encoding, "source": source, "sheet": sheet}
        answer, is_again = await run_in_threadpool(
            call.change_or_recall,
            lambda session, now: _ask_for_import(session, call, name, upload, options, now),
            request=upload.sha256,
        )
        is_asked_for = not is_again
    finally:
        if not is_asked_for:
            uploads.remove(upload.id)
    call.services.imports.hurry()
    return answer  # type: ignore[return-value] # a stored answer, already JSON


@router.get("/imports", responses=answers())
def list_imports(call: Reader, limit: Limit = 100, cursor: Cursor = None) -> ImportPage:
    """Uploads, the newest first."""
    found = call.read(lambda session: list_import_jobs(session, limit=limit + 1, before=cursor))
    items = [_import_out(one) for one in found[:limit]]
    return ImportPage(items=items, next=str(items[-1].id) if len(found) > limit else None)


@router.get("/imports/{import_id}", responses=answers(404))
def show_import(call: Reader, import_id: UUID) -> ImportOut:
    """What has come of an upload so far."""
    found = call.read(lambda session: get_import_job(session, import_id))
    if found is None:
        raise NotFoundError("there is no such import")
    return _import_out(found)


def _ask_for_import(
    session: Session,
    call: ApiCall,
    name: str,
    upload: Upload,
    options: dict[str, str | None],
    now: datetime,
) -> Made:
    add_import_job(
        session,
        job=upload.id,
        list_name=name,
        file_name=harmless_name(upload.path.name),
        options=options,
        actor=call.client.actor,
        now=now,
    )
    job = get_import_job(session, upload.id)
    assert job is not None  # noqa: S101 (just added)
    return Made(_import_out(job), 202, {"Location": f"/api/v1/imports/{upload.id}"})


def _import_out(one: ImportJob) -> ImportOut:
    return ImportOut(
        id=one.id,
        list=one.list_name,
        file_name=one.file_name,
        state=one.state,  # type: ignore[arg-type] # one of ImportState
        recipients=one.recipients,
        problems=one.problems,
        rejected=one.rejected,
        list_id=one.list_id,
        failure=one.failure,
        failure_message=one.failure_message,
        created_by=one.created_by,
        created_at=one.created_at,
        started_at=one.started_at,
        finished_at=one.finished_at,
    )
