"""What the rules of speech know of one language; `vocabulary_ru` and `vocabulary_uk` fill it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from templates.declension import Case
from templates.speech.numerals import Forms, Gender


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure or of money. `pattern`, a regular expression, is how it is written."""

    pattern: str
    forms: Forms
    gender: Gender = "m"


@dataclass(frozen=True, slots=True)
class Currency:
    """A unit of money with its hundredth."""

    unit: Unit
    hundredth: Unit


@dataclass(frozen=True, slots=True)
class Shortening:
    """«ул.» → «улица»; `before`, a regular expression, must follow for it to mean this."""

    pattern: str
    word: str
    before: str = ""
    is_declined: bool = True  #: takes the case that the word in front of it asks for


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One language."""

    language: str
    #: what the word in front of a number or a noun asks for
    cases: Mapping[str, Case]
    #: the same in front of dates, where it differs
    date_cases: Mapping[str, Case]
    months: tuple[str, ...]  #: nominative, January first
    year: str
    year_pattern: str  #: how "year" is written behind a number
    currencies: tuple[Currency, ...]
    units: tuple[Unit, ...]
    scales: tuple[Unit, ...]  #: тыс., млн, млрд
    percent: Unit
    degree: Unit
    shortenings: tuple[Shortening, ...]
    abbreviations: Mapping[str, str]  #: capitals that are not read as the rule for capitals says
    cyrillic_letters: Mapping[str, str]
    latin_letters: Mapping[str, str]
    latin_words: Mapping[str, str]
    latin_sounds: tuple[tuple[str, str], ...]  #: longest first
    latin_start: str  #: how an "e" at the beginning sounds
    latin_y: str  #: how a "y" between consonants sounds
    foreign_letters: Mapping[str, str]  #: Cyrillic letters of the other language
    signs: Mapping[str, str]  #: spoken signs
    ordinal_endings: Mapping[str, tuple[Case, Gender]]
    cardinal_endings: frozenset[str]  #: of the genitive: «3-х», «10-ти»
    identifier_words: str  #: behind these digits name something (a regular expression)
    roman_words: str  #: in front of these Roman numerals are ordinals (a regular expression)
    per: str  #: «за» between a price and a unit
    range_words: tuple[str, str]  #: от … до
    time_range_words: tuple[str, str]  #: с … до
    date_range_words: tuple[str, str]  #: с … по
    minus: str
    point: str
    comma: str
    fraction: str  #: «дробь»
    clause_words: str  #: behind these a point parts numbers of clauses (a regular expression)
    dash: str
    number_word: str
    slash: str


LETTER: Final = "а-яёіїєґ"
APOSTROPHE: Final = "'"
