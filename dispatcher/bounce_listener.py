"""The process that receives what comes back by mail: reports, complaints, letters.

A message is answered with 250 only after it is stored; applying it follows at once, and if that fails the
scheduler's sweep does it.
"""

import asyncio
import signal

import structlog

from channels.email.listener import BounceListener
from dispatcher.bootstrap import Application
from dispatcher.incoming_mail import Intake

log = structlog.get_logger()


def run_bounce_listener(application: Application) -> None:
    """Listen until SIGTERM or SIGINT; call it from the main thread.

    Raises `ListenerError` when the port is not to be had.
    """
    asyncio.run(_listen(application))


async def _listen(application: Application) -> None:
    settings = application.settings
    intake = Intake(application)
    listener = BounceListener(
        settings.bounce_listener.host,
        settings.bounce_listener.port,
        intake.take,
        domain=settings.mail.bounce_domain,
    )
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_end.set)
    await listener.start()
    log.info("bounce_listener.started", port=listener.port)
    await told_to_end.wait()
    await listener.stop()
    log.info("bounce_listener.ended")
