"""The process that receives what comes back by mail: reports, complaints, letters.

A message is answered with 250 only after it is stored; applying it follows at once, and if that fails the
scheduler's sweep does it.
"""

import asyncio
import contextlib
import signal

import structlog
from sqlalchemy.exc import DBAPIError

from channels.email.errors import MailboxError
from channels.email.listener import BounceListener
from channels.email.mailbox import Mailbox
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
        lmtp=settings.bounce_listener.protocol == "lmtp",
        socket=settings.bounce_listener.socket,
        max_connections=settings.bounce_listener.max_connections,
    )
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_end.set)
    await listener.start()
    port = None if settings.bounce_listener.socket else listener.port
    log.info("bounce_listener.started", port=port)
    polling = asyncio.create_task(_poll(application, intake, told_to_end))
    await told_to_end.wait()
    await listener.stop()
    await polling
    log.info("bounce_listener.ended")


async def _poll(application: Application, intake: Intake, told_to_end: asyncio.Event) -> None:
    """Read the mailbox again and again, if one is configured; what is wrong with it is tried again."""
    settings = application.settings
    if not settings.bounce_listener.mailbox.host:
        return
    mailbox = Mailbox(settings.bounce_listener.mailbox, domain=settings.mail.bounce_domain)
    while not told_to_end.is_set():
        try:
            taken = await asyncio.to_thread(mailbox.poll, intake.take)
            if taken:
                log.info("mailbox.polled", taken=taken)
        except MailboxError as error:
            log.warning("mailbox.unavailable", problem=str(error))
        except DBAPIError as error:
            log.warning("mailbox.not_stored", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told_to_end.wait(), settings.bounce_listener.mailbox.poll_seconds)
