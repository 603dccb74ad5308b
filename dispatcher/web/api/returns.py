"""What came back: the stop list and paused recipient domains.

Addresses travel in bodies only: an address in a URL would end in the logs of every proxy (promise P10).
"""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from campaigns.contact_values import read_contact
from consent.suppression import SuppressionReason
from dispatcher.core.api_keys import Scope
from dispatcher.delivery.returns.review import Review, lift_pause, pause_by_staff, review_pause
from dispatcher.delivery.returns.stop_list import ban_by_staff, lift_at
from dispatcher.web.address_files import take_bans
from dispatcher.web.api.address_files import RowReportOut, file_body, report_values, take_file
from dispatcher.web.api.calls import ApiCall, Changes, Made, Makes, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Line, Moment, example
from dispatcher.web.downloads import send_file
from dispatcher.web.uploads import Upload
from reports.returns import list_bans, list_pauses
from reports.stop_list_file import write_stop_list

router = APIRouter(tags=["returns"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.CONSENT_READ))]
Writer = Annotated[ApiCall, Depends(Changes(Scope.CONSENT_WRITE))]
Uploader = Annotated[ApiCall, Depends(Makes(Scope.CONSENT_WRITE))]
Channel = Literal["email", "sms", "voice"]

_BAN: Final = {
    "id": "01936f50-0b7e-7a11-8f02-2d3c4b5a6978",
    "channel": "email",
    "address": "person@example.org",
    "reason": "hard_bounce",
    "source": "bounce",
    "note": None,
    "created_by": "system",
    "created_at": "2026-11-23T05:10:00Z",
    "expires_at": None,
    "lifted_at": None,
    "lifted_by": None,
    "lift_reason": None,
}
_PAUSE: Final = {
    "id": "01936f50-0b7e-7a11-8f02-2d3c4b5a6979",
    "domain": "mail.example",
    "reason": "hard_bounce_rise",
    "figures": {"refused": 25, "sent": 30, "refused_before": 2, "sent_before": 900},
    "paused_by": "system",
    "since": "2026-11-23T05:10:00Z",
    "lifted_at": None,
    "lifted_by": None,
    "lift_reason": None,
    "verdict": None,
    "held": 25,
}
_FILE: Final = "Адрес или телефон;Канал;Код причины;Действует по\nperson@example.org;email;complaint;\n"


class BanOut(BaseModel):
    """A ban of an address over a channel."""

    model_config = example(_BAN)
    id: UUID
    channel: str
    address: str
    reason: str
    source: str
    note: str | None
    created_by: str | None
    created_at: datetime
    expires_at: datetime | None
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None


class BansOut(BaseModel):
    """The newest bans in force, or all about one address."""

    model_config = example({"bans": [_BAN], "next": None})
    bans: list[BanOut]
    next: UUID | None = Field(description="`before` of the next page; null on the last one.")


class BansAsked(Body):
    """Which bans."""

    model_config = example({"address": "person@example.org", "with_past": True})
    address: Line | None = None
    with_past: bool = Field(default=False, description="With those that were lifted or have expired.")
    before: UUID | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class BanIn(Body):
    """Why an address is not to be used."""

    model_config = example(
        {"address": "person@example.org", "channel": "email", "reason": "staff", "note": "по звонку"}
    )
    address: Line
    channel: Channel
    reason: SuppressionReason = SuppressionReason.STAFF
    note: Line
    expires_at: Moment | None = None


class LiftIn(Body):
    """Why an address may be used again."""

    model_config = example({"address": "person@example.org", "channel": "email", "reason": "новый ящик"})
    address: Line
    channel: Channel
    reason: Line


class BanId(BaseModel):
    """The ban concerned."""

    model_config = example({"id": _BAN["id"]})
    id: UUID


class StopListImportOut(RowReportOut):
    """What came of the file."""

    model_config = example({"added": 118, "known": 0, "rejected": 0, "problems": [], "rejected_file": ""})
    added: int
    known: int = Field(description="Banned for as long already.")


class PauseOut(BaseModel):
    """A recipient domain that waits."""

    model_config = example(_PAUSE)
    id: UUID
    domain: str
    reason: str
    figures: dict[str, Any]
    paused_by: str
    since: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None
    verdict: str | None
    held: int = Field(description="Addresses whose refusals wait for a decision.")


class PausesOut(BaseModel):
    """Paused domains, open ones first."""

    model_config = example({"pauses": [_PAUSE]})
    pauses: list[PauseOut]


class PauseIn(Body):
    """Which domain is to wait, and why."""

    model_config = example({"domain": "mail.example", "note": "ремонт у провайдера"})
    domain: Line
    note: Line


class PauseId(BaseModel):
    """The pause."""

    model_config = example({"id": _PAUSE["id"]})
    id: UUID


class DecisionIn(Body):
    """Why."""

    model_config = example({"reason": "провайдер починил"})
    reason: Line


class ReviewIn(Body):
    """What staff say of the held refusals."""

    model_config = example({"verdict": "rejected", "reason": "сбой провайдера"})
    verdict: Review
    reason: Line


class ReviewedOut(BaseModel):
    """What came of it."""

    model_config = example({"banned": 0, "kept": 25})
    banned: int
    kept: int


