"""Writing Russian and Ukrainian in Latin letters, so that a text fits into GSM-7 (domain: section 3).

Only schemes whose letters GSM-7 has are offered: GOST 7.79 A has diacritics, its system B a backtick, and
either would leave the text in UCS-2. Ukrainian letters go by the Cabinet's resolution 55 of 2010 whatever
the scheme. Signs that typography brings along become plain ones.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Final

import iuliia


class Scheme(StrEnum):
    """How Cyrillic is written in Latin letters."""

    #: as on the signs of the Moscow metro: short and easily read
    MOSMETRO = "mosmetro"
    #: GOST R 7.0.34-2014, the simplified scheme for documents
    GOST_7034 = "gost_7034"
    #: GOST R 52535.1-2006, passports before 2014
    GOST_52535 = "gost_52535"
    #: ICAO Doc 9303, passports
    ICAO_DOC_9303 = "icao_doc_9303"
    #: as the Russian Wikipedia writes names
    WIKIPEDIA = "wikipedia"
    #: as on maps
    YANDEX_MAPS = "yandex_maps"


#: What typography brings into texts → what GSM-7 has for it.
PLAIN_SIGNS: Final = str.maketrans(
    {
        **dict.fromkeys("«»„“”″", '"'),
        **dict.fromkeys("‘’‚′`ʼ", "'"),
        **dict.fromkeys("–—−‑‐", "-"),
        **dict.fromkeys("\u00a0\u2009\u202f\u2007\t", " "),
        "№": "N",
        "…": "...",
        "×": "x",
        "°": " gr.",
        "₽": "rub.",
        "₴": "grn.",
        "•": "-",
        "\u00ad": "",
        "\u200b": "",
    }
)
_UKRAINIAN_ONLY: Final = frozenset("ґєіїҐЄІЇ")
_UKRAINIAN: Final = {
    **dict(zip("абвгґдезиіклмнопрстуф", "abvhgdezyiklmnoprstuf", strict=True)),
    **{"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch"},
}
#: These are written otherwise where a word begins: й → Y, inside i.
_UKRAINIAN_SOFT: Final = {
    "є": ("ye", "ie"),
    "ї": ("yi", "i"),
    "й": ("y", "i"),
    "ю": ("yu", "iu"),
    "я": ("ya", "ia"),
}
_SILENT: Final = frozenset("ь'ʼ’")


def plain_signs(text: str) -> str:
    """Typographic signs as GSM-7 has them; letters stay as they are."""
    return text.translate(PLAIN_SIGNS)


def transliterate(text: str, scheme: Scheme) -> str:
    """The text in Latin letters and plain signs; what neither knows stays (`foreign_characters` names it)."""
    # A Ukrainian text may quote a Russian name: what the resolution has no letter for goes by the scheme.
    known = _ukrainian(text) if _UKRAINIAN_ONLY.intersection(text) else text
    latin: str = _schema(scheme).translate(known)
    return plain_signs(latin)


@lru_cache(maxsize=len(Scheme))
def _schema(scheme: Scheme) -> iuliia.Schema:
    schema: iuliia.Schema = getattr(iuliia, scheme.name)
    return schema


def _ukrainian(text: str) -> str:
    """By the resolution: «зг» is «zgh», the soft sign and the apostrophe are left out."""
    found: list[str] = []
    for place, character in enumerate(text):
        before, after = text[place - 1 : place], text[place + 1 : place + 2]
        letter = character.lower()
        if letter in _SILENT and (before.isalpha() or after.isalpha()):
            continue
        latin = _ukrainian_letter(letter, before)
        if latin is None:
            found.append(character)
        elif character == letter:
            found.append(latin)
        else:
            found.append(latin.upper() if after.isupper() else latin.capitalize())
    return "".join(found)


def _ukrainian_letter(letter: str, before: str) -> str | None:
    if letter in _UKRAINIAN_SOFT:
        inside = before.isalpha() or before in _SILENT - {""}
        return _UKRAINIAN_SOFT[letter][1 if inside and before else 0]
    if letter == "г" and before.lower() == "з":
        return "gh"
    return _UKRAINIAN.get(letter)
