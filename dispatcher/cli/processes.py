"""The single processes: `web`, `worker`, `scheduler`, `bounces`, `sandbox`, and `migrate`.

`dispatcher up` starts them all; on servers each runs under its own unit, on any machine, in any number.
They are imported when they are started: a short command should not pay for the web.
"""

from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.console import output
from dispatcher.cli.start import application, read_settings
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.queue_names import QueueName

Lanes = Annotated[
    list[QueueName] | None, typer.Option("--lane", help="A lane to work; repeat for several. Default: all.")
]


def web() -> None:
    """Serve the staff pages and the public pages."""
    from dispatcher.bootstrap import build_renderer
    from dispatcher.web.server import serve
    from dispatcher.web.services import WebServices

    with application(quiet=False) as built:
        services = WebServices(
            built.database,
            built.clock,
            built.settings,
            built.tokens,
            built.secret_key,
            renderer=build_renderer(built),
        )
        serve(services, built.settings.web.host, built.settings.web.port)


def worker(
    lane: Lanes = None,
    threads: Annotated[int | None, typer.Option(help="Groups sent at once.", min=1, max=16)] = None,
) -> None:
    """Send what is due."""
    from dispatcher.worker import run_worker

    with application(quiet=False) as built:
        run_worker(built, lane or list(QueueName), threads or built.settings.workers.threads)


def scheduler() -> None:
    """Start runs, fan them out, sweep and close them. Any number may run; one leads."""
    from dispatcher.scheduler import run_scheduler

    with application(quiet=False) as built:
        run_scheduler(built)


def bounces() -> None:
    """Receive non-delivery reports."""
    from dispatcher.bounce_listener import run_bounce_listener

    with application(quiet=False) as built:
        run_bounce_listener(built)


def sandbox(
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 2525,
    journal: Annotated[Path, typer.Option(help="Where to record what was received.")] = Path(
        "sandbox-journal.jsonl"
    ),
    bounce_host: str = "127.0.0.1",
    bounce_port: Annotated[
        int | None, typer.Option(help="Where bounces are sent; default: the setting.")
    ] = None,
    seed: int = 0,
    fsync: Annotated[bool, typer.Option(help="Put every line on the disk before answering.")] = False,
) -> None:
    """Play a mail server whose answers follow the address; for trying things out, never for customers."""
    from channels.sandbox.runner import run_sandbox

    settings = read_settings()
    target = settings.bounce_listener.port if bounce_port is None else bounce_port
    run_sandbox(host, port, journal, bounce_host, target, seed=seed, fsync=fsync)


def migrate() -> None:
    """Bring the database to the newest schema."""
    from dispatcher.core.db import Database
    from dispatcher.migrations.migrate import migrate as bring_up_to_date

    settings = read_settings(quiet=True)
    if settings.database_url is None:
        with application():
            output.print("The embedded database is up to date.")
        return
    if not settings.database_url.get_secret_value():
        raise ConfigurationError("DISPATCHER_DATABASE_URL is empty")
    database = Database(settings.database_url.get_secret_value())
    bring_up_to_date(database.engine)
    database.close()
    output.print("The database is up to date.")
