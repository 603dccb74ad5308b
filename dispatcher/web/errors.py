"""From errors to HTTP answers: one map, no data of anybody in any answer (promise P10).

A program gets a problem document (RFC 9457), a browser a plain page in its own language.
"""

from collections.abc import Mapping
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from consent.errors import UnknownContactError
from consent.unsubscribe import BadLinkError
from dispatcher.core.db import DatabaseUnavailableError, is_database_gone
from dispatcher.core.errors import DispatcherError
from dispatcher.delivery.errors import RunStateError, UnknownRunError
from dispatcher.web.languages import choose_language
from dispatcher.web.rendering import Renderer

log = structlog.get_logger(__name__)


class NotSignedInError(DispatcherError):
    """Raised when a page needs somebody who is signed in."""


class NotPermittedError(DispatcherError):
    """Raised when the role does not permit what was asked."""


class ForgedFormError(DispatcherError):
    """Raised when a form came without its token: from another site, or after the session had ended."""


#: The only place where an error gets a status.
STATUS: Final[Mapping[type[Exception], int]] = {
    NotSignedInError: 401,
    NotPermittedError: 403,
    ForgedFormError: 403,
    UnknownRunError: 404,
    RunStateError: 409,
    BadLinkError: 404,
    UnknownContactError: 404,
    DatabaseUnavailableError: 503,
    PoolTimeoutError: 503,
}
#: Statuses with a text of their own; any other gets that of 400 or 500.
TEXTED: Final = frozenset({400, 401, 403, 404, 405, 409, 413, 429, 500, 503})
RETRY_SECONDS: Final = 5


def add_error_handlers(app: FastAPI, renderer: Renderer) -> None:
    """Answer every error of a request by the map above."""

    def answer(request: Request, status: int) -> Response:
        return error_answer(request, renderer, status)

    def on_known(request: Request, error: Exception) -> Response:
        if isinstance(error, NotSignedInError) and _may_be_sent_to_sign_in(request):
            return RedirectResponse("/sign-in", 303)
        if isinstance(error, ForgedFormError):
            log.warning("web.forged_form")
        return answer(request, _status_of(error))

    def on_http(request: Request, error: Exception) -> Response:
        return answer(request, error.status_code if isinstance(error, HTTPException) else 500)

    def on_database(request: Request, error: Exception) -> Response:
        is_gone = isinstance(error, DBAPIError) and is_database_gone(error)
        if not is_gone:
            raise error
        log.warning("web.database_unavailable")
        return answer(request, 503)

    for known in STATUS:
        app.add_exception_handler(known, on_known)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, lambda request, _error: answer(request, 400))
    app.add_exception_handler(DBAPIError, on_database)


def error_answer(request: Request, renderer: Renderer, status: int) -> Response:
    """The page or the problem document for a status."""
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    text = status if status in TEXTED else (500 if status >= 500 else 400)
    language = choose_language(request)
    title = renderer.text(f"error_{text}", language)
    if wants_json(request):
        problem = {"type": "about:blank", "title": title, "status": status}
        return JSONResponse(problem, status, headers, media_type="application/problem+json")
    return renderer.page(
        request, "error.html", {"title": title, "status": status, "code": text}, status, headers
    )


def wants_json(request: Request) -> bool:
    """Whether the other side is a program."""
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


def _may_be_sent_to_sign_in(request: Request) -> bool:
    # A stream or a program that is redirected to a page would take it for an answer.
    return "text/html" in request.headers.get("accept", "")


def _status_of(error: Exception) -> int:
    return next(status for known, status in STATUS.items() if isinstance(error, known))
