"""Letters: addresses of the web, Latin words, abbreviations in capitals, initials."""

import re
from typing import Final

from templates.speech.digits import in_groups
from templates.speech.numerals import cardinal
from templates.speech.vocabulary import LETTER, Vocabulary

_VOWELS: Final = frozenset("аеёиоуыэюяіїє")
_LATIN_VOWELS: Final = frozenset("aeiouy")
_SPELLED: Final = 4  #: Latin capitals up to so many are spelled
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@(?:[\w-]+\.)+[\w-]{2,}", re.A)
_WEB: Final = re.compile(
    rf"(?:https?://)?(?<![\w@.-])((?:[a-z0-9-]+\.)+(?:[a-z]{{2,}})|(?:[{LETTER}0-9-]+\.)+(?:рф|укр))"
    r"((?:/[\w.~%&=?#/+-]*[\w/])?)(?!\w)",
    re.I,
)
_WEB_PIECES: Final = re.compile(rf"[a-z]+|[{LETTER}]+|\d+|[^\s]", re.I)
_LATIN: Final = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_Y: Final = re.compile(r"(?<=[bcdfghjklmnpqrstvwxz])y(?=[bcdfghjklmnpqrstvwxz])")
_CAPITALS: Final = re.compile(rf"(?<![\w'-])[{LETTER.upper()}]{{2,8}}(?![\w'])")
_INITIALS: Final = re.compile(rf"(?<![\w'-])([{LETTER.upper()}])\. ?(?=[{LETTER.upper()}])")
_LAST_INITIAL: Final = re.compile(rf"(?<=[{LETTER}] )([{LETTER.upper()}])\.(?=[\s,;:!?)]|$)")
_MIXED_SCRIPTS: Final = re.compile(rf"(?=[a-z]*[{LETTER}])(?=[{LETTER}]*[a-z])[a-z{LETTER}]+", re.I)
_LOOKALIKES: Final = str.maketrans("aceopxyiABCEHKMOPTXI", "асеорхуіАВСЕНКМОРТХІ")
_LONE: Final = re.compile(rf"(?<![\w'-])([{LETTER.upper()}])(?![\w'.-])")
_WORDS_OF_ONE: Final = frozenset("авикоусяійєз")


def repair_scripts(text: str) -> str:
    """Latin letters that stand in a Cyrillic word because they look alike become Cyrillic."""
    return _MIXED_SCRIPTS.sub(lambda match: _repaired(match[0]), text)


def say_web_addresses(text: str, vocabulary: Vocabulary) -> str:
    """«инфо собака энерго точка ру». The scheme (https://) is not said: nobody types it."""
    text = _MAIL.sub(lambda match: _web(match[0], vocabulary), text)
    return _WEB.sub(lambda match: _web(match[1] + match[2], vocabulary), text)


def say_letters(text: str, vocabulary: Vocabulary) -> str:
    """Latin words as they sound, abbreviations and initials by the names of their letters."""
    text = _LATIN.sub(lambda match: latin_word(match[0], vocabulary), text)
    text = _CAPITALS.sub(lambda match: _capitals(match[0], vocabulary), text)
    text = _INITIALS.sub(lambda match: f"{_name(match[1], vocabulary)} ", text)
    text = _LAST_INITIAL.sub(lambda match: _name(match[1], vocabulary), text)
    return _LONE.sub(
        lambda match: match[0] if match[1].lower() in _WORDS_OF_ONE else _name(match[1], vocabulary), text
    )


def latin_word(word: str, vocabulary: Vocabulary) -> str:
    """A Latin word in Cyrillic: a known one, a spelled one, or its sounds."""
    low = word.lower()
    if low in vocabulary.latin_words:
        return vocabulary.latin_words[low]
    if "-" in word:
        return "-".join(latin_word(part, vocabulary) for part in word.split("-"))
    if (word.isupper() and len(word) <= _SPELLED) or not _LATIN_VOWELS & set(low) or len(word) == 1:
        return " ".join(vocabulary.latin_letters[letter] for letter in low)
    made = vocabulary.latin_start + low[1:] if low[0] == "e" else low
    made = _Y.sub(vocabulary.latin_y, made)
    for sound, written in vocabulary.latin_sounds:
        made = made.replace(sound, written)
    return made


def _web(address: str, vocabulary: Vocabulary) -> str:
    names = {".": vocabulary.point, "-": vocabulary.dash, ",": vocabulary.comma}
    pieces = []
    for piece in _WEB_PIECES.findall(address):
        if piece.isascii() and piece.isalpha():
            pieces.append(latin_word(piece, vocabulary))
        elif piece.isdecimal():
            is_short = len(piece) < 4 and piece[0] != "0"
            pieces.append(
                cardinal(int(piece), vocabulary.language) if is_short else in_groups(piece, vocabulary)
            )
        else:
            pieces.append(names.get(piece) or vocabulary.signs.get(piece, piece))
    return " ".join(pieces)


def _capitals(word: str, vocabulary: Vocabulary) -> str:
    if word in vocabulary.abbreviations:
        return vocabulary.abbreviations[word]
    vowels = _VOWELS & set(word.lower())
    if not vowels or not set(word.lower()) - _VOWELS:
        return " ".join(_name(letter, vocabulary) for letter in word)
    return word.lower()


def _name(letter: str, vocabulary: Vocabulary) -> str:
    return vocabulary.cyrillic_letters.get(letter.lower(), letter.lower())


def _repaired(word: str) -> str:
    latin = {letter for letter in word if letter.isascii()}
    if all(ord(letter) in _LOOKALIKES for letter in latin):
        return word.translate(_LOOKALIKES)
    # Not a slip of the keyboard: the parts are said one by one.
    return re.sub(r"(?<=[A-Za-z])(?=[^\W\dA-Za-z])|(?<=[^\W\dA-Za-z])(?=[A-Za-z])", " ", word)
