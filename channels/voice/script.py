"""The call script of one notice: what is said, what is asked, and what each key means. Plain data.

A scenario version holds it as text with fields; rendered for one recipient it travels in the envelope. It is
a list of parts that are gone through in order; what a key does is told by its action, so a script has no
jumps and always ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from channels.voice.sound import Phrase


class KeyAction(StrEnum):
    """What a key means (requirement 61 and domain 6.3)."""

    CONTINUE = "continue"  #: yes, it is me: go on with the next part
    CONFIRM = "confirm"  #: heard and understood
    REPEAT = "repeat"  #: say the facts again
    WRONG_PERSON = "wrong_person"  #: not me: say goodbye, tell nothing more, never call again
    STOP_CALLS = "stop_calls"  #: no more calls of this purpose
    OPERATOR = "operator"  #: transfer to a person, or say the number where nobody can take it


@dataclass(frozen=True, slots=True)
class Say:
    """Something that is said. Facts count: who hangs up before their end was not told."""

    phrases: tuple[Phrase, ...]
    is_fact: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A question answered by one key. Without an answer it is asked `times` times in all.

    `is_identity`: nothing that follows is said before CONTINUE (domain 52); silence ends the call.
    """

    phrases: tuple[Phrase, ...]
    keys: Mapping[str, KeyAction]
    wait_seconds: float = 5.0
    times: int = 2
    is_identity: bool = False


@dataclass(frozen=True, slots=True)
class Collect:
    """Digits that are wanted (a meter reading), ended by `#` or by a pause, read back and confirmed by 1.

    `read_back` is said before the digits, `confirm` after them ("если верно, нажмите 1, …").
    """

    name: str
    phrases: tuple[Phrase, ...]
    read_back: tuple[Phrase, ...]
    confirm: tuple[Phrase, ...]
    least: int = 1
    most: int = 8
    wait_seconds: float = 8.0
    times: int = 2


Part = Say | Ask | Collect


class OnMachine(StrEnum):
    """What an answering machine gets; never a fact (domain 6.2)."""

    HANG_UP = "hang_up"
    NEUTRAL = "neutral"  #: `neutral` of the script is said behind the tone


class Counts(StrEnum):
    """What "delivered" means for a call, in rising order."""

    ANSWERED = "answered"
    HEARD = "heard"  #: all facts to their end
    CONFIRMED = "confirmed"  #: heard, and the key for it pressed


@dataclass(frozen=True, slots=True)
class CallScript:
    """All of one call."""

    parts: tuple[Part, ...]
    counts: Counts = Counts.HEARD
    on_machine: OnMachine = OnMachine.HANG_UP
    neutral: tuple[Phrase, ...] = ()
    goodbye: tuple[Phrase, ...] = ()
    #: what follows a key, said before the call ends or goes on
    replies: Mapping[KeyAction, tuple[Phrase, ...]] = field(default_factory=lambda: MappingProxyType({}))
    operator: str | None = None  #: number to which the call is transferred; None: its phrase is said
    most_seconds: float = 180.0  #: of talking; then the call is ended


NO_KEYS: Final[Mapping[str, KeyAction]] = MappingProxyType({})
