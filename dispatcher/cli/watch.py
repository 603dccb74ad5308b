"""A run in the terminal, live: planned, by state, by reason, rate, expected finish."""

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from dispatcher.bootstrap import Application
from dispatcher.cli.console import output
from dispatcher.core.db import is_database_gone
from dispatcher.delivery.channel_pause import PausedChannel
from dispatcher.delivery.errors import UnknownRunError
from dispatcher.delivery.runs import OVER
from reports.live import LiveRun, Pace, read_run
from reports.words import CHANNELS, NOTICE_STATES, RUN_STATES, reason_word, word_for

REFRESH_SECONDS: Final = 0.5
LANGUAGE: Final = "ru"  #: the terminal speaks to staff; the pages speak three languages


def read_live(application: Application, run: UUID) -> LiveRun:
    """The run as it stands; raises `UnknownRunError`."""
    application.database.run(application.clock.refresh)
    live = application.database.run(lambda session: read_run(session, run, application.clock.now()))
    if live is None:
        raise UnknownRunError("there is no such run: `dispatcher campaign list` shows those that exist")
    return live


def watch_run(
    application: Application,
    run: UUID,
    *,
    follow: bool,
    meanwhile: Callable[[], object] = lambda: None,
) -> LiveRun:
    """Show the run; with `follow` until it is closed, calling `meanwhile` between two readings.

    While the database is away the last picture stays, with a line that says so.
    """
    pace, zone = Pace(), ZoneInfo(application.settings.time_zone)
    live = pace.apply(read_live(application, run))
    with Live(draw(live, zone), console=output, refresh_per_second=4) as picture:
        while follow and live.facts.state not in OVER:
            meanwhile()
            time.sleep(REFRESH_SECONDS)
            try:
                live = pace.apply(read_live(application, run))
                picture.update(draw(live, zone))
            except DBAPIError as error:
                if not is_database_gone(error):
                    raise
                picture.update(Group(draw(live, zone), Text("нет связи с базой, ждём…", style="yellow")))
    return live


def draw(live: LiveRun, zone: ZoneInfo) -> RenderableType:
    """One picture of the run."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    table.add_column()
    table.add_column(style="dim")
    for state, reason, count in live.notices_by_reason():
        table.add_row(str(count), word_for(NOTICE_STATES, state, LANGUAGE), _reason(reason))
    if live.not_fanned_out:
        table.add_row(str(live.not_fanned_out), "ещё не запланировано", "")
    for reason, count in live.waiting.items():
        table.add_row(str(count), "отложено", _reason(reason))
    if live.cap_window:
        until = live.cap_window.last_at.astimezone(zone)
        first = live.cap_window.first_at.astimezone(zone)
        words = f"ждут предела частоты: первому можно {first:%d.%m %H:%M}, последнему {until:%d.%m %H:%M}"
        table.add_row(str(live.capped), words, "")
    pauses = [Text(_pause(one, zone), "yellow") for one in live.pauses]
    bar = ProgressBar(total=max(1, live.planned), completed=live.decided, width=50)
    return Group(Text(_headline(live, zone), style="bold"), bar, Text(), table, *pauses)


def _pause(pause: PausedChannel, zone: ZoneInfo) -> str:
    channel = word_for(CHANNELS, pause.channel, LANGUAGE)
    return f"{channel}: ждём до {pause.paused_until.astimezone(zone):%H:%M:%S} — {_reason(pause.reason)}"


def _reason(code: str) -> str:
    word = reason_word(code, LANGUAGE) if code else ""
    return word if word in {"", code} else f"{word} ({code})"


def _headline(live: LiveRun, zone: ZoneInfo) -> str:
    parts = [
        f"{live.facts.campaign}: {word_for(RUN_STATES, live.facts.state, LANGUAGE)}",
        f"запланировано {live.planned}",
        f"решено {live.decided}",
        f"отправляется {live.in_flight}",
    ]
    if live.rate_per_minute:
        parts.append(f"{live.rate_per_minute:.0f} в минуту")
    if live.expected_finish:
        parts.append(f"конец около {live.expected_finish.astimezone(zone):%H:%M:%S}")
    return " · ".join(parts)
