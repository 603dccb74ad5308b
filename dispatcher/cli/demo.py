"""`dispatcher demo`: a real campaign from one command, through the sandbox, on servers of its own.

Everything is real but the recipients: the list is imported, consent is checked, notices are rendered,
sent over SMTP to the sandbox, bounces come back over SMTP, results are stored and shown live.
"""

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from channels.port import ChannelKind
from dispatcher.cli.console import errors, output
from dispatcher.cli.demo_stage import DemoStage, SmsPlay, open_stage
from dispatcher.cli.demo_summary import Summary, summarise
from dispatcher.core.errors import ConfigurationError

FOLDER: Final = "demo"


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when the campaign has ended.")] = False,
    channel: Annotated[ChannelKind, typer.Option(help="email, sms or voice.")] = ChannelKind.EMAIL,
    provider: Annotated[
        SmsPlay, typer.Option(help="By SMS: through a made-up SMSC over HTTP, or an operator over SMPP.")
    ] = SmsPlay.SMSC,
    recipients: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Make a list of this size; default: the sample.")
    ] = None,
    summary: Annotated[Path | None, typer.Option(help="Write the result as JSON into this file.")] = None,
) -> None:
    """Run a campaign from the bundled list through the sandbox and show it live."""
    _check_writable(summary)
    with open_stage(channel, provider) as stage:
        run = stage.run_campaign(recipients)
        result = summarise(stage.application, run, stage.journal, stage.seconds)
        _show(result, summary)
        if not once:
            _stay(stage)
    raise typer.Exit(0 if result.is_sound else 1)


def _check_writable(summary: Path | None) -> None:
    """Say before the campaign, not after it, that the summary could not be written."""
    if summary is None:
        return
    try:
        summary.touch()
    except OSError as error:
        raise ConfigurationError(f"the summary cannot be written to {summary}: {error.strerror}") from error


def _show(result: Summary, path: Path | None) -> None:
    values = result.to_json()
    if path is not None:
        path.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    output.print_json(json.dumps(values, ensure_ascii=False))
    for problem in result.problems():
        errors.print(f"[red]{problem}[/red]")


def _stay(stage: DemoStage) -> None:
    output.print()
    output.print(f"Панель:  {stage.run_url}", highlight=False)
    output.print(f"Вход:    {stage.login} / {stage.password}", highlight=False, markup=False)
    output.print("Ctrl-C завершает демонстрацию.", highlight=False)
    stage.stay()
