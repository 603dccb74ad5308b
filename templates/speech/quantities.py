"""Numbers with a unit («пятьдесят киловатт-часов»), with a noun («две квитанции»), and by themselves."""

import re
from functools import lru_cache, partial
from typing import Final

from templates.declension import Case
from templates.morphology import declined, is_accusative, noun_gender, oblique_case
from templates.speech.context import AT_END, NUMBER, case_of, number_of, sign_of, word_before
from templates.speech.digits import in_groups
from templates.speech.numerals import (
    Gender,
    cardinal,
    counted,
    decimal_in_words,
    ordinal,
)
from templates.speech.vocabulary import LETTER, Unit, Vocabulary

_BARE: Final = re.compile(
    NUMBER + rf"(?! ?[{LETTER}]*\d)(?=(?P<next> [{LETTER}'-]+)?(?P<after> [{LETTER}'-]+)?)", re.I
)
_FRACTION: Final = re.compile(r"(?<![\w/])(\d{1,6})/(\d{1,6})(?![\w/])")
_DOTTED: Final = re.compile(r"(?<![\w.,/-])\d{1,6}(?:\.\d{1,6})+(?![.,]?\d)")
_LEFT: Final = re.compile(r"\d+")  #: between signs that no rule knows: said as digits
_BETWEEN_NUMBERS: Final = re.compile(r"(?<=\d)-(?=\d)")
_HYPHENATED: Final = re.compile(rf"(?<![\w.,/-])(\d{{1,9}})-([{LETTER}']+)", re.I)
_LONG_FRACTION: Final = re.compile(r"(?<![\w.,])(\d+)[.,](\d{5,})(?![\d.,]*\d)")
_LONG_ENDING: Final = 4  #: letters from which on it is an adjective («10-дневный») and no ending


def say_quantities(text: str, vocabulary: Vocabulary) -> str:
    """Numbers that have a unit behind them."""
    for unit in (vocabulary.percent, vocabulary.degree, *vocabulary.units):
        said = partial(_measured, unit=unit, vocabulary=vocabulary)
        text = _with_unit(unit, vocabulary.language).sub(said, text)
    return text


def _measured(match: re.Match[str], unit: Unit, vocabulary: Vocabulary) -> str:
    return sign_of(match, vocabulary) + amount_of(match, unit, vocabulary, case_of(match, vocabulary))


def amount_of(match: re.Match[str], unit: Unit, vocabulary: Vocabulary, case: Case) -> str:
    """What `NUMBER`, a scale («тыс.») and a unit found, in words."""
    language, number = vocabulary.language, number_of(match)
    scale = _scale(match["scale"], vocabulary) if match["scale"] else None
    counted_unit = scale or unit
    if number == number.to_integral_value():
        words = cardinal(int(number), language, case, counted_unit.gender)
        words += " " + counted(int(number), counted_unit.forms, language, case, counted_unit.gender)
    else:
        noun = declined(counted_unit.forms[0], language, Case.GENITIVE)
        words = f"{decimal_in_words(number, language, case)} {noun}"
    return words if scale is None else f"{words} {unit.forms[2]}"


def say_ordinals(text: str, vocabulary: Vocabulary) -> str:
    """«2-го» → «второго», «3-х» → «трёх», «10-дневный» → «десятидневный», and Roman numerals."""
    text = _roman(vocabulary.language).sub(lambda match: _roman_ordinal(match, vocabulary), text)
    return _HYPHENATED.sub(lambda match: _hyphenated(match, vocabulary), text)


def say_numbers(text: str, vocabulary: Vocabulary) -> str:
    """What is left: «12/3», decimals, numbers in front of nouns, numbers alone."""
    language = vocabulary.language
    text = _FRACTION.sub(
        lambda match: (
            f"{cardinal(int(match[1]), language)} {vocabulary.fraction} {cardinal(int(match[2]), language)}"
        ),
        text,
    )
    text = _DOTTED.sub(lambda match: _dotted(match, vocabulary), text)
    text = _BETWEEN_NUMBERS.sub(f" {vocabulary.dash} ", text)
    text = _LONG_FRACTION.sub(
        lambda match: f"{_digits(match[1], vocabulary)} {vocabulary.comma} {_digits(match[2], vocabulary)}",
        text,
    )
    text = _BARE.sub(lambda match: _bare(match, vocabulary), text)
    return _LEFT.sub(lambda match: f" {in_groups(match[0], vocabulary)} ", text)


