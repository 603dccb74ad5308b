"""Problem documents (RFC 9457): every error of the API has a stable type, and no answer holds anybody's data.

A type is a relative reference that can be opened: it answers with its own title. The map from errors to
types and statuses is in `dispatcher.web.errors`, with that of the pages.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from dispatcher.core.db import is_database_gone
from dispatcher.core.errors import DispatcherError
from dispatcher.web.errors import (
    PROBLEMS,
    PROBLEMS_BY_CODE,
    RETRY_SECONDS,
    BadKeyError,
    Problem,
    problem_of,
)
from dispatcher.web.languages import choose_language
from reports.words import LANGUAGES
from templates.errors import TemplateError

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "/api/v1/problems/"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"

INVALID: Final = Problem(422, "invalid-request", "The request does not fit its description")
REFUSED: Final = Problem(422, "refused", "This cannot be done")
TOO_LARGE: Final = Problem(413, "too-large", "The body is larger than the limit")
NOT_A_FILE: Final = Problem(415, "not-a-file", "Send the file itself as the body")
NO_DATABASE: Final = Problem(503, "database-unavailable", "The database cannot be reached")
OUR_FAULT: Final = Problem(500, "internal", "A fault of ours, which is recorded")
#: Every code that an answer may carry.
KNOWN: Final[Mapping[str, Problem]] = {
    problem.code: problem
    for problem in (
        *PROBLEMS.values(),
        *PROBLEMS_BY_CODE.values(),
        *(INVALID, REFUSED, TOO_LARGE, NOT_A_FILE, NO_DATABASE, OUR_FAULT),
    )
}

log = structlog.get_logger(__name__)


class FieldFault(BaseModel):
    """One part of a request that does not fit; never the value itself."""

    where: str
    detail: str


class ProblemDocument(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": f"{TYPES}run-state",
                "title": "The state of the run does not allow this",
                "status": 409,
                "detail": "the run is closed: this is possible only when it is running, scheduled",
                "code": "run_state",
            }
        }
    )

    type: str
    title: str
    status: int
    detail: str | None = None
    code: str | None = Field(default=None, description="What exactly, where one type has several causes.")
    errors: list[FieldFault] | None = None


class WrongContentTypeError(DispatcherError):
    """Raised when an upload is a form instead of a file."""


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route documents beside its good answer; any may answer 400, 401, 403, 413, 422 and 503."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema, "example": _example(status)}},
        }
        for status in sorted({400, 401, 403, 413, 422, 503, *statuses})
    }


def problem_answer(
    problem: Problem,
    *,
    detail: str | None = None,
    code: str | None = None,
    errors: Sequence[FieldFault] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for one kind of problem."""
    document = ProblemDocument(
        type=TYPES + problem.code,
        title=problem.title,
        status=problem.status,
        detail=detail or None,
        code=code or None,
        errors=None if errors is None else list(errors),
    )
    all_headers = dict(headers or {})
    if problem.status == 503:
        all_headers["Retry-After"] = str(RETRY_SECONDS)
    if problem.status == 401:
        all_headers["WWW-Authenticate"] = 'Bearer realm="dispatcher"'
    return JSONResponse(
        document.model_dump(exclude_none=True), problem.status, all_headers, media_type=MEDIA_TYPE
    )


def status_answer(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The answer for a bare status: what the framework refuses before any code of ours is asked."""
    if status == TOO_LARGE.status:
        return problem_answer(TOO_LARGE, headers=headers)
    if status >= 500:
        return problem_answer(NO_DATABASE if status == 503 else OUR_FAULT)
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return JSONResponse(body, status, dict(headers or {}), media_type=MEDIA_TYPE)


def add_problem_handlers(api: FastAPI) -> None:
    """Answer every error of the API by the map."""
    api.add_exception_handler(DispatcherError, _on_ours)
    for known in PROBLEMS:
        api.add_exception_handler(known, _on_ours)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http)
    api.add_exception_handler(DBAPIError, _on_database)
    # Answered here, raised on: the guards log it.
    api.add_exception_handler(Exception, lambda _request, _error: problem_answer(OUR_FAULT))


def _on_ours(request: Request, error: Exception) -> Response:
    if isinstance(error, WrongContentTypeError):
        return problem_answer(NOT_A_FILE, detail=str(error))
    problem = problem_of(error) or REFUSED
    if isinstance(error, BadKeyError):
        log.warning("web.bad_api_key")
    if problem.status == 503:
        return problem_answer(problem)
    code = error.code if isinstance(error, DispatcherError) else None
    return problem_answer(
        problem, detail=_detail(error, request), code=code, errors=_places_in_template(error)
    )


def _detail(error: Exception, request: Request) -> str:
    """The words of an error, in the language that was asked for where they are known in it."""
    words = None
    if isinstance(error, TemplateError):
        words = error.in_language(LANGUAGES.index(choose_language(request)))
    return words or str(error)


def _places_in_template(error: Exception) -> Sequence[FieldFault] | None:
    """Part and line of a template that cannot be used, for an editor to jump to."""
    if not isinstance(error, TemplateError) or not error.part:
        return None
    line = "" if error.line is None else f"/line/{error.line}"
    return [FieldFault(where=f"body/{error.part}{line}", detail=error.message[:300])]


def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (narrows for mypy)
    faults = [
        FieldFault(where="/".join(str(part) for part in fault["loc"])[:200], detail=str(fault["msg"])[:300])
        for fault in error.errors()[:50]
    ]
    missing = f"header/{IDEMPOTENCY_HEADER}".lower()
    if any(fault.where.lower() == missing and fault.detail == "Field required" for fault in faults):
        return problem_answer(KNOWN["idempotency-key-missing"])
    return problem_answer(INVALID, errors=faults)


def _on_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (narrows for mypy)
    return status_answer(error.status_code, error.headers)


def _on_database(_request: Request, error: Exception) -> Response:
    if isinstance(error, DBAPIError) and is_database_gone(error):
        log.warning("web.database_unavailable")
        return problem_answer(NO_DATABASE)
    raise error


def _example(status: int) -> dict[str, Any]:
    problem = next((one for one in KNOWN.values() if one.status == status), INVALID)
    if status == INVALID.status:
        problem = INVALID
    example: dict[str, Any] = {"type": TYPES + problem.code, "title": problem.title, "status": status}
    if status == INVALID.status:
        example["errors"] = [{"where": "body/ends_at", "detail": "Field required"}]
    return example
