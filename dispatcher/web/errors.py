"""From errors to HTTP answers: one map, no data of anybody in any answer (promise P10).

A program gets a problem document (RFC 9457), a browser a plain page in its own language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from campaigns.errors import (
    ApprovalError,
    CampaignError,
    ImportStateError,
    LinkedRunError,
    NotAnApproverError,
    OwnCampaignError,
    RecurrenceError,
    SeedError,
    UnknownListError,
    UnknownMappingError,
    UnknownScenarioError,
)
from campaigns.findings import CampaignRefusedError
from campaigns.list_errors import ListFileError
from campaigns.preview import UnknownRecipientError
from campaigns.prompts import PromptError, UnknownPromptError
from channels.voice.errors import BadSoundFileError, SpeechError
from consent.errors import (
    BadConsentError,
    BadPersonValueError,
    ConsentError,
    EmptyHoursError,
    PolicyError,
    SuppressionError,
    UnknownContactError,
    UnknownPersonError,
)
from consent.unsubscribe import BadLinkError
from dispatcher.core.db import DatabaseUnavailableError, is_database_gone
from dispatcher.core.errors import DispatcherError
from dispatcher.core.idempotency import KeyReusedError, StillRunningError
from dispatcher.core.references import ExternalIdTakenError
from dispatcher.delivery.calls.recordings import DamagedRecordingError
from dispatcher.delivery.errors import (
    DeliveryError,
    DomainPauseError,
    LetterError,
    ManualTaskError,
    RunStateError,
    UnknownManualTaskError,
    UnknownRunError,
)
from dispatcher.delivery.payment import BadPaymentTokenError
from dispatcher.privacy.errors import ErasureRefusedError, PrivacyError
from dispatcher.web.languages import choose_language
from dispatcher.web.rendering import Renderer
from reports.management.asked import BadReportError
from templates.call_errors import CallFormError, CallRuleError
from templates.errors import (
    AttachmentError,
    BadFieldValueError,
    ForbiddenConstructError,
    MissingFieldError,
    NoticeRuleError,
    SubjectNotOneLineError,
    TemplateError,
    TemplateSourceError,
    TemplateTooLargeError,
    TooManyPartsError,
    UnknownBuiltinError,
    UnknownTemplateError,
    UnspeakableTextError,
)

log = structlog.get_logger(__name__)


class NotSignedInError(DispatcherError):
    """Raised when a page needs somebody who is signed in."""


class NotPermittedError(DispatcherError):
    """Raised when the role does not permit what was asked."""


class ForgedFormError(DispatcherError):
    """Raised when a form came without its token: from another site, or after the session had ended."""


class NotFoundError(DispatcherError):
    """Raised when the thing that the address names does not exist."""


class BadKeyError(DispatcherError):
    """Raised when a program came without a valid API key."""


class MissingScopeError(DispatcherError):
    """Raised when the API key is valid but does not permit what was asked."""


class UnknownParameterError(DispatcherError):
    """Raised when a query names a parameter that the operation does not have."""


class MissingIdempotencyKeyError(DispatcherError):
    """Raised when a request that makes something came without the header that makes it safe to repeat."""


@dataclass(frozen=True, slots=True)
class Problem:
    """How an error is answered: its status, and the stable code and title of its problem document."""

    status: int
    code: str
    title: str


_NO_TEMPLATE: Final = Problem(404, "unknown-template", "There is no such template or version")
_NO_DATABASE: Final = Problem(503, "database-unavailable", "The database cannot be reached")

#: The only place where an error gets a status. The first class that fits counts, so a class stands above its
#: bases; a test fails for an error of a service that is not named here itself.
PROBLEMS: Final[Mapping[type[Exception], Problem]] = {
    NotSignedInError: Problem(401, "not-signed-in", "Sign in first"),
    NotPermittedError: Problem(403, "not-permitted", "The role does not permit this"),
    ForgedFormError: Problem(403, "forged-form", "The form was not made for this session"),
    BadKeyError: Problem(401, "bad-api-key", "A valid API key is needed"),
    MissingScopeError: Problem(403, "missing-scope", "The API key does not permit this"),
    UnknownParameterError: Problem(422, "unknown-parameter", "The query has a parameter that there is not"),
    NotFoundError: Problem(404, "not-found", "There is no such thing"),
    DamagedRecordingError: Problem(409, "damaged-recording", "The recording does not open"),
    UnknownRunError: Problem(404, "unknown-run", "There is no such run"),
    RunStateError: Problem(409, "run-state", "The state of the run does not allow this"),
    UnknownManualTaskError: Problem(404, "unknown-manual-task", "There is no such manual task"),
    ManualTaskError: Problem(409, "manual-task-refused", "The manual task cannot be closed so"),
    DomainPauseError: Problem(409, "domain-pause-refused", "The domain's pause does not allow this"),
    LetterError: Problem(422, "letter-refused", "The letter cannot be handled as asked"),
    BadReportError: Problem(422, "bad-report", "There can be no such report"),
    DeliveryError: Problem(409, "delivery-refused", "This cannot be done with the run"),
    BadLinkError: Problem(404, "bad-link", "The link does not work"),
    BadPaymentTokenError: Problem(404, "bad-payment-link", "The payment link does not work"),
    UnknownContactError: Problem(404, "unknown-address", "Nobody has this address"),
    UnknownPersonError: Problem(404, "unknown-person", "There is no such person"),
    BadPersonValueError: Problem(422, "unfit-person-value", "A person cannot have this value"),
    BadConsentError: Problem(422, "unfit-consent", "The ledger cannot take such an entry"),
    ErasureRefusedError: Problem(409, "erasure-refused", "The person cannot be erased now"),
    PrivacyError: Problem(422, "personal-data-refused", "Personal data cannot be handled as asked"),
    SuppressionError: Problem(422, "suppression-refused", "The stop list cannot be changed as asked"),
    ConsentError: Problem(409, "consent-refused", "The ledger of consent does not allow this"),
    UnknownListError: Problem(422, "unknown-list", "There is no such list that is ready"),
    UnknownMappingError: Problem(404, "unknown-mapping", "No mapping is saved for this source"),
    ImportStateError: Problem(409, "import-state", "The state of the upload does not allow this"),
    ListFileError: Problem(422, "unusable-file", "The file as a whole cannot be used"),
    UnknownScenarioError: Problem(422, "unknown-scenario", "There is no such scenario"),
    UnknownRecipientError: Problem(404, "unknown-recipient", "The list has no such recipient"),
    NotAnApproverError: Problem(403, "not-an-approver", "The role does not permit to approve"),
    OwnCampaignError: Problem(409, "own-campaign", "The second person must not be the first one"),
    ApprovalError: Problem(409, "approval-refused", "This person cannot decide about this run"),
    LinkedRunError: Problem(409, "linked-run-refused", "No run can be made from this one now"),
    RecurrenceError: Problem(422, "recurrence-refused", "The campaign cannot repeat as asked"),
    CampaignRefusedError: Problem(422, "campaign-not-allowed", "A rule stands against the campaign"),
    UnknownPromptError: Problem(404, "unknown-prompt", "There is no such recording"),
    PromptError: Problem(409, "prompt-refused", "The recording cannot be kept under this name"),
    SeedError: Problem(422, "seed-refused", "The seed contact cannot be used as asked"),
    CampaignError: Problem(422, "campaign-refused", "The campaign cannot be made as asked"),
    EmptyHoursError: Problem(422, "empty-hours", "There is no hour at which anything could be sent"),
    PolicyError: Problem(422, "policy", "Hours, caps or calendars contradict themselves"),
    UnknownTemplateError: _NO_TEMPLATE,
    UnknownBuiltinError: _NO_TEMPLATE,
    CallFormError: Problem(422, "call-form", "The text is no call script that makes sense"),
    CallRuleError: Problem(422, "notice-rule", "A notice must not say this, or must say more"),
    NoticeRuleError: Problem(422, "notice-rule", "A notice must not say this, or must say more"),
    TemplateSourceError: Problem(422, "template-source", "The template cannot be read"),
    ForbiddenConstructError: Problem(422, "template-forbidden", "The template uses what is not allowed"),
    TemplateTooLargeError: Problem(422, "template-too-large", "The template is over a limit"),
    MissingFieldError: Problem(422, "template-field-missing", "A field of the template is not given"),
    TooManyPartsError: Problem(422, "sms-too-long", "The short message has more parts than it may have"),
    BadFieldValueError: Problem(422, "template-field-value", "A field's value does not fit the template"),
    SubjectNotOneLineError: Problem(422, "template-subject", "The subject must be one line"),
    AttachmentError: Problem(422, "template-attachment", "The recipient's file cannot go out"),
    UnspeakableTextError: Problem(422, "template-unspeakable", "The text holds signs that cannot be said"),
    BadSoundFileError: Problem(422, "sound-file", "The file holds no sound that a call can play"),
    SpeechError: Problem(422, "speech", "A phrase of the call cannot be spoken"),
    TemplateError: Problem(422, "template-refused", "The template cannot be used"),
    MissingIdempotencyKeyError: Problem(
        400, "idempotency-key-missing", "This request needs the header Idempotency-Key"
    ),
    StillRunningError: Problem(
        409, "idempotency-key-running", "The first request with this Idempotency-Key is still running"
    ),
    KeyReusedError: Problem(
        422, "idempotency-key-reused", "This Idempotency-Key was used for another request"
    ),
    ExternalIdTakenError: Problem(409, "external-id-taken", "Another one has this external_id"),
    DatabaseUnavailableError: _NO_DATABASE,
    PoolTimeoutError: _NO_DATABASE,
}
#: Faults of one class that differ in what to do next, by their own code.
PROBLEMS_BY_CODE: Final[Mapping[str, Problem]] = {
    "mapping_wrong": Problem(422, "mapping-wrong", "The mapping of columns cannot be used"),
    "unknown_recurrence": Problem(404, "unknown-recurrence", "There is no such recurring campaign"),
    "recurrence_state": Problem(409, "recurrence-state", "The state of the recurrence does not allow this"),
    "no_suppression": Problem(404, "unknown-suppression", "This address is not on the stop list"),
    "no_domain_pause": Problem(404, "unknown-domain-pause", "There is no such paused domain"),
    "no_letter": Problem(404, "unknown-letter", "There is no such letter"),
    "unknown_seed": Problem(404, "unknown-seed", "There is no such seed contact"),
}
STATUS: Final[Mapping[type[Exception], int]] = {error: known.status for error, known in PROBLEMS.items()}
#: Statuses with a text of their own; any other gets that of 400 or 500.
TEXTED: Final = frozenset({400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503})
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


def problem_of(error: Exception) -> Problem | None:
    """How this error is answered, or None when the map does not know it."""
    known = PROBLEMS_BY_CODE.get(error.code) if isinstance(error, DispatcherError) else None
    return known or next((problem for known, problem in PROBLEMS.items() if isinstance(error, known)), None)


def wants_json(request: Request) -> bool:
    """Whether the other side is a program.

    An address below the API that holds a line break reaches no route of the API: it is answered here.
    """
    if request.url.path.startswith("/api/"):
        return True
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


def _may_be_sent_to_sign_in(request: Request) -> bool:
    # A stream or a program that is redirected to a page would take it for an answer.
    return "text/html" in request.headers.get("accept", "")


def _status_of(error: Exception) -> int:
    known = problem_of(error)
    assert known is not None  # noqa: S101 (only errors of the map get here)
    return known.status