def _bare(match: re.Match[str], vocabulary: Vocabulary) -> str:
    language, number = vocabulary.language, number_of(match)
    case = case_of(match, vocabulary)
    followers = [word.strip() for word in (match["next"], match["after"]) if word]
    if case in (Case.NOMINATIVE, Case.ACCUSATIVE) and followers:
        found = oblique_case(followers[0], language)
        case = Case(found) if found else case
        case = Case.ACCUSATIVE if is_accusative(followers[0], language) else case
    if number != number.to_integral_value():
        return sign_of(match, vocabulary) + decimal_in_words(number, language, case)
    return sign_of(match, vocabulary) + cardinal(int(number), language, case, _gender(followers, language))


def _dotted(match: re.Match[str], vocabulary: Vocabulary) -> str:
    """«п. 44.1», «2.10.3»: numbers of clauses and versions."""
    parts = match[0].split(".")
    if len(parts) == 2 and not re.fullmatch(vocabulary.clause_words, word_before(match), re.I):
        return match[0]
    return f" {vocabulary.point} ".join(
        in_groups(part, vocabulary) if part[0] == "0" else cardinal(int(part), vocabulary.language)
        for part in parts
    )


def _gender(followers: list[str], language: str) -> Gender:
    for word in followers:
        gender = noun_gender(word, language)
        if gender is not None:
            return gender
    return "m"


def _digits(digits: str, vocabulary: Vocabulary) -> str:
    return " ".join(cardinal(int(digit), vocabulary.language) for digit in digits)


def _hyphenated(match: re.Match[str], vocabulary: Vocabulary) -> str:
    number, ending, language = int(match[1]), match[2].lower(), vocabulary.language
    if ending in vocabulary.ordinal_endings:
        case, gender = vocabulary.ordinal_endings[ending]
        return ordinal(number, language, case, gender)
    if ending in vocabulary.cardinal_endings:
        return cardinal(number, language, Case.GENITIVE)
    if len(ending) >= _LONG_ENDING:
        return _joined(number, language) + match[2]
    return match[0]


def _joined(number: int, language: str) -> str:
    """The front of «десятидневный», «двухкомнатная», «стодневный»."""
    if number in (1, 90, 100, 1000):
        return {
            "ru": {1: "одно", 90: "девяносто", 100: "сто", 1000: "тысяче"},
            "uk": {1: "одно", 90: "дев'яносто", 100: "сто", 1000: "тисячо"},
        }[language][number]
    return cardinal(number, language, Case.GENITIVE).replace(" ", "")


def _roman_ordinal(match: re.Match[str], vocabulary: Vocabulary) -> str:
    numeral, noun = match[1], match[2]
    number = _from_roman(numeral) if not numeral.isdecimal() else int(numeral)
    if number is None:
        return match[0]
    if noun == "кв.":
        noun = "квартал"
    found = oblique_case(noun, vocabulary.language, is_plural=False)
    case = Case(found) if found else Case.NOMINATIVE
    gender = noun_gender(noun, vocabulary.language) or "m"
    return f"{ordinal(number, vocabulary.language, case, gender)} {noun}"


def _from_roman(numeral: str) -> int | None:
    values = {"I": 1, "V": 5, "X": 10}
    digits = [values[letter] for letter in numeral.translate(str.maketrans("ІХ", "IX"))]
    total = sum(
        -digit if any(later > digit for later in digits[at + 1 : at + 2]) else digit
        for at, digit in enumerate(digits)
    )
    return total if 0 < total < 40 else None


def _scale(written: str, vocabulary: Vocabulary) -> Unit:
    return next(unit for unit in vocabulary.scales if re.fullmatch(unit.pattern, written))


@lru_cache(maxsize=128)
def _with_unit(unit: Unit, language: str) -> re.Pattern[str]:
    from templates.speech.languages import VOCABULARIES

    scales = "|".join(one.pattern for one in VOCABULARIES[language].scales)
    return re.compile(rf"{NUMBER} ?(?:(?P<scale>{scales}){AT_END} ?)?{unit.pattern}{AT_END}")


@lru_cache(maxsize=2)
def _roman(language: str) -> re.Pattern[str]:
    from templates.speech.languages import VOCABULARIES

    words = VOCABULARIES[language].roman_words
    return re.compile(rf"(?<![\w-])([IVXІХ]{{1,5}}|[1-9]|1\d)(?:-?[йяе])? (?=({words})){words}")
