"""Filters for numbers with words that agree («5 дней»), sums with words, and columns that came as text."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Final

from babel.core import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from templates.errors import BadFieldValueError
from templates.fields import clean_field
from templates.formats import NO_BREAK_SPACE, kind_of, plain_date, plain_value
from templates.number_words import digits_with_words, sum_in_words

_UNITS: Final = {
    "days": {
        "ru": ("день", "дня", "дней"),
        "uk": ("день", "дні", "днів"),
        "en": ("day", "days", "days"),
    },
    "kwh": {
        "ru": ("киловатт-час", "киловатт-часа", "киловатт-часов"),
        "uk": ("кіловат-година", "кіловат-години", "кіловат-годин"),
        "en": ("kilowatt-hour", "kilowatt-hours", "kilowatt-hours"),
    },
}
_CURRENCY: Final = {"ru": "RUB", "uk": "UAH", "en": "RUB"}
_CURRENCIES: Final = frozenset(("RUB", "UAH", "KZT"))
_YEAR: Final = {"ru": " года", "uk": " року", "en": ""}
_TEXT_DATES: Final = ("%Y-%m-%d", "%d.%m.%Y")


def counted(value: object, language: str, *forms: object) -> str:
    """«5 дней» from a number and the word's forms for 1, 2 and 5 (English: for 1 and 2)."""
    return f"{plain_value(_number(value), language)}{NO_BREAK_SPACE}{plural(value, language, *forms)}"


def plural(value: object, language: str, *forms: object) -> str:
    """The word alone, in the form that goes with the number; a fraction takes the second: «1,5 дня»."""
    words = [form for form in forms if isinstance(form, str)]
    if len(words) != len(forms) or len(words) != (2 if language == "en" else 3):
        raise BadFieldValueError("нужны формы слова для 1, 2 и 5 (по-английски для 1 и 2)")
    category = Locale(language).plural_form(abs(Decimal(_number(value))))
    return words[{"one": 0, "few": 1, "many": len(words) - 1}.get(category, 1)]


def money_long(value: object, language: str, currency: str | None = None) -> str:
    """«1 200 рублей 50 копеек»."""
    amount, code = _amount(value), _currency(currency, language)
    whole, unit, rest, hundredth = digits_with_words(amount, language, code)
    number = format_decimal(whole, locale=language).replace("\N{NARROW NO-BREAK SPACE}", NO_BREAK_SPACE)
    sign = "-" if amount < 0 and whole == 0 and rest else ""
    return f"{sign}{number}{NO_BREAK_SPACE}{unit} {rest:02d}{NO_BREAK_SPACE}{hundredth}"


def money_words(value: object, language: str, currency: str | None = None) -> str:
    """«одна тысяча двести рублей 50 копеек», as accounting documents write it."""
    return sum_in_words(_amount(value), language, _currency(currency, language))


def date_full(value: object, language: str) -> str:
    """«25 декабря 2026 года»."""
    words = format_date(plain_date(value), "d MMMM yyyy", locale=language)
    return words + _YEAR[language]


def number(value: object, language: str) -> Decimal:  # noqa: ARG001 - filters share one shape
    """A number out of a text column: «1 200,50»."""
    if isinstance(value, str):
        try:
            found = Decimal("".join(value.split()).replace(",", "."))
        except InvalidOperation:
            raise BadFieldValueError("в поле не число") from None
        # Text may say 1E+999999999, which would take a gigabyte to print.
        return Decimal(_number(clean_field("number", found)))
    return Decimal(_number(value))


def day(value: object, language: str) -> date:  # noqa: ARG001 - filters share one shape
    """A date out of a text column: «25.12.2026» or «2026-12-25»."""
    if not isinstance(value, str):
        return plain_date(value)
    for form in _TEXT_DATES:
        try:
            return _read_date(value.strip(), form)
        except ValueError:
            continue
    raise BadFieldValueError("в поле не дата")


def count_filters(language: str) -> dict[str, Callable[..., object]]:
    """The filters of this module bound to one language."""

    def bind(filter_function: Callable[..., object]) -> Callable[..., object]:
        return lambda value, *arguments: filter_function(value, language, *arguments)

    functions = (counted, plural, money_long, money_words, date_full, number, day)
    named = {function.__name__: bind(function) for function in functions}
    return named | {unit: partial(_with_unit, unit, language) for unit in _UNITS}


def _with_unit(unit: str, language: str, value: object) -> str:
    forms = _UNITS[unit][language]
    return counted(value, language, *(forms[:2] if language == "en" else forms))


def _read_date(text: str, form: str) -> date:
    return datetime.strptime(text, form).date()  # noqa: DTZ007 - a calendar day has no zone


def _number(value: object) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise BadFieldValueError(
            f"нужно точное число, а пришло {kind_of(value)}; для текста есть фильтр number"
        )
    if isinstance(value, Decimal) and not value.is_finite():
        raise BadFieldValueError("число не является обычным числом")
    return value


def _amount(value: object) -> Decimal:
    return Decimal(_number(value))


def _currency(currency: object, language: str) -> str:
    code = currency or _CURRENCY[language]
    if code not in _CURRENCIES:
        raise BadFieldValueError("неизвестная валюта; можно: " + ", ".join(sorted(_CURRENCIES)))
    return str(code)
