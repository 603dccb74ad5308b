"""What a channel's outcome means for the attempt: the errors' table of the design's section 5."""

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from channels.port import Envelope, Outcome, OutcomeKind
from dispatcher.delivery.content import SentContent
from dispatcher.delivery.states import Trigger
from dispatcher.delivery.transitions import Change

THROTTLE_WAIT_SECONDS: Final = 30.0  #: when the provider does not say how long
#: A connection that breaks off each time must not be tried in a tight loop.
NOT_SENT_WAIT_SECONDS: Final = 5.0
#: The provider as a whole cannot be used: the channel waits, the address has nothing to do with it.
PROVIDER_FAULTS: Final = frozenset(
    {
        "smtp_unreachable",
        "smtp_tls_refused",
        "smtp_login_refused",
        "smtp_greeting_refused",
        "smtp_not_configured",
        "smsc_unreachable",
        "smsc_not_configured",
        "smsc_login_refused",
        "smsc_no_funds",
        "smsc_low_balance",
        "smsc_address_blocked",
        "smpp_unreachable",
        "smpp_tls_refused",
        "smpp_not_bound",
        "smpp_rbindfail",
        "smpp_ralybnd",
        "smpp_rinvpaswd",
        "smpp_rinvsysid",
    }
)
#: Not sent for no fault of anybody's: due again at once.
_AT_ONCE: Final = frozenset({"stopped", "not_begun_in_time"})

TRIGGERS: Final = MappingProxyType(
    {
        OutcomeKind.ACCEPTED: Trigger.ACCEPT,
        OutcomeKind.DELIVERED: Trigger.DELIVER,
        OutcomeKind.NOT_SENT: Trigger.NOT_SENT,
        OutcomeKind.THROTTLED: Trigger.THROTTLE,
        OutcomeKind.TRANSIENT: Trigger.DEFER,
        OutcomeKind.PERMANENT: Trigger.REFUSE,
        OutcomeKind.SENDER_FAULT: Trigger.SENDER_FAULT,
        OutcomeKind.UNKNOWN: Trigger.LOSE,
    }
)
_REPLIED: Final = frozenset(OutcomeKind) - {OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED}


def change_of(outcome: Outcome, envelope: Envelope, token: UUID, now: datetime) -> Change:
    """The change that an outcome asks for."""
    content = None
    if outcome.kind in _REPLIED:
        content = SentContent.of(outcome.content, address=envelope.address, reply=outcome.reply)
    return Change(
        outcome.attempt.period,
        outcome.attempt.attempt_id,
        TRIGGERS[outcome.kind],
        outcome.reason or None,
        token=token,
        due_at=_due_again_at(outcome, now),
        retry_after_seconds=outcome.retry_after_seconds,
        provider_id=outcome.provider_id,
        content=content,
        price=outcome.price,
        provider_messages=outcome.provider_messages,
    )


def _due_again_at(outcome: Outcome, now: datetime) -> datetime | None:
    if outcome.kind is OutcomeKind.THROTTLED:
        return now + timedelta(seconds=outcome.retry_after_seconds or THROTTLE_WAIT_SECONDS)
    if outcome.kind is OutcomeKind.NOT_SENT and outcome.reason not in _AT_ONCE:
        return now + timedelta(seconds=outcome.retry_after_seconds or NOT_SENT_WAIT_SECONDS)
    return None
