"""`dispatcher task …`: who is to be told by hand, and the record of how it was done."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from dispatcher.bootstrap import build_renderer
from dispatcher.cli.campaign_options import AsJson
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application
from dispatcher.cli.times import read_moment
from dispatcher.core.audit import record_action
from dispatcher.delivery.manual_tasks import HandRecord, HandWay, ManualTaskState, give_up, record_told
from reports.manual_task_file import write_manual_tasks
from reports.manual_tasks import ManualTask, list_manual_tasks
from reports.words import HAND_WAYS, reason_word, word_for

app = typer.Typer(help="Notices that are told by hand.", no_args_is_help=True)

OfRun = Annotated[UUID | None, typer.Option(help="Of this run only.")]
InState = Annotated[ManualTaskState | None, typer.Option(help="Default: open ones.")]
TaskId = Annotated[UUID, typer.Argument(help="The task's id, as `task list` prints it.")]


@app.command("list")
def show(
    run: OfRun = None,
    state: InState = ManualTaskState.OPEN,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """Whom to tell, where, how much, and why by hand; the look is on record."""

    def work(session: Session) -> list[ManualTask]:
        now = built.clock.refresh(session)
        found = list_manual_tasks(
            session, limit=limit, run=run, state=state, renderer=build_renderer(built), now=now
        )
        _look(session, run, "manual_tasks.viewed", len(found), now)
        return found

    with application() as built:
        found = built.database.run(work)
    if as_json:
        print_json({"tasks": [asdict(one) for one in found]})
        return
    for one in found:
        told = " — уже уведомлён повторным запуском" if one.is_told_since else ""
        output.print(
            f"{one.id}  л/с {one.account_number}  {one.full_name}, {one.address}; долг {one.debt or '—'};"
            f" {reason_word(one.reason, 'ru')}{told}",
            highlight=False,
            markup=False,
        )
    if not found:
        output.print("Никого не надо уведомлять вручную.")


@app.command()
def done(
    task: TaskId,
    way: Annotated[HandWay, typer.Option(help="How: signature, phone_message, fax, letter, call.")],
    at: Annotated[str, typer.Option(help="When: 2026-11-24 09:30, or now.")] = "now",
    told_by: Annotated[str, typer.Option(help="Who of the company told the person.")] = "",
    taken_by: Annotated[str, typer.Option(help="Who took it.")] = "",
    reference: Annotated[str, typer.Option(help="The document: receipt, number of the letter.")] = "",
) -> None:
    """Record how the person was told; the notice counts as notified."""

    def work(session: Session) -> None:
        now = built.clock.refresh(session)
        told_at = read_moment(at, built.settings.time_zone, now)
        record = HandRecord(way, told_at, told_by, taken_by, reference)
        record_told(session, task, record, actor=actor(), now=now)

    with application() as built:
        built.database.run(work)
    output.print(f"Записано: {word_for(HAND_WAYS, way, 'ru')}. Уведомление считается состоявшимся.")


@app.command("give-up")
def abandon(
    task: TaskId, reason: Annotated[str, typer.Option(help="Why the person cannot be told.")]
) -> None:
    """Close a task because the person cannot be told; the notice stays what it is."""
    with application() as built:
        built.database.run(
            lambda session: give_up(session, task, reason, actor=actor(), now=built.clock.refresh(session))
        )
    output.print("Записано. Уведомление осталось несостоявшимся.")


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    run: OfRun = None,
    state: InState = ManualTaskState.OPEN,
) -> None:
    """Write the list with texts for those who carry notices out; the export is on record."""

    def work(session: Session) -> int:
        now = built.clock.refresh(session)
        renderer = build_renderer(built)
        count = write_manual_tasks(session, path, run=run, state=state, renderer=renderer, now=now)
        _look(session, run, "manual_tasks.downloaded", count, now)
        return count

    with application() as built:
        count = built.database.run(work)
    output.print(f"Записано строк: {count}.", highlight=False)


def _look(session: Session, run: UUID | None, action: str, count: int, now: datetime) -> None:
    record_action(
        session,
        at=now,
        actor=actor(),
        action=action,
        subject_type="run",
        subject_id=run or "*",
        after={"count": count},
    )
