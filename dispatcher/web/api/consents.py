"""Consent of an address: giving, withdrawing, and what the ledger says.

Addresses travel in bodies only: an address in a URL would end in the logs of every proxy (promise P10).
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from consent.ledger import ConsentEntry, list_history
from dispatcher.core.api_keys import Scope
from dispatcher.delivery.statements import contacts_at, give_consent, withdraw_at
from dispatcher.web.api.calls import ApiCall, Changes, Made, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Line, example

router = APIRouter(prefix="/consents", tags=["consents"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CONSENT_READ))]
Writer = Annotated[ApiCall, Depends(Changes(Scope.CONSENT_WRITE))]

SOURCE: Final = "api"

Channel = Literal["email", "sms", "voice"]
Purpose = Annotated[
    str,
    StringConstraints(pattern=r"^(\*|[a-z0-9_]{1,60})$"),
    Field(description="debt, …; * is every purpose."),
]
_ENTRY: Final = {
    "channel": "email",
    "purpose": "debt",
    "action": "given",
    "basis": "consent",
    "source": "api",
    "reference": "договор 1234 от 01.02.2026",
    "recorded_by": "api:crm",
    "recorded_at": "2026-02-01T09:00:00Z",
}


class AddressIn(Body):
    """An e-mail address, or a telephone number as +7…."""

    model_config = example({"address": "person@example.org"})
    address: Line


class GivenIn(AddressIn):
    """A person agreed."""

    model_config = example(
        {
            "address": "person@example.org",
            "channel": "email",
            "purpose": "debt",
            "reference": "договор 1234 от 01.02.2026",
        }
    )
    channel: Channel
    purpose: Purpose
    reference: Line = Field(description="The document that proves it: number of the paper, recording.")


class WithdrawnIn(AddressIn):
    """A person withdrew."""

    model_config = example({"address": "person@example.org", "channel": "email", "purpose": "*"})
    channel: Channel
    purpose: Purpose = "*"


class GivenOut(BaseModel):
    """For how many contact points it was recorded: several persons may share an address."""

    model_config = example({"recorded": 1})
    recorded: int


class WithdrawnOut(BaseModel):
    """From now on nothing is sent; what was being sent at that moment could not be called back."""

    model_config = example({"in_flight": 0})
    in_flight: int


class EntryOut(BaseModel):
    """One entry of the ledger."""

    model_config = example(_ENTRY)
    channel: str
    purpose: str
    action: str
    basis: str
    source: str
    reference: str | None
    recorded_by: str
    recorded_at: datetime


class HistoryOut(BaseModel):
    """Every entry about an address, oldest first."""

    model_config = example({"entries": [_ENTRY]})
    entries: list[EntryOut]


@router.post("/search", responses=answers(404))
def show(call: Reader, asked: AddressIn) -> HistoryOut:
    """What the ledger says about an address."""
    names = tuple(EntryOut.model_fields)

    def read(session: Session) -> HistoryOut:
        entries = [
            EntryOut.model_validate(dict(zip(names, entry, strict=True)))
            for contact in contacts_at(session, asked.address)
            for entry in list_history(session, contact)
        ]
        return HistoryOut(entries=entries)

    return call.read(read)


@router.post("/give", response_model=GivenOut, responses=answers(404, 409))
def give(call: Writer, said: GivenIn) -> object:
    """Record that a person agreed."""

    def record(session: Session, now: datetime) -> Made:
        entry = ConsentEntry(
            said.channel,
            said.purpose,
            "given",
            source=SOURCE,
            recorded_by=call.client.actor,
            source_reference=said.reference,
        )
        return Made(GivenOut(recorded=give_consent(session, said.address, entry, now=now)))

    return call.change(record, request=said.model_dump_json().encode())


@router.post("/withdraw", response_model=WithdrawnOut, responses=answers(404, 409))
def withdraw(call: Writer, said: WithdrawnIn) -> object:
    """Withdraw: from its commit on nothing enters sending; says what was in flight."""

    def record(session: Session, now: datetime) -> Made:
        in_flight = withdraw_at(
            session,
            said.address,
            channel=said.channel,
            purpose=said.purpose,
            source=SOURCE,
            recorded_by=call.client.actor,
            now=now,
        )
        return Made(WithdrawnOut(in_flight=in_flight))

    return call.change(record, request=said.model_dump_json().encode())
