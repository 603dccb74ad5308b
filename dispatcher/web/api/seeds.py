"""Seed contacts: colleagues who receive every campaign's text, with made-up data.

Addresses travel in bodies only (promise P10).
"""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from campaigns.seeds import add_seed, list_seeds, remove_seed
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Changes, Limit, Made, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Cursor, Language, Line, Page, example, json_bytes

router = APIRouter(prefix="/seeds", tags=["seeds"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.SEEDS_READ))]
Writer = Annotated[ApiCall, Depends(Changes(Scope.SEEDS_WRITE))]
ZoneName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$", max_length=60)
]

_SEED: Final = {
    "id": "01936f45-7a6b-7c5d-9e8f-1a2b3c4d5e6f",
    "name": "Мария",
    "address": "maria@example.com",
    "time_zone": "Europe/Moscow",
    "language": "ru",
    "created_at": "2026-11-20T06:00:00Z",
}


class NewSeedIn(Body):
    """A colleague; the consent is recorded."""

    model_config = example({"name": "Мария", "address": "maria@example.com"})
    name: Line = Field(description="How the text greets the colleague.")
    address: Line = Field(description="An e-mail address.")
    time_zone: ZoneName | None = Field(default=None, description="Default: the company's.")
    language: Language = "ru"


class SeedIn(Body):
    """Whom to remove."""

    model_config = example({"address": "maria@example.com"})
    address: Line


class AddedOut(BaseModel):
    """The colleague on the list; adding somebody again changes the name and keeps the id."""

    model_config = example({"id": _SEED["id"]})
    id: UUID


class RemovedOut(BaseModel):
    """From now on nothing is sent."""

    model_config = example({"removed": True})
    removed: bool


class SeedOut(BaseModel):
    """One colleague."""

    model_config = example(_SEED)
    id: UUID
    name: str
    address: str
    time_zone: str
    language: str
    created_at: datetime


class SeedPage(Page[SeedOut]):
    """Colleagues on the list."""

    model_config = example({"items": [_SEED], "next": None})


@router.get("", responses=answers())
def show_seeds(call: Reader, limit: Limit = 100, cursor: Cursor = None) -> SeedPage:
    """Who receives every campaign's text, the newest first."""
    # Colleagues are few, so all are read; ids are UUIDv7 and serve as the cursor.
    found = sorted(call.read(list_seeds), key=lambda one: one.id, reverse=True)
    older = [one for one in found if cursor is None or one.id < cursor]
    items = [SeedOut.model_validate(one, from_attributes=True) for one in older[:limit]]
    return SeedPage(items=items, next=str(items[-1].id) if len(older) > limit else None)


@router.post("", status_code=201, response_model=AddedOut, responses=answers(409))
def add(call: Writer, wanted: NewSeedIn) -> object:
    """Put a colleague on the list; the same one twice is one."""

    def put(session: Session, now: datetime) -> Made:
        seed = add_seed(
            session,
            name=wanted.name,
            address=wanted.address,
            time_zone=wanted.time_zone or call.services.settings.time_zone,
            language=wanted.language,
            actor=call.client.actor,
            now=now,
        )
        return Made(AddedOut(id=seed), 201)

    return call.change(put, request=json_bytes(wanted))


@router.post("/remove", response_model=RemovedOut, responses=answers(404, 409))
def remove(call: Writer, who: SeedIn) -> object:
    """Take a colleague off the list."""

    def take(session: Session, now: datetime) -> Made:
        remove_seed(session, who.address, actor=call.client.actor, now=now)
        return Made(RemovedOut(removed=True))

    return call.change(take, request=json_bytes(who))
