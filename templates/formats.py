"""Filters that print sums, dates and greetings the way people write them (domain.md 39, 40, 43).

A float is never printed as money: 0.1 + 0.2 on a bill is a complaint. Each filter refuses what it
does not understand with a message for staff, and never shows the value.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Final

from babel.dates import format_date
from babel.numbers import (
    format_decimal,
    get_decimal_symbol,
    get_group_symbol,
    get_minus_sign_symbol,
)

from templates.errors import BadFieldValueError

LANGUAGES = ("ru", "uk", "en")
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
CACHED_DATES: Final = 1024  #: a list has few due dates, and Babel takes its time for each
_KOPECK: Final = Decimal("0.01")

#: ISO code → what customers see instead of what CLDR prints outside the currency's own country
_CURRENCY_SIGNS = {"RUB": "₽", "UAH": "₴", "KZT": "₸"}
_DEFAULT_CURRENCY = {"ru": "RUB", "uk": "UAH", "en": "RUB"}
_LONG_DATE = {"ru": "long", "uk": "long", "en": "d MMMM yyyy"}
_GREETINGS = {
    "ru": ("Доброй ночи", "Доброе утро", "Добрый день", "Добрый вечер"),
    "uk": ("Доброї ночі", "Доброго ранку", "Доброго дня", "Доброго вечора"),
    "en": ("Good night", "Good morning", "Good afternoon", "Good evening"),
}


def money(value: object, language: str, currency: str | None = None) -> str:
    """«1 200,50 ₽» from a `Decimal` or a whole number, kopecks rounded half up, no-break spaces."""
    if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
        raise BadFieldValueError(f"сумма должна быть точным десятичным числом, а пришло {kind_of(value)}")
    code = currency or _DEFAULT_CURRENCY[language]
    if code not in _CURRENCY_SIGNS:
        raise BadFieldValueError("неизвестная валюта; можно: " + ", ".join(_CURRENCY_SIGNS))
    amount = Decimal(value).quantize(_KOPECK, rounding=ROUND_HALF_UP)
    # Babel's own formatter takes longer than all the rest of a letter; its signs are used as it uses them.
    number = f"{amount:,.2f}".translate(_number_signs(language))
    return f"{number}{NO_BREAK_SPACE}{_CURRENCY_SIGNS[code]}"


def date_long(value: object, language: str) -> str:
    """«25 декабря 2026 г.», with a no-break space before «г.»."""
    return _format_date(plain_date(value), _LONG_DATE[language], language)


def date_short(value: object, language: str) -> str:
    """«25.12.2026»."""
    return _format_date(plain_date(value), "dd.MM.yyyy", language)


def greeting(value: object, language: str) -> str:
    """«Добрый день» by the recipient's local hour, 0 to 23 (domain.md 43)."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 23:
        raise BadFieldValueError("час для приветствия должен быть целым числом от 0 до 23")
    night, morning, afternoon, evening = _GREETINGS[language]
    if 5 <= value < 12:
        return morning
    if 12 <= value < 18:
        return afternoon
    return evening if 18 <= value < 23 else night


def plain_value(value: object, language: str) -> str:
    """How a field is printed without a filter; refuses what would look like a mistake in a letter."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None or isinstance(value, (float, datetime)):
        raise BadFieldValueError(f"нельзя напечатать {kind_of(value)}; уточните поле или добавьте фильтр")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return _no_narrow(format_decimal(value, locale=language, decimal_quantization=False))
    if isinstance(value, date):
        return date_short(value, language)
    raise BadFieldValueError(f"нельзя напечатать {kind_of(value)}; выберите одно значение")


def filters_for(language: str) -> dict[str, Callable[..., str]]:
    """Return the filters of this module bound to one of `LANGUAGES`."""

    def bind(filter_function: Callable[..., str]) -> Callable[..., str]:
        def bound(value: object, *arguments: str) -> str:
            return filter_function(value, language, *arguments)

        return bound

    return {function.__name__: bind(function) for function in (money, date_long, date_short, greeting)}


def plain_date(value: object) -> date:
    """The calendar day; raises `BadFieldValueError` for anything else."""
    # A datetime is a date to Python, but which day it is depends on the zone: the caller must decide.
    if isinstance(value, datetime) or not isinstance(value, date):
        raise BadFieldValueError(f"нужна дата, а пришло {kind_of(value)}")
    return value


def kind_of(value: object) -> str:
    """Name the kind of a value in plain Russian, without the value."""
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (type(None), "пустое значение"),
        (bool, "да/нет"),
        (float, "приближённое число (float)"),
        ((int, Decimal), "число"),
        (str, "текст"),
        (datetime, "дата со временем"),
        (date, "дата"),
        ((list, tuple), "список"),
        (dict, "набор полей"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "служебный объект")


@lru_cache(maxsize=CACHED_DATES)
def _format_date(value: date, pattern: str, language: str) -> str:
    return _no_narrow(format_date(value, pattern, locale=language))


@cache
def _number_signs(language: str) -> dict[int, str]:
    """What `str.translate` makes of the signs of Python's own numbers in this language."""
    signs = {",": get_group_symbol(language), ".": get_decimal_symbol(language)}
    signs["-"] = get_minus_sign_symbol(language)
    return str.maketrans({sign: _no_narrow(meant) for sign, meant in signs.items()})


def _no_narrow(text: str) -> str:
    # CLDR uses U+202F, which old mail programs show as a box.
    return text.replace("\N{NARROW NO-BREAK SPACE}", NO_BREAK_SPACE)
