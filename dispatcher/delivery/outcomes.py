"""What a channel's outcome means for the attempt: the errors' table of the design's section 5."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from channels.port import Envelope, Outcome, OutcomeKind
from channels.voice.reasons import CallReason
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
        "trunk_unreachable",
        "login_refused",
        "engine_gone",
    }
)
#: Reason → seconds before a call that was none is tried again: nothing is dialled in a tight loop.
CALL_WAITS: Final = MappingProxyType(
    {
        CallReason.CONGESTION.value: 120.0,  # domain 6.1: 1-5 minutes
        "no_trunk": 60.0,
        "no_line": 2.0,
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


#: Encrypts the recording of an attempt.
Sealing = Callable[[UUID, bytes], bytes]


def change_of(
    outcome: Outcome, envelope: Envelope, token: UUID, now: datetime, seal: Sealing | None = None
) -> Change:
    """The change that an outcome asks for. Without `seal` no recording is kept."""
    content, call = None, outcome.call
    recording = None if seal is None or call is None else call.recording
    if outcome.kind in _REPLIED:
        content = SentContent.of(outcome.content, address=envelope.address, reply=outcome.reply)
    return Change(
        outcome.attempt.period,
        outcome.attempt.attempt_id,
        TRIGGERS[outcome.kind],
        _reason_of(outcome),
        token=token,
        due_at=_due_again_at(outcome, now),
        retry_after_seconds=outcome.retry_after_seconds,
        provider_id=outcome.provider_id,
        content=content,
        price=outcome.price,
        provider_messages=outcome.provider_messages,
        call=call,
        recording=seal(outcome.attempt.attempt_id, recording) if seal and recording else None,
    )


def _reason_of(outcome: Outcome) -> str | None:
    """Why; of a call that told the person, how surely it did."""
    call = outcome.call
    if outcome.kind is OutcomeKind.DELIVERED and call is not None and call.reached is not None:
        return call.reached.value
    return outcome.reason or None


def _due_again_at(outcome: Outcome, now: datetime) -> datetime | None:
    if outcome.kind is OutcomeKind.THROTTLED:
        return now + timedelta(seconds=outcome.retry_after_seconds or THROTTLE_WAIT_SECONDS)
    if outcome.kind is OutcomeKind.NOT_SENT and outcome.reason not in _AT_ONCE:
        wait = CALL_WAITS.get(outcome.reason, NOT_SENT_WAIT_SECONDS)
        return now + timedelta(seconds=max(outcome.retry_after_seconds or 0.0, wait))
    return None
