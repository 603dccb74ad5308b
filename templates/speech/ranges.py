"""«5-10 рублей» as «от 5 до 10 рублей», for the rules behind to say; never «д. 12-14»."""

import re
from functools import lru_cache

from templates.speech.context import AT_END, word_before
from templates.speech.vocabulary import Vocabulary


def write_ranges_out(text: str, vocabulary: Vocabulary) -> str:
    """Ranges in front of a unit, of money or of percents."""
    return _pattern(vocabulary.language).sub(lambda match: _range(match, vocabulary), text)


def _range(match: re.Match[str], vocabulary: Vocabulary) -> str:
    first, second = vocabulary.range_words
    begins = "" if word_before(match) in {first, vocabulary.time_range_words[0]} else f"{first} "
    return f"{begins}{match[1]} {second} {match[2]}"


@lru_cache(maxsize=2)
def _pattern(language: str) -> re.Pattern[str]:
    from templates.speech.languages import VOCABULARIES

    vocabulary = VOCABULARIES[language]
    units = [vocabulary.percent, vocabulary.degree, *vocabulary.units, *vocabulary.scales]
    units += [currency.unit for currency in vocabulary.currencies]
    behind = "|".join(unit.pattern for unit in units)
    number = r"\d{1,3}(?: \d{3})+|\d+(?:[.,]\d{1,4})?"
    words = r"(?:дн|час|рабоч|календар|минут|месяц|недел|діб|годин|роб|місяц|тижн|хвилин)\w*"
    return re.compile(rf"(?<![\w.,/-])({number}) ?- ?({number})(?= ?(?:{behind}|{words}){AT_END})")