@router.post("/suppressions/search", responses=answers(422))
def search(call: Reader, asked: BansAsked) -> BansOut:
    """Bans in force, the newest first, or all about one address."""
    address = read_contact(asked.address, call.services.settings.country) if asked.address else None

    def read(session: Session) -> BansOut:
        found = list_bans(
            session,
            now=call.services.clock.refresh(session),
            limit=asked.limit + 1,
            address=address,
            is_past=asked.with_past,
            before=asked.before,
        )
        bans = found[: asked.limit]
        more = bans[-1].id if len(found) > asked.limit else None
        return BansOut(bans=[BanOut(**asdict(ban)) for ban in bans], next=more)

    return call.read(read)


@router.post("/suppressions/add", response_model=BanId, responses=answers(409, 422))
def add(call: Writer, said: BanIn) -> object:
    """Send nothing to an address from now on; a ban that holds longer stays."""
    address = read_contact(said.address, call.services.settings.country)

    def work(session: Session, now: datetime) -> Made:
        ban = ban_by_staff(
            session,
            address,
            channel=said.channel,
            reason=said.reason,
            note=said.note,
            expires_at=said.expires_at,
            actor=call.client.actor,
            now=now,
        )
        return Made(BanId(id=ban))

    return call.change(work, request=said.model_dump_json().encode())


@router.post("/suppressions/lift", response_model=BanId, responses=answers(404, 409, 422))
def lift(call: Writer, said: LiftIn) -> object:
    """Use an address again; consent is still asked."""
    address = read_contact(said.address, call.services.settings.country)

    def work(session: Session, now: datetime) -> Made:
        ban = lift_at(
            session, address, channel=said.channel, reason=said.reason, actor=call.client.actor, now=now
        )
        return Made(BanId(id=ban))

    return call.change(work, request=said.model_dump_json().encode())


@router.get(
    "/suppressions/export",
    response_class=Response,
    responses={
        200: {
            "description": "A CSV file.",
            "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
        },
        **answers(),
    },
)
def export(call: Reader) -> Response:
    """Every ban in force as CSV; the download is on record."""
    services = call.services
    zone = ZoneInfo(services.settings.time_zone)

    def write(session: Session, path: Path) -> None:
        now = services.clock.refresh(session)
        write_stop_list(session, path, zone=zone, actor=call.client.actor, now=now)

    return send_file(services, write, name="stop-list.csv")


@router.post(
    "/suppressions/imports",
    response_model=StopListImportOut,
    responses=answers(409, 415),
    openapi_extra=file_body(
        "The file as it is: CSV or a workbook. Columns: address, channel, reason, until, note; without a"
        " channel a number is banned over sms and voice.",
        _FILE,
    ),
)
async def import_file(
    request: Request,
    call: Uploader,
    file_name: Annotated[Line, Query(description="Its ending helps to tell what it is.")] = "stop-list.csv",
) -> object:
    """Ban the addresses of the good rows and report the bad ones."""

    def take(kept: Upload) -> StopListImportOut:
        done = take_bans(call.services, kept, actor=call.client.actor)
        return StopListImportOut(added=done.added, known=done.known, **report_values(done))

    return await take_file(request, call, file_name, take)


@router.get("/domain-pauses", responses=answers())
def domains(call: Reader, with_past: bool = False) -> PausesOut:
    """Recipient domains that wait, and why."""
    found = call.read(lambda session: list_pauses(session, is_past=with_past))
    return PausesOut(pauses=[PauseOut(**{**asdict(one), "figures": dict(one.figures)}) for one in found])


@router.post("/domain-pauses", response_model=PauseId, status_code=201, responses=answers(409, 422))
def pause(call: Writer, said: PauseIn) -> object:
    """Send nothing to a domain until it is resumed."""

    def work(session: Session, now: datetime) -> Made:
        made = pause_by_staff(session, said.domain, note=said.note, actor=call.client.actor, now=now)
        return Made(PauseId(id=made), 201)

    return call.change(work, request=said.model_dump_json().encode())


@router.post("/domain-pauses/{pause_id}/lift", response_model=PauseId, responses=answers(404, 409, 422))
def resume(call: Writer, pause_id: UUID, said: DecisionIn) -> object:
    """Send to a domain again; what waited is due at once."""

    def work(session: Session, now: datetime) -> Made:
        lift_pause(session, pause_id, reason=said.reason, actor=call.client.actor, now=now)
        return Made(PauseId(id=pause_id))

    return call.change(work, request=said.model_dump_json().encode())


@router.post("/domain-pauses/{pause_id}/review", response_model=ReviewedOut, responses=answers(404, 409, 422))
def review(call: Writer, pause_id: UUID, said: ReviewIn) -> object:
    """Believe the held refusals, which bans their addresses, or reject them; sending goes on."""

    def work(session: Session, now: datetime) -> Made:
        done = review_pause(
            session, pause_id, said.verdict, reason=said.reason, actor=call.client.actor, now=now
        )
        return Made(ReviewedOut(banned=done.banned, kept=done.kept))

    return call.change(work, request=said.model_dump_json().encode())
