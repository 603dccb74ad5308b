"""Consent of an address: giving, withdrawing, and what the ledger says, now or at any past moment.

Addresses travel in bodies only: an address in a URL would end in the logs of every proxy (promise P10).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, model_validator
from sqlalchemy.orm import Session

from consent.ledger import ConsentEntry
from consent.purposes import Purpose
from consent.standing import EVERY_PURPOSE
from dispatcher.core.api_keys import Scope
from dispatcher.delivery.statements import (
    ContactLedger,
    contacts_at,
    give_consent,
    read_ledgers,
    stop_address,
    withdraw_at,
)
from dispatcher.delivery.withdrawal import Withdrawal, stop_person
from dispatcher.web.api.calls import ApiCall, Changes, Made, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Line, Moment, example

router = APIRouter(prefix="/consents", tags=["consents"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CONSENT_READ))]
Writer = Annotated[ApiCall, Depends(Changes(Scope.CONSENT_WRITE))]

Channel = Literal["email", "sms", "voice"]
PurposeName = Annotated[
    Purpose | Literal["*"], Field(description="debt, …; * is every purpose.", examples=["debt"])
]
StatedSource = Literal["api", "paper", "office", "call", "personal_account", "web_form", "import", "staff"]
Basis = Literal["consent", "contract", "legal_duty"]
_ENTRY: Final = {
    "contact_id": "01936f40-1a2b-7c3d-8e4f-5a6b7c8d9e0f",
    "sequence": 17,
    "channel": "email",
    "purpose": "debt",
    "action": "given",
    "basis": "consent",
    "source": "paper",
    "source_reference": "договор 1234 от 01.02.2026",
    "text_version": "agreement-2026-01",
    "recorded_by": "api:crm",
    "valid_from": "2026-02-01T09:00:00Z",
    "valid_until": None,
    "recorded_at": "2026-02-01T09:00:00Z",
}
_STANDING: Final = {
    "contact_id": _ENTRY["contact_id"],
    "channel": "email",
    "purpose": "debt",
    "is_permitted": True,
    "reason": None,
    "decided_by": 17,
}
_ATTEMPT: Final = "01936f42-6b5a-7d4c-8e3f-2a1b0c9d8e7f"


class AddressIn(Body):
    """An e-mail address, or a telephone number as +7…."""

    model_config = example({"address": "person@example.org"})
    address: Line


class SearchIn(AddressIn):
    """Whose ledger, and at which moment."""

    model_config = example({"address": "person@example.org", "at": "2026-06-01T00:00:00Z"})
    at: Moment | None = Field(default=None, description="What held at this moment; default: now.")
    known_at: Moment | None = Field(
        default=None, description="As it was known at this moment; default: as it is known now."
    )


class GivenIn(AddressIn):
    """A person agreed."""

    model_config = example(
        {
            "address": "person@example.org",
            "channel": "email",
            "purpose": "debt",
            "source": "paper",
            "reference": "договор 1234 от 01.02.2026",
            "text_version": "agreement-2026-01",
            "valid_from": "2026-02-01T09:00:00Z",
        }
    )
    channel: Channel
    purpose: PurposeName
    reference: Line = Field(description="The document that proves it: number of the paper, recording.")
    source: StatedSource = Field(default="api", description="How the statement reached the company.")
    basis: Basis = "consent"
    text_version: Line | None = Field(default=None, description="Which wording the person agreed to.")
    valid_from: Moment | None = Field(default=None, description="In force since; default: from now on.")
    valid_until: Moment | None = Field(default=None, description="No longer in force from then on.")
    is_confirmation: bool = Field(
        default=False, description="The person confirmed what had been agreed to before."
    )


class WithdrawnIn(AddressIn):
    """A person withdrew."""

    model_config = example({"address": "person@example.org", "channel": "email", "purpose": "*"})
    channel: Channel
    purpose: PurposeName = EVERY_PURPOSE
    source: StatedSource = "api"
    reference: Line | None = None
    valid_from: Moment | None = Field(default=None, description="Since when it holds; default: from now on.")


class StopIn(Body):
    """Everything over every channel: for an address, or for all addresses of a person."""

    model_config = example({"address": "person@example.org"})
    address: Line | None = Field(default=None, description="For everybody who has it.")
    person_id: UUID | None = Field(default=None, description="For every address of this person.")
    source: StatedSource = "api"
    reference: Line | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.address is None) == (self.person_id is None):
            raise ValueError("name either an address or a person_id")
        return self


class GivenOut(BaseModel):
    """For how many contact points it was recorded: several persons may share an address."""

    model_config = example({"recorded": 1})
    recorded: int


class WithdrawnOut(BaseModel):
    """From now on nothing is sent; what was being sent at that moment could not be called back."""

    model_config = example({"in_flight": 1, "attempts": [_ATTEMPT], "contacts": 1})
    in_flight: int
    attempts: list[UUID] = Field(description="The attempts in flight: nothing else may still arrive.")
    contacts: int = Field(description="For how many contact points it was recorded.")


class EntryOut(BaseModel):
    """One entry of the ledger."""

    model_config = example(_ENTRY)
    contact_id: UUID
    sequence: int = Field(description="The order of writing.")
    channel: str
    purpose: str
    action: str
    basis: str
    source: str
    source_reference: str | None
    text_version: str | None
    recorded_by: str
    valid_from: datetime
    valid_until: datetime | None
    recorded_at: datetime


class StandingOut(BaseModel):
    """What the ledger says about one channel and purpose."""

    model_config = example(_STANDING)
    contact_id: UUID
    channel: str
    purpose: str
    is_permitted: bool
    reason: str | None = Field(description="Why not: no_consent, consent_withdrawn, consent_expired.")
    decided_by: int | None = Field(description="`sequence` of the entry that decides.")


class HistoryOut(BaseModel):
    """Every entry about an address in the order of writing, and what they say together."""

    model_config = example({"entries": [_ENTRY], "standings": [_STANDING]})
    entries: list[EntryOut]
    standings: list[StandingOut]


@router.post("/search", responses=answers(404))
def show(call: Reader, asked: SearchIn) -> HistoryOut:
    """What the ledger says about an address: now, or at a moment as it was known at a moment."""

    def read(session: Session) -> HistoryOut:
        at = asked.at or call.services.clock.refresh(session)
        contacts = contacts_at(session, asked.address)
        return history(read_ledgers(session, contacts, at=at, known_at=asked.known_at))

    return call.read(read)


@router.post("/give", response_model=GivenOut, responses=answers(404, 409))
def give(call: Writer, said: GivenIn) -> object:
    """Record that a person agreed."""

    def record(session: Session, now: datetime) -> Made:
        entry = ConsentEntry(
            said.channel,
            said.purpose,
            "confirmed" if said.is_confirmation else "given",
            source=said.source,
            recorded_by=call.client.actor,
            basis=said.basis,
            source_reference=said.reference,
            text_version=said.text_version,
            valid_from=said.valid_from,
            valid_until=said.valid_until,
        )
        return Made(GivenOut(recorded=give_consent(session, said.address, entry, now=now)))

    return call.change(record, request=said.model_dump_json().encode())


@router.post("/withdraw", response_model=WithdrawnOut, responses=answers(404, 409))
def withdraw(call: Writer, said: WithdrawnIn) -> object:
    """Withdraw: from its commit on nothing enters sending; says what was in flight."""

    def record(session: Session, now: datetime) -> Made:
        withdrawals = withdraw_at(
            session,
            said.address,
            channel=said.channel,
            purpose=said.purpose,
            source=said.source,
            source_reference=said.reference,
            recorded_by=call.client.actor,
            valid_from=said.valid_from,
            now=now,
        )
        return Made(withdrawn(withdrawals))

    return call.change(record, request=said.model_dump_json().encode())


@router.post("/stop", response_model=WithdrawnOut, responses=answers(404, 409))
def stop(call: Writer, said: StopIn) -> object:
    """Stop everything: every purpose over every channel, for an address or for a person."""

    def record(session: Session, now: datetime) -> Made:
        by, source, reference = call.client.actor, said.source, said.reference
        if said.person_id is not None:
            done = stop_person(
                session,
                said.person_id,
                source=source,
                source_reference=reference,
                recorded_by=by,
                now=now,
            )
        else:
            done = stop_address(
                session,
                str(said.address),
                source=source,
                source_reference=reference,
                recorded_by=by,
                now=now,
            )
        return Made(withdrawn(done))

    return call.change(record, request=said.model_dump_json().encode())


def withdrawn(withdrawals: Sequence[Withdrawal]) -> WithdrawnOut:
    """The answer to withdrawals that were one statement."""
    attempts = [attempt for one in withdrawals for attempt in one.attempts]
    contacts = {one.contact_point_id for one in withdrawals}
    return WithdrawnOut(in_flight=len(attempts), attempts=attempts, contacts=len(contacts))


def history(ledgers: Sequence[ContactLedger]) -> HistoryOut:
    """Ledgers of several contact points as one answer."""
    return HistoryOut(
        entries=[
            EntryOut(
                contact_id=ledger.contact_point_id,
                **{name: getattr(entry, name) for name in EntryOut.model_fields if name != "contact_id"},
            )
            for ledger in ledgers
            for entry in ledger.entries
        ],
        standings=[
            StandingOut(
                contact_id=ledger.contact_point_id,
                channel=one.channel,
                purpose=one.purpose,
                is_permitted=one.is_permitted,
                reason=one.reason,
                decided_by=None if one.entry is None else one.entry.sequence,
            )
            for ledger in ledgers
            for one in ledger.standings
        ],
    )
