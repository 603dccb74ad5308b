"""What the dictionaries know of one word: whether it is a first name, of which gender, its genitive.

Loading takes a tenth of a second and some megabytes, so it happens on first use only. The dictionaries
are asked about what no rule can know; the endings themselves come from the tables beside this module.
"""

from functools import cache, lru_cache
from typing import Any, Final, Literal

Gender = Literal["male", "female"]

_GENDERS: Final[dict[str, Gender]] = {"masc": "male", "femn": "female"}
_CACHED_WORDS: Final = 20_000
_LIKELY: Final = 0.1  #: share of the readings of a word in the corpus


@cache
def _analyzer(language: str) -> Any:
    from pymorphy3 import MorphAnalyzer  # type: ignore[import-untyped]

    return MorphAnalyzer(lang=language)


@lru_cache(maxsize=_CACHED_WORDS)
def genders_of_first_name(word: str, language: str) -> frozenset[Gender]:
    """The genders a first name may have: none when it is not known as a name, both for «Саша»."""
    found: set[Gender] = set()
    for parse in _parses(word, language, "Name"):
        if "ms-f" in parse.tag.grammemes:
            return frozenset(("male", "female"))
        if parse.tag.gender in _GENDERS:
            found.add(_GENDERS[parse.tag.gender])
    return frozenset(found)


@lru_cache(maxsize=_CACHED_WORDS)
def surname_genitive(word: str, language: str, gender: Gender) -> str | None:
    """The genitive of a surname that the dictionary knows as one that is declined, in lower case."""
    for parse in _parses(word, language, "Surn"):
        if _GENDERS.get(parse.tag.gender) == gender and "Fixd" not in parse.tag.grammemes:
            genitive = parse.inflect({"gent"})
            return None if genitive is None else str(genitive.word)
    return None


@lru_cache(maxsize=_CACHED_WORDS)
def is_common_noun(word: str, language: str) -> bool:
    """Whether it is also a thing («калина»), which tells surnames «Калина» and «Никитина» apart."""
    return any(
        parse.is_known and {"NOUN", "inan", "nomn"} <= parse.tag.grammemes
        for parse in _analyzer(language).parse(word)
    )


@lru_cache(maxsize=_CACHED_WORDS)
def instrumental_of(word: str, language: str) -> str | None:
    """The instrumental of a masculine common noun, in lower case: it shows where the stress falls."""
    for parse in _parses(word, language, "NOUN"):
        if parse.tag.gender == "masc" and "Surn" not in parse.tag.grammemes:
            form = parse.inflect({"ablt"})
            return None if form is None else str(form.word)
    return None


@lru_cache(maxsize=_CACHED_WORDS)
def dictionary_forms(word: str, language: str) -> frozenset[str]:
    """The dictionary forms that a word may be of: «скидкой» → «скидка»; unlikely readings are left out."""
    return frozenset(
        str(parse.normal_form)
        for parse in _analyzer(language).parse(word)
        if parse.score >= _LIKELY and "Surn" not in parse.tag.grammemes
    )


def _parses(word: str, language: str, kind: str) -> list[Any]:
    return [
        parse
        for parse in _analyzer(language).parse(word)
        if parse.is_known and {kind, "nomn"} <= parse.tag.grammemes and "plur" not in parse.tag.grammemes
    ]
