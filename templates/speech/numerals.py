"""Numbers in words in any case and gender, Russian and Ukrainian: whole, ordinal, with a fraction, counted.

The nominative comes from `templates.number_words`; the dictionaries decline each word of it. What they do not
know, or read as another word («сорок» of magpies), stands here.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from templates.declension import Case
from templates.morphology import declined
from templates.number_words import agreeing, number_in_words

Gender = Literal["m", "f", "n"]
Forms = tuple[str, str, str]  #: with 1, with 2, with 5: день, дня, дней

GROUPS: Final[Mapping[str, tuple[tuple[Forms, Gender], ...]]] = {
    "ru": (
        (("тысяча", "тысячи", "тысяч"), "f"),
        (("миллион", "миллиона", "миллионов"), "m"),
        (("миллиард", "миллиарда", "миллиардов"), "m"),
    ),
    "uk": (
        (("тисяча", "тисячі", "тисяч"), "f"),
        (("мільйон", "мільйони", "мільйонів"), "m"),
        (("мільярд", "мільярди", "мільярдів"), "m"),
    ),
}
MOST_DECIMALS: Final = 4
_OBLIQUE: Final = (Case.GENITIVE, Case.DATIVE, Case.INSTRUMENTAL, Case.LOCATIVE)


def _forms(genitive: str, dative: str, instrumental: str, locative: str) -> Mapping[Case, str]:
    return dict(zip(_OBLIQUE, (genitive, dative, instrumental, locative), strict=True))


_OWN: Final[Mapping[str, Mapping[str, Mapping[Case, str]]]] = {
    "ru": {
        "ноль": _forms("нуля", "нулю", "нулём", "нуле"),
        "сто": _forms("ста", "ста", "ста", "ста"),
        "одно": _forms("одного", "одному", "одним", "одном"),
    },
    "uk": {
        "нуль": _forms("нуля", "нулю", "нулем", "нулі"),
        "один": _forms("одного", "одному", "одним", "одному"),
        "одне": _forms("одного", "одному", "одним", "одному"),
        "вісім": _forms("восьми", "восьми", "вісьмома", "восьми"),
        "сорок": _forms("сорока", "сорока", "сорока", "сорока"),
        "сто": _forms("ста", "ста", "ста", "ста"),
    },
}
_NEUTER_ONE: Final = {"ru": "одно", "uk": "одне"}

_ORDINALS: Final = {
    "ru": "нулевой первый второй третий четвёртый пятый шестой седьмой восьмой девятый десятый одиннадцатый"
    " двенадцатый тринадцатый четырнадцатый пятнадцатый шестнадцатый семнадцатый восемнадцатый девятнадцатый",
    "uk": "нульовий перший другий третій четвертий п'ятий шостий сьомий восьмий дев'ятий десятий одинадцятий"
    " дванадцятий тринадцятий чотирнадцятий п'ятнадцятий шістнадцятий сімнадцятий вісімнадцятий"
    " дев'ятнадцятий",
}
_ORDINAL_TENS: Final = {
    "ru": "двадцатый тридцатый сороковой пятидесятый шестидесятый семидесятый восьмидесятый девяностый",
    "uk": "двадцятий тридцятий сороковий п'ятдесятий шістдесятий сімдесятий вісімдесятий дев'яностий",
}
_ORDINAL_HUNDREDS: Final = {
    "ru": "сотый двухсотый трёхсотый четырёхсотый пятисотый шестисотый семисотый восьмисотый девятисотый",
    "uk": "сотий двохсотий трьохсотий чотирьохсотий п'ятисотий шестисотий семисотий восьмисотий дев'ятисотий",
}
_THOUSANDTH: Final = {"ru": "тысячный", "uk": "тисячний"}
_WHOLE: Final[Mapping[str, Forms]] = {
    "ru": ("целая", "целых", "целых"),
    "uk": ("ціла", "цілі", "цілих"),
}
_PARTS: Final[Mapping[str, tuple[Forms, ...]]] = {
    "ru": (
        ("десятая", "десятых", "десятых"),
        ("сотая", "сотых", "сотых"),
        ("тысячная", "тысячных", "тысячных"),
        ("десятитысячная", "десятитысячных", "десятитысячных"),
    ),
    "uk": (
        ("десята", "десяті", "десятих"),
        ("сота", "соті", "сотих"),
        ("тисячна", "тисячні", "тисячних"),
        ("десятитисячна", "десятитисячні", "десятитисячних"),
    ),
}


def cardinal(number: int, language: str, case: Case = Case.NOMINATIVE, gender: Gender = "m") -> str:
    """«двести», «двумстам», «двадцать одна»; from 0 to `number_words.LIMIT`."""
    if number == 0:
        return _word(number_in_words(0, language), language, case)
    words: list[str] = []
    for power in (3, 2, 1, 0):
        group = number // 1000**power % 1000
        if not group:
            continue
        forms, group_gender = GROUPS[language][power - 1] if power else (None, gender)
        words += _group(group, language, case, group_gender)
        if forms is not None:
            words.append(counted(group, forms, language, case, group_gender))
    return " ".join(words)


def ordinal(number: int, language: str, case: Case = Case.NOMINATIVE, gender: Gender = "m") -> str:
    """«двадцать пятого», «две тысячи двадцать шестом»; from 0."""
    *front, last = _ordinal_words(number, language)
    if language == "uk" and case is Case.LOCATIVE and gender != "f":
        case = Case.DATIVE  # «шостому році»; «шостім», which the dictionary prefers, is rare
    return " ".join([*front, declined(last, language, case, gender=gender)])


def counted(
    number: int, forms: Forms, language: str, case: Case = Case.NOMINATIVE, gender: Gender = "m"
) -> str:
    """The noun that goes with a number in a case: 21 день, к двадцати одному дню, двумя тысячами."""
    is_one = number % 10 == 1 and number % 100 != 11
    if case is Case.NOMINATIVE or (case is Case.ACCUSATIVE and not (is_one and gender == "f")):
        return agreeing(number, forms)
    return declined(forms[0], language, case, is_plural=not is_one)


def decimal_in_words(number: Decimal, language: str, case: Case = Case.NOMINATIVE) -> str:
    """«одна целая пять десятых»; digits behind the fourth are not known here."""
    whole, _, rest = f"{number:f}".partition(".")
    rest = rest.rstrip("0")
    if not 0 < len(rest) <= MOST_DECIMALS:
        raise ValueError("one to four digits behind the point")
    part = int(rest)
    return " ".join(
        (
            cardinal(int(whole), language, case, "f"),
            _share(int(whole), _WHOLE[language], language, case),
            cardinal(part, language, case, "f"),
            _share(part, _PARTS[language][len(rest) - 1], language, case),
        )
    )


def _share(number: int, forms: Forms, language: str, case: Case) -> str:
    is_one = number % 10 == 1 and number % 100 != 11
    if is_one:
        return declined(forms[0], language, case, gender="f") if case is not Case.NOMINATIVE else forms[0]
    if case in (Case.NOMINATIVE, Case.ACCUSATIVE):
        return agreeing(number, forms)
    return declined(forms[0], language, case, is_plural=True)


def _group(number: int, language: str, case: Case, gender: Gender) -> list[str]:
    words = number_in_words(number, language, is_feminine=gender == "f").split()
    if gender == "n" and words[-1] == "один":
        words[-1] = _NEUTER_ONE[language]
    is_one = words[-1] == "одна"
    if case is Case.ACCUSATIVE:
        return [*words[:-1], declined("одна", language, case, gender="f")] if is_one else words
    return [_word(word, language, case) for word in words]


@lru_cache(maxsize=1024)
def _word(word: str, language: str, case: Case) -> str:
    if case in (Case.NOMINATIVE, Case.ACCUSATIVE):
        return word
    own = _OWN[language].get(word)
    return own[case] if own is not None else declined(word, language, case)


def _ordinal_words(number: int, language: str) -> list[str]:
    if number % 1000 == 0 and number:
        return _round_thousands(number // 1000, language)
    rest = number % 100
    if rest == 0 and number:
        last, ending = number % 1000, _ORDINAL_HUNDREDS[language].split()[number % 1000 // 100 - 1]
    elif rest < 20:
        last, ending = rest, _ORDINALS[language].split()[rest]
    elif rest % 10 == 0:
        last, ending = rest, _ORDINAL_TENS[language].split()[rest // 10 - 2]
    else:
        last, ending = rest % 10, _ORDINALS[language].split()[rest % 10]
    front = number - last
    return [*([number_in_words(front, language)] if front else []), ending]


def _round_thousands(thousands: int, language: str) -> list[str]:
    """«двухтысячный»: the number of thousands stands in the genitive, in one word."""
    front = "" if thousands == 1 else cardinal(thousands, language, Case.GENITIVE).replace(" ", "")
    return [front + _THOUSANDTH[language]]
