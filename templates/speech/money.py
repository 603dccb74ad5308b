"""Sums: «одна тысяча двести рублей пятьдесят копеек». Kopecks that are none are not said."""

import re
from decimal import Decimal
from functools import lru_cache, partial
from typing import Final

from templates.declension import Case
from templates.morphology import declined
from templates.speech.context import AT_END, NUMBER, case_of, number_of, sign_of
from templates.speech.numerals import cardinal, counted
from templates.speech.quantities import amount_of
from templates.speech.vocabulary import Currency, Vocabulary

_KOPECKS: Final = 2  #: digits behind the point that are hundredths; more of them are a tariff


def say_money(text: str, vocabulary: Vocabulary) -> str:
    """All sums of a text in words, with what one unit costs: «… за киловатт-час»."""
    for currency in vocabulary.currencies:
        said = partial(_sum, currency=currency, vocabulary=vocabulary)
        text = _sums(currency, vocabulary.language).sub(said, text)
        said = partial(_hundredth, currency=currency, vocabulary=vocabulary)
        text = _hundredths(currency).sub(said, text)
    return text


def sum_in_speech(amount: Decimal, currency: Currency, language: str, case: Case = Case.NOMINATIVE) -> str:
    """Whole units and hundredths; a sum below one unit has hundredths only."""
    whole, rest = divmod(int(amount * 100), 100)
    words = [
        cardinal(number, language, case, unit.gender)
        + " "
        + counted(number, unit.forms, language, case, unit.gender)
        for number, unit in ((whole, currency.unit), (rest, currency.hundredth))
        if number or (unit is currency.unit and not rest)
    ]
    return " ".join(words)


def _sum(match: re.Match[str], currency: Currency, vocabulary: Vocabulary) -> str:
    language, case = vocabulary.language, case_of(match, vocabulary)
    sign, amount = sign_of(match, vocabulary), number_of(match)
    if match["scale"] or len((match["part"] or "").rstrip("0")) > _KOPECKS:
        words = amount_of(match, currency.unit, vocabulary, case)
    else:
        words = sum_in_speech(amount + Decimal(match["kopecks"] or 0) / 100, currency, language, case)
    per = _unit_of(match["per"], vocabulary) if match["per"] else None
    return sign + words + (f" {vocabulary.per} {per}" if per else "")


def _unit_of(written: str, vocabulary: Vocabulary) -> str:
    for unit in vocabulary.units:
        if re.fullmatch(unit.pattern, written):
            return (
                declined(unit.forms[0], vocabulary.language, Case.ACCUSATIVE)
                if unit.gender == "f"
                else unit.forms[0]
            )
    raise AssertionError("the pattern was made of these units")


def _hundredth(match: re.Match[str], currency: Currency, vocabulary: Vocabulary) -> str:
    return sign_of(match, vocabulary) + amount_of(
        match, currency.hundredth, vocabulary, case_of(match, vocabulary)
    )


@lru_cache(maxsize=32)
def _sums(currency: Currency, language: str) -> re.Pattern[str]:
    from templates.speech.languages import VOCABULARIES

    vocabulary = VOCABULARIES[language]
    scales = "|".join(unit.pattern for unit in vocabulary.scales)
    units = "|".join(unit.pattern for unit in vocabulary.units)
    kopecks = rf"(?:,? (?P<kopecks>\d{{1,2}}) ?{currency.hundredth.pattern}{AT_END})?"
    per = rf"(?: ?/ ?(?P<per>{units}){AT_END})?"
    return re.compile(
        rf"{NUMBER} ?(?:(?P<scale>{scales}){AT_END} ?)?{currency.unit.pattern}{AT_END}{kopecks}{per}"
    )


@lru_cache(maxsize=32)
def _hundredths(currency: Currency) -> re.Pattern[str]:
    return re.compile(rf"{NUMBER} ?(?P<scale>(?!)x)?{currency.hundredth.pattern}{AT_END}")
