"""Refusals and complaints are noted with the change that they cause, and judged in another transaction.

Here no person is locked: attempts and notices are locked already, and whoever bans an address locks
persons first. What is noted is never lost, and noting the same twice is noting it once, so a report that
comes three times bans nobody sooner.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from channels.email.replies import ReplyClass, classify_reason
from channels.port import ChannelKind
from channels.sms.smpp.codes import is_wrong_number
from channels.sms.smsc.codes import FailureClass, failure_of_reason
from channels.voice.reasons import CallReason
from dispatcher.core.arrays import text_array, time_array, uuid_array
from dispatcher.delivery.states import Trigger

COMPLAINT: Final = "complaint"
WRONG_NUMBER: Final = "wrong_number"
OPERATOR_REFUSAL: Final = "operator_refusal"

_REFUSALS: Final = frozenset({Trigger.REFUSE, Trigger.BOUNCE, Trigger.DEFER, Trigger.SENDER_FAULT})
#: What happens to attempts that may be worth noting here.
NOTED_TRIGGERS: Final = _REFUSALS | {Trigger.DELIVER}
#: What is judged. A route that is down, or a server that refuses for now, says nothing of the address.
_NOTED: Final = frozenset(
    {ReplyClass.HARD, ReplyClass.DISABLED, ReplyClass.FULL, ReplyClass.SENDER, ReplyClass.CONTENT}
)
_FINAL: Final = frozenset({Trigger.REFUSE, Trigger.BOUNCE})
_OF_NUMBERS: Final = {FailureClass.CONTACT: WRONG_NUMBER, FailureClass.REFUSED: OPERATOR_REFUSAL}
#: What a call says of the number itself (domain.md 6.1: never again; mark the contact).
_OF_CALLS: Final[Mapping[str, str]] = {
    CallReason.WRONG_NUMBER: WRONG_NUMBER,
    CallReason.NUMBER_CHANGED: WRONG_NUMBER,
    CallReason.NUMBER_INCOMPLETE: WRONG_NUMBER,
    CallReason.UNWANTED: OPERATOR_REFUSAL,
}
_NOTE: Final = text(
    """
    INSERT INTO address_refusal (attempt_id, kind, period, notice_id, run_id, contact_point_id, channel,
                                 address, domain, reason, sent_at, noted_at)
    SELECT a.id, w.kind, a.period, a.notice_id, a.run_id, a.contact_point_id, a.channel, lower(c.address),
           CASE WHEN a.channel = 'email' THEN lower(split_part(c.address, '@', -1)) ELSE '' END,
           w.reason, coalesce(a.sending_at, :now), :now
    FROM unnest(CAST(:periods AS date[]), CAST(:attempts AS uuid[]), CAST(:kinds AS text[]),
                CAST(:reasons AS text[])) AS w(period, attempt, kind, reason)
    JOIN attempt a ON a.period = w.period AND a.id = w.attempt
    JOIN contact_point c ON c.id = a.contact_point_id
    ON CONFLICT DO NOTHING
    """
)
# Only where something is noted that it may outweigh.
_ARRIVED: Final = text(
    """
    INSERT INTO address_refusal (attempt_id, kind, period, notice_id, run_id, contact_point_id, channel,
                                 address, domain, reason, sent_at, noted_at, judged_at, verdict)
    SELECT a.id, 'arrived', a.period, a.notice_id, a.run_id, a.contact_point_id, a.channel, lower(c.address),
           '', '', coalesce(a.sending_at, :now), :now, :now, 'counted'
    FROM unnest(CAST(:periods AS date[]), CAST(:attempts AS uuid[])) AS w(period, attempt)
    JOIN attempt a ON a.period = w.period AND a.id = w.attempt
    JOIN contact_point c ON c.id = a.contact_point_id
    WHERE EXISTS (SELECT 1 FROM address_refusal f
                  WHERE f.channel = a.channel AND f.address = lower(c.address))
    ON CONFLICT DO NOTHING
    """
)


class Refused(NamedTuple):
    """A change that an attempt has just made, as far as it concerns its address."""

    period: date
    attempt_id: UUID
    channel: str
    trigger: Trigger
    reason: str | None


def note_refusals(session: Session, changes: Iterable[Refused], now: datetime) -> None:
    """Keep what speaks of an address, of us or of the text, to be judged soon.

    A delivery that was confirmed is kept too: what a mailbox refused before it counts no more.
    """
    seen = list(changes)
    noted = [(one, kind) for one in seen if (kind := _kind_of(one)) is not None]
    arrived = [one for one in seen if one.trigger is Trigger.DELIVER and one.channel == ChannelKind.EMAIL]
    if arrived:
        keys = {
            "periods": time_array(one.period for one in arrived),
            "attempts": uuid_array(one.attempt_id for one in arrived),
        }
        session.execute(_ARRIVED, {**keys, "now": now})
    if noted:
        _note(session, [(one.period, one.attempt_id, kind, one.reason or "") for one, kind in noted], now)


def note_complaint(session: Session, period: date, attempt: UUID, now: datetime) -> None:
    """Keep that the recipient called this message spam."""
    _note(session, [(period, attempt, COMPLAINT, COMPLAINT)], now)


def _note(session: Session, noted: list[tuple[date, UUID, str, str]], now: datetime) -> None:
    session.execute(
        _NOTE,
        {
            "periods": time_array(period for period, _, _, _ in noted),
            "attempts": uuid_array(attempt for _, attempt, _, _ in noted),
            "kinds": text_array(kind for _, _, kind, _ in noted),
            "reasons": text_array(reason for _, _, _, reason in noted),
            "now": now,
        },
    )


def _kind_of(one: Refused) -> str | None:
    if one.trigger in _FINAL and one.channel == ChannelKind.SMS and is_wrong_number(one.reason or ""):
        return WRONG_NUMBER
    if one.trigger in _FINAL and one.channel == ChannelKind.VOICE:
        of_call = _OF_CALLS.get(one.reason or "")
        if of_call is not None:
            return of_call
    if one.trigger in _FINAL and one.channel in {ChannelKind.SMS, ChannelKind.VOICE}:
        failure = failure_of_reason(one.reason or "")
        return None if failure is None else _OF_NUMBERS.get(failure)
    if one.trigger not in _REFUSALS or one.channel != ChannelKind.EMAIL:
        return None
    about = classify_reason(one.reason or "")
    if one.trigger is Trigger.SENDER_FAULT:
        # The words of the reply may have said so, which its code does not.
        return None if about is None else ReplyClass.SENDER.value
    if one.trigger is Trigger.DEFER and about is not ReplyClass.FULL:
        return None
    return about.value if about in _NOTED else None
