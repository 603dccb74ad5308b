"""Digits that name something: telephones, accounts, numbers of contracts. In groups, with pauses."""

import re
from functools import lru_cache
from typing import Final

from templates.speech.context import word_before
from templates.speech.numerals import cardinal
from templates.speech.vocabulary import LETTER, Vocabulary

PAUSE: Final = ", "
_LONG: Final = 7  #: from so many digits on it is no amount
_NAMED: Final = 5  #: the same behind «счёт №»
_PHONE_SHAPES: Final = {10: (3, 3, 2, 2), 11: (1, 3, 3, 2, 2), 12: (3, 2, 3, 2, 2)}
_PHONE: Final = re.compile(r"(?<![\w.,/-])(?!\d{4}-\d\d-\d\d(?!\d))(\+)?(\d[\d ()-]{5,22}\d)(?![\w-]|[.,]\d)")
_TELEPHONE: Final = re.compile(r"(?:тел|моб|факс|звон|дзвон|номер)\w*\.?:? ?$", re.I)
_RUN: Final = re.compile(r"(?<![\d.,/])\d+(?![\d]|[.,/]\d)")
_LETTERS_AND_DIGITS: Final = re.compile(
    rf"(?<![\w-])(?=[{LETTER}-]*\d)([{LETTER}]{{1,4}})(-?)(\d[\d{LETTER}-]*)(?![\w])", re.I
)
_DIGITS_AND_LETTER: Final = re.compile(rf"(?<![\w.,/-])(\d{{1,4}})-?([{LETTER}])(?![\w'.-])", re.I)
_NUMBER_SIGN: Final = re.compile(r"№+ ?|(?<!\w)[Nn][oо]?\. ?(?=\d)")


def say_phones(text: str, vocabulary: Vocabulary) -> str:
    """Telephone numbers, in the groups in which they are written if these are short."""
    return _PHONE.sub(lambda match: _phone(match, vocabulary), text)


def say_identifiers(text: str, vocabulary: Vocabulary) -> str:
    """Numbers of accounts, documents and contracts, of letters too."""
    text = _LETTERS_AND_DIGITS.sub(lambda match: _mixed(match[0], vocabulary), text)
    text = _DIGITS_AND_LETTER.sub(lambda match: _mixed(match[1] + match[2], vocabulary), text)
    text = _RUN.sub(lambda match: _run(match, vocabulary), text)
    return _NUMBER_SIGN.sub(f"{vocabulary.number_word} ", text)


def in_groups(digits: str, vocabulary: Vocabulary) -> str:
    """A run of digits in groups of three and two, zeros in front said one by one."""
    return PAUSE.join(_group(group, vocabulary) for group in _split(digits, _shape(len(digits))))


def _phone(match: re.Match[str], vocabulary: Vocabulary) -> str:
    plus, written = match[1], match[2]
    digits = re.sub(r"\D", "", written)
    groups = re.findall(r"\d+", written)
    is_told = bool(_TELEPHONE.search(match.string[: match.start()][-20:]))
    has_marks = "(" in written or re.search(r"\d-\d{2,3}-\d", written) is not None
    is_plain = len(groups) == 1 and len(digits) == 11 and digits[0] in "78"
    if len(digits) > 15 or not (plus or (has_marks and len(digits) >= 6) or is_told or is_plain):
        return match[0]
    if len(groups) == 1:
        groups = _split(digits, _PHONE_SHAPES.get(len(digits)) or _shape(len(digits)))
    else:
        groups = [part for group in groups for part in _split(group, _shape(len(group)))]
    words = PAUSE.join(_group(group, vocabulary) for group in groups)
    return f"{vocabulary.signs['+']} {words}" if plus else words


def _run(match: re.Match[str], vocabulary: Vocabulary) -> str:
    digits = match[0]
    is_named = re.fullmatch(vocabulary.identifier_words, word_before(match), re.I) is not None
    is_identifier = len(digits) >= _LONG or (is_named and len(digits) >= _NAMED)
    if is_identifier or (digits[0] == "0" and len(digits) > 1):
        return in_groups(digits, vocabulary)
    return digits


def _mixed(written: str, vocabulary: Vocabulary) -> str:
    """«Д-104», «З-2026-311», «АБ123», «12а»."""
    parts = re.findall(rf"\d+|[{LETTER}]|-", written, re.I)
    words = [
        in_groups(part, vocabulary)
        if part.isdecimal() and (len(part) >= _NAMED or part[0] == "0")
        else cardinal(int(part), vocabulary.language)
        if part.isdecimal()
        else vocabulary.dash
        if part == "-"
        else vocabulary.cyrillic_letters.get(part.lower(), part.lower())
        for part in parts
    ]
    return " ".join(words)


def _group(digits: str, vocabulary: Vocabulary) -> str:
    rest = digits.lstrip("0")
    zeros = [cardinal(0, vocabulary.language)] * (len(digits) - len(rest))
    return " ".join([*zeros, *([cardinal(int(rest), vocabulary.language)] if rest else [])])


@lru_cache(maxsize=64)
def _shape(length: int) -> tuple[int, ...]:
    threes, rest = divmod(length, 3)
    if rest == 1 and threes:
        return (3,) * (threes - 1) + (2, 2)
    return (3,) * threes + ((rest,) if rest else ())


def _split(digits: str, shape: tuple[int, ...]) -> list[str]:
    groups, position = [], 0
    for size in shape:
        groups.append(digits[position : position + size])
        position += size
    return groups
