"""Colleagues who receive every campaign's text with made-up data: the list, adding, removing.

Addresses go by forms, never by links: they are personal data, and addresses of pages are kept in histories.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from campaigns.errors import SeedError
from campaigns.seeds import add_seed, list_seeds, remove_seed
from dispatcher.core.errors import DispatcherError
from dispatcher.web.auth import Controller, Services, SignedIn, Staff, require_csrf
from dispatcher.web.flash import Flash
from dispatcher.web.pages.showing import fault, go_on, one_line, refusal, show
from dispatcher.web.pages.typed import FormFaultError
from dispatcher.web.services import WebServices
from reports.words import LANGUAGES

router = APIRouter(prefix="/seeds")

PATH: Final = "/seeds"


@router.get("")
def show_seeds(request: Request, services: Services, signed_in: Staff) -> Response:
    """Everybody on the list now."""
    return _page(request, services, signed_in)


@router.post("", dependencies=[Depends(require_csrf)])
def add(
    request: Request,
    services: Services,
    signed_in: Controller,
    name: Annotated[str, Form(max_length=200)] = "",
    address: Annotated[str, Form(max_length=320)] = "",
    time_zone: Annotated[str, Form(max_length=60)] = "",
    language: Annotated[str, Form(max_length=2)] = "ru",
) -> Response:
    """Add a colleague; the consent is recorded as given to staff."""

    def work(session: Session) -> None:
        if language not in LANGUAGES:
            raise FormFaultError("no such language", code="choice")
        add_seed(
            session,
            name=one_line(name),
            address=one_line(address),
            time_zone=one_line(time_zone) or services.settings.time_zone,
            language=language,
            actor=signed_in.member.actor,
            now=services.clock.refresh(session),
        )

    try:
        services.database.run(work)
    except (SeedError, FormFaultError) as error:
        typed = {"name": name, "address": address, "time_zone": time_zone, "language": language}
        return _page(request, services, signed_in, typed=typed, problem=error)
    return go_on(services, PATH, Flash("seed_added"))


@router.post("/remove", dependencies=[Depends(require_csrf)])
def remove(
    services: Services, signed_in: Controller, address: Annotated[str, Form(max_length=320)] = ""
) -> Response:
    """Send a colleague nothing more."""
    try:
        services.database.run(
            lambda session: remove_seed(
                session,
                one_line(address),
                actor=signed_in.member.actor,
                now=services.clock.refresh(session),
            )
        )
    except SeedError as error:
        return go_on(services, PATH, refusal(error))
    return go_on(services, PATH, Flash("seed_removed"))


def _page(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    *,
    typed: dict[str, str] | None = None,
    problem: DispatcherError | None = None,
) -> Response:
    values = {
        "seeds": services.database.run(list_seeds),
        "typed": typed or {"name": "", "address": "", "time_zone": "", "language": "ru"},
        "problem": fault(request, problem) if problem else "",
    }
    return show(request, signed_in, "seeds.html", values, 422 if problem else 200)
