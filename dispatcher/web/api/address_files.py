"""Files of consents and of bans over the API: how they come in, and how bad rows are told."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from campaigns.address_file import RowFault, RowReport
from dispatcher.web.api.calls import ApiCall, Made
from dispatcher.web.api.problems import WrongContentTypeError
from dispatcher.web.api.values import example
from dispatcher.web.uploads import Upload

FAULT: Final = {
    "line": 3,
    "column": "Документ",
    "reason": "consent_reference",
    "message": "не указан документ, который это подтверждает",
}


class RowFaultOut(BaseModel):
    """A row that was not taken."""

    model_config = example(FAULT)
    line: int
    column: str
    reason: str = Field(description="A stable code.")
    message: str = Field(description="The same in Russian words, without the value.")


class RowReportOut(BaseModel):
    """What was wrong with the rows of a file."""

    rejected: int
    problems: list[RowFaultOut] = Field(description="The first thousand.")
    rejected_file: str = Field(description="The bad rows as CSV with their reasons, if any.")


def report_values(report: RowReport) -> dict[str, Any]:
    """The values of a `RowReportOut`."""
    return {
        "rejected": report.rejected_count,
        "problems": _faults(report.problems),
        "rejected_file": report.rejected_csv() if report.rejected else "",
    }


def file_body(description: str, example_file: str) -> dict[str, Any]:
    """What the document says of a body that is the file itself."""
    return {
        "requestBody": {
            "required": True,
            "description": description,
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": example_file},
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    }


async def take_file(
    request: Request, call: ApiCall, file_name: str, take: Callable[[Upload], BaseModel]
) -> Response:
    """Keep the body while it comes, let `take` work on it once, and remove it.

    Raises `WrongContentTypeError` for a form.
    """
    if request.headers.get("content-type", "").startswith(("multipart/", "application/x-www-form")):
        raise WrongContentTypeError("send the file itself as the body, not a form")
    uploads = call.services.uploads
    try:
        kept = await uploads.keep(request.stream(), file_name)
    except ClientDisconnect as error:
        raise HTTPException(400) from error

    def work(_session: Session, _now: datetime) -> Made:
        return Made(take(kept))

    try:
        return await run_in_threadpool(call.change, work, request=kept.sha256)
    finally:
        await run_in_threadpool(uploads.remove, kept.id)


def _faults(problems: Sequence[RowFault]) -> list[RowFaultOut]:
    return [RowFaultOut.model_validate(one, from_attributes=True) for one in problems]
