"""How a call goes on: what is said next and what a key means. Decisions only, no sound and no telephone.

A conversation is a generator: it yields what is to be done (`Play`, `Wait`, `Transfer`) and is sent what came
of it (`Heard`, a key or None, whether it was taken over). Whoever drives it may stop at any moment, as people
do; what was learned by then stands in its attributes. It always ends: parts have no jumps, questions are
asked a few times, and ways back (repeat, operator) are counted.
"""

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from channels.voice.digit_words import digit_phrase
from channels.voice.result import AnsweredBy
from channels.voice.script import Ask, CallScript, Collect, Counts, KeyAction, Say
from channels.voice.sound import Phrase

MOST_DETOURS: Final = 5  #: repeats and calls for an operator in one call
#: What may be asked for at any time, not only where its question is asked.
ANY_TIME: Final = frozenset((KeyAction.WRONG_PERSON, KeyAction.STOP_CALLS, KeyAction.OPERATOR))
_DETOURS: Final = frozenset((KeyAction.REPEAT, KeyAction.OPERATOR))
DIALS: Final = frozenset("0123456789*#")
YES_KEY: Final = "1"  #: what confirms digits that were read back
BEHIND_LAST_SECONDS: Final = 2.0  #: for `#`, or a digit too many, once all digits are there


@dataclass(frozen=True, slots=True)
class Play:
    """Say these phrases; a key of `keys` cuts them off, any other does not."""

    phrases: tuple[Phrase, ...]
    keys: frozenset[str] = frozenset()
    is_fact: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """How many phrases were played to their end, the seconds of each that was begun, the key that cut in."""

    whole: int
    seconds: tuple[float, ...] = ()
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for a key of `keys`; the others are passed over. The answer is the key, or None."""

    seconds: float
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the call over to this number; the answer is whether it was taken."""

    number: str


Step = Play | Wait | Transfer
Answer = Heard | str | bool | None
Steps = Generator[Step, Answer, "Turn"]


class Turn(Enum):
    """Where it goes from here."""

    GO_ON = auto()
    REPEAT = auto()  #: the facts again
    AGAIN = auto()  #: the same thing again
    END = auto()


