"""Recipient lists: their versions, how each file was read, and the row-level report."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Limit, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Code, Cursor, ListName, Page, example
from dispatcher.web.errors import NotFoundError
from dispatcher.web.rejected_file import send_rejected
from reports.list_contents import read_as
from reports.lists import (
    ListVersion,
    count_by_reason,
    get_list_version,
    list_problem_rows,
    list_versions,
)

router = APIRouter(tags=["lists"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.LISTS_READ))]
PersonalReader = Annotated[ApiCall, Depends(Reads(Scope.RECIPIENTS_READ))]

_LIST: Final = {
    "id": "01936f3e-7b1a-7c51-9d57-0a2f6f1c2b10",
    "name": "november",
    "version": 3,
    "state": "frozen",
    "file_name": "debtors.csv",
    "recipients": 1998,
    "problems": 5,
    "rejected": 2,
    "failure": None,
    "created_by": "api:billing",
    "created_at": "2026-11-20T06:00:00Z",
}
_PROBLEM: Final = {
    "number": 1,
    "line": 17,
    "column": "Лицевой счёт",
    "severity": "error",
    "value_class": "number in scientific form",
    "reason": "account_scientific",
    "message": "номер испорчен таблицей (вид 1,23E+12); выгрузите столбец как текст",
}
_READ_AS: Final = {
    "format": "csv",
    "encoding": "cp1251",
    "delimiter": ";",
    "header_line": 1,
    "columns": {"Лицевой счёт": "account_number", "ФИО": "full_name", "E-mail": "email"},
}
_REASON: Final = {"severity": "error", "reason": "account_scientific", "count": 2}


class ListOut(BaseModel):
    """One frozen version of a list."""

    model_config = example(_LIST)
    id: UUID
    name: str
    version: int
    state: str = Field(description="importing, frozen or failed; only a frozen one can be sent to.")
    file_name: str
    recipients: int
    problems: int
    rejected: int = Field(description="Rows that were not taken.")
    failure: str | None
    created_by: str
    created_at: datetime


class ReasonOut(BaseModel):
    """How often one reason occurs."""

    model_config = example(_REASON)
    severity: str
    reason: str
    count: int


class ListDetailOut(ListOut):
    """One version with its report in short."""

    model_config = example({**_LIST, "read_as": _READ_AS, "reasons": [_REASON]})
    read_as: dict[str, Any] | None = Field(
        description="How the file was understood; `columns` are titles and the fields they became. Correct it"
        " with PUT /mappings/{source} and upload the file again."
    )
    reasons: list[ReasonOut]


class ProblemOut(BaseModel):
    """One line of the report: where, what kind of value, why. Never the value."""

    model_config = example(_PROBLEM)
    number: int
    line: int
    column: str
    severity: str
    value_class: str
    reason: str
    message: str


class ListPage(Page[ListOut]):
    """Versions of lists."""

    model_config = example({"items": [_LIST], "next": None})


class ProblemPage(Page[ProblemOut]):
    """Lines of a report, in the order of the file."""

    model_config = example({"items": [_PROBLEM], "next": "1"})


@router.get("/lists", responses=answers())
def list_lists(
    call: Reader,
    name: Annotated[ListName | None, Query(description="Only versions of this list.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ListPage:
    """Versions of lists, the newest first."""
    found = call.read(lambda session: list_versions(session, limit=limit + 1, before=cursor, name=name))
    items = [_list_out(one) for one in found[:limit]]
    return ListPage(items=items, next=str(items[-1].id) if len(found) > limit else None)


@router.get("/lists/{list_id}", responses=answers(404))
def show_list(call: Reader, list_id: UUID) -> ListDetailOut:
    """One version, with its report in short."""

    def read(session: Session) -> ListDetailOut:
        found = known_list(session, list_id)
        reasons = [
            ReasonOut(severity=one.severity, reason=one.reason, count=one.count)
            for one in count_by_reason(session, list_id)
        ]
        source = read_as(session, list_id)
        return ListDetailOut(**_list_out(found).model_dump(), read_as=source, reasons=reasons)

    return call.read(read)


@router.get("/lists/{list_id}/problems", responses=answers(404))
def list_problems(
    call: Reader,
    list_id: UUID,
    severity: Annotated[Literal["error", "warning", "note"] | None, Query()] = None,
    reason: Annotated[Code | None, Query(description="A reason's code.")] = None,
    limit: Limit = 100,
    cursor: Annotated[int, Query(ge=0, le=2**31 - 1, description="`next` of the page before.")] = 0,
) -> ProblemPage:
    """The row-level report, in the order of the file."""

    def read(session: Session) -> ProblemPage:
        known_list(session, list_id)
        found = list_problem_rows(
            session, list_id, limit=limit + 1, after=cursor, severity=severity, reason=reason
        )
        items = [ProblemOut.model_validate(one, from_attributes=True) for one in found[:limit]]
        return ProblemPage(items=items, next=str(items[-1].number) if len(found) > limit else None)

    return call.read(read)


@router.get(
    "/lists/{list_id}/rejected",
    response_class=Response,
    responses={
        **answers(404),
        200: {
            "description": "The rows that were not taken, in the shape of the source (a workbook becomes"
            " XLSX), with the column «Причина». Mend them and upload the file as it is.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
def download_rejected(call: PersonalReader, list_id: UUID) -> Response:
    """The rejected rows as a file: personal data, so the download goes on record."""
    return send_rejected(
        call.services, list_id, actor=call.client.actor, media_type="application/octet-stream"
    )


def known_list(session: Session, list_id: UUID) -> ListVersion:
    """The version with this id; raises `NotFoundError`."""
    found = get_list_version(session, list_id)
    if found is None:
        raise NotFoundError("there is no such list")
    return found


def _list_out(one: ListVersion) -> ListOut:
    return ListOut(
        id=one.id,
        name=one.name,
        version=one.version,
        state=one.state,
        file_name=one.file_name,
        recipients=one.recipient_count,
        problems=one.problem_count,
        rejected=one.rejected_count,
        failure=one.failure,
        created_by=one.created_by,
        created_at=one.created_at,
    )
