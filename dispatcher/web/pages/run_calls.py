"""The calls of a run: what came of each, and what people entered in them.

Names, numbers and digits stand here: each look is on record, and auditors see them masked.
"""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.web.auth import Controller, Services, Staff
from dispatcher.web.entered_file import send_entered
from dispatcher.web.languages import choose_language
from dispatcher.web.pages.showing import show
from dispatcher.web.report_file import Format
from dispatcher.web.services import load_run
from reports.calls import MadeCallView, list_calls

router = APIRouter(prefix="/runs/{run}/calls")

PAGE_SIZE: Final = 50

Outcome = Annotated[str | None, Query(pattern=r"^[a-z0-9_.]{1,60}$")]
Entered = Annotated[bool, Query()]
After = Annotated[UUID | None, Query()]


@router.get("")
def show_calls(
    request: Request,
    services: Services,
    signed_in: Staff,
    run: UUID,
    outcome: Outcome = None,
    entered: Entered = False,
    after: After = None,
) -> Response:
    """The calls, the oldest first; of one outcome, or those in which digits were entered."""
    live = load_run(services, run)

    def read(session: Session) -> list[MadeCallView]:
        found = list_calls(
            session, run, limit=PAGE_SIZE + 1, after=after, only_collected=entered, outcome=outcome
        )
        record_action(
            session,
            at=services.clock.refresh(session),
            actor=signed_in.member.actor,
            action="calls.viewed",
            subject_type="run",
            subject_id=run,
            after={"count": min(len(found), PAGE_SIZE)},
        )
        return found

    found = services.database.run(read)
    values = {
        "facts": live.facts,
        "calls": found[:PAGE_SIZE],
        "next": found[PAGE_SIZE - 1].attempt_id if len(found) > PAGE_SIZE else None,
        "outcomes": live.call_outcomes(),
        "outcome": outcome,
        "entered": entered,
        "is_first": after is None,
    }
    return show(request, signed_in, "run_calls.html", values)


@router.get("/entered")
def export_entered(
    request: Request,
    services: Services,
    signed_in: Controller,
    run: UUID,
    form: Annotated[Format, Query(alias="format")] = "csv",
) -> Response:
    """What people entered, for the billing system or a spreadsheet; raises `UnknownRunError`."""
    load_run(services, run)
    language = choose_language(request)
    return send_entered(services, run, form=form, language=language, actor=signed_in.member.actor)
