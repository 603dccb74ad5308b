"""The words of call scripts: what staff write in a text, in each language, and what it is for the engine.

A script may be written in the words of any of the three languages, whatever language it speaks: the names
mean the same. The engine's own names (`facts`, `wrong_person`) are understood everywhere as well; for the
values they are those of `channels.voice.script`, held together by a test.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

Words = tuple[str, str, str]  #: Russian, Ukrainian, English


class SectionKind(StrEnum):
    """What a section of a call script is."""

    OPENING = "opening"  #: who calls; said before anybody is known
    IDENTITY = "identity"  #: the question who is speaking
    FACTS = "facts"  #: what must have been heard
    SAY = "say"  #: anything else that is said
    QUESTION = "question"
    DIGITS = "digits"  #: digits are asked for, under the name behind the colon
    READ_BACK = "read_back"  #: said before the digits that were typed
    CHECK = "check"  #: said behind them: is that right?
    REPLY = "reply"  #: what follows a key; its meaning stands behind the colon
    GOODBYE = "goodbye"
    MACHINE = "machine"  #: the neutral text for an answering machine


SECTIONS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "opening": ("приветствие", "вітання", "opening"),
        "identity": ("кто у телефона", "хто біля телефону", "who is speaking"),
        "facts": ("сведения", "відомості", "facts"),
        "say": ("сказать", "сказати", "say"),
        "question": ("вопрос", "питання", "question"),
        "digits": ("цифры", "цифри", "digits"),
        "read_back": ("прочитать цифры", "прочитати цифри", "read back"),
        "check": ("проверить цифры", "перевірити цифри", "check"),
        "reply": ("ответ", "відповідь", "reply"),
        "goodbye": ("прощание", "прощання", "goodbye"),
        "machine": ("автоответчик", "автовідповідач", "machine"),
    }
)
#: What a key may mean.
ACTIONS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "continue": ("это я", "це я", "it is me"),
        "confirm": ("подтвердить", "підтвердити", "confirm"),
        "repeat": ("повторить", "повторити", "repeat"),
        "wrong_person": ("не тот человек", "не та людина", "wrong person"),
        "stop_calls": ("больше не звонить", "більше не дзвонити", "stop calls"),
        "operator": ("оператор", "оператор", "operator"),
    }
)
#: Settings of the whole call, before its first section.
CALL_SETTINGS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "counts": ("засчитать", "зарахувати", "counts"),
        "on_machine": ("автоответчику", "автовідповідачу", "to machines"),
        "operator": ("оператор", "оператор", "operator"),
        "most_seconds": ("разговор", "розмова", "longest"),
    }
)
COUNTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "answered": ("ответ", "відповідь", "answered"),
        "heard": ("прослушано", "прослухано", "heard"),
        "confirmed": ("подтверждено", "підтверджено", "confirmed"),
    }
)
ON_MACHINE: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "hang_up": ("повесить трубку", "покласти слухавку", "hang up"),
        "neutral": ("нейтральный текст", "нейтральний текст", "neutral text"),
    }
)
#: Settings of one section, right where it is.
SECTION_SETTINGS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "wait": ("ждать", "чекати", "wait"),
        "times": ("спросить", "запитати", "times"),
        "least": ("от", "від", "least"),
        "most": ("до", "до", "most"),
        "recording": ("запись", "запис", "recording"),
    }
)


def name_of(word: str, table: Mapping[str, Words]) -> str | None:
    """The engine's name for what staff wrote; None: the table does not have it."""
    plain = " ".join(word.casefold().replace("ё", "е").rstrip("?").split())
    for name, words in table.items():
        if plain in (name, name.replace("_", " "), *(one.replace("ё", "е") for one in words)):
            return name
    return None


def word_of(name: str, table: Mapping[str, Words], language: str) -> str:
    """The word of one language, to be shown."""
    return table[name][("ru", "uk", "en").index(language)]


def all_words(table: Mapping[str, Words]) -> Words:
    """All that may be written, for messages."""
    russian, ukrainian, english = (
        ", ".join(f"«{words[place]}»" for words in table.values()) for place in range(3)
    )
    return (russian, ukrainian, english)
