"""Times of day: Russian counts hours («с девяти до семнадцати часов»), Ukrainian numbers them («з дев'ятої
до сімнадцятої години»)."""

import re
from typing import Final

from templates.declension import Case
from templates.morphology import declined
from templates.speech.context import case_of, word_before
from templates.speech.numerals import Forms, cardinal, counted, ordinal
from templates.speech.vocabulary import Vocabulary

_FREE: Final = r"(?<![\w.,:/-])"
_CLOCK: Final = r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?"
_HOURS_BEHIND: Final = r"(?: ?(?:ч(?:ас\w*)?|год(?:ин\w*)?)(?!\w)\.?)?"
_TIME: Final = re.compile(rf"{_FREE}([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\d:]){_HOURS_BEHIND}")
_SPAN: Final = re.compile(rf"{_FREE}({_CLOCK}) ?- ?({_CLOCK})(?![\d:])")
#: «с 9.00 до 17.00»: a point is a clock's only between such words
_WITH_POINTS: Final = re.compile(
    r"(?<!\w)(с|со|з|із|от|від) ([01]?\d|2[0-4])\.([0-5]\d) (до|по) ([01]?\d|2[0-4])\.([0-5]\d)(?![\d.]*\d)",
    re.I,
)
_WHOLE_HOURS: Final = re.compile(
    r"(?<!\w)(с|со|з|із|от|від) ([01]?\d|2[0-4])(?::00)? (до|по) ([01]?\d|2[0-4])(?::00)?(?![\d:])"
    r"(?P<word> ?(?:ч(?:ас\w*)?|год(?:ин\w*)?)(?!\w)\.?)?",
    re.I,
)
_HOUR: Final[dict[str, Forms]] = {"ru": ("час", "часа", "часов"), "uk": ("година", "години", "годин")}
_MINUTE: Final[dict[str, Forms]] = {
    "ru": ("минута", "минуты", "минут"),
    "uk": ("хвилина", "хвилини", "хвилин"),
}
_SECOND: Final[dict[str, Forms]] = {
    "ru": ("секунда", "секунды", "секунд"),
    "uk": ("секунда", "секунди", "секунд"),
}
_UNTIL: Final = {"до": Case.GENITIVE, "по": Case.ACCUSATIVE}


def say_times(text: str, vocabulary: Vocabulary) -> str:
    """All times of day in words."""
    text = _WITH_POINTS.sub(r"\1 \2:\3 \4 \5:\6", text)
    text = _SPAN.sub(lambda match: _span(match, vocabulary), text)
    text = _WHOLE_HOURS.sub(lambda match: _whole_hours(match, vocabulary), text)
    return _TIME.sub(lambda match: _time(match, vocabulary), text)


def _span(match: re.Match[str], vocabulary: Vocabulary) -> str:
    first, second = vocabulary.time_range_words
    begins = "" if word_before(match) == first else f"{first} "
    return f"{begins}{match[1]} {second} {match[2]}"


def _whole_hours(match: re.Match[str], vocabulary: Vocabulary) -> str:
    """The word "hours" is said once, behind the second."""
    if ":" not in match[0] and not match["word"]:
        return match[0]  # «с 9 до 17» of anything
    first, last, case = int(match[2]), int(match[4]), _UNTIL[match[3].lower()]
    begin = _hour(first, vocabulary, Case.GENITIVE, has_noun=False)
    return f"{match[1]} {begin} {match[3]} {_hour(last, vocabulary, case)}"


def _time(match: re.Match[str], vocabulary: Vocabulary) -> str:
    case = case_of(match, vocabulary)
    words = [_hour(int(match[1]), vocabulary, case)]
    for number, forms in ((match[2], _MINUTE), (match[3], _SECOND)):
        if number and int(number):
            words.append(_counted(int(number), forms[vocabulary.language], vocabulary, case))
    return " ".join(words)


def _counted(number: int, forms: Forms, vocabulary: Vocabulary, case: Case) -> str:
    language = vocabulary.language
    if language == "uk" and case is Case.LOCATIVE:
        case = Case.NOMINATIVE  # «о дев'ятій годині тридцять хвилин»
    return f"{cardinal(number, language, case, 'f')} {counted(number, forms, language, case, 'f')}"


def _hour(number: int, vocabulary: Vocabulary, case: Case, *, has_noun: bool = True) -> str:
    language = vocabulary.language
    if language == "uk":
        words = ordinal(number, language, case, "f")
        noun = declined(_HOUR[language][0], language, case)
    else:
        words = cardinal(number, language, case)
        noun = counted(number, _HOUR[language], language, case)
    return f"{words} {noun}" if has_noun else words
