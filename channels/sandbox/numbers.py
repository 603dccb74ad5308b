"""How a telephone number tells the sandbox what to do with its message.

Numbers `+7 999 FFF NNNN` have a fate `FFF`; `NNNN` tells people who share it apart. Every other number is
delivered. `NUMBER_GRAMMAR` lists the fates.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_SANDBOX_NUMBER: Final = re.compile(r"\+?7999(\d{3})\d{4}", re.ASCII)
_FIRST_DETAIL: Final = 400


class NumberFate(StrEnum):
    """What happens to a message beyond its status."""

    #: as the status says, with one callback
    PLAIN = "plain"
    #: the request is answered with an error
    ERROR = "error"
    #: taken, but the answer never comes
    TAKEN_SILENT = "taken_silent"
    #: not taken, and the answer never comes
    LOST_SILENT = "lost_silent"
    #: taken, then the connection is closed without an answer
    TAKEN_DROP = "taken_drop"
    #: not taken, the connection is closed without an answer
    LOST_DROP = "lost_drop"
    #: stays at "handed to the operator" for ever, no callback
    NEVER_REPORTED = "never_reported"
    #: its callback is lost; asked for, it is delivered
    CALLBACK_LOST = "callback_lost"
    #: its callback comes twice
    CALLBACK_TWICE = "callback_twice"
    #: its callback comes before the answer to the request
    CALLBACK_FIRST = "callback_first"
    #: delivered is reported before "handed to the operator"
    CALLBACKS_REORDERED = "callbacks_reordered"
    #: taken, but a gateway answers 502
    TAKEN_BAD_GATEWAY = "taken_bad_gateway"
    #: taken, but the answer is no JSON
    TAKEN_GARBAGE = "taken_garbage"
    #: the first try is answered with error 9 and not taken, the next one is taken
    BUSY_ONCE = "busy_once"
    #: taken, but answered with error 9
    TAKEN_BUSY = "taken_busy"
    #: answered after some tenths of a second
    SLOW = "slow"
    #: delivered, then the customer answers СТОП
    ANSWERS_STOP = "answers_stop"
    #: delivered, then the customer asks something
    ANSWERS_WORDS = "answers_words"
    #: its callback comes some seconds late
    CALLBACK_LATE = "callback_late"


#: FFF → what the sandbox does.
NUMBER_GRAMMAR: Final[dict[str, str]] = {
    "101–109": "answer the request with the error 1–9",
    "200–299": "take it, then report the status FFF - 200: 201 delivered, 203 expired, 220 undeliverable",
    "301": "take it, never answer",
    "302": "never answer, take nothing",
    "303": "take it, hang up",
    "304": "hang up, take nothing",
    "305": "take it, never report",
    "306": "deliver it, lose the callback (a question finds it)",
    "307": "deliver it, call back twice",
    "308": "deliver it, call back before the answer",
    "309": "deliver it, call back in the wrong order",
    "310": "take it, answer HTTP 502",
    "311": "take it, answer what is no JSON",
    "312": "error 9 the first time, then take it",
    "313": "take it, answer error 9",
    "314": "take it, answer slowly",
    "315": "take it, then report no status within a day (20, err 245)",
    "316": "deliver it, then the customer answers СТОП",
    "317": "deliver it, then the customer asks something",
    "318": "deliver it, call back late",
    "401–655": "take it, then report the status 20 with the detail FFF - 400",
}
_FATES: Final = {
    301: NumberFate.TAKEN_SILENT,
    302: NumberFate.LOST_SILENT,
    303: NumberFate.TAKEN_DROP,
    304: NumberFate.LOST_DROP,
    305: NumberFate.NEVER_REPORTED,
    306: NumberFate.CALLBACK_LOST,
    307: NumberFate.CALLBACK_TWICE,
    308: NumberFate.CALLBACK_FIRST,
    309: NumberFate.CALLBACKS_REORDERED,
    310: NumberFate.TAKEN_BAD_GATEWAY,
    311: NumberFate.TAKEN_GARBAGE,
    312: NumberFate.BUSY_ONCE,
    313: NumberFate.TAKEN_BUSY,
    314: NumberFate.SLOW,
    316: NumberFate.ANSWERS_STOP,
    317: NumberFate.ANSWERS_WORDS,
    318: NumberFate.CALLBACK_LATE,
}


@dataclass(frozen=True, slots=True)
class NumberDirective:
    """A fate, the final status with its detail, and the error of the request where it is refused."""

    fate: NumberFate = NumberFate.PLAIN
    status: int = 1
    err: int = 0
    error_code: int | None = None


DELIVER: Final = NumberDirective()


def read_number(phone: str) -> NumberDirective:
    """What the number asks for; `DELIVER` when it asks for nothing."""
    match = _SANDBOX_NUMBER.fullmatch(phone)
    if match is None:
        return DELIVER
    wish = int(match[1])
    if 101 <= wish <= 109:
        return NumberDirective(NumberFate.ERROR, error_code=wish - 100)
    if 200 <= wish < 300:
        return NumberDirective(status=wish - 200)
    if wish == 315:
        return NumberDirective(status=20, err=245)
    if wish in _FATES:
        return NumberDirective(_FATES[wish])
    if _FIRST_DETAIL < wish <= _FIRST_DETAIL + 255:
        return NumberDirective(status=20, err=wish - _FIRST_DETAIL)
    return DELIVER
