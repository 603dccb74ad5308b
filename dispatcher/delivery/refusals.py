"""What becomes of an attempt whose text or file could not be made: nothing was sent, and staff see why."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from dispatcher.delivery.bills.states import BILL_WAITING
from dispatcher.delivery.bills.wanted import FIRST_LOOK
from dispatcher.delivery.checks import Candidate
from dispatcher.delivery.content import SentContent
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.transitions import Change
from templates.errors import AttachmentError, TemplateError, TooManyPartsError

FILE_WAIT: Final = timedelta(minutes=15)  #: between two looks for a file that may still come


def refusal_of(one: Candidate, error: Exception, token: UUID, now: datetime) -> Change:
    """The change for one recipient: held while its file may still come, else refused."""
    if isinstance(error, AttachmentError) and error.may_come:
        wait = FIRST_LOOK if error.code == BILL_WAITING else FILE_WAIT
        return Change(one.period, one.attempt_id, Trigger.NOT_SENT, error.code, token, due_at=now + wait)
    reason = error.code if isinstance(error, AttachmentError | TooManyPartsError) else "template_error"
    # Our own errors carry no values; the words of others might.
    words = str(error) if isinstance(error, TemplateError) else type(error).__name__
    content = SentContent.of(None, address=one.address or "", reply=words)
    return Change(one.period, one.attempt_id, Trigger.REFUSE, reason, token, content=content)
