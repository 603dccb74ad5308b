"""What people answer to our short messages: a refusal in one of its usual spellings, or words for staff.

Only a message that says nothing else is taken for a refusal: «стоп» is also a word, and staff read the rest.
Letters that look alike in both alphabets are told apart by nobody who types on a telephone.
"""

import re
from enum import StrEnum
from typing import Final


class Wish(StrEnum):
    """What a message asks for."""

    #: no more messages of this kind
    STOP = "stop"
    #: no more messages at all
    STOP_ALL = "stop_all"
    #: something that staff must read
    WORDS = "words"


_LOOK_ALIKE: Final = str.maketrans("aceopxyiktbhm", "асеорхуіктвнм")
_WORDS: Final = re.compile(r"[^\W_]+")
_STOPS: Final = frozenset(
    {
        *("стоп", "stop", "отписка", "отписать", "отписаться", "отпишите", "відписка", "відписати"),
        *("відписатися", "відписатись", "відпишіть", "otpiska", "vidpyska", "unsubscribe", "стопсмс"),
    }
)
_ALL: Final = frozenset({"все", "всё", "всех", "всего", "усе", "всі", "усі", "all", "vse"})
_POLITE: Final = frozenset(
    {"смс", "sms", "пожалуйста", "спасибо", "будь", "ласка", "ласкаво", "дякую", "please", "thanks"}
)


def read_wish(text: str) -> Wish:
    """What a message asks for; anything but a plain refusal is `WORDS`."""
    words = [_alike(word) for word in _WORDS.findall(text.casefold())]
    if not words or words[0] not in _STOP_FORMS:
        return Wish.WORDS
    rest = set(words[1:]) - _POLITE_FORMS
    if not rest:
        return Wish.STOP
    return Wish.STOP_ALL if rest <= _ALL_FORMS else Wish.WORDS


def _alike(word: str) -> str:
    return word.translate(_LOOK_ALIKE)


_STOP_FORMS: Final = frozenset(map(_alike, _STOPS))
_ALL_FORMS: Final = frozenset(map(_alike, _ALL))
_POLITE_FORMS: Final = frozenset(map(_alike, _POLITE))
