"""Saved column mappings: which column of a billing system's files is which field."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from campaigns.errors import UnknownMappingError
from campaigns.list_mapping import SavedMapping, delete_mapping, get_mapping, list_mappings, save_mapping
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Changes, Limit, Made, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Page, SourceName, example, json_bytes

router = APIRouter(prefix="/mappings", tags=["mappings"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.LISTS_READ))]
Writer = Annotated[ApiCall, Depends(Changes(Scope.LISTS_WRITE))]
Source = Annotated[SourceName, Path(description="The billing system, as uploads name it.")]

MAX_COLUMNS: Final = 200
Title = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]+$")]
#: "" leaves a column out, "*" keeps it under its own title; else the name of a field.
FieldName = Annotated[str, StringConstraints(pattern=r"^(|\*|[a-z][a-z_]{0,59})$")]

_COLUMNS: Final = {"Номер ЛС": "account_number", "Абонент": "full_name", "Почта": "email", "Участок": ""}
_MAPPING: Final = {
    "source": "billing",
    "columns": _COLUMNS,
    "created_by": "api:billing",
    "created_at": "2026-11-20T06:00:00Z",
    "updated_at": "2026-11-20T06:00:00Z",
}


class MappingIn(Body):
    """Titles in the file and the fields that they are."""

    model_config = example({"columns": _COLUMNS})
    columns: dict[Title, FieldName] = Field(
        min_length=1,
        max_length=MAX_COLUMNS,
        description='Title → field; "" leaves the column out, "*" keeps it as a merge field.',
    )


class MappingOut(BaseModel):
    """The mapping of one source."""

    model_config = example(_MAPPING)
    source: str
    columns: dict[str, str]
    created_by: str
    created_at: datetime
    updated_at: datetime


class MappingPage(Page[MappingOut]):
    """Mappings, by source."""

    model_config = example({"items": [_MAPPING], "next": None})


class ForgottenOut(BaseModel):
    """The mapping that there is no longer."""

    model_config = example({"source": "billing"})
    source: str


@router.get("", responses=answers())
def show_mappings(
    call: Reader,
    limit: Limit = 100,
    cursor: Annotated[SourceName | None, Query(description="`next` of the page before.")] = None,
) -> MappingPage:
    """For which sources a mapping is saved, by name."""
    # A source is a system of the company: there are a few. Sorted here, as the database may sort otherwise.
    found = sorted(call.read(list_mappings), key=lambda one: one.source)
    later = [one for one in found if cursor is None or one.source > cursor]
    items = [_mapping_out(one) for one in later[:limit]]
    return MappingPage(items=items, next=items[-1].source if len(later) > limit else None)


@router.get("/{source}", responses=answers(404))
def show_mapping(call: Reader, source: Source) -> MappingOut:
    """The mapping of a source."""
    return call.read(lambda session: _mapping_out(_known(session, source)))


@router.put("/{source}", response_model=MappingOut, responses=answers(409))
def keep_mapping(call: Writer, source: Source, wanted: MappingIn) -> object:
    """Save or correct the mapping of a source; the next upload that names the source uses it."""

    def save(session: Session, now: datetime) -> Made:
        save_mapping(session, source=source, columns=wanted.columns, actor=call.client.actor, now=now)
        return Made(_mapping_out(_known(session, source)))

    return call.change(save, request=json_bytes(wanted))


@router.delete("/{source}", response_model=ForgottenOut, responses=answers(404, 409))
def forget_mapping(call: Writer, source: Source) -> object:
    """Forget the mapping of a source."""

    def forget(session: Session, now: datetime) -> Made:
        delete_mapping(session, source=source, actor=call.client.actor, now=now)
        return Made(ForgottenOut(source=source))

    return call.change(forget, request=b"")


def _known(session: Session, source: str) -> SavedMapping:
    found = get_mapping(session, source)
    if found is None:
        raise UnknownMappingError("no mapping is saved for this source")
    return found


def _mapping_out(one: SavedMapping) -> MappingOut:
    return MappingOut(
        source=one.source,
        columns=dict(one.columns),
        created_by=one.created_by,
        created_at=one.created_at,
        updated_at=one.updated_at,
    )
