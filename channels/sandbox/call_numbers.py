"""How a telephone number tells the sandbox what becomes of a call.

Numbers `+7 999 FFF NNNN` have a fate `FFF`; `NNNN` tells people who share it apart. At every other number
a patient person answers, says hello, and presses 1 whenever it is waited for. `CALL_GRAMMAR` lists the fates.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_SANDBOX_NUMBER: Final = re.compile(r"\+?7999(\d{3})\d{4}", re.ASCII)


class CallFate(StrEnum):
    """What happens to a call."""

    ANSWER = "answer"  #: taken; `manner` says by whom
    REFUSE = "refuse"  #: answered with `status`
    RING = "ring"  #: rings until the caller gives up
    SILENT = "silent"  #: the request is never answered


class Manner(StrEnum):
    """How the one who answers behaves."""

    PATIENT = "patient"  #: presses `keys`, one at each pause, and stays on the line
    HANGS_UP = "hangs_up"  #: the same, then hangs up after the last key
    LEAVES_EARLY = "leaves_early"  #: hangs up a second after answering
    LEAVES_MIDWAY = "leaves_midway"  #: presses `keys`, then hangs up two seconds into what follows
    MACHINE = "machine"  #: a long greeting, a tone, then silence
    MUTE = "mute"  #: answers and sends nothing, not even silence
    QUIET = "quiet"  #: says nothing, presses nothing
    GONE = "gone"  #: answers, then is there no more: nothing is sent or answered


#: FFF → what the sandbox does.
CALL_GRAMMAR: Final[dict[str, str]] = {
    "099": "never answer the call",
    "180": "ring until the caller gives up",
    "183": "play a ring tone of its own (early media) until the caller gives up",
    "201": "a person who presses nothing",
    "202": "press 1, hear the rest, hang up without another key",
    "203": "hang up a second after answering",
    "204": "press 1, hang up two seconds later",
    "205": "an answering machine",
    "206": "press 3: wrong person",
    "207": "press 1, then 9: no more calls",
    "208": "press 1, then 2 (again), then 1",
    "209": "answer, send no sound (one-way audio), press nothing",
    "210": "press 1, then 0: an operator, please",
    "211": "answer, say nothing, press nothing",
    "212": "answer, then vanish",
    "213": "press 1, then the digits 12345#, then 1",
    "214": "answer after a long ring",
    "215": "answer 503 the first time, then a patient person",
    "400–699": "answer with this status",
}
_KEYS: Final = {
    201: "",
    206: "3",
    207: "19",
    208: "121",
    210: "10",
    214: "1111",
    215: "1111",
}
_MANNERS: Final = {
    203: Manner.LEAVES_EARLY,
    205: Manner.MACHINE,
    209: Manner.MUTE,
    211: Manner.QUIET,
    212: Manner.GONE,
}
#: The Q.850 cause that a telephone network gives along with a SIP status (RFC 3398).
CAUSES: Final = {
    404: 1,
    408: 102,
    410: 22,
    480: 19,
    484: 28,
    486: 17,
    500: 41,
    502: 27,
    503: 41,
    504: 38,
    600: 17,
    603: 21,
    604: 1,
}


@dataclass(frozen=True, slots=True)
class CallDirective:
    """A fate with its details. Each of `keys` is pressed at a pause; `#…` of one word goes in one go."""

    fate: CallFate = CallFate.ANSWER
    manner: Manner = Manner.PATIENT
    keys: tuple[str, ...] = ("1", "1", "1", "1")
    status: int = 200
    rings_long: bool = False
    has_early_media: bool = False
    fails_once: bool = False


PATIENT: Final = CallDirective()


def read_called_number(number: str) -> CallDirective:
    """What the number asks for; `PATIENT` when it asks for nothing."""
    match = _SANDBOX_NUMBER.fullmatch(number)
    if match is None:
        return PATIENT
    wish = int(match[1])
    if 400 <= wish < 700:
        return CallDirective(CallFate.REFUSE, status=wish)
    if wish == 99:
        return CallDirective(CallFate.SILENT)
    if wish in {180, 183}:
        return CallDirective(CallFate.RING, has_early_media=wish == 183)
    if wish in _MANNERS:
        return CallDirective(manner=_MANNERS[wish], keys=())
    return _with_keys(wish)


def _with_keys(wish: int) -> CallDirective:
    if wish in _KEYS:
        return CallDirective(keys=tuple(_KEYS[wish]), rings_long=wish == 214, fails_once=wish == 215)
    if wish == 202:
        return CallDirective(manner=Manner.HANGS_UP, keys=("1",))
    if wish == 204:
        return CallDirective(manner=Manner.LEAVES_MIDWAY, keys=("1",))
    if wish == 213:
        return CallDirective(keys=("1", "12345#", "1"))
    return PATIENT
