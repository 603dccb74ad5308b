"""Values that many bodies share. What PostgreSQL cannot hold (NUL) is refused at the door."""

from datetime import UTC, datetime, time
from typing import Annotated, Any, Final, Generic, Literal, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

_PRINTABLE: Final = r"^[^\x00-\x1f\x7f]+$"
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)

Item = TypeVar("Item")


def _in_reach(moment: datetime) -> datetime:
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError("the moment must be between 2000 and 2100")
    return moment


Moment = Annotated[
    AwareDatetime, AfterValidator(_in_reach), Field(description="RFC 3339, with an offset, 2000 to 2100.")
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PRINTABLE)]
ListName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f/]+$")]
#: The part of an address that names a source must not hold a slash.
SourceName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f/]+$")]
TemplateName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Language = Literal["ru", "uk", "en"]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")]
ClockTime = Annotated[
    str,
    StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
    Field(description="Time of day in the recipient's own zone."),
]
MaxPerSecond = Annotated[float | None, Field(ge=0.01, le=10_000)]
FirstCount = Annotated[
    int | None, Field(ge=1, le=1_000_000, description="Send so many exactly, then wait to be resumed.")
]
Cursor = Annotated[
    UUID | None, Query(description="`next` of the page before; without it the newest come first.")
]


class Body(BaseModel):
    """What a client sends: an unknown field is an error, not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[Item]):
    """Some of many, the newest first."""

    items: list[Item]
    next: str | None = Field(description="Cursor of the next page; null on the last one.")


def json_bytes(body: BaseModel) -> bytes:
    """What a repetition of a request must equal."""
    return body.model_dump_json().encode()


def example(value: dict[str, Any]) -> ConfigDict:
    """An example for the OpenAPI document; tests hold that it fits its model."""
    return ConfigDict(json_schema_extra={"example": value})


def clock_time(value: time) -> str:
    """A time of day as bodies write it."""
    return f"{value:%H:%M}"


def end_time(value: time | None) -> str:
    """The same for an end: midnight is the end of the day."""
    return clock_time(value) if value not in (None, time(0)) else "24:00"
