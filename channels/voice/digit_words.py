"""The words of single digits, to read back what was typed."""

from collections.abc import Mapping
from typing import Final

from channels.voice.sound import Phrase

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ru": ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"),
    "uk": ("нуль", "один", "два", "три", "чотири", "п'ять", "шість", "сім", "вісім", "дев'ять"),
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}


def digit_phrase(digit: str, language: str) -> Phrase:
    """One digit (0 to 9) as it is said; a language without words of its own speaks Russian."""
    return Phrase(_WORDS.get(language, _WORDS["ru"])[int(digit)], language if language in _WORDS else "ru")


def digit_phrases(language: str) -> tuple[Phrase, ...]:
    """All ten."""
    return tuple(digit_phrase(digit, language) for digit in "0123456789")
