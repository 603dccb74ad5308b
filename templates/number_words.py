"""Sums in words in Russian and Ukrainian: «одна тысяча двести рублей 50 копеек».

A small table instead of a library: the only one for it takes an int for kopecks and prints «одна миллион»
with some currencies (tried), and a bill is no place for either.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from templates.errors import BadFieldValueError

LIMIT: Final = 10**12  #: sums below it can be written

_UNITS: Final = {
    "ru": "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать "
    "четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
    "uk": "нуль один два три чотири п'ять шість сім вісім дев'ять десять одинадцять дванадцять тринадцять "
    "чотирнадцять п'ятнадцять шістнадцять сімнадцять вісімнадцять дев'ятнадцять",
}
_TENS: Final = {
    "ru": "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
    "uk": "двадцять тридцять сорок п'ятдесят шістдесят сімдесят вісімдесят дев'яносто",
}
_HUNDREDS: Final = {
    "ru": "сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот",
    "uk": "сто двісті триста чотириста п'ятсот шістсот сімсот вісімсот дев'ятсот",
}
_FEMININE: Final = {"ru": {1: "одна", 2: "две"}, "uk": {1: "одна", 2: "дві"}}
_GROUPS: Final = {
    "ru": (
        ("тысяча", "тысячи", "тысяч"),
        ("миллион", "миллиона", "миллионов"),
        ("миллиард", "миллиарда", "миллиардов"),
    ),
    "uk": (
        ("тисяча", "тисячі", "тисяч"),
        ("мільйон", "мільйони", "мільйонів"),
        ("мільярд", "мільярди", "мільярдів"),
    ),
}
#: (language, currency) → forms of the unit, whether it is feminine, forms of the hundredth
_MONEY: Final = {
    ("ru", "RUB"): (("рубль", "рубля", "рублей"), False, ("копейка", "копейки", "копеек")),
    ("ru", "UAH"): (("гривна", "гривны", "гривен"), True, ("копейка", "копейки", "копеек")),
    ("ru", "KZT"): (("тенге", "тенге", "тенге"), False, ("тиын", "тиына", "тиынов")),
    ("uk", "RUB"): (("рубль", "рублі", "рублів"), False, ("копійка", "копійки", "копійок")),
    ("uk", "UAH"): (("гривня", "гривні", "гривень"), True, ("копійка", "копійки", "копійок")),
    ("uk", "KZT"): (("теньге", "теньге", "теньге"), False, ("тийн", "тийни", "тийнів")),
}


def agreeing(number: int, forms: tuple[str, str, str]) -> str:
    """The form of a word that goes with a whole number: 1 рубль, 2 рубля, 5 рублей."""
    last_two, last = abs(number) % 100, abs(number) % 10
    if last == 1 and last_two != 11:
        return forms[0]
    return forms[1] if last in (2, 3, 4) and last_two not in (12, 13, 14) else forms[2]


def number_in_words(number: int, language: str, *, is_feminine: bool = False) -> str:
    """A whole number from 0 to `LIMIT`, in words."""
    if number == 0:
        return _UNITS[language].split()[0]
    words: list[str] = []
    for power in (3, 2, 1, 0):
        group = number // 1000**power % 1000
        if group:
            words += _below_thousand(group, language, is_feminine=is_feminine if power == 0 else power == 1)
            words += [agreeing(group, _GROUPS[language][power - 1])] if power else []
    return " ".join(words)


def sum_in_words(amount: Decimal, language: str, currency: str) -> str:
    """«одна тысяча двести рублей 50 копеек»; raises `BadFieldValueError` out of range or for English."""
    if (language, currency) not in _MONEY:
        raise BadFieldValueError("сумма прописью бывает только на русском и украинском языках")
    unit, is_feminine, hundredth = _MONEY[language, currency]
    kopecks = int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if not 0 <= kopecks < LIMIT * 100:
        raise BadFieldValueError("такую сумму нельзя написать прописью")
    whole, rest = divmod(kopecks, 100)
    words = number_in_words(whole, language, is_feminine=is_feminine)
    return f"{words} {agreeing(whole, unit)} {rest:02d} {agreeing(rest, hundredth)}"


def digits_with_words(amount: Decimal, language: str, currency: str) -> tuple[int, str, int, str]:
    """Whole units, their word, hundredths, their word; raises `BadFieldValueError`."""
    if (language, currency) not in _MONEY:
        raise BadFieldValueError("слова к сумме есть только на русском и украинском языках")
    unit, _, hundredth = _MONEY[language, currency]
    kopecks = int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    whole, rest = divmod(abs(kopecks), 100)
    return whole if kopecks >= 0 else -whole, agreeing(whole, unit), rest, agreeing(rest, hundredth)


def _below_thousand(number: int, language: str, *, is_feminine: bool) -> list[str]:
    words = []
    if number >= 100:
        words.append(_HUNDREDS[language].split()[number // 100 - 1])
    rest = number % 100
    if rest >= 20:
        words.append(_TENS[language].split()[rest // 10 - 2])
        rest %= 10
    if rest:
        word = _UNITS[language].split()[rest]
        words.append(_FEMININE[language].get(rest, word) if is_feminine else word)
    return words
