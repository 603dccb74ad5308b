"""What becomes of mail that comes in: sorted in one place, stored before it is answered, then applied.

Both ways in (the listener and the mailbox that is polled) end here. A further kind of mail is a sorter in
`channels.email.incoming` and a line in `_TAKERS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from channels.email.incoming import MailKind, SortedMail, sort_message
from channels.port import ChannelKind
from dispatcher.bootstrap import Application
from dispatcher.delivery.receipts import apply_stored, store_receipt
from dispatcher.delivery.returns.faults import judge_contents, judge_sender_faults
from dispatcher.delivery.returns.judging import judge_addresses
from dispatcher.delivery.returns.letters import keep_letter
from dispatcher.unsubscribe_mail import take_unsubscription

#: From the first of the run's month; servers give up after days, complaints come within weeks.
NAME_LASTS: Final = timedelta(days=200)

log = structlog.get_logger(__name__)


class Intake:
    """Takes one message at a time; safe to use from several threads."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def take(self, message: bytes, recipient: str) -> None:
        """Store it, then apply what waits; raises when it could not be stored, so that it comes again."""
        if take_unsubscription(self._application, message, recipient):
            return
        keys = (self._application.secret_key, *self._application.former_keys)
        mail = sort_message(message, recipient, *keys)
        taker = _TAKERS[mail.kind]

        def store(session: Session) -> None:
            now = self._now(session)
            taker(session, _without_old_name(mail, now), recipient, now)

        self._application.database.run(store)
        log.info("incoming_mail.stored", kind=mail.kind.value, is_known=mail.receipt.attempt is not None)
        try:
            self._apply()
        except DBAPIError as error:  # it is stored: the scheduler's sweep does it
            log.warning("incoming_mail.not_applied_yet", error=type(error).__name__)

    def _apply(self) -> None:
        self._application.database.run(lambda session: apply_stored(session, self._now(session)))
        for judge in (judge_addresses, judge_sender_faults, judge_contents):
            self._judge(judge)

    def _judge(self, judge: Callable[..., int]) -> None:
        settings = self._application.settings.returns
        self._application.database.run(lambda session: judge(session, self._now(session), settings=settings))

    def _now(self, session: Session) -> datetime:
        return self._application.clock.refresh(session)


def _without_old_name(mail: SortedMail, now: datetime) -> SortedMail:
    """A signed address is good for some months: who finds one later can fail no notice with it."""
    attempt = mail.receipt.attempt
    if attempt is None or attempt.period >= (now - NAME_LASTS).date():
        return mail
    return replace(mail, receipt=replace(mail.receipt, attempt=None, reason="expired_address"))


def _store_report(session: Session, mail: SortedMail, _recipient: str, now: datetime) -> None:
    store_receipt(session, ChannelKind.EMAIL, mail.receipt, now)


def _keep_letter(session: Session, mail: SortedMail, recipient: str, now: datetime) -> None:
    if mail.letter is None:
        raise ValueError("a letter was sorted without its words")
    keep_letter(session, mail.letter, recipient=recipient, raw=mail.receipt.raw, now=now)


_TAKERS: Final[Mapping[MailKind, Callable[[Session, SortedMail, str, datetime], None]]] = {
    MailKind.REPORT: _store_report,
    MailKind.COMPLAINT: _store_report,
    MailKind.AUTO_REPLY: _store_report,
    MailKind.LETTER: _keep_letter,
}
