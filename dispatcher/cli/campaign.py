"""`dispatcher campaign …`: make, start, watch, pause, resume, stop, extend."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.orm import Session

from campaigns.approval import extend_approved_run
from campaigns.service import CreatedCampaign, create_campaign
from dispatcher.bootstrap import Application, require_channels
from dispatcher.cli import (
    campaign_approval,
    campaign_bills,
    campaign_dry_run,
    campaign_linked,
    campaign_recurrence,
)
from dispatcher.cli import campaign_options as options
from dispatcher.cli.campaign_approval import active_member, member_named
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application
from dispatcher.cli.times import read_moment
from dispatcher.cli.watch import read_live, watch_run
from dispatcher.delivery.runs import HonestAnswer, extend_run, pause_run, resume_run, stop_run
from reports.live import list_runs
from reports.waiting import list_waiting
from reports.words import RUN_STATES, reason_word, word_for

app = typer.Typer(help="Campaigns and their runs.", no_args_is_help=True)

RunId = Annotated[
    UUID, typer.Argument(help="The run's id, as `campaign create` or `campaign list` prints it.")
]
AsJson = options.AsJson

campaign_dry_run.add_to(app)
campaign_approval.add_to(app)
campaign_linked.add_to(app)
campaign_bills.add_to(app)
app.add_typer(campaign_recurrence.app, name="repeat")


@app.command()
def create(
    list_name: options.ListName,
    ends: options.Ends,
    starts: options.Starts = "now",
    name: options.Name = None,
    scenario: options.Scenario = "debt_reminder",
    hours: options.Hours = "00:00-24:00",
    working_days: options.WorkingDays = False,
    policy: options.Policy = None,
    priority: options.Priority = None,
    fields: options.Fields = None,
    max_per_second: options.MaxPerSecond = None,
    first: options.FirstCount = None,
    draft: options.Draft = False,
    needs_approval: options.NeedsApproval = False,
    basis: options.Basis = None,
    channel: options.Channels = None,
    login: Annotated[
        str | None, typer.Option("--as", help="Login of the member of the staff who makes it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a campaign over a list; it starts by itself at its start, once it is approved where it must be."""

    def make(built: Application, session: Session) -> CreatedCampaign:
        now = built.clock.refresh(session)
        wanted = options.read_wanted(
            list_name=list_name,
            starts=starts,
            ends=ends,
            name=name,
            scenario=scenario,
            hours=hours,
            working_days=working_days,
            policy=policy,
            priority=priority,
            max_per_second=max_per_second,
            first_count=first,
            as_draft=draft,
            needs_approval=needs_approval,
            basis=basis,
            common_fields=fields,
            channels=channel,
            zone=built.settings.time_zone,
            now=now,
        )
        return create_campaign(
            session,
            wanted,
            delivery=built.settings.delivery,
            calendar=built.calendar.read(session),
            actor=actor() if login is None else active_member(session, login).actor,
            now=now,
        )

    with application() as built:
        require_channels(built.settings, channel)
        made = built.database.run(lambda session: make(built, session))
    if as_json:
        print_json(
            {
                "campaign_id": made.campaign_id,
                "run_id": made.run_id,
                "recipients": made.recipient_count,
                "state": made.state,
                "list_version": made.list_version,
                "passed_over_version": made.passed_over_version,
                "warnings": [{"code": one.code, "message": one.message} for one in made.findings],
            }
        )
    else:
        output.print(
            f"Задание создано ({word_for(RUN_STATES, made.state, 'ru')}), версия списка {made.list_version},"
            f" получателей: {made.recipient_count}. Run: {made.run_id}",
            highlight=False,
        )
        if made.passed_over_version is not None:
            output.print(
                f"Внимание: версия {made.passed_over_version} списка не загружена целиком и не взята.",
                highlight=False,
            )
        for one in made.findings:
            output.print(f"Внимание: {one.message}", highlight=False, markup=False)


