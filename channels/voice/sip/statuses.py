"""What SIP statuses and Q.850 causes mean here: why nobody answered, and whether the trunk is to blame.

Sources: RFC 3261 section 21, RFC 8197 (607), RFC 8688 (608), RFC 6794 (687 is of the same family), Q.850, and
the mapping of domain.md 6.1. Where a gateway gives a vague status with a cause, the cause knows better
(RFC 3326): 480 with cause 34 is a lack of circuits, not an absent person.

Two rows differ from domain.md on purpose. 401 and 407 that remain after our digest speak of our password,
not of the person: nobody was called. 403 has both senses; with cause 21 it is the person's, without one it is
held against the trunk as well.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from channels.voice.reasons import CallReason
from channels.voice.result import Signalling


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an unanswered call means. `meaning` is for staff.

    `is_of_trunk`: the road failed, not the person: another trunk may take the call, and this one is judged.
    """

    reason: CallReason
    meaning: str
    is_of_trunk: bool = False


_BUSY: Final = Verdict(CallReason.BUSY, "the line is busy")
_NO_ANSWER: Final = Verdict(CallReason.NO_ANSWER, "nobody answered")
_NO_RESPONSE: Final = Verdict(CallReason.NO_RESPONSE, "the called network did not respond")
_DECLINED: Final = Verdict(CallReason.DECLINED, "the call was declined")
_WRONG: Final = Verdict(CallReason.WRONG_NUMBER, "there is no such number")
_CHANGED: Final = Verdict(CallReason.NUMBER_CHANGED, "the number was given up or changed")
_INCOMPLETE: Final = Verdict(CallReason.NUMBER_INCOMPLETE, "the number is incomplete or has a wrong form")
_CODEC: Final = Verdict(CallReason.CODEC_PROBLEM, "no codec in common: check the trunk's codecs and srtp")
_OUT_OF_ORDER: Final = Verdict(CallReason.OUT_OF_ORDER, "the telephone or its line is out of order")
_CONGESTION: Final = Verdict(CallReason.CONGESTION, "no free circuit on the way", is_of_trunk=True)
_LOGIN: Final = Verdict(
    CallReason.LOGIN_REFUSED, "the trunk does not take our username and password", is_of_trunk=True
)
_UNREACHABLE: Final = Verdict(CallReason.TRUNK_UNREACHABLE, "the trunk cannot be reached", is_of_trunk=True)
_SILENT: Final = Verdict(CallReason.NO_RESPONSE, "the trunk did not respond at all", is_of_trunk=True)
_REQUEST: Final = Verdict(CallReason.REQUEST_REFUSED, "the trunk does not take such a request")
_UNWANTED: Final = Verdict(CallReason.UNWANTED, "unwanted: rejected as a mass call")

#: SIP status → what it says, where no cause says it better.
STATUSES: Final[Mapping[int, Verdict]] = MappingProxyType(
    {
        400: _REQUEST,
        401: _LOGIN,
        402: Verdict(CallReason.LOGIN_REFUSED, "the trunk wants to be paid", is_of_trunk=True),
        403: Verdict(CallReason.DECLINED, "forbidden: by the person, or by the trunk", is_of_trunk=True),
        404: _WRONG,
        405: _REQUEST,
        406: _CODEC,
        407: _LOGIN,
        408: _NO_RESPONSE,
        410: _CHANGED,
        413: _REQUEST,
        414: _REQUEST,
        415: _CODEC,
        416: _REQUEST,
        420: _REQUEST,
        421: _REQUEST,
        423: _REQUEST,
        480: _NO_ANSWER,
        481: _CONGESTION,
        482: _CONGESTION,
        483: _CONGESTION,
        484: _INCOMPLETE,
        485: _WRONG,
        486: _BUSY,
        487: _NO_ANSWER,
        488: _CODEC,
        491: _CONGESTION,
        493: _REQUEST,
        500: _CONGESTION,
        501: _REQUEST,
        502: _OUT_OF_ORDER,
        503: _CONGESTION,
        504: _CONGESTION,
        505: _REQUEST,
        513: _REQUEST,
        600: _BUSY,
        603: _DECLINED,
        604: _WRONG,
        606: _CODEC,
        607: _UNWANTED,
        608: _UNWANTED,
        687: _UNWANTED,
    }
)
#: Q.850 cause → what it says. 16 (normal clearing), 31 and 127 say nothing beyond the status.
CAUSES: Final[Mapping[int, Verdict]] = MappingProxyType(
    {
        1: _WRONG,
        2: _WRONG,
        3: _WRONG,
        17: _BUSY,
        18: _NO_RESPONSE,
        19: _NO_ANSWER,
        20: _NO_ANSWER,
        21: _DECLINED,
        22: _CHANGED,
        27: _OUT_OF_ORDER,
        28: _INCOMPLETE,
        34: _CONGESTION,
        38: _CONGESTION,
        41: _CONGESTION,
        42: _CONGESTION,
        44: _CONGESTION,
        47: _CONGESTION,
        50: _CODEC,
        58: _CODEC,
        65: _CODEC,
        88: _CODEC,
        102: _NO_RESPONSE,
    }
)
#: Statuses that gateways give for want of a better one; the cause beside them decides.
VAGUE: Final = frozenset({400, 403, 408, 480, 487, 500, 502, 503, 504})
#: Errors of the operating system by which an INVITE certainly did not arrive.
_NOT_ARRIVED: Final = frozenset({"[99]", "[101]", "[111]", "[112]", "[113]", "[2]", "[22]", "[71]", "[89]"})
_CAUSE: Final = re.compile(r"Q\.850\s*;\s*cause\s*=\s*(\d{1,3})", re.IGNORECASE)
_ERRNO: Final = re.compile(r"\[\d{1,3}\]\s*$")


@dataclass(frozen=True, slots=True)
class CloseText:
    """What the engine says when a call closes: `486 Busy Here,Q.850;cause=17`, or an error of the system."""

    status: int
    cause: int | None
    reason: str


def read_close(text: str) -> CloseText:
    """Take the engine's words apart; status 0 where the far end gave none."""
    head, _, rest = text.partition(" ")
    has_status = len(head) == 3 and head.isascii() and head.isdigit()
    cause = _CAUSE.search(text)
    words = (rest if has_status else text).partition(",Q.850")[0].strip()
    return CloseText(int(head) if has_status else 0, None if cause is None else int(cause[1]), words[:200])


def judge(signalling: Signalling) -> Verdict:
    """Why a call was not answered. A status that nobody documented counts like the first of its hundred."""
    status, cause = signalling.status, signalling.cause
    if status == 0:
        return _judge_silence(signalling)
    by_cause = None if cause is None else CAUSES.get(cause)
    if by_cause is not None and (status in VAGUE or status not in STATUSES):
        return by_cause
    by_hundred = _DECLINED if status >= 600 else _CONGESTION if status >= 500 else _REQUEST
    return STATUSES.get(status, by_hundred)


def _judge_silence(signalling: Signalling) -> Verdict:
    error = _ERRNO.search(signalling.reason)
    if signalling.ring_seconds > 0:
        return _NO_ANSWER
    if error is not None and error[0].strip() in _NOT_ARRIVED:
        return _UNREACHABLE
    return _SILENT
