"""Which encoding a text file has: a byte order mark, strict UTF-8, else the look of the words.

The usual detectors take Windows-1251 lists for other encodings and would put garbage into thousands of
letters. Here the three old Russian encodings compete: letters must be as frequent as in Russian or
Ukrainian, capitals must not stand inside words, other signs must be rare, and the best must win clearly.
Anything doubtful must be named by a person.
"""

import codecs
import math
import re
from collections import Counter
from pathlib import Path
from typing import BinaryIO

from campaigns.list_errors import ListFileError

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "cp866", "koi8-r")
SAVE_AS = "Откройте файл в табличном редакторе и сохраните как «CSV UTF-8»."

_GUESSED = ("cp1251", "cp866", "koi8-r")
_CHUNK_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 16
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_USUAL_SIGNS = frozenset("«»№–—\xa0…₽’“”„")
_CASE_INSIDE = re.compile(r"[а-яёіїєґ][А-ЯЁІЇЄҐ]")
#: Letters of 1000 in Russian prose, with a share for Ukrainian ones
_FREQUENCIES = {
    **dict(zip("оеаинтсрвлк", (110, 85, 80, 74, 67, 63, 55, 47, 45, 44, 35), strict=True)),
    **dict(zip("мдпуяыьгзбч", (32, 30, 28, 26, 20, 19, 17, 17, 16, 16, 14), strict=True)),
    **dict(zip("йхжшюцщэфъё", (12, 10, 9, 7, 6, 5, 4, 3, 3, 0.5, 2), strict=True)),
    **dict(zip("іїєґ", (8, 3, 3, 0.5), strict=True)),
}
_WEIGHTS = {letter: math.log(share / 1000) for letter, share in _FREQUENCIES.items()}
_SIGN_WEIGHT = -3.0  #: of a sign that Russian texts do have
_FOREIGN_WEIGHT = -9.0
_CASE_WEIGHT = -6.0
_LEAST_SCORE = -3.8  #: Russian and Ukrainian score -2.9 to -3.3, other encodings read wrongly below -4.2
_LEAST_LEAD = 0.4
_LEAST_LETTERS_SHARE = 0.95


def detect_encoding(path: Path, named: str | None = None) -> tuple[str, bool]:
    """Return the encoding and whether only the look of the text decided.

    A byte order mark beats the name that a person gave. Raises `ListFileError`.
    """
    name = _known_name(named)
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
        marked = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)
        if marked or name:
            return marked or str(name), False
        if b"\0" in head:
            return _utf_16_without_mark(head), True
        file.seek(0)
        broken = _find_broken_utf8(file)
    if broken is None:
        return "utf-8", False
    encoding = guess_encoding(broken if head.isascii() else head + b"\n" + broken)
    if encoding is None:
        raise ListFileError(
            "encoding_unknown",
            f"Не удалось определить кодировку файла. {SAVE_AS} Или укажите кодировку явно, например cp1251.",
        )
    return encoding, True


def guess_encoding(sample: bytes) -> str | None:
    """The one of the old Russian encodings in which the bytes read as Russian, or None when in doubt."""
    scores = sorted(((_score(sample, encoding), encoding) for encoding in _GUESSED), reverse=True)
    (best, encoding), (second, _), _ = scores
    return encoding if best >= _LEAST_SCORE and best - second >= _LEAST_LEAD else None


def _score(sample: bytes, encoding: str) -> float:
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return -math.inf
    signs = Counter(sign for sign in text.lower() if ord(sign) > 127)
    total = signs.total()
    known = sum(count for sign, count in signs.items() if sign in _WEIGHTS or sign in _USUAL_SIGNS)
    if known < _LEAST_LETTERS_SHARE * total:
        return -math.inf
    weight = sum(count * _weight(sign) for sign, count in signs.items())
    return (weight + _CASE_WEIGHT * len(_CASE_INSIDE.findall(text))) / max(1, total)


def _weight(sign: str) -> float:
    return _WEIGHTS.get(sign, _SIGN_WEIGHT if sign in _USUAL_SIGNS else _FOREIGN_WEIGHT)


def _known_name(named: str | None) -> str | None:
    if named is None:
        return None
    try:
        name = codecs.lookup(named).name
    except LookupError:
        name = ""
    if name not in ENCODINGS:
        raise ListFileError(
            "encoding_unsupported", f"Кодировка должна быть одной из: {', '.join(ENCODINGS)}."
        )
    return name


def _utf_16_without_mark(head: bytes) -> str:
    """Every other byte is the page of the letter: 0 for Latin and digits, 4 for Cyrillic."""
    pages = [sum(half.count(page) for page in (0, 4)) / max(1, len(half)) for half in (head[::2], head[1::2])]
    for own, other, encoding in ((1, 0, "utf-16-le"), (0, 1, "utf-16-be")):
        if pages[own] > 0.9 and pages[other] < 0.3:
            return encoding
    raise _binary()


def _binary() -> ListFileError:
    return ListFileError("binary", f"Это двоичный файл, а не список. {SAVE_AS}")


def _find_broken_utf8(file: BinaryIO) -> bytes | None:
    """Return the bytes around the first place that is not UTF-8, or None when there is none."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    while chunk := file.read(_CHUNK_BYTES):
        if b"\0" in chunk:
            raise _binary()
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as exc:
            start = max(0, exc.start - _SAMPLE_BYTES // 2)
            return bytes(exc.object[start : start + _SAMPLE_BYTES])
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as exc:
        return bytes(exc.object)
    return None
