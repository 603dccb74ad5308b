"""Letters of people who answered our notices: what waits, and what was done about each.

They are personal data: each look is on record, and auditors see them masked.
"""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.delivery.errors import LetterError
from dispatcher.delivery.returns.letters import handle_letter, reopen_letter
from dispatcher.web.auth import Controller, Services, Staff, require_csrf
from dispatcher.web.flash import Flash
from dispatcher.web.pages.showing import go_on, one_line, refusal, show
from reports.returns import LetterView, list_letters

router = APIRouter(prefix="/incoming")

PATH: Final = "/incoming"
PAGE_SIZE: Final = 30


@router.get("")
def show_letters(
    request: Request,
    services: Services,
    signed_in: Staff,
    handled: Annotated[bool, Query()] = False,
    before: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Letters that wait, or all, the newest first."""

    def read(session: Session) -> list[LetterView]:
        found = list_letters(session, limit=PAGE_SIZE + 1, is_handled=handled, before=before)
        record_action(
            session,
            at=services.clock.refresh(session),
            actor=signed_in.member.actor,
            action="letters.viewed",
            subject_type="incoming_letter",
            subject_id="*",
            after={"count": min(len(found), PAGE_SIZE)},
        )
        return found

    found = services.database.run(read)
    values = {
        "letters_found": found[:PAGE_SIZE],
        "next": found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None,
        "handled": handled,
    }
    return show(request, signed_in, "incoming.html", values)


@router.post("/{letter}/handle", dependencies=[Depends(require_csrf)])
def handle(
    services: Services,
    signed_in: Controller,
    letter: UUID,
    handling: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Say what was done about a letter."""
    try:
        services.database.run(
            lambda session: handle_letter(
                session,
                letter,
                handling=one_line(handling),
                actor=signed_in.member.actor,
                now=services.clock.refresh(session),
            )
        )
    except LetterError as error:
        return go_on(services, PATH, refusal(error))
    return go_on(services, PATH, Flash("letter_handled"))


@router.post("/{letter}/reopen", dependencies=[Depends(require_csrf)])
def reopen(services: Services, signed_in: Controller, letter: UUID) -> Response:
    """Put it back among those that wait."""
    try:
        services.database.run(
            lambda session: reopen_letter(
                session, letter, actor=signed_in.member.actor, now=services.clock.refresh(session)
            )
        )
    except LetterError as error:
        return go_on(services, PATH, refusal(error))
    return go_on(services, PATH, Flash("letter_reopened"))
