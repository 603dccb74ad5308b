"""One call of another system: who asks, what its key permits, and changes that are safe to repeat.

Each route says what it needs by one dependency: `Reads(scope)`, `Changes(scope)` or `Makes(scope)`, the last
with an obligatory `Idempotency-Key`. A test fails for a route without one of them. A change is one
transaction: an error leaves no trace of it, and no stored answer either.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy.orm import Session

from dispatcher.core.api_keys import ApiClient, Scope, find_client
from dispatcher.core.idempotency import (
    MAX_CHARACTERS,
    RepeatableRequest,
    StoredAnswer,
    fingerprint_of,
    recall_answer,
    remember_answer,
)
from dispatcher.core.references import add_reference
from dispatcher.web.api.problems import IDEMPOTENCY_HEADER
from dispatcher.web.errors import BadKeyError, MissingScopeError, UnknownParameterError
from dispatcher.web.services import WebServices

REPLAYED_HEADER: Final = "Idempotency-Replayed"
MAX_LIMIT: Final = 1000

Result = TypeVar("Result")

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="ApiKey",
    description="A key made by `dispatcher api-key create`. Each operation names the scope it needs.",
)
_KEY = Header(
    alias=IDEMPOTENCY_HEADER,
    min_length=1,
    max_length=MAX_CHARACTERS,
    pattern=r"^[\x21-\x7e]+$",
    description="Unique with the client. The same key with the same request gets the stored answer again"
    " (kept for 7 days); with another request 422; while the first is running 409.",
    examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],
)

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many at most.", examples=[100])]


@dataclass(frozen=True, slots=True)
class Made:
    """The good answer to a change."""

    body: BaseModel
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call by a valid key that permits it."""

    services: WebServices
    client: ApiClient
    method: str
    place: str  #: path and query; with the method and the body, what makes a request the same
    idempotency_key: str | None = None

    @property
    def client_name(self) -> str:
        """What the client's keys and external ids are unique with."""
        return f"api:{self.client.id}"

    def read(self, work: Callable[[Session], Result]) -> Result:
        """Read in one transaction."""
        return self.services.database.run(work)

    def change(self, work: Callable[[Session, datetime], Made], *, request: bytes) -> Response:
        """Do it in one transaction, or give the stored answer; `request` is what a repetition must equal."""
        return self.change_or_recall(work, request=request)[0]

    def change_or_recall(
        self, work: Callable[[Session, datetime], Made], *, request: bytes
    ) -> tuple[Response, bool]:
        """The answer, and whether it is one that was given before."""
        repeatable = self._repeatable(request)

        def once(session: Session) -> tuple[StoredAnswer, bool]:
            known = None if repeatable is None else recall_answer(session, repeatable)
            if known is not None:
                return known, True
            now = self.services.clock.refresh(session)
            made = work(session, now)
            answer = StoredAnswer(made.status, made.body.model_dump(mode="json"), made.headers)
            if repeatable is not None:
                remember_answer(session, repeatable, answer, now)
            return answer, False

        answer, is_again = self.services.database.run(once)
        replayed = {REPLAYED_HEADER: "true"} if is_again else {}
        return JSONResponse(dict(answer.body), answer.status, {**answer.headers, **replayed}), is_again

    def name_subject(
        self, session: Session, kind: str, external_id: str | None, subject: UUID, now: datetime
    ) -> None:
        """Keep what the client calls a thing, if it calls it anything; raises `ExternalIdTakenError`."""
        if external_id is not None:
            add_reference(
                session,
                client=self.client_name,
                subject_type=kind,
                external_id=external_id,
                subject=subject,
                now=now,
            )

    def _repeatable(self, request: bytes) -> RepeatableRequest | None:
        if self.idempotency_key is None:
            return None
        # The draft writes the key as a quoted string; both spellings are the same key.
        key = self.idempotency_key.strip('"') or self.idempotency_key
        return RepeatableRequest(self.client_name, key, fingerprint_of(self.method, self.place, request))


def api_client(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> ApiClient:
    """Whose key came with the request; raises `BadKeyError`."""
    services: WebServices = request.app.state.services

    def find(session: Session) -> ApiClient | None:
        if credentials is None:
            return None
        return find_client(session, credentials.credentials, services.clock.refresh(session))

    client = None if credentials is None else services.database.run(find)
    if client is None:
        raise BadKeyError("send a valid key: Authorization: Bearer ndk_…")
    return client


Client = Annotated[ApiClient, Depends(api_client)]


class Requires:
    """A scope that a route needs; raises `MissingScopeError`."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def _call(self, request: Request, client: ApiClient, key: str | None) -> ApiCall:
        if self.scope not in client.scopes:
            raise MissingScopeError(f"this needs a key with the scope {self.scope}")
        _refuse_unknown_parameters(request)
        query = request.url.query
        place = request.url.path + (f"?{query}" if query else "")
        return ApiCall(request.app.state.services, client, request.method, place, key)


def _refuse_unknown_parameters(request: Request) -> None:
    """A misspelt filter would be an answer about something else; raises `UnknownParameterError`."""
    asked = set(request.query_params)
    if asked:
        unknown = asked - _parameters(request.scope["route"].dependant)
        if unknown:
            raise UnknownParameterError(
                "this operation does not know every parameter of the query: see its description"
            )


def _parameters(dependant: Dependant) -> set[str]:
    own = {field.alias for field in dependant.query_params}
    return own.union(*(_parameters(inner) for inner in dependant.dependencies))


class Reads(Requires):
    """Looks and changes nothing."""

    def __call__(self, request: Request, client: Client) -> ApiCall:
        """The call."""
        return self._call(request, client, None)


class Changes(Requires):
    """Changes something; an `Idempotency-Key` is welcome."""

    def __call__(
        self, request: Request, client: Client, idempotency_key: Annotated[str | None, _KEY] = None
    ) -> ApiCall:
        """The call."""
        return self._call(request, client, idempotency_key)


class Makes(Requires):
    """Makes something new; without an `Idempotency-Key` a repetition would make a second one."""

    def __call__(self, request: Request, client: Client, idempotency_key: Annotated[str, _KEY]) -> ApiCall:
        """The call."""
        return self._call(request, client, idempotency_key)