@app.command(name="list")
def list_(limit: Annotated[int, typer.Option(min=1, max=1000)] = 20, as_json: AsJson = False) -> None:
    """Show the newest runs."""
    with application() as built:
        runs = built.database.run(lambda session: list_runs(session, limit=limit))
    if as_json:
        names = ("id", "kind", "state", "campaign", "recipient_count", "decided", "notified")
        print_json({"runs": [{name: getattr(run, name) for name in names} for run in runs]})
        return
    for run in runs:
        output.print(
            f"{run.id}  {run.kind:<10} {run.state:<17} {run.decided}/{run.recipient_count}  {run.campaign}",
            highlight=False,
            markup=False,
        )


@app.command()
def status(run: RunId, as_json: AsJson = False) -> None:
    """Show a run: planned, by state, by reason, rate, expected finish."""
    with application() as built:
        live = read_live(built, run)
        if as_json:
            print_json(live.to_json())
        else:
            watch_run(built, run, follow=False)


@app.command()
def waiting(
    run: RunId, account: Annotated[str, typer.Argument(help="Account number.")], as_json: AsJson = False
) -> None:
    """Say why the notice of one account waits, and until when."""
    with application() as built:
        read_live(built, run)
        found = built.database.run(lambda session: list_waiting(session, run, account))
        zone = ZoneInfo(built.settings.time_zone)
    if as_json:
        names = ("notice_id", "attempt_id", "channel", "reason", "until", "is_too_late")
        print_json({"waiting": [{name: getattr(one, name) for name in names} for one in found]})
        return
    for one in found:
        late = "; это после окончания" if one.is_too_late else ""
        until = one.until.astimezone(zone)
        output.print(f"{one.channel}: {reason_word(one.reason, 'ru')}, до {until:%d.%m.%Y %H:%M}{late}")
    if not found:
        output.print("Ничего не ждёт.")


@app.command()
def watch(run: RunId) -> None:
    """Follow a run live until it is closed (Ctrl-C leaves; the run goes on)."""
    with application() as built:
        watch_run(built, run, follow=True)


@app.command()
def pause(run: RunId, reason: str = "staff", as_json: AsJson = False) -> None:
    """Hold the run; says how many had already left."""
    _change(
        run,
        "Пауза",
        lambda session, now: pause_run(session, run, actor=actor(), reason=reason, now=now),
        as_json,
    )


@app.command()
def resume(run: RunId, as_json: AsJson = False) -> None:
    """Go on after a pause."""
    _change(run, "Продолжено", lambda session, now: resume_run(session, run, actor=actor(), now=now), as_json)


@app.command()
def stop(run: RunId, reason: str = "staff", as_json: AsJson = False) -> None:
    """End the run for good; says how many had already left."""
    _change(
        run,
        "Остановлено",
        lambda session, now: stop_run(session, run, actor=actor(), reason=reason, now=now),
        as_json,
    )


@app.command()
def extend(
    run: RunId,
    ends: Annotated[str, typer.Option(help="The new end: 2026-11-23 17:00.")],
    login: Annotated[str | None, typer.Option("--as", help="The approver, where one is needed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Move the end of the window forward."""
    with application() as built:

        def work(session: Session) -> datetime:
            now = built.clock.refresh(session)
            ends_at = read_moment(ends, built.settings.time_zone, now)
            if login is None:
                extend_run(session, run, ends_at, actor=actor(), now=now)
            else:
                approver = member_named(session, login)
                extend_approved_run(session, run, ends_at, approver=approver, now=now)
            return ends_at

        ends_at = built.database.run(work).isoformat()
    if as_json:
        print_json({"run_id": run, "ends_at": ends_at})
    else:
        output.print(f"Окончание: {ends_at}", highlight=False)


def _change(run: UUID, word: str, change: Callable[[Session, datetime], HonestAnswer], as_json: bool) -> None:
    with application() as built:
        answer = built.database.run(lambda session: change(session, built.clock.refresh(session)))
    values: dict[str, Any] = {
        "run_id": run,
        "left": answer.left,
        "in_flight": answer.in_flight,
        "waiting": answer.waiting,
    }
    if as_json:
        print_json(values)
        return
    output.print(
        f"{word}. Уже ушло: {answer.left}; отправлялось в этот миг: {answer.in_flight};"
        f" не ушло: {answer.waiting}.",
        highlight=False,
    )
