"""`dispatcher campaign dry-run`: what would happen, before anything is sent."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from rich.progress import Progress
from sqlalchemy.orm import Session

from campaigns.dry_run import DryRunTools, dry_run, dry_run_of
from campaigns.dry_run_result import DryRun, priced, sounded
from campaigns.dry_run_sms import SmsEstimate
from campaigns.errors import CampaignError
from dispatcher.bootstrap import (
    Application,
    build_renderer,
    build_script_reader,
    build_sms_quotes,
    provider_limits,
    require_channels,
)
from dispatcher.cli import campaign_options as options
from dispatcher.cli.console import errors, output, print_json
from dispatcher.cli.start import actor, application
from reports.words import CHANNELS, reason_word, word_for

_BASES: Mapping[str, str] = {
    "provider_limit": "предел провайдера",
    "run_limit": "предел задания",
    "lines": "столько звонков умещается на линиях",
    "measured": "по недавним заданиям",
    "assumed": "предположение",
}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(name="dry-run")(dry_run_command)


def tools_of(built: Application, session: Session) -> DryRunTools:
    """What a dry run shares with sending."""
    return DryRunTools(
        renderer=build_renderer(built),
        delivery=built.settings.delivery,
        calendar=built.calendar.read(session),
        provider_limits=provider_limits(built.settings),
        call_lines=built.settings.voice.lines,
    )


def dry_run_command(
    list_name: Annotated[str | None, typer.Option("--list", help="A list that was imported.")] = None,
    ends: Annotated[str | None, typer.Option(help="End of the window: 2026-11-23 17:00.")] = None,
    run: Annotated[UUID | None, typer.Option(help="Instead of all else: a run that was made.")] = None,
    starts: options.Starts = "now",
    scenario: options.Scenario = "debt_reminder",
    hours: options.Hours = "00:00-24:00",
    working_days: options.WorkingDays = False,
    policy: options.Policy = None,
    basis: options.Basis = None,
    priority: options.Priority = None,
    fields: options.Fields = None,
    max_per_second: options.MaxPerSecond = None,
    channel: options.Channels = None,
    as_json: options.AsJson = False,
) -> None:
    """Show how many would be told and how many not, why, with what text and by when. Sends nothing."""
    with application() as built, Progress(console=errors, disable=as_json, transient=True) as bar:
        require_channels(built.settings, channel)
        task = bar.add_task("Проба…", total=None)

        def show(seen: int, of: int) -> None:
            bar.update(task, completed=seen, total=of)

        def work(session: Session) -> DryRun:
            now = built.clock.refresh(session)
            tools = tools_of(built, session)
            if run is not None:
                return dry_run_of(session, run, tools=tools, actor=actor(), now=now, progress=show)
            if list_name is None or ends is None:
                raise CampaignError("give --list and --ends for a new campaign, or --run for one that exists")
            wanted = options.read_wanted(
                list_name=list_name,
                starts=starts,
                ends=ends,
                name=None,
                scenario=scenario,
                hours=hours,
                working_days=working_days,
                policy=policy,
                basis=basis,
                priority=priority,
                max_per_second=max_per_second,
                common_fields=fields,
                channels=channel,
                zone=built.settings.time_zone,
                now=now,
            )
            return dry_run(session, wanted, tools=tools, actor=actor(), now=now, progress=show)

        result = priced(built.database.run(work), build_sms_quotes(built.settings))
        result = sounded(result, build_script_reader(built.settings, built.database))
        zone = ZoneInfo(built.settings.time_zone)
    if as_json:
        print_json(result.to_json())
    else:
        _show(result, zone)


def _show(result: DryRun, zone: ZoneInfo) -> None:
    lines = [f"В списке (версия {result.list_version}) {result.recipients}; уйдёт: {result.going}"]
    for channel, count in result.by_channel.items():
        rate = result.rates[channel]
        lines.append(
            f"  {word_for(CHANNELS, channel, 'ru')}: {count}"
            f" ({rate.per_second:.3g} в секунду, {_BASES[rate.basis]})"
        )
    lines += [f"  из них позже — {reason_word(code, 'ru')}: {count}" for code, count in result.later.items()]
    lines += [f"  не уйдёт — {reason_word(code, 'ru')}: {count}" for code, count in result.not_going.items()]
    if result.sms is not None:
        lines.append(f"  СМС: {sms_words(result.sms)}")
    if result.sms_later is not None:
        lines.append(f"  СМС, если другие каналы не дойдут, не больше: {sms_words(result.sms_later)}")
    end = result.ends_at.astimezone(zone)
    if result.expected_finish is not None:
        finish = result.expected_finish.astimezone(zone)
        lines.append(f"Закончится около {finish:%d.%m.%Y %H:%M}; окончание срока {end:%d.%m.%Y %H:%M}")
    lines += [f"Начать нельзя: {one.message}" for one in result.refusals]
    lines += [f"Внимание: {one.message}" for one in result.warnings]
    for sample in result.samples:
        lines += ["", f"Образец, строка {sample.line}, {sample.address}", sample.subject, sample.text]
    for line in lines:
        output.print(line, highlight=False, markup=False)


def _price_source(sms: SmsEstimate) -> str:
    if not sms.priced_by_provider:
        return "по цене за часть"
    if sms.priced_by_provider >= sms.messages:
        return "по ценам провайдера"
    return f"по ценам провайдера для {sms.priced_by_provider} из {sms.messages}"


def sms_words(sms: SmsEstimate) -> str:
    """Parts, alphabet and price in one line."""
    cost = "" if sms.price is None else f", около {sms.price:.2f} {_price_source(sms)}"
    foreign = f"; не из GSM-7: {' '.join(sms.foreign)}" if sms.foreign else ""
    return f"сообщений {sms.messages}, частей {sms.parts}, самое длинное {sms.most_parts}{cost}{foreign}"
