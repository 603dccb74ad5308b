"""`dispatcher campaign submit | approve | reject | edit`: the second pair of eyes."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from campaigns.approval import RunEdit, approve_run, edit_run, reject_run, submit_run
from dispatcher.bootstrap import Application
from dispatcher.cli.campaign_options import AsJson
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application
from dispatcher.cli.times import read_moment
from dispatcher.core.staff import StaffMember, UnknownStaffError, get_staff
from dispatcher.delivery.run_change import lock_run
from reports.words import RUN_STATES, word_for

RunId = Annotated[UUID, typer.Argument(help="The run's id.")]
As = Annotated[str, typer.Option("--as", help="Login of the member of the staff who decides.")]
Work = Callable[[Application, Session, datetime], None]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (submit, approve, reject, edit):
        app.command()(command)


def member_named(session: Session, login: str) -> StaffMember:
    """The member of the staff with this login; raises `UnknownStaffError`."""
    found = get_staff(session, login)
    if found is None:
        raise UnknownStaffError("nobody has this login: `dispatcher staff list` shows those who have one")
    return found[0]


def active_member(session: Session, login: str) -> StaffMember:
    """The same, but only one who may still sign in."""
    member = member_named(session, login)
    if not member.is_active:
        raise UnknownStaffError(
            "this login is no longer active: `dispatcher staff list` shows those that are"
        )
    return member


def submit(run: RunId, as_json: AsJson = False) -> None:
    """Let a draft go: for approval where one is needed, else to its start."""

    def work(built: Application, session: Session, now: datetime) -> None:
        submit_run(session, run, delivery=built.settings.delivery, actor=actor(), now=now)

    _do(run, work, as_json=as_json)


def approve(run: RunId, login: As, as_json: AsJson = False) -> None:
    """Agree to a run; it starts by itself. Never by the one who made it."""

    def work(_built: Application, session: Session, now: datetime) -> None:
        approve_run(session, run, approver=member_named(session, login), now=now)

    _do(run, work, as_json=as_json)


def reject(run: RunId, login: As, reason: Annotated[str, typer.Option()], as_json: AsJson = False) -> None:
    """Refuse a run for good: it never begins, nobody is planned."""

    def work(_built: Application, session: Session, now: datetime) -> None:
        reject_run(session, run, approver=member_named(session, login), reason=reason, now=now)

    _do(run, work, as_json=as_json)


def edit(
    run: RunId,
    starts: Annotated[str | None, typer.Option(help="A new start.")] = None,
    ends: Annotated[str | None, typer.Option(help="A new end.")] = None,
    list_name: Annotated[str | None, typer.Option("--list", help="The newest version of this list.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a run that has not started; if it was approved, it must be approved again."""

    def work(built: Application, session: Session, now: datetime) -> None:
        zone = built.settings.time_zone
        change = RunEdit(
            starts_at=None if starts is None else read_moment(starts, zone, now),
            ends_at=None if ends is None else read_moment(ends, zone, now),
            list_name=list_name,
        )
        edit_run(session, run, change, actor=actor(), now=now)

    _do(run, work, as_json=as_json)


def _do(run: UUID, work: Work, *, as_json: bool) -> None:
    with application() as built:

        def change(session: Session) -> str:
            work(built, session, built.clock.refresh(session))
            return lock_run(session, run).state.value

        state = built.database.run(change)
    if as_json:
        print_json({"run_id": run, "state": state})
    else:
        output.print(f"{run}: {word_for(RUN_STATES, state, 'ru')}", highlight=False)
