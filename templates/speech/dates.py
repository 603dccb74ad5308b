"""Dates: «двадцать пятого ноября две тысячи двадцать шестого года», and years by themselves."""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from templates.declension import Case
from templates.morphology import declined
from templates.speech.context import word_before
from templates.speech.numerals import ordinal
from templates.speech.vocabulary import Vocabulary

_POINTS: Final = r"(?P<d>[0-3]?\d)\.(?P<m>[01]?\d)\.(?P<y>(?:19|20)\d\d)(?![\d.]*\d)"
_ISO: Final = r"(?P<y>(?:19|20)\d\d)-(?P<m>[01]\d)-(?P<d>[0-3]\d)(?![\d-])"
_SHORT: Final = r"(?P<d>[0-3]\d)\.(?P<m>[01]\d)(?![\d.,]*\d)"
_FREE: Final = r"(?<![\w.,/-])"
#: cases of "year" by how it is written
_YEAR_CASES: Final = {
    "год": Case.NOMINATIVE, "года": Case.GENITIVE, "году": Case.LOCATIVE, "годе": Case.LOCATIVE,
    "годом": Case.INSTRUMENTAL, "рік": Case.NOMINATIVE, "року": Case.GENITIVE, "році": Case.LOCATIVE,
    "роком": Case.INSTRUMENTAL,
}  # fmt: skip
_YEAR_FORMS: Final = {
    "ru": {
        Case.NOMINATIVE: "год", Case.ACCUSATIVE: "год", Case.GENITIVE: "года", Case.DATIVE: "году",
        Case.LOCATIVE: "году", Case.INSTRUMENTAL: "годом",
    },
    "uk": {
        Case.NOMINATIVE: "рік", Case.ACCUSATIVE: "рік", Case.GENITIVE: "року", Case.DATIVE: "року",
        Case.LOCATIVE: "році", Case.INSTRUMENTAL: "роком",
    },
}  # fmt: skip
_IN: Final = frozenset(("в", "во", "у"))


def say_dates(text: str, vocabulary: Vocabulary) -> str:
    """All dates of a text in words. What is no day of the calendar is left to the other rules."""
    patterns = _patterns(vocabulary.language)
    text = patterns["range"].sub(lambda match: _range(match, vocabulary), text)
    for name in ("points", "iso", "written"):
        text = patterns[name].sub(lambda match: _date(match, vocabulary), text)
    text = patterns["short"].sub(lambda match: _short(match, vocabulary), text)
    text = patterns["month"].sub(lambda match: _month(match, vocabulary), text)
    return patterns["year"].sub(lambda match: _year(match, vocabulary), text)


def _range(match: re.Match[str], vocabulary: Vocabulary) -> str:
    """«1-5 декабря» as «с 1 по 5 декабря», for the other rules to say."""
    first, second = vocabulary.date_range_words
    begins = "" if word_before(match) == first else f"{first} "
    month = f" {match['between']}" if match["between"] else f" {match['month']}"
    return f"{begins}{match['from']}{month} {second} {match['to']} {match['month']}"


def _date(match: re.Match[str], vocabulary: Vocabulary) -> str:
    groups = match.groupdict()
    month = groups.get("m") or str(_month_number(groups["month"], vocabulary))
    day, year = int(groups["d"]), groups.get("y")
    # Of a day without a year one that any year may have: 29 February.
    if not _is_day(int(year or 2000), int(month), day):
        return match[0]
    case = vocabulary.date_cases.get(word_before(match), Case.GENITIVE)
    words = [ordinal(day, vocabulary.language, case, "n"), _month_in(int(month), vocabulary)]
    if year:
        words += [ordinal(int(year), vocabulary.language, Case.GENITIVE)]
        words += [_YEAR_FORMS[vocabulary.language][Case.GENITIVE]]
    return " ".join(words)


def _short(match: re.Match[str], vocabulary: Vocabulary) -> str:
    """«25.11» is a day only behind a word that days have: it may be a number as well."""
    first, last = vocabulary.date_range_words
    has_word = word_before(match) in {first, last, "до", "к", "на", "от", "від", "з", "с", "із", "со"}
    return _date(match, vocabulary) if has_word else match[0]


def _month(match: re.Match[str], vocabulary: Vocabulary) -> str:
    """«ноябрь 2026 г.», «в ноябре 2026»: the month stays as it is."""
    year = ordinal(int(match["y"]), vocabulary.language, Case.GENITIVE)
    return f"{match['month']} {year} {_YEAR_FORMS[vocabulary.language][Case.GENITIVE]}"


def _year(match: re.Match[str], vocabulary: Vocabulary) -> str:
    written, before = match["word"].lower().rstrip("."), word_before(match)
    if written in _YEAR_CASES:
        case = _YEAR_CASES[written]
    else:
        case = Case.LOCATIVE if before in _IN else vocabulary.cases.get(before, Case.GENITIVE)
    word = _YEAR_FORMS[vocabulary.language][case]
    return f"{ordinal(int(match['y']), vocabulary.language, case)} {word}{_end(match, vocabulary)}"


def _end(match: re.Match[str], _vocabulary: Vocabulary) -> str:
    """The point of «г.» ends the sentence as well when nothing, or a new one, follows."""
    rest = match.string[match.end() :].lstrip()
    return "." if match["word"].endswith(".") and (not rest or rest[0].isupper()) else ""


def _month_in(month: int, vocabulary: Vocabulary) -> str:
    return declined(vocabulary.months[month - 1], vocabulary.language, Case.GENITIVE)


def _month_number(written: str, vocabulary: Vocabulary) -> int:
    forms = _month_forms(vocabulary)
    return next(number for number, words in forms.items() if written.lower() in words)


def _month_forms(vocabulary: Vocabulary) -> dict[int, tuple[str, ...]]:
    return {
        number: tuple(
            dict.fromkeys(
                (declined(month, vocabulary.language, case)) for case in Case if case is not Case.VOCATIVE
            )
        )
        for number, month in enumerate(vocabulary.months, 1)
    }


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=2)
def _patterns(language: str) -> dict[str, re.Pattern[str]]:
    from templates.speech.languages import VOCABULARIES

    vocabulary = VOCABULARIES[language]
    genitives = "|".join(_month_in(month, vocabulary) for month in range(1, 13))
    months = "|".join({form for forms in _month_forms(vocabulary).values() for form in forms})
    year = rf"(?:,? (?P<y>(?:19|20)\d\d)(?!\d)(?: ?{vocabulary.year_pattern})?)?"
    dash = r" ?- ?"
    return {
        "range": re.compile(
            rf"{_FREE}(?P<from>[0-3]?\d)(?: (?P<between>{genitives}))?{dash}(?P<to>[0-3]?\d)"
            rf" (?P<month>{genitives})(?!\w)",
            re.I,
        ),
        "points": re.compile(rf"{_FREE}{_POINTS}(?: ?{vocabulary.year_pattern})?"),
        "iso": re.compile(_FREE + _ISO),
        "short": re.compile(_FREE + _SHORT),
        "written": re.compile(rf"{_FREE}(?P<d>[0-3]?\d)(?:-?го)? (?P<month>{genitives})(?!\w){year}", re.I),
        "month": re.compile(
            rf"(?<!\w)(?P<month>{months}) (?P<y>(?:19|20)\d\d)(?!\d)(?: ?{vocabulary.year_pattern})?", re.I
        ),
        "year": re.compile(rf"{_FREE}(?P<y>(?:19|20)\d\d) ?(?P<word>{vocabulary.year_pattern})", re.I),
    }
