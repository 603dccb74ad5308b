"""What `campaign create`, `campaign dry-run` and `campaign repeat` ask for alike."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from campaigns.errors import CampaignError
from campaigns.service import NewCampaign
from channels.port import ChannelKind
from dispatcher.cli.times import read_hours, read_moment

ListName = Annotated[str, typer.Option("--list", help="A list that was imported.")]
Starts = Annotated[str, typer.Option(help="Start of the window, or now.")]
Ends = Annotated[str, typer.Option(help="End of the window: 2026-11-23 17:00.")]
Name = Annotated[str | None, typer.Option(help="Default: scenario and list.")]
Scenario = Annotated[str, typer.Option(help="What is said, and over which channels.")]
Hours = Annotated[str, typer.Option(help="Daily hours in the recipient's zone.")]
WorkingDays = Annotated[bool, typer.Option("--working-days", help="Never on days off.")]
Policy = Annotated[str | None, typer.Option(help="Policy profile; default: the scenario's.")]
Priority = Annotated[str | None, typer.Option(help="bulk or urgent; default: the scenario's.")]
Fields = Annotated[
    list[str] | None,
    typer.Option("--field", help="What all recipients share: --field event_date=25.12.2026; again for each."),
]
MaxPerSecond = Annotated[float | None, typer.Option(min=0.01)]
FirstCount = Annotated[
    int | None,
    typer.Option("--first", min=1, help="Send so many exactly, then pause until resumed."),
]
Draft = Annotated[bool, typer.Option("--draft", help="Nothing happens until `campaign submit`.")]
Basis = Annotated[
    str | None,
    typer.Option(help="consent, contract or legal_duty: by these two, who is not reached is told by hand."),
]
Channels = Annotated[
    list[ChannelKind] | None,
    typer.Option(
        "--channel",
        help="email, sms; repeat for several, in the order they are tried. Default: the scenario's own.",
    ),
]
NeedsApproval = Annotated[bool, typer.Option("--needs-approval", help="A second person must approve it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def read_wanted(
    *,
    list_name: str,
    starts: str,
    ends: str,
    name: str | None,
    scenario: str,
    hours: str,
    working_days: bool,
    policy: str | None,
    priority: str | None,
    max_per_second: float | None,
    zone: str,
    now: datetime,
    first_count: int | None = None,
    as_draft: bool = False,
    needs_approval: bool = False,
    basis: str | None = None,
    common_fields: Sequence[str] | None = None,
    channels: Sequence[ChannelKind] | None = None,
) -> NewCampaign:
    """The campaign as it was typed; times are in the company's zone."""
    daily_from, daily_to = read_hours(hours)
    return NewCampaign(
        name=name or f"{scenario}: {list_name}",
        scenario=scenario,
        list_name=list_name,
        starts_at=read_moment(starts, zone, now),
        ends_at=read_moment(ends, zone, now),
        daily_from=daily_from,
        daily_to=daily_to,
        working_days_only=working_days,
        policy_profile=policy,
        priority=priority,
        max_per_second=max_per_second,
        first_count=first_count,
        as_draft=as_draft,
        needs_approval=needs_approval,
        basis=basis,
        common_fields=read_fields(common_fields or ()),
        channels=tuple(channels) if channels else None,
    )


def read_fields(typed: Sequence[str]) -> dict[str, str]:
    """`name=value` of each; raises `CampaignError` for anything else."""
    found: dict[str, str] = {}
    for one in typed:
        name, sign, value = one.partition("=")
        if not sign:
            raise CampaignError(f"--field is written as name=value, not {one!r}", code="common_field_typed")
        found[name.strip()] = value
    return found
