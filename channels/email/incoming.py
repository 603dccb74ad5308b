"""What came to one of our addresses: the one place where an incoming message is sorted by kind.

`sort_message` asks the sorters in turn; the first that knows the message decides. A further kind (mail
that unsubscribes, say) is a sorter more in `SORTERS` and a taker more where the process hands them on.
Anyone may write to our addresses, so no sorter raises for what a message holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from enum import StrEnum
from typing import Final

import structlog

from channels.email import verp
from channels.email.bounces import AUTO_REPLY, MAX_PARSED_OCTETS, NO_REPORT, parse_bounce
from channels.email.complaints import Complaint, read_complaint
from channels.email.letters import Letter, is_machine_made, read_letter
from channels.port import Receipt

log = structlog.get_logger(__name__)


class MailKind(StrEnum):
    """What an incoming message is."""

    #: what became of a message of ours: a report or a bounce, believed or not
    REPORT = "report"
    #: the recipient told the mail provider that ours is spam (ARF, RFC 5965)
    COMPLAINT = "complaint"
    #: a machine answers: out of office, a challenge, a mailing list
    AUTO_REPLY = "auto_reply"
    #: a person writes
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message to one envelope recipient; `receipt` says which attempt it is about, if it says so."""

    raw: bytes = field(repr=False)
    recipient: str = field(repr=False)
    message: Message = field(repr=False)
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class SortedMail:
    """An incoming message and what was found in it: of `complaint` and `letter` the one that fits `kind`."""

    kind: MailKind
    receipt: Receipt
    complaint: Complaint | None = None
    letter: Letter | None = None


Sorter = Callable[[Incoming, Sequence[bytes]], SortedMail | None]


def sort_message(raw: bytes, recipient: str, *keys: bytes) -> SortedMail:
    """What a message to `recipient` (the envelope's) is. Never raises.

    `keys` sign our bounce addresses, the present one first: letters signed before a change still come
    back. Nothing is believed about an attempt without such an address.
    """
    own_key = next((key for key in keys if verp.decode(recipient, key) is not None), keys[0])
    incoming = Incoming(raw, recipient, _parse(raw), parse_bounce(raw, recipient, own_key))
    for sorter in SORTERS:
        try:
            found = sorter(incoming, keys)
        except Exception as error:  # noqa: BLE001 - the parsers were not written for hostile input
            log.warning("email.incoming_unreadable", error=type(error).__name__)
            continue
        if found is not None:
            return found
    return SortedMail(MailKind.REPORT, incoming.receipt)


def _parse(raw: bytes) -> Message:
    try:
        return message_from_bytes(raw[:MAX_PARSED_OCTETS], policy=policy.compat32)
    except Exception as error:  # noqa: BLE001 - as above
        log.warning("email.incoming_unreadable", error=type(error).__name__)
        return Message()


def _complaint(incoming: Incoming, keys: Sequence[bytes]) -> SortedMail | None:
    complaint = read_complaint(incoming.message, incoming.recipient, keys)
    if complaint is None:
        return None
    return SortedMail(MailKind.COMPLAINT, complaint.receipt(incoming.raw), complaint=complaint)


def _report(incoming: Incoming, _keys: Sequence[bytes]) -> SortedMail | None:
    is_report = incoming.receipt.reason not in {AUTO_REPLY, NO_REPORT}
    return SortedMail(MailKind.REPORT, incoming.receipt) if is_report else None


def _auto_reply(incoming: Incoming, _keys: Sequence[bytes]) -> SortedMail | None:
    is_auto = incoming.receipt.reason == AUTO_REPLY or is_machine_made(incoming.message)
    return SortedMail(MailKind.AUTO_REPLY, incoming.receipt) if is_auto else None


def _letter(incoming: Incoming, _keys: Sequence[bytes]) -> SortedMail | None:
    letter = read_letter(incoming.message, incoming.receipt.attempt)
    return SortedMail(MailKind.LETTER, incoming.receipt, letter=letter)


#: In this order: many reports are marked as automatic replies, and whatever nobody claims is a letter.
SORTERS: Final[tuple[Sorter, ...]] = (_complaint, _report, _auto_reply, _letter)
