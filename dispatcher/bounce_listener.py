"""The process that receives non-delivery reports and turns them into receipts.

A report is answered with 250 only after it is stored; applying it follows at once, and if that fails the
scheduler's sweep does it.
"""

import asyncio
import signal
from datetime import datetime

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from channels.email import verp
from channels.email.bounces import parse_bounce
from channels.email.listener import BounceListener
from channels.port import ChannelKind
from dispatcher.bootstrap import Application
from dispatcher.delivery.receipts import apply_stored, store_receipt
from dispatcher.unsubscribe_mail import take_unsubscription

log = structlog.get_logger()


def run_bounce_listener(application: Application) -> None:
    """Listen until SIGTERM or SIGINT; call it from the main thread.

    Raises `ListenerError` when the port is not to be had.
    """
    asyncio.run(_listen(application))


async def _listen(application: Application) -> None:
    settings = application.settings
    intake = _Intake(application)
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


class _Intake:
    """Stores one report, then applies what waits."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def take(self, message: bytes, recipient: str) -> None:
        """Called in a thread; raises when the report could not be stored, so that it is sent again."""
        if take_unsubscription(self._application, message, recipient):
            return
        receipt = parse_bounce(message, recipient, self._key_of(recipient))

        def store(session: Session) -> None:
            store_receipt(session, ChannelKind.EMAIL, receipt, self._now(session))

        self._application.database.run(store)
        try:
            self._application.database.run(lambda session: apply_stored(session, self._now(session)))
        except DBAPIError as error:
            log.warning("bounce_listener.not_applied_yet", error=type(error).__name__)

    def _key_of(self, recipient: str) -> bytes:
        """The key that signed this bounce address: letters signed before a change still come back."""
        keys = (self._application.secret_key, *self._application.former_keys)
        return next((key for key in keys if verp.decode(recipient, key) is not None), keys[0])

    def _now(self, session: Session) -> datetime:
        return self._application.clock.refresh(session)
