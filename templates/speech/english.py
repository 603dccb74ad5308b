"""English texts in words: sums, dates, times, numbers. Cyrillic names are written in Latin letters."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Final

import iuliia

from templates.errors import UnspeakableTextError

_UNITS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
).split()
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_GROUPS: Final = ("", "thousand", "million", "billion")
_IRREGULAR: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_MONTHS: Final = (
    "January February March April May June July August September October November December"
).split()
_NUMBER: Final = r"(?<![\w.,/-])(-)?(\d{1,3}(?:[ ,]\d{3})+(?![\d])|\d{1,12})(?:\.(\d{1,6})(?!\d))?"
_MONEY: Final = (
    (r"(?:₽|RUB|roubles?|rubles?)", "rouble", "kopeck"),
    (r"(?:₴|UAH|hryvnias?)", "hryvnia", "kopiyka"),
    (r"(?:₸|KZT|tenge)", "tenge", "tiyn"),
    (r"(?:€|EUR|euros?)", "euro", "cent"),
    (r"(?:\$|USD|dollars?)", "dollar", "cent"),
)
_MEASURES: Final = (
    (r"%", "per cent", "per cent"),
    (r"(?:kWh|кВт[·*.]?ч)", "kilowatt-hour", "kilowatt-hours"),
    (r"kW", "kilowatt", "kilowatts"),
    (r"kV", "kilovolt", "kilovolts"),
    (r"Gcal", "gigacalorie", "gigacalories"),
    (r"m3", "cubic metre", "cubic metres"),
    (r"m2", "square metre", "square metres"),
    (r"km", "kilometre", "kilometres"),
    (r"h(?:rs?)?\.?", "hour", "hours"),
    (r"min\.?", "minute", "minutes"),
)
_SIGNS: Final = {
    "@": "at", "&": "and", "+": "plus", "=": "equals", "#": "number", "%": "per cent", "*": "star",
    "_": "underscore", "<": "less than", ">": "more than", "§": "section", "№": "number", "°": "degrees",
    "₽": "roubles", "₴": "hryvnias", "₸": "tenge", "$": "dollars", "€": "euros", "~": "about", "·": "by",
    "×": "by", "£": "pounds", "\\": "backslash", "|": "bar",
}  # fmt: skip
_UKRAINIAN: Final = str.maketrans(
    {"і": "i", "ї": "i", "є": "ie", "ґ": "g", "І": "I", "Ї": "I", "Є": "Ie", "Ґ": "G"}
)
_WEB: Final = re.compile(r"(?:https?://)?((?:[\w.+-]+@)?(?:[\w-]+\.)+[a-z]{2,}(?:/[\w/.-]*\w)?)(?!\w)", re.I)
_PHONE: Final = re.compile(r"(?<![\w.,])(\+?\d[\d ()-]{6,20}\d)(?![\w])")
_DATE: Final = re.compile(
    r"(?<![\w.,/-])(?:(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})|(?P<y2>\d{4})-(?P<m2>\d\d)-(?P<d2>\d\d)"
    rf"|(?P<d3>\d{{1,2}}) (?P<name>{'|'.join(_MONTHS)})(?:,? (?P<y3>\d{{4}}))?)(?![\w-]|\.\d)"
)
_TIME: Final = re.compile(r"(?<![\w.,:])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])")
_ACCOUNT: Final = re.compile(r"0\d+|\d{7,}")
_LEFT: Final = re.compile(r"\d+")
_ALLOWED: Final = re.compile(r"[A-Za-z' .,!?;:-]*")


def spell_out_english(text: str) -> str:
    """The words of an English text; raises `UnspeakableTextError`."""
    text = _WEB.sub(lambda match: _web(match[1]), text)
    text = re.sub(r"([$€₽₴₸£]) ?(\d[\d ,.]*\d|\d)", r"\2 \1", text)
    text = re.sub(r"(?<!\w)No\.? ?(?=\d)", "number ", text)
    text = _PHONE.sub(_phone, text)
    text = _DATE.sub(_date, text)
    text = _TIME.sub(_time, text)
    for pattern, unit, hundredth in _MONEY:
        said = partial(_sum, unit=unit, hundredth=hundredth)
        text = re.sub(rf"{_NUMBER} ?{pattern}(?!\w)", said, text)
    for pattern, one, many in _MEASURES:
        text = re.sub(rf"{_NUMBER} ?{pattern}(?!\w)", partial(_measure, one=one, many=many), text)
    text = re.sub(_NUMBER, _words, text)
    text = _LEFT.sub(lambda match: f" {_digits(match[0])} ", text)
    return _finished(text)


def english_number(number: int) -> str:
    """«one thousand two hundred and five», British."""
    if number < 20:
        return _UNITS[number]
    if number < 100:
        rest = f"-{_UNITS[number % 10]}" if number % 10 else ""
        return _TENS[number // 10 - 2] + rest
    if number < 1000:
        rest = f" and {english_number(number % 100)}" if number % 100 else ""
        return f"{_UNITS[number // 100]} hundred{rest}"
    power = (len(str(number)) - 1) // 3
    head, rest_number = divmod(number, 1000**power)
    rest = f" {'and ' if rest_number < 100 else ''}{english_number(rest_number)}" if rest_number else ""
    return f"{english_number(head)} {_GROUPS[power]}{rest}"


def _ordinal(number: int) -> str:
    front, sign, last = english_number(number).rpartition("-")
    if last in _IRREGULAR:
        return front + sign + _IRREGULAR[last]
    return front + sign + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def _words(match: re.Match[str]) -> str:
    if _ACCOUNT.fullmatch(match[2]) and not match[3]:
        return _digits(match[2])  # a zero in front is part of an account number
    words = english_number(int(re.sub(r"[ ,]", "", match[2])))
    if match[3]:
        words += f" point {_digits(match[3])}"
    return ("minus " if match[1] else "") + words


def _measure(match: re.Match[str], one: str, many: str) -> str:
    return f"{_words(match)} {one if match[2] == '1' and not match[3] else many}"


def _sum(match: re.Match[str], unit: str, hundredth: str) -> str:
    if match[3] and len(match[3]) > 2:
        return f"{_words(match)} {_plural(unit)}"
    whole = int(re.sub(r"[ ,]", "", match[2]))
    rest = int(Decimal(f"0.{match[3] or 0}") * 100)
    parts = [(whole, unit)] if whole or not rest else []
    parts += [(rest, hundredth)] if rest else []
    words = " ".join(f"{english_number(n)} {name if n == 1 else _plural(name)}" for n, name in parts)
    return ("minus " if match[1] else "") + words


def _plural(name: str) -> str:
    return name if name == "tenge" else name + "s"


def _date(match: re.Match[str]) -> str:
    groups = match.groupdict()
    day = int(groups["d"] or groups["d2"] or groups["d3"])
    month = _MONTHS.index(groups["name"]) + 1 if groups["name"] else int(groups["m"] or groups["m2"])
    year = groups["y"] or groups["y2"] or groups["y3"]
    try:
        date(int(year or 2000), month, day)
    except ValueError:
        return match[0]
    words = f"the {_ordinal(day)} of {_MONTHS[month - 1]}"
    return f"{words} {english_number(int(year))}" if year else words


def _time(match: re.Match[str]) -> str:
    hours, minutes = int(match[1]), int(match[2])
    if not minutes:
        return f"{english_number(hours)} o'clock"
    return f"{english_number(hours)} {'oh ' if minutes < 10 else ''}{english_number(minutes)}"


def _phone(match: re.Match[str]) -> str:
    groups = re.findall(r"\d+", match[0])
    if not (match[0].startswith("+") or re.search(r"[()-]", match[0]) or len(groups) == 1):
        return match[0]
    words = ", ".join(_digits(group) for group in groups)
    return f"plus {words}" if match[0].startswith("+") else words


def _digits(digits: str) -> str:
    return " ".join(_UNITS[int(digit)] for digit in digits)


def _web(address: str) -> str:
    for sign, word in ((".", "dot"), ("@", "at"), ("/", "slash"), ("-", "dash"), ("_", "underscore")):
        address = address.replace(sign, f" {word} ")
    return re.sub(r"\d+", lambda match: f" {_digits(match[0])} ", address)


def _finished(text: str) -> str:
    text = text.translate(_UKRAINIAN)
    text = iuliia.ICAO_DOC_9303.translate(text)
    text = re.sub(r"([.,!?;:]?) ?\n\s*", lambda match: f"{match[1] or '.'} ", text)
    text = re.sub("[«»\"“”„]|(?<!\\w)'|'(?!\\w)", "", text)
    text = re.sub(r" ?[()\[\]{}]+ ?| -+ |-{2,}", ", ", text)
    text = re.sub(r" ?/ ?", " or ", text)
    text = "".join(f" {_SIGNS[sign]} " if sign in _SIGNS else sign for sign in text)
    text = "".join(_base(letter) for letter in text)
    text = re.sub(
        r"(?: *([.,!?;:]))+", lambda match: min(match[0].replace(" ", ""), key="!?.;:,".index), text
    )
    text = re.sub(r"([.,!?;:])(?=\w)", r"\1 ", text)
    text = re.sub(r"(?<!\w)-+|-+(?!\w)", " ", text)
    text = re.sub(r" +", " ", text).strip(" ,;:")
    if not _ALLOWED.fullmatch(text):
        raise UnspeakableTextError(
            "эти знаки нельзя произнести: " + " ".join(sorted(set(_ALLOWED.sub("", text))))
        )
    return text


def _base(letter: str) -> str:
    return letter if letter.isascii() else unicodedata.normalize("NFD", letter)[0]
