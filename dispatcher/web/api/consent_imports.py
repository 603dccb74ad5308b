"""Many statements about consent at once, by a file."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from campaigns.consent_file import ConsentImport
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Made, Makes
from dispatcher.web.api.problems import WrongContentTypeError, answers
from dispatcher.web.api.values import Line, example
from dispatcher.web.consent_upload import take_statements

router = APIRouter(prefix="/consents", tags=["consents"])

Uploader = Annotated[ApiCall, Depends(Makes(Scope.CONSENT_WRITE))]

_FILE: Final = (
    "Адрес или телефон;Канал;Цель;Действие;Источник;Документ;Действует с\n"
    "person@example.org;email;debt;да;paper;бланк 17;01.02.2026\n"
)


class StatementProblemOut(BaseModel):
    """A row that was not taken."""

    model_config = example({"line": 3, "column": "Документ", "message": "не указан документ"})
    line: int
    column: str
    message: str


class ConsentImportOut(BaseModel):
    """What came of the file."""

    model_config = example(
        {
            "taken": 118,
            "unchanged": 0,
            "rejected": 1,
            "in_flight": 0,
            "problems": [{"line": 3, "column": "Документ", "message": "не указан документ"}],
            "rejected_file": "Адрес или телефон;Цель;Причина\r\n…",
        }
    )
    taken: int
    unchanged: int = Field(description="Said before in the very same way: nothing was written.")
    rejected: int
    in_flight: int = Field(description="Attempts that withdrawals of the file could not call back.")
    problems: list[StatementProblemOut] = Field(description="The first thousand.")
    rejected_file: str = Field(description="The bad rows as CSV with their reasons, if any.")


@router.post(
    "/imports",
    response_model=ConsentImportOut,
    responses=answers(409, 415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file as it is: CSV or a workbook, up to 100 000 rows. Columns: address,"
            " channel, purpose, action, source, reference, basis, text version, valid from, valid until.",
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": _FILE},
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
async def import_file(
    request: Request,
    call: Uploader,
    file_name: Annotated[Line, Query(description="Its ending helps to tell what it is.")] = "consents.csv",
) -> object:
    """Take the good rows into the ledger and report the bad ones; a file that comes twice changes nothing."""
    if request.headers.get("content-type", "").startswith(("multipart/", "application/x-www-form")):
        raise WrongContentTypeError("send the file itself as the body, not a form")
    uploads = call.services.uploads
    try:
        kept = await uploads.keep(request.stream(), file_name)
    except ClientDisconnect as error:
        raise HTTPException(400) from error

    def take(_session: Session, _now: datetime) -> Made:
        return Made(_out(take_statements(call.services, kept, actor=call.client.actor)))

    try:
        return await run_in_threadpool(call.change, take, request=kept.sha256)
    finally:
        await run_in_threadpool(uploads.remove, kept.id)


def _out(done: ConsentImport) -> ConsentImportOut:
    return ConsentImportOut(
        taken=done.taken,
        unchanged=done.unchanged,
        rejected=done.rejected_count,
        in_flight=done.in_flight,
        problems=[
            StatementProblemOut(line=one.line, column=one.column, message=one.message)
            for one in done.problems
        ],
        rejected_file=done.rejected_csv() if done.rejected else "",
    )
