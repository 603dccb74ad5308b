"""Confirming an address by the link of a letter: no sign-in, the token is the authority.

A GET changes nothing, since scanners and previews follow links; the button's POST confirms, once.
"""

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from consent.confirmations import (
    Confirmation,
    ConfirmationState,
    Proof,
    confirm_by_link,
    find_confirmation,
)
from consent.unsubscribe import BadLinkError
from dispatcher.web.auth import Services
from dispatcher.web.services import WebServices

router = APIRouter()
log = structlog.get_logger(__name__)


@router.get("/c/{token}")
def show(request: Request, services: Services, token: str) -> Response:
    """What would be confirmed, and the button."""
    try:
        found = _find(services, token)
    except BadLinkError:
        return _page(request, {"found": None, "proof": None}, 404)
    proof = Proof.ALREADY if found.state is ConfirmationState.CONFIRMED else None
    return _page(request, {"found": found, "proof": proof})


@router.post("/c/{token}")
def confirm(request: Request, services: Services, token: str) -> Response:
    """Confirm; a second press finds it done."""
    try:
        found = _find(services, token)
    except BadLinkError:
        return _page(request, {"found": None, "proof": None}, 404)

    def work(session: Session) -> Proof:
        return confirm_by_link(session, found.id, services.clock.refresh(session))

    proof = services.database.run(work)
    log.info("web.confirmed", confirmation_id=str(found.id), proof=proof.value)
    is_good = proof in {Proof.CONFIRMED, Proof.ALREADY}
    return _page(request, {"found": found, "proof": proof}, 200 if is_good else 409)


def _find(services: WebServices, token: str) -> Confirmation:
    confirmation = services.confirmation_tokens.read(token)
    found = services.database.run(lambda session: find_confirmation(session, confirmation))
    if found is None:
        raise BadLinkError("there is no such request")
    return found


def _page(request: Request, values: dict[str, object], status: int = 200) -> Response:
    return request.app.state.renderer.page(request, "confirm.html", values, status)  # type: ignore[no-any-return]
