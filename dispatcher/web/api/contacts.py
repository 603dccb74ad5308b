"""Contact points of persons: which were not confirmed for long, and that one was (requirement 53)."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from consent.persons import confirm_contact
from dispatcher.core.api_keys import Scope
from dispatcher.core.audit import record_action
from dispatcher.web.api.calls import ApiCall, Changes, Limit, Made, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Cursor, Page, example
from dispatcher.web.stale_contact_file import send_stale_contacts
from reports.stale_contacts import (
    LEAST_MONTHS,
    MOST_MONTHS,
    USUAL_MONTHS,
    StaleContact,
    list_stale_contacts,
)

router = APIRouter(prefix="/contacts", tags=["contacts"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.RECIPIENTS_READ))]
Writer = Annotated[ApiCall, Depends(Changes(Scope.CONSENT_WRITE))]
Months = Annotated[
    int, Query(ge=LEAST_MONTHS, le=MOST_MONTHS, description="Not confirmed for so many months.")
]

_CONTACT: Final = {
    "id": "01936f40-1a2b-7c3d-8e4f-5a6b7c8d9e0f",
    "person_id": "01936f40-0a1b-7c2d-8e3f-4a5b6c7d8e9f",
    "kind": "email",
    "address": "person@example.org",
    "confirmed_at": None,
    "since": "2025-02-01T09:00:00Z",
    "full_name": "Петров Пётр Петрович",
    "accounts": "0012345",
    "is_in_use": True,
}


class StaleContactOut(BaseModel):
    """A contact that nobody has confirmed for long."""

    model_config = example(_CONTACT)
    id: UUID
    person_id: UUID
    kind: str
    address: str
    confirmed_at: datetime | None
    since: datetime = Field(description="Confirmed last, else when it came.")
    full_name: str
    accounts: str | None
    is_in_use: bool = Field(description="Some permission was given for it.")


class StaleContactPage(Page[StaleContactOut]):
    """Contacts, those not confirmed for the longest time first."""

    model_config = example({"items": [_CONTACT], "next": None})


class ConfirmedOut(BaseModel):
    """The contact is confirmed: preferred over what lists bring."""

    model_config = example({"confirmed": True})
    confirmed: bool


@router.get("/stale", responses=answers())
def show_stale(
    call: Reader, months: Months = USUAL_MONTHS, limit: Limit = 100, cursor: Cursor = None
) -> StaleContactPage:
    """Contacts that were not confirmed for so many months; the look is on record."""

    def read(session: Session) -> list[StaleContact]:
        now = call.services.clock.refresh(session)
        found = list_stale_contacts(session, months=months, now=now, limit=limit + 1, after=cursor)
        record_action(
            session,
            at=now,
            actor=call.client.actor,
            action="stale_contacts.viewed",
            subject_type="contact_point",
            subject_id="*",
            after={"months": months, "count": min(len(found), limit)},
        )
        return found

    found = call.read(read)
    items = [StaleContactOut.model_validate(one, from_attributes=True) for one in found[:limit]]
    return StaleContactPage(items=items, next=str(items[-1].id) if len(found) > limit else None)


@router.get(
    "/stale/export",
    response_class=Response,
    responses={
        200: {
            "description": "A CSV file.",
            "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
        },
        **answers(),
    },
)
def export_stale(call: Reader, months: Months = USUAL_MONTHS) -> Response:
    """The same as a CSV file, all of them."""
    return send_stale_contacts(call.services, months=months, actor=call.client.actor)


@router.post("/{contact}/confirm", response_model=ConfirmedOut, responses=answers(404))
def confirm(call: Writer, contact: UUID) -> object:
    """The person confirmed this contact to somebody of yours."""

    def record(session: Session, now: datetime) -> Made:
        confirm_contact(session, contact, actor=call.client.actor, now=now)
        return Made(ConfirmedOut(confirmed=True))

    return call.change(record, request=b"")
