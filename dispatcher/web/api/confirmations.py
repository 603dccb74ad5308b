"""Double opt-in: a person is asked to prove an address by the link of a letter or the code of an SMS."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from consent.confirmations import (
    Confirmation,
    ConfirmationRequest,
    ConfirmationState,
    Proof,
    confirm_by_code,
    find_confirmation,
    request_confirmation,
)
from dispatcher.bootstrap import require_channel
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Changes, Made, Makes, Reads
from dispatcher.web.api.consents import Basis, PurposeName, StatedSource
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Line, example
from dispatcher.web.errors import NotFoundError

router = APIRouter(prefix="/consents/confirmations", tags=["consents"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CONSENT_READ))]
Asker = Annotated[ApiCall, Depends(Makes(Scope.CONSENT_WRITE))]
Writer = Annotated[ApiCall, Depends(Changes(Scope.CONSENT_WRITE))]

_CONFIRMATION: Final = {
    "id": "01936f51-0b7e-7a11-8f02-2d3c4b5a6978",
    "contact_id": "01936f40-1a2b-7c3d-8e4f-5a6b7c8d9e0f",
    "channel": "email",
    "purposes": ["debt", "outage"],
    "state": "sent",
    "reason": None,
    "requested_at": "2026-11-23T05:10:00Z",
    "expires_at": "2026-11-30T05:10:00Z",
    "tries": 0,
}


class ConfirmationIn(Body):
    """Who wishes to be written to, for what, and how the wish was heard."""

    model_config = example(
        {
            "contact_id": _CONFIRMATION["contact_id"],
            "channel": "email",
            "purposes": ["debt", "outage"],
            "source": "web_form",
            "reference": "форма 7781",
            "text_version": "agreement-2026-01",
        }
    )
    contact_id: UUID
    channel: Literal["email", "sms"]
    purposes: list[PurposeName] = Field(min_length=1, max_length=12)
    source: StatedSource = "api"
    reference: Line
    basis: Basis = "consent"
    text_version: Line | None = None


class CodeIn(Body):
    """The code as the person told it."""

    model_config = example({"code": "012345"})
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class ConfirmationOut(BaseModel):
    """A request as it stands. It permits nothing before its state is `confirmed`."""

    model_config = example(_CONFIRMATION)
    id: UUID
    contact_id: UUID
    channel: str
    purposes: list[str]
    state: ConfirmationState
    reason: str | None
    requested_at: datetime
    expires_at: datetime
    tries: int


class ProofOut(BaseModel):
    """What came of the code."""

    model_config = example({"proof": "confirmed"})
    proof: Proof


@router.post("", status_code=201, response_model=ConfirmationOut, responses=answers(404, 409))
def ask(call: Asker, wanted: ConfirmationIn) -> object:
    """Send one letter with a link, or one SMS with a code; a few a day to one address."""

    def keep(session: Session, now: datetime) -> Made:
        require_channel(call.services.settings, wanted.channel)
        request = ConfirmationRequest(
            wanted.contact_id,
            wanted.channel,
            [str(one) for one in wanted.purposes],
            source=wanted.source,
            reference=wanted.reference,
            requested_by=call.client.actor,
            basis=wanted.basis,
            text_version=wanted.text_version,
        )
        return Made(_out(request_confirmation(session, request, now)), 201)

    return call.change(keep, request=wanted.model_dump_json().encode())


@router.get("/{confirmation}", responses=answers(404))
def show(call: Reader, confirmation: UUID) -> ConfirmationOut:
    """Where a request stands."""
    found = call.read(lambda session: find_confirmation(session, confirmation))
    if found is None:
        raise NotFoundError("there is no such confirmation")
    return _out(found)


@router.post("/{confirmation}/code", response_model=ProofOut, responses=answers(404))
def check_code(call: Writer, confirmation: UUID, told: CodeIn) -> object:
    """Check the code that the person told; a wrong one counts against five tries."""

    def check(session: Session, now: datetime) -> Made:
        if find_confirmation(session, confirmation) is None:
            raise NotFoundError("there is no such confirmation")
        tokens = call.services.confirmation_tokens
        proof = confirm_by_code(
            session, tokens, confirmation, told.code, recorded_by=call.client.actor, now=now
        )
        return Made(ProofOut(proof=proof))

    return call.change(check, request=told.model_dump_json().encode())


def _out(found: Confirmation) -> ConfirmationOut:
    return ConfirmationOut(
        id=found.id,
        contact_id=found.contact_point_id,
        channel=found.channel,
        purposes=list(found.purposes),
        state=found.state,
        reason=found.reason,
        requested_at=found.requested_at,
        expires_at=found.expires_at,
        tries=found.tries,
    )