class Conversation:
    """One call with somebody who is taken for a person.

    `heard_facts`: part number → seconds heard of each phrase, the most of all times it was said.
    """

    def __init__(self, script: CallScript) -> None:
        self._script = script
        self._any_time = _keys_for(script, ANY_TIME)
        self._says = {number: part for number, part in enumerate(script.parts) if isinstance(part, Say)}
        self._facts = tuple(number for number, part in self._says.items() if part.is_fact)
        self._needs_identity = any(isinstance(part, Ask) and part.is_identity for part in script.parts)
        self._detours = 0
        self._heard_whole: set[int] = set()
        self.heard_facts: dict[int, list[float]] = {}
        self.collected: dict[str, str] = {}
        self.is_identified = self.is_confirmed = False
        self.is_wrong_person = self.wants_no_calls = self.was_transferred = False

    def steps(self) -> Steps:
        """The whole call, to be driven to its end or to the hang-up."""
        for number, part in enumerate(self._script.parts):
            if isinstance(part, Say):
                turn = yield from self._tell((number,), number)
            elif isinstance(part, Ask):
                turn = yield from self._ask(number, part)
            else:
                turn = yield from self._collect(part)
            if turn is Turn.END:
                return turn
        yield from self._speak(self._script.goodbye)
        return Turn.END

    def reached(self, answered_by: AnsweredBy) -> Counts | None:
        """How far the person was told; None for the wrong one, an unidentified one, or none at all."""
        is_somebody = answered_by in (AnsweredBy.HUMAN, AnsweredBy.UNSURE)
        if not is_somebody or self.is_wrong_person or (self._needs_identity and not self.is_identified):
            return None
        if not self._heard_whole.issuperset(self._facts):
            return Counts.ANSWERED
        return Counts.CONFIRMED if self.is_confirmed else Counts.HEARD

    def _tell(self, wanted: Sequence[int], place: int) -> Steps:
        """Say some parts; asked for a repeat, the facts up to `place` and then what was being said."""
        waiting = list(wanted)
        while waiting:
            part = self._says[waiting[0]]
            meaning = self._meaning_while_saying(place)
            heard = yield from _play(part.phrases, frozenset(meaning), is_fact=part.is_fact)
            self._note(waiting[0], part, heard)
            if heard.key is None:
                waiting.pop(0)
                continue
            turn = yield from self._act(meaning[heard.key])
            if turn is Turn.END:
                return turn
            if turn is Turn.REPEAT:
                facts = self._facts_up_to(place)
                waiting = [*facts, *(number for number in waiting if number not in facts)]
        return Turn.GO_ON

    def _ask(self, number: int, ask: Ask) -> Steps:
        times = 0
        while times < ask.times:
            meaning = self._still_possible({**self._any_time, **ask.keys})
            heard = yield from _play(ask.phrases, frozenset(meaning))
            key: Answer = heard.key or (yield Wait(ask.wait_seconds, frozenset(meaning)))
            if not isinstance(key, str):
                times += 1
                continue
            action = meaning[key]
            turn = yield from self._act(action)
            if turn is Turn.REPEAT:
                turn = yield from self._tell(self._facts_up_to(number), number)
                if turn is Turn.GO_ON:
                    continue
            if turn is Turn.END:
                return turn
            if turn is Turn.GO_ON and (not ask.is_identity or action is KeyAction.CONTINUE):
                self.is_identified = self.is_identified or ask.is_identity
                return turn
            times += 1
        if not ask.is_identity:
            return Turn.GO_ON
        yield from self._speak(self._script.goodbye)
        return Turn.END

    def _act(self, action: KeyAction) -> Steps:
        """Do what a key asks for, and say what follows it."""
        self._detours += action in _DETOURS
        match action:
            case KeyAction.REPEAT:
                return Turn.REPEAT
            case KeyAction.OPERATOR:
                return (yield from self._call_operator())
            case KeyAction.WRONG_PERSON:
                self.is_wrong_person = True
            case KeyAction.STOP_CALLS:
                self.wants_no_calls = True
            case KeyAction.CONFIRM:
                self.is_confirmed = True
        yield from self._speak(self._script.replies.get(action, ()))
        if action not in ANY_TIME:
            return Turn.GO_ON
        yield from self._speak(self._script.goodbye)
        return Turn.END

    def _call_operator(self) -> Steps:
        if self._script.operator is not None and (yield Transfer(self._script.operator)) is True:
            self.was_transferred = True
            return Turn.END
        yield from self._speak(self._script.replies.get(KeyAction.OPERATOR, ()))
        return Turn.AGAIN

    def _collect(self, collect: Collect) -> Steps:
        for _ in range(collect.times):
            heard = yield from _play(collect.phrases, DIALS)
            digits = yield from self._type(collect, heard.key)
            if not collect.least <= len(digits) <= collect.most:
                continue
            language = collect.phrases[0].language
            spoken = tuple(digit_phrase(digit, language) for digit in digits)
            # What is still typed by now is no answer to a question that was not asked yet.
            yield from _play((*collect.read_back, *spoken))
            heard = yield from _play(collect.confirm, DIALS)
            if (heard.key or (yield Wait(collect.wait_seconds, DIALS))) == YES_KEY:
                self.collected[collect.name] = digits
                break
        return Turn.GO_ON

    def _type(self, collect: Collect, first: str | None) -> Generator[Step, Answer, str]:
        """The digits typed, to `#` or a pause; `*` begins anew. One more than `most` is one too many."""
        digits, key = "", first
        while True:
            if key is None:
                is_full = len(digits) >= collect.most
                pause = min(BEHIND_LAST_SECONDS, collect.wait_seconds) if is_full else collect.wait_seconds
                answer = yield Wait(pause, DIALS)
                key = answer if isinstance(answer, str) else None
            if key is None or key == "#":
                return digits
            digits = "" if key == "*" else (digits + key)[: collect.most + 1]
            key = None

    def _speak(self, phrases: tuple[Phrase, ...]) -> Generator[Step, Answer, None]:
        if phrases:
            yield Play(phrases)

    def _note(self, number: int, part: Say, heard: Heard) -> None:
        if not part.is_fact:
            return
        most = self.heard_facts.setdefault(number, [0.0] * len(part.phrases))
        for place, seconds in enumerate(heard.seconds):
            most[place] = max(most[place], seconds)
        if heard.whole == len(part.phrases):
            self._heard_whole.add(number)

    def _facts_up_to(self, number: int) -> tuple[int, ...]:
        return tuple(fact for fact in self._facts if fact <= number)

    def _meaning_while_saying(self, place: int) -> Mapping[str, KeyAction]:
        """What keys mean outside a question: "again" only once there is something to say again."""
        if not self._facts_up_to(place):
            return self._still_possible(self._any_time)
        return self._still_possible({**_keys_for(self._script, {KeyAction.REPEAT}), **self._any_time})

    def _still_possible(self, keys: Mapping[str, KeyAction]) -> dict[str, KeyAction]:
        is_enough = self._detours >= MOST_DETOURS
        return {key: action for key, action in keys.items() if not (is_enough and action in _DETOURS)}


def _play(
    phrases: tuple[Phrase, ...], keys: frozenset[str] = frozenset(), *, is_fact: bool = False
) -> Generator[Step, Answer, Heard]:
    heard = yield Play(phrases, keys, is_fact)
    if not isinstance(heard, Heard):
        raise TypeError("what is played is answered by what was heard")
    return heard


def _keys_for(script: CallScript, actions: Collection[KeyAction]) -> dict[str, KeyAction]:
    return {
        key: action
        for part in script.parts
        if isinstance(part, Ask)
        for key, action in part.keys.items()
        if action in actions
    }
