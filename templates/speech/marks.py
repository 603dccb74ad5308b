"""The rim: signs of any script into those the rules know, at first; words and pauses alone, at last."""

import re
import unicodedata
from typing import Final

from templates.errors import UnspeakableTextError
from templates.speech.vocabulary import LETTER, Vocabulary

_KEPT: Final = {"№": "№", "™": "", "®": "", "©": "©"}
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_APOSTROPHES: Final = dict.fromkeys(map(ord, "’ʼ‘`´"), "'")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufe0f]")
_SPACES: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r"([.,!?;:]?) ?\n[\s]*(?:[-•*·] )?")
_DASH: Final = re.compile(r" +-+ +| +-+(?=\w)|-{2,}")
_SLASH: Final = re.compile(r" ?/ ?")
_QUOTES: Final = re.compile('[«»"“”„‟‚‹›\x60]')
_BRACKETS: Final = re.compile(r" ?[()\[\]{}]+ ?")
_ALLOWED: Final = re.compile(rf"[{LETTER}' .,!?;:-]*", re.I)
_PAUSES: Final = re.compile(r"(?: *([.,!?;:]))+")
_STRONGEST: Final = "!?.;:,"


def prepare(text: str) -> str:
    """One way to write each sign: plain spaces, hyphens, apostrophes and digits."""
    text = _INVISIBLE.sub("", text.strip())
    text = "".join(_plain(character) for character in text)
    text = text.translate(_DASHES).translate(_APOSTROPHES)
    return _SPACES.sub(" ", text)


def finish(text: str, vocabulary: Vocabulary) -> str:
    """Words and pauses; raises `UnspeakableTextError` for a sign that no rule can say."""
    text = _LINES.sub(lambda match: f"{match[1] or '.'} ", text)
    text = _QUOTES.sub("", text)
    text = _BRACKETS.sub(", ", text)
    text = _DASH.sub(", ", text)
    text = re.sub(rf" ?/ ?(?={vocabulary.slash}(?!\w))", " ", text)
    text = _SLASH.sub(f" {vocabulary.slash} ", text)
    text = "".join(_spoken(character, vocabulary) for character in text)
    text = _PAUSES.sub(_one_pause, text)
    text = re.sub(r"(?<![\w])['-]+|['-]+(?![\w])", " ", text)
    text = re.sub(r"([.,!?;:])(?=\w)", r"\1 ", text)
    text = _SPACES.sub(" ", text).strip(" ,;:")
    if not _ALLOWED.fullmatch(text):
        left = sorted(set(_ALLOWED.sub("", text)))
        raise UnspeakableTextError("эти знаки нельзя произнести: " + " ".join(left))
    return text


def _plain(character: str) -> str:
    if character in _KEPT:
        return _KEPT[character]
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character.isascii() or unicodedata.category(character) == "Mn":
        return character if character.isascii() else ""
    plain = unicodedata.normalize("NFKC", character)
    if len(plain) > 1 or not plain.isalpha():
        return plain if character not in "½¼¾" else plain.replace("\N{FRACTION SLASH}", "/")
    base = unicodedata.normalize("NFD", plain)[0]
    return base if base.isascii() else plain


def _spoken(character: str, vocabulary: Vocabulary) -> str:
    if character in vocabulary.signs:
        return f" {vocabulary.signs[character]} "
    other = vocabulary.foreign_letters.get(character.lower())
    if other is None:
        return character
    return other.capitalize() if character.isupper() else other


def _one_pause(match: re.Match[str]) -> str:
    return min(match[0].replace(" ", ""), key=_STRONGEST.index)
