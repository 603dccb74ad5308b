"""What the numbers of SMSC mean: errors of requests, statuses of messages, details of refusals.

Source: domain.md 2.4 and 2.5, after the provider's pages on sending, statuses and SMPP errors. A number that
is not here is treated as unknown, never as success: `tests/unit/channels/sms/test_smsc_codes.py` holds the
tables against the documented lists.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from channels.port import OutcomeKind, ReceiptKind


@dataclass(frozen=True, slots=True)
class RequestError:
    """An `error_code` of the API. `meaning` is for staff and says what to do."""

    kind: OutcomeKind
    reason: str
    meaning: str
    #: the whole account or host is meant, not this one message
    is_for_provider: bool = False


DUPLICATE_OR_TOO_MANY: Final = 9

_SENDER, _PERMANENT = OutcomeKind.SENDER_FAULT, OutcomeKind.PERMANENT
#: `error_code` → what to do (domain: 2.4). 9 is not final: the message may be there, so it is asked about.
REQUEST_ERRORS: Final[Mapping[int, RequestError]] = MappingProxyType(
    {
        1: RequestError(
            _SENDER, "smsc_parameters", "the provider does not understand our request: report it"
        ),
        2: RequestError(
            _SENDER, "smsc_login_refused", "login, password or key are wrong, or our address is barred", True
        ),
        3: RequestError(_SENDER, "smsc_no_funds", "there is no money on the account: pay it in", True),
        4: RequestError(
            _SENDER, "smsc_address_blocked", "our address is blocked for a while after frequent errors", True
        ),
        5: RequestError(_SENDER, "smsc_date_format", "the provider does not understand our date: report it"),
        6: RequestError(
            _SENDER,
            "smsc_message_forbidden",
            "the text or the sender's name is forbidden: agree it with the provider",
        ),
        7: RequestError(_PERMANENT, "smsc_number_format", "the telephone number is not one"),
        8: RequestError(_PERMANENT, "smsc_number_undeliverable", "nothing can be delivered to this number"),
        DUPLICATE_OR_TOO_MANY: RequestError(
            OutcomeKind.UNKNOWN, "smsc_duplicate", "the same request twice, or too many at once", True
        ),
    }
)


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """A `status` of a message. `is_final`: the provider says nothing more about it (but see 1)."""

    receipt: ReceiptKind
    is_final: bool
    meaning: str


_UNKNOWN, _DELAYED = ReceiptKind.UNKNOWN, ReceiptKind.DELAYED
_DELIVERED, _FAILED = ReceiptKind.DELIVERED, ReceiptKind.FAILED
NOT_FOUND: Final = -3

#: `status` → what it says (domain: 2.5). 1 may later become 2 or 4: both say delivered again.
STATUSES: Final[Mapping[int, MessageStatus]] = MappingProxyType(
    {
        NOT_FOUND: MessageStatus(_UNKNOWN, False, "the provider does not know this message"),
        -2: MessageStatus(_DELAYED, False, "stopped together with its mailing"),
        -1: MessageStatus(_DELAYED, False, "waits to be sent"),
        0: MessageStatus(_DELAYED, False, "handed to the operator"),
        1: MessageStatus(_DELIVERED, True, "delivered"),
        2: MessageStatus(_DELIVERED, True, "read"),
        3: MessageStatus(_FAILED, True, "its life ended before it could be delivered"),
        4: MessageStatus(_DELIVERED, True, "its link was opened"),
        20: MessageStatus(_FAILED, True, "cannot be delivered"),
        22: MessageStatus(_FAILED, True, "the number is wrong"),
        23: MessageStatus(_FAILED, True, "forbidden"),
        24: MessageStatus(_FAILED, True, "not enough money"),
        25: MessageStatus(_FAILED, True, "the number cannot be reached"),
    }
)
#: Says nothing of delivery, whatever the status beside it: no report came within a day.
NO_REPORT: Final = 245


class FailureClass(StrEnum):
    """Whose fault a refusal is, which says what follows for the number."""

    #: the number is wrong or barred: ask the customer for another
    CONTACT = "contact"
    #: it may work later
    PASSING = "passing"
    #: we are the reason: contract, sender's name, text, money
    SENDER = "sender"
    #: the subscriber or their operator refuses mailings
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RefusalDetail:
    """An `err` of a message."""

    failure: FailureClass
    meaning: str


_CONTACT, _PASSING = FailureClass.CONTACT, FailureClass.PASSING
_OURS, _REFUSED = FailureClass.SENDER, FailureClass.REFUSED

#: `err` → whose fault it is (domain: 2.5). 0 and 200 are no refusals; 237–242 are of calls.
DETAILS: Final[Mapping[int, RefusalDetail]] = MappingProxyType(
    {
        1: RefusalDetail(_CONTACT, "the subscriber does not exist"),
        6: RefusalDetail(_PASSING, "the subscriber is offline"),
        11: RefusalDetail(_PASSING, "the subscriber has no such service"),
        12: RefusalDetail(_PASSING, "a fault of the telephone or of its card"),
        13: RefusalDetail(_PASSING, "the subscriber is blocked"),
        21: RefusalDetail(_CONTACT, "the subscriber does not support the service"),
        219: RefusalDetail(_PASSING, "the card was replaced within the last day"),
        220: RefusalDetail(_PASSING, "the operator's queue is full"),
        237: RefusalDetail(_PASSING, "the call was not answered"),
        238: RefusalDetail(_OURS, "there is no template for the text"),
        239: RefusalDetail(_OURS, "our address is forbidden"),
        240: RefusalDetail(_PASSING, "busy, or the call was rejected"),
        241: RefusalDetail(_OURS, "the sound could not be made, or not all parts arrived"),
        242: RefusalDetail(_PASSING, "an answering machine"),
        243: RefusalDetail(_OURS, "there is no contract for mass sending"),
        244: RefusalDetail(_REFUSED, "mailings to this subscriber are forbidden"),
        NO_REPORT: RefusalDetail(_PASSING, "no report came within a day: nobody knows"),
        246: RefusalDetail(_OURS, "outside the hours that the account allows"),
        247: RefusalDetail(_OURS, "the account's daily limit is reached"),
        248: RefusalDetail(_CONTACT, "there is no route to the number"),
        249: RefusalDetail(_CONTACT, "the number is wrong"),
        250: RefusalDetail(_OURS, "the number is barred by the account's own settings"),
        251: RefusalDetail(_OURS, "too many messages to one number"),
        252: RefusalDetail(_CONTACT, "the number is forbidden"),
        253: RefusalDetail(_OURS, "the spam filter took it"),
        254: RefusalDetail(_OURS, "the sender's name is not registered"),
        255: RefusalDetail(_REFUSED, "the operator rejected it"),
    }
)
NO_DETAIL: Final = frozenset({0, 200})


@dataclass(frozen=True, slots=True)
class Report:
    """What one status with its detail says: a receipt's kind, and the short code that staff see in words."""

    kind: ReceiptKind
    reason: str
    is_final: bool


def read_report(status: int, err: int = 0) -> Report:
    """The meaning of a status and its detail. Unknown numbers, and 245, never say delivered."""
    known = STATUSES.get(status)
    reason = f"smsc_{status}" if err in NO_DETAIL else f"smsc_{status}_{err}"
    if known is None or err == NO_REPORT:
        return Report(ReceiptKind.UNKNOWN, reason, is_final=err == NO_REPORT)
    return Report(known.receipt, reason, known.is_final)


_REASON: Final = re.compile(r"smsc_(\d{1,3})(?:_(\d{1,3}))?", re.ASCII)
_WRONG_NUMBER: Final = 22


def failure_of_reason(reason: str) -> FailureClass | None:
    """Whose fault the reason of a failed message is; None when it does not say."""
    match = _REASON.fullmatch(reason)
    if match is None:
        return None
    if match[2] is None:
        return FailureClass.CONTACT if int(match[1]) == _WRONG_NUMBER else None
    detail = DETAILS.get(int(match[2]))
    return None if detail is None else detail.failure
