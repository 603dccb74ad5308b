"""The manual list: whom to tell by hand, the sheet for those who carry notices out, and the record of it.

Names, addresses and sums stand here: each look is on record, and auditors see them masked.
"""

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from dispatcher.core.audit import record_action
from dispatcher.core.errors import DispatcherError
from dispatcher.core.zones import zone
from dispatcher.delivery.errors import DeliveryError
from dispatcher.delivery.manual_tasks import HandRecord, HandWay, ManualTaskState, give_up, record_told
from dispatcher.web.auth import Controller, Services, SignedIn, Staff, require_csrf
from dispatcher.web.errors import NotFoundError
from dispatcher.web.flash import Flash
from dispatcher.web.manual_task_file import send_manual_tasks
from dispatcher.web.pages.showing import fault, go_on, one_line, show
from dispatcher.web.pages.typed import FormFaultError, read_moment, wall_time
from dispatcher.web.services import WebServices
from reports.manual_tasks import ManualTask, count_manual_tasks, list_manual_tasks

router = APIRouter(prefix="/manual")

PATH: Final = "/manual"
PAGE_SIZE: Final = 50
PRINTED: Final = 500  #: sheets of one printing; the next ones follow by their own link

OfRun = Annotated[UUID | None, Query()]
InState = Annotated[ManualTaskState, Query()]
After = Annotated[UUID | None, Query()]


@dataclass(frozen=True, slots=True)
class ToldForm:
    """How a person was told, as it was typed; the time is on the company's wall clock."""

    way: Annotated[str, Form(max_length=20)] = ""
    told_at: Annotated[str, Form(max_length=30)] = ""
    told_by: Annotated[str, Form(max_length=300)] = ""
    taken_by: Annotated[str, Form(max_length=300)] = ""
    reference: Annotated[str, Form(max_length=300)] = ""


Told = Annotated[ToldForm, Depends()]


@router.get("")
def show_tasks(
    request: Request,
    services: Services,
    signed_in: Staff,
    run: OfRun = None,
    state: InState = ManualTaskState.OPEN,
    after: After = None,
) -> Response:
    """Tasks of one state, of all runs or of one."""
    found, counts = _read(services, signed_in, run, state, after, PAGE_SIZE)
    values = {
        "tasks": found[:PAGE_SIZE],
        "next": found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None,
        "run": run,
        "state": state,
        "states": [(one, counts.get(one, 0)) for one in ManualTaskState],
    }
    return show(request, signed_in, "manual_tasks.html", values)


@router.get("/print")
def print_tasks(
    request: Request,
    services: Services,
    signed_in: Controller,
    run: OfRun = None,
    state: InState = ManualTaskState.OPEN,
    after: After = None,
) -> Response:
    """A sheet for each person: name, address, sum, text, and room for a signature."""
    found, _ = _read(services, signed_in, run, state, after, PRINTED)
    more = found[PRINTED - 1].id if len(found) > PRINTED else None
    values = {"tasks": found[:PRINTED], "next": more, "run": run, "state": state}
    return show(request, signed_in, "manual_print.html", values)


@router.get("/export")
def export(
    services: Services, signed_in: Controller, run: OfRun = None, state: InState = ManualTaskState.OPEN
) -> Response:
    """The same as a file for a spreadsheet."""
    return send_manual_tasks(services, run=run, state=state, actor=signed_in.member.actor)


@router.get("/{task}")
def show_task(request: Request, services: Services, signed_in: Staff, task: UUID) -> Response:
    """One task with its text, and the form that closes it."""
    return _task_page(request, services, signed_in, task)


@router.post("/{task}/done", dependencies=[Depends(require_csrf)])
def done(request: Request, services: Services, signed_in: Controller, task: UUID, form: Told) -> Response:
    """Record how the person was told."""

    def work(session: Session) -> None:
        record = _record_of(services, form)
        now = services.clock.refresh(session)
        record_told(session, task, record, actor=signed_in.member.actor, now=now)

    try:
        services.database.run(work)
    except (DeliveryError, FormFaultError) as error:
        return _task_page(request, services, signed_in, task, form=form, problem=error)
    return go_on(services, f"{PATH}/{task}", Flash("manual_done"))


@router.post("/{task}/give-up", dependencies=[Depends(require_csrf)])
def abandon(
    request: Request,
    services: Services,
    signed_in: Controller,
    task: UUID,
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Close a task because the person cannot be told."""

    def work(session: Session) -> None:
        now = services.clock.refresh(session)
        give_up(session, task, one_line(reason), actor=signed_in.member.actor, now=now)

    try:
        services.database.run(work)
    except DeliveryError as error:
        return _task_page(request, services, signed_in, task, problem=error)
    return go_on(services, f"{PATH}/{task}", Flash("manual_given_up"))


def _record_of(services: WebServices, form: ToldForm) -> HandRecord:
    if form.way not in set(HandWay):
        raise FormFaultError("no such way", code="choice")
    return HandRecord(
        HandWay(form.way),
        read_moment(form.told_at, zone(services.settings.time_zone)),
        one_line(form.told_by),
        one_line(form.taken_by),
        one_line(form.reference),
    )


def _read(
    services: WebServices,
    signed_in: SignedIn,
    run: UUID | None,
    state: ManualTaskState,
    after: UUID | None,
    limit: int,
) -> tuple[list[ManualTask], dict[str, int]]:
    def work(session: Session) -> tuple[list[ManualTask], dict[str, int]]:
        now = services.clock.refresh(session)
        found = list_manual_tasks(
            session,
            limit=limit + 1,
            run=run,
            state=state,
            after=after,
            renderer=services.notices,
            now=now,
        )
        record_action(
            session,
            at=now,
            actor=signed_in.member.actor,
            action="manual_tasks.viewed",
            subject_type="run",
            subject_id=run or "*",
            after={"count": min(len(found), limit)},
        )
        return found, dict(count_manual_tasks(session, run))

    return services.database.run(work)


def _task_page(
    request: Request,
    services: WebServices,
    signed_in: SignedIn,
    task: UUID,
    *,
    form: ToldForm | None = None,
    problem: DispatcherError | None = None,
) -> Response:
    def read(session: Session) -> tuple[ManualTask, str]:
        now = services.clock.refresh(session)
        found = list_manual_tasks(
            session, limit=1, state=None, ids=[task], renderer=services.notices, now=now
        )
        if not found:
            raise NotFoundError("there is no such manual task")
        record_action(
            session,
            at=now,
            actor=signed_in.member.actor,
            action="manual_tasks.viewed",
            subject_type="manual_task",
            subject_id=task,
        )
        return found[0], wall_time(now, zone(services.settings.time_zone))

    one, now = services.database.run(read)
    values = {
        "task": one,
        "ways": list(HandWay),
        "form": form or ToldForm(told_at=now),
        "problem": fault(request, problem) if problem else "",
    }
    return show(request, signed_in, "manual_task.html", values, 422 if problem else 200)
