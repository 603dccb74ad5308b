"""The single processes: `web`, `worker`, `scheduler`, `bounces`, `sandbox`, and `migrate`.

`dispatcher up` starts them all; on servers each runs under its own unit, on any machine, in any number.
They are imported when they are started: a short command should not pay for the web.
"""

from pathlib import Path
from typing import Annotated, Final

import typer

from dispatcher.cli.start import application, read_settings
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.queue_names import QueueName

#: How the demo hands these over: other users of the machine read the arguments of processes.
SANDBOX_SMS_CALLBACK: Final = "DISPATCHER_SANDBOX_SMS_CALLBACK"
SANDBOX_SMS_SECRET: Final = "DISPATCHER_SANDBOX_SMS_SECRET"  # noqa: S105 - the name of a variable

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
    sms_port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Play SMSC on this port too (login and password: sandbox)."),
    ] = None,
    smpp_port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="Play an operator over SMPP on this port too (system_id, password: sandbox).",
        ),
    ] = None,
    sms_callback: Annotated[
        str | None, typer.Option(envvar=SANDBOX_SMS_CALLBACK, help="The URL that SMSC would call back.")
    ] = None,
    sms_secret: Annotated[
        str, typer.Option(envvar=SANDBOX_SMS_SECRET, help="The account's callback_secret.")
    ] = "",
    sip_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Answer calls over SIP on this port too.")
    ] = None,
) -> None:
    """Play providers whose answers follow the address; for trying things out, never for customers."""
    from channels.sandbox.runner import run_sandbox
    from channels.sandbox.sip_server import SipSandboxOptions
    from channels.sandbox.smpp_server import SmppSandboxOptions
    from channels.sandbox.smsc_callbacks import CallbackTarget
    from channels.sandbox.smsc_server import SmscSandboxOptions

    sms = None
    if sms_port is not None:
        callback = None if sms_callback is None else CallbackTarget(sms_callback, sms_secret)
        sms = SmscSandboxOptions(host=host, port=sms_port, callback=callback)
    smpp = None if smpp_port is None else SmppSandboxOptions(host=host, port=smpp_port)
    calls = None if sip_port is None else SipSandboxOptions(host=host, port=sip_port, seed=seed)
    settings = read_settings()
    target = settings.bounce_listener.port if bounce_port is None else bounce_port
    run_sandbox(
        host,
        port,
        journal,
        bounce_host,
        target,
        seed=seed,
        fsync=fsync,
        sms=sms,
        smpp=smpp,
        calls=calls,
    )


def migrate() -> None:
    """Bring the database to the newest schema."""
    from dispatcher.cli.console import output
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
