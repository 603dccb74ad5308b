"""`dispatcher campaign resend | correct`: runs made from a run that is closed."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from campaigns.linked_runs import NewLinkedRun, correct_run, resend_run
from campaigns.service import CreatedCampaign
from channels.port import ChannelKind
from dispatcher.bootstrap import require_channels
from dispatcher.cli import campaign_options as options
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application
from dispatcher.cli.times import read_moment
from reports.words import RUN_STATES, word_for

RunId = Annotated[UUID, typer.Argument(help="The run that is closed.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(resend)
    app.command()(correct)


def resend(
    run: RunId,
    ends: options.Ends,
    starts: options.Starts = "now",
    unknown: Annotated[bool, typer.Option("--unknown", help="Also whom nobody knows to be told.")] = False,
    blocked: Annotated[bool, typer.Option("--blocked", help="Also who was not permitted then.")] = False,
    first: options.FirstCount = None,
    draft: options.Draft = False,
    needs_approval: options.NeedsApproval = False,
    channel: options.Channels = None,
    as_json: options.AsJson = False,
) -> None:
    """Send once more to exactly those whom a run did not reach."""
    choices = {"include_unknown": unknown, "include_blocked": blocked}
    _make(run, resend_run, choices, starts, ends, first, draft, needs_approval, channel, as_json=as_json)


def correct(
    run: RunId,
    ends: options.Ends,
    starts: options.Starts = "now",
    scenario: Annotated[str, typer.Option(help="The scenario with the right text.")] = "correction",
    first: options.FirstCount = None,
    draft: options.Draft = False,
    needs_approval: options.NeedsApproval = False,
    channel: options.Channels = None,
    as_json: options.AsJson = False,
) -> None:
    """Send another text to everybody whom a run has told, or may have told."""
    choices = {"scenario": scenario}
    _make(run, correct_run, choices, starts, ends, first, draft, needs_approval, channel, as_json=as_json)


def _make(
    run: UUID,
    make: Callable[..., CreatedCampaign],
    choices: dict[str, Any],
    starts: str,
    ends: str,
    first: int | None,
    draft: bool,
    needs_approval: bool,
    channels: Sequence[ChannelKind] | None,
    *,
    as_json: bool,
) -> None:
    with application() as built:
        require_channels(built.settings, channels)

        def work(session: Session) -> CreatedCampaign:
            now, zone = built.clock.refresh(session), built.settings.time_zone
            window = (read_moment(starts, zone, now), read_moment(ends, zone, now))
            wanted = NewLinkedRun(
                *window,
                first_count=first,
                as_draft=draft,
                needs_approval=needs_approval,
                channels=tuple(channels) if channels else None,
            )
            return make(
                session,
                run,
                wanted,
                delivery=built.settings.delivery,
                calendar=built.calendar.read(session),
                actor=actor(),
                now=now,
                **choices,
            )

        made = built.database.run(work)
    if as_json:
        print_json({"run_id": made.run_id, "recipients": made.recipient_count, "state": made.state})
        return
    state = word_for(RUN_STATES, made.state, "ru")
    output.print(f"Run: {made.run_id} ({state}), получателей: {made.recipient_count}", highlight=False)
