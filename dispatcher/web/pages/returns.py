"""The stop list and paused domains: who is not written to and why, and what staff decide about it.

Addresses go by forms, never by links: they are personal data, and addresses of pages are kept in histories.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy.orm import Session

from campaigns.contact_values import read_contact
from campaigns.list_errors import ListFileError
from campaigns.stop_list_file import StopListImport
from consent.errors import BadPersonValueError, SuppressionError
from consent.suppression import SuppressionReason, lift_suppression
from dispatcher.core.errors import DispatcherError
from dispatcher.delivery.errors import DomainPauseError
from dispatcher.delivery.returns.review import Review, lift_pause, pause_by_staff, review_pause
from dispatcher.delivery.returns.stop_list import ban_by_staff
from dispatcher.web.address_files import take_bans
from dispatcher.web.auth import Controller, Services, SignedIn, Staff, require_csrf
from dispatcher.web.downloads import send_file
from dispatcher.web.flash import Flash
from dispatcher.web.pages.address_files import rejected_link, uploaded_file
from dispatcher.web.pages.showing import fault, go_on, one_line, refusal, show
from dispatcher.web.pages.typed import FormFaultError
from dispatcher.web.services import WebServices
from reports.returns import list_bans, list_pauses
from reports.stop_list_file import write_stop_list

router = APIRouter(prefix="/stop-list")

PATH: Final = "/stop-list"
SHOWN: Final = 100

Reason = Annotated[str, Form(max_length=500)]


@dataclass(frozen=True, slots=True)
class BanForm:
    """What was typed to ban an address."""

    address: Annotated[str, Form(max_length=320)] = ""
    channel: Annotated[str, Form(max_length=10)] = "email"
    note: Annotated[str, Form(max_length=500)] = ""


@router.get("")
def show_stop_list(request: Request, services: Services, signed_in: Staff) -> Response:
    """Domains that wait, and the newest bans."""
    return _page(request, services, signed_in)


@router.post("/search", dependencies=[Depends(require_csrf)])
def search(
    request: Request,
    services: Services,
    signed_in: Staff,
    address: Annotated[str, Form(max_length=320)] = "",
) -> Response:
    """All about one address, its past too."""
    try:
        contact = _contact(services, address)
    except FormFaultError as error:
        return _page(request, services, signed_in, sought=address, problem=error)
    return _page(request, services, signed_in, sought=contact)


@router.post("/add", dependencies=[Depends(require_csrf)])
def add(
    request: Request, services: Services, signed_in: Controller, form: Annotated[BanForm, Depends()]
) -> Response:
    """Send nothing to an address from now on."""
    try:
        contact = _contact(services, form.address)
        services.database.run(
            lambda session: ban_by_staff(
                session,
                contact,
                channel=form.channel,
                reason="staff",
                note=one_line(form.note),
                expires_at=None,
                actor=signed_in.member.actor,
                now=services.clock.refresh(session),
            )
        )
    except (SuppressionError, FormFaultError) as error:
        return _page(request, services, signed_in, form=form, problem=error)
    return go_on(services, PATH, Flash("ban_added"))


@router.post("/{ban}/lift", dependencies=[Depends(require_csrf)])
def lift(services: Services, signed_in: Controller, ban: UUID, reason: Reason = "") -> Response:
    """Use an address again."""

    def work(session: Session) -> None:
        now = services.clock.refresh(session)
        lift_suppression(session, ban, reason=one_line(reason), actor=signed_in.member.actor, now=now)

    return _change(services, work, "ban_lifted")


@router.get("/export")
def export(services: Services, signed_in: Controller) -> Response:
    """Every ban in force as a file for a spreadsheet."""
    zone = ZoneInfo(services.settings.time_zone)

    def write(session: Session, path: Any) -> None:
        now = services.clock.refresh(session)
        write_stop_list(session, path, zone=zone, actor=signed_in.member.actor, now=now)

    return send_file(services, write, name="stop-list.csv")


@router.post("/import")
async def upload(request: Request, services: Services, signed_in: Controller) -> Response:
    """Ban the addresses of a file."""
    try:
        async with uploaded_file(request, services, signed_in) as kept:
            done = await run_in_threadpool(take_bans, services, kept, actor=signed_in.member.actor)
    except (ListFileError, FormFaultError) as error:
        return await run_in_threadpool(_page, request, services, signed_in, problem=error)
    return await run_in_threadpool(_page, request, services, signed_in, imported=done)


@router.post("/domains/pause", dependencies=[Depends(require_csrf)])
def pause(
    services: Services,
    signed_in: Controller,
    domain: Annotated[str, Form(max_length=255)] = "",
    reason: Reason = "",
) -> Response:
    """Send nothing to a domain."""

    def work(session: Session) -> None:
        now = services.clock.refresh(session)
        pause_by_staff(session, domain, note=one_line(reason), actor=signed_in.member.actor, now=now)

    return _change(services, work, "domain_paused")


@router.post("/domains/{pause_id}/lift", dependencies=[Depends(require_csrf)])
def resume(services: Services, signed_in: Controller, pause_id: UUID, reason: Reason = "") -> Response:
    """Send to a domain again."""

    def work(session: Session) -> None:
        now = services.clock.refresh(session)
        lift_pause(session, pause_id, reason=one_line(reason), actor=signed_in.member.actor, now=now)

    return _change(services, work, "domain_resumed")


@router.post("/domains/{pause_id}/review", dependencies=[Depends(require_csrf)])
def review(
    services: Services,
    signed_in: Controller,
    pause_id: UUID,
    verdict: Annotated[Review, Form()],
    reason: Reason = "",
) -> Response:
    """Believe the held refusals, or reject them."""

    def work(session: Session) -> None:
        now = services.clock.refresh(session)
        review_pause(
            session, pause_id, verdict, reason=one_line(reason), actor=signed_in.member.actor, now=now
        )

    return _change(services, work, f"review_{verdict.value}")


def _change(services: WebServices, work: Any, answer: str) -> Response:
    try:
        services.database.run(work)
    except (SuppressionError, DomainPauseError) as error:
        return go_on(services, PATH, refusal(error))
    return go_on(services, PATH, Flash(answer))


def _contact(services: WebServices, typed: str) -> str:
    try:
        return read_contact(one_line(typed), services.settings.country)
    except BadPersonValueError as error:
        raise FormFaultError("no address", code="no_address_typed") from error


def _page(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    *,
    form: BanForm | None = None,
    sought: str = "",
    imported: StopListImport | None = None,
    problem: DispatcherError | None = None,
) -> Response:
    def read(session: Session) -> dict[str, Any]:
        address = sought if sought and problem is None else None
        now = services.clock.refresh(session)
        bans = list_bans(session, now=now, limit=SHOWN, address=address, is_past=address is not None)
        return {"bans": bans, "pauses": list_pauses(session, limit=SHOWN)}

    values = {
        **services.database.run(read),
        "form": form or BanForm(),
        "sought": sought,
        "imported": imported,
        "rejected": rejected_link(imported),
        "shown": SHOWN,
        "reasons": list(SuppressionReason),
        "problem": fault(request, problem) if problem else "",
    }
    return show(request, signed_in, "stop_list.html", values, 422 if values["problem"] else 200)
