"""`dispatcher campaign repeat …`: campaigns that go again by a schedule."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.orm import Session

from campaigns.recurrence import (
    CreatedRecurrence,
    NewRecurrence,
    create_recurrence,
    end_recurrence,
    pause_recurrence,
    resume_recurrence,
)
from campaigns.recurrence_repository import list_occurrences, list_recurrences
from dispatcher.bootstrap import Application, require_channels
from dispatcher.cli import campaign_options as options
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application
from dispatcher.cli.times import read_moment
from reports.words import OCCURRENCES, word_for

app = typer.Typer(help="Campaigns that go again by a schedule.", no_args_is_help=True)

CampaignId = Annotated[UUID, typer.Argument(help="The campaign's id, as `repeat create` prints it.")]


@app.command()
def create(
    list_name: options.ListName,
    cron: Annotated[str, typer.Option(help="In the company's zone; '0 9 1 * *' is the 1st at 9:00.")],
    window_hours: Annotated[float, typer.Option(min=0.1, help="How long each run may send.")],
    starts: Annotated[str, typer.Option(help="The first time is not before this.")] = "now",
    until: Annotated[str | None, typer.Option(help="No run begins from here on.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many runs.")] = None,
    unchanged: Annotated[
        bool, typer.Option("--unchanged", help="Also when the list is the same as last time.")
    ] = False,
    name: options.Name = None,
    scenario: options.Scenario = "debt_reminder",
    hours: options.Hours = "00:00-24:00",
    working_days: options.WorkingDays = False,
    policy: options.Policy = None,
    priority: options.Priority = None,
    fields: options.Fields = None,
    max_per_second: options.MaxPerSecond = None,
    first: options.FirstCount = None,
    needs_approval: options.NeedsApproval = False,
    basis: options.Basis = None,
    channel: options.Channels = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a campaign that repeats; each run takes the newest version of the list."""

    def make(built: Application, session: Session, now: datetime) -> CreatedRecurrence:
        zone, window = built.settings.time_zone, timedelta(hours=window_hours)
        start = read_moment(starts, zone, now)
        campaign = options.read_wanted(
            list_name=list_name,
            starts=start.isoformat(),
            ends=(start + window).isoformat(),
            name=name,
            scenario=scenario,
            hours=hours,
            working_days=working_days,
            policy=policy,
            priority=priority,
            max_per_second=max_per_second,
            zone=zone,
            now=now,
            first_count=first,
            needs_approval=needs_approval,
            basis=basis,
            common_fields=fields,
            channels=channel,
        )
        end = None if until is None else read_moment(until, zone, now)
        wanted = NewRecurrence(campaign, cron, window, end, count, unchanged)
        return create_recurrence(
            session,
            wanted,
            delivery=built.settings.delivery,
            time_zone=zone,
            country=built.settings.country,
            actor=actor(),
            now=now,
        )

    with application() as built:
        require_channels(built.settings, channel)
        made = built.database.run(lambda session: make(built, session, built.clock.refresh(session)))
    if as_json:
        print_json({"campaign_id": made.campaign_id, "next_at": made.next_at, "in_words": made.in_words})
    else:
        output.print(f"{made.campaign_id}: {made.in_words}", highlight=False)


@app.command(name="list")
def list_(as_json: options.AsJson = False) -> None:
    """Show the campaigns that repeat."""
    with application() as built:
        found = built.database.run(list_recurrences)
        zone = ZoneInfo(built.settings.time_zone)
    if as_json:
        print_json({"recurrences": [_plain(one) for one in found]})
        return
    for one in found:
        following = "—" if one.next_at is None else f"{one.next_at.astimezone(zone):%d.%m.%Y %H:%M}"
        output.print(
            f"{one.campaign_id}  {one.state:<7} {one.cron:<14} {following}  {one.name}",
            highlight=False,
            markup=False,
        )


@app.command()
def history(campaign: CampaignId, as_json: options.AsJson = False) -> None:
    """Show what became of each time: made, missed or skipped, and why."""
    with application() as built:
        found = built.database.run(lambda session: list_occurrences(session, campaign))
    if as_json:
        print_json({"occurrences": [_plain(one) for one in found]})
        return
    for one in found:
        reason = word_for(OCCURRENCES, one.reason, "ru") if one.reason else one.run_id or ""
        output.print(
            f"{one.wall:%d.%m.%Y %H:%M}  {word_for(OCCURRENCES, one.result, 'ru')}  {reason}", highlight=False
        )


@app.command()
def pause(campaign: CampaignId, as_json: options.AsJson = False) -> None:
    """Make no more runs until it is resumed."""
    _change(campaign, pause_recurrence, "paused", as_json=as_json)


@app.command()
def resume(campaign: CampaignId, as_json: options.AsJson = False) -> None:
    """Go on with the next time from now."""
    _change(campaign, resume_recurrence, "active", as_json=as_json)


@app.command()
def end(campaign: CampaignId, as_json: options.AsJson = False) -> None:
    """Never make a run again; runs that exist go on."""
    _change(campaign, end_recurrence, "ended", as_json=as_json)


def _change(campaign: UUID, change: Callable[..., Any], state: str, *, as_json: bool) -> None:
    with application() as built:
        built.database.run(
            lambda session: change(session, campaign, actor=actor(), now=built.clock.refresh(session))
        )
    if as_json:
        print_json({"campaign_id": campaign, "state": state})
    else:
        output.print(f"{campaign}: {word_for(OCCURRENCES, state, 'ru')}", highlight=False)


def _plain(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in type(one).__slots__}
