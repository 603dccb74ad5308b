"""Declining one word of a personal name by tables of endings, keeping the stem's own letters and case.

A table is an ordered list of rules; the first whose suffix fits decides. The stem is never spelled anew,
so «ё», apostrophes and capitals of the list survive; an ending is written in capitals when the word is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

VOWELS: Final = frozenset("аеёиоуыэюяіїє")


class Case(StrEnum):
    """The cases of Russian and Ukrainian; Russian has no vocative, there it is the nominative."""

    NOMINATIVE = "nominative"
    GENITIVE = "genitive"
    DATIVE = "dative"
    ACCUSATIVE = "accusative"
    INSTRUMENTAL = "instrumental"
    LOCATIVE = "locative"
    VOCATIVE = "vocative"


_ORDER: Final = tuple(case for case in Case if case is not Case.NOMINATIVE)


@dataclass(frozen=True, slots=True)
class Rule:
    """Words that end in one of `suffixes` lose `cut` letters and take `endings`; none: never changed."""

    suffixes: tuple[str, ...]
    cut: int
    endings: tuple[str, ...]
    is_whole_word: bool = False

    def fits(self, word: str) -> bool:
        """Whether the rule speaks of this word (in lower case)."""
        return word in self.suffixes if self.is_whole_word else word.endswith(self.suffixes)


def rule(suffixes: str, cut: int = 0, endings: str = "") -> Rule:
    """A rule from words with blanks between; endings are genitive, dative, accusative, …"""
    return Rule(tuple(suffixes.split()), cut, tuple(endings.split()))


def exactly(words: str, cut: int = 0, endings: str = "") -> Rule:
    """A rule for these whole words only."""
    return Rule(tuple(words.split()), cut, tuple(endings.split()), is_whole_word=True)


def decline(word: str, case: Case, table: Sequence[Rule]) -> str:
    """The word in a case; unchanged when no rule of the table fits."""
    if case is Case.NOMINATIVE:
        return word
    lowered = word.lower()
    fitting = next((one for one in table if one.fits(lowered)), None)
    if fitting is None or _ORDER.index(case) >= len(fitting.endings):
        return word
    return replace_ending(word, fitting.cut, fitting.endings[_ORDER.index(case)])


def replace_ending(word: str, cut: int, ending: str) -> str:
    """Cut letters off and put an ending on, in capitals when the whole word is."""
    is_capitals = len(word) > 1 and word.isupper()
    return word[: len(word) - cut] + (ending.upper() if is_capitals else ending)


def syllables(word: str) -> int:
    """How many vowels a word has."""
    return sum(letter in VOWELS for letter in word.lower())
