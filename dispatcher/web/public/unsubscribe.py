"""Unsubscribing by the link of a message: no sign-in, no cookie, the token is the authority (RFC 8058).

A GET changes nothing, since scanners and previews follow links. A POST withdraws, whether a mail program
sent it in one click or a person pressed the button. A second POST finds nothing left to withdraw.
"""

from dataclasses import dataclass
from typing import Final

import structlog
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy.orm import Session

from consent.errors import UnknownContactError
from consent.permission import ask_permission
from consent.unsubscribe import BadLinkError, UnsubscribeLink
from dispatcher.delivery.withdrawal import withdraw_consent
from dispatcher.web.auth import Services
from dispatcher.web.services import WebServices

router = APIRouter()
log = structlog.get_logger(__name__)

#: Who the ledger and the audit name: nobody but the holder of the link.
RECORDED_BY: Final = "recipient"


@dataclass(frozen=True, slots=True)
class _Done:
    was_withdrawn_before: bool
    in_flight: int = 0


@router.get("/u/{token}")
def show(request: Request, services: Services, token: str) -> Response:
    """What would be withdrawn, and the button."""
    try:
        link = services.unsubscribe_tokens.read(token)
    except BadLinkError:
        return _bad_link(request)
    return _page(request, {"link": link, "done": None})


@router.post("/u/{token}")
async def withdraw(request: Request, services: Services, token: str) -> Response:
    """Withdraw. The body only tells one-click from the page's own button."""
    is_one_click = b"One-Click" in await request.body()
    source = "one_click" if is_one_click else "unsubscribe_page"
    try:
        link = services.unsubscribe_tokens.read(token)
        done = await run_in_threadpool(_withdraw, services, link, source)
    except (BadLinkError, UnknownContactError):
        return _bad_link(request)
    log.info("web.unsubscribed", contact_point_id=str(link.contact_point_id), source=source)
    return _page(request, {"link": link, "done": done})


def _withdraw(services: WebServices, link: UnsubscribeLink, source: str) -> _Done:
    def work(session: Session) -> _Done:
        now = services.clock.refresh(session)
        contact = link.contact_point_id
        asked = ask_permission(session, [contact], channel=link.channel, purpose=link.purpose, now=now)
        known = asked.get(contact)
        if known is not None and known.is_withdrawn:
            return _Done(was_withdrawn_before=True)
        withdrawal = withdraw_consent(
            session,
            contact,
            channel=link.channel,
            purpose=link.purpose,
            source=source,
            recorded_by=RECORDED_BY,
            now=now,
        )
        return _Done(was_withdrawn_before=False, in_flight=withdrawal.in_flight)

    return services.database.run(work)


def _page(request: Request, values: dict[str, object], status: int = 200) -> Response:
    return request.app.state.renderer.page(request, "unsubscribe.html", values, status)  # type: ignore[no-any-return]


def _bad_link(request: Request) -> Response:
    return _page(request, {"link": None, "done": None}, 404)
