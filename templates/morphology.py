"""What the dictionaries know of one word: whether it is a first name, of which gender, its genitive.

Loading takes a tenth of a second and some megabytes, so it happens on first use only. The dictionaries
are asked about what no rule can know; the endings themselves come from the tables beside this module.
"""

from functools import cache, lru_cache
from typing import Any, Final, Literal

Gender = Literal["male", "female"]

_GENDERS: Final[dict[str, Gender]] = {"masc": "male", "femn": "female"}
_CASES: Final = {
    "nominative": "nomn",
    "genitive": "gent",
    "dative": "datv",
    "accusative": "accs",
    "instrumental": "ablt",
    "locative": "loct",
}
_GENDER_CODES: Final = {"m": "masc", "f": "femn", "n": "neut"}
_NUMBER_KINDS: Final = ({"NUMR"}, {"Anum"}, {"NOUN", "inan"}, {"ADJF"}, {"NOUN"})
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


@lru_cache(maxsize=_CACHED_WORDS)
def declined(
    word: str, language: str, case: str, *, gender: str | None = None, is_plural: bool = False
) -> str:
    """A noun, a numeral or an adjective in a case, words of several parts each by itself, in lower case.

    A word whose forms the dictionary does not know stays as it is.
    """
    for sign in (" ", "-"):
        if sign in word:
            parts = word.split(sign)
            # Of «киловатт-час» only the last part is declined, of «кубический метр» both are.
            kept = parts[:-1] if sign == "-" else []
            changed = [
                declined(part, language, case, gender=gender, is_plural=is_plural)
                for part in parts[len(kept) :]
            ]
            return sign.join([*kept, *changed])
    wanted = {_CASES[case]} | ({"plur"} if is_plural else set())
    if gender is not None and not is_plural:
        wanted.add(_GENDER_CODES[gender])
    parses = _analyzer(language).parse(word)
    for kind in _NUMBER_KINDS:
        for parse in parses:
            is_base = "nomn" in parse.tag.grammemes or parse.normal_form == word.lower()
            if is_base and kind <= parse.tag.grammemes:
                form = parse.inflect(wanted) or parse.inflect({_CASES[case]})
                if form is not None:
                    return str(form.word)
    return word


@lru_cache(maxsize=_CACHED_WORDS)
def noun_gender(word: str, language: str) -> Literal["m", "f", "n"] | None:
    """The gender of a common noun in any form; None when it is none, or has no gender («сутки»)."""
    for parse in _analyzer(language).parse(word.lower()):
        if "NOUN" in parse.tag.grammemes and parse.is_known and parse.tag.gender:
            return {"masc": "m", "femn": "f", "neut": "n"}.get(parse.tag.gender)  # type: ignore[return-value]
    return None


@lru_cache(maxsize=_CACHED_WORDS)
def oblique_case(word: str, language: str, *, is_plural: bool = True) -> str | None:
    """The case of a noun or adjective whose form is none of those that go with a number («домах»).

    None for nominative, accusative and, of a plural one, genitive: the number itself decides then.
    """
    number = "plur" if is_plural else "sing"
    cases = {
        parse.tag.case
        for parse in _analyzer(language).parse(word.lower())
        if parse.is_known and parse.score >= _LIKELY and {"NOUN", "ADJF"} & parse.tag.grammemes
        if number in parse.tag.grammemes or not is_plural
    }
    plain = {"nomn", "accs"} | ({"gent"} if is_plural else set())
    if not cases or cases & plain or (is_plural and _is_singular(word, language)):
        return None
    codes = {code: name for name, code in _CASES.items()}
    return next((codes[code] for code in ("gent", "loct", "datv", "ablt") if code in cases), None)


@lru_cache(maxsize=_CACHED_WORDS)
def is_accusative(word: str, language: str) -> bool:
    """Whether a noun stands in the accusative of the singular and in no other case («минуту»)."""
    cases = {
        parse.tag.case
        for parse in _analyzer(language).parse(word.lower())
        if parse.is_known and parse.score >= _LIKELY and "NOUN" in parse.tag.grammemes
    }
    return cases == {"accs"}


def _is_singular(word: str, language: str) -> bool:
    return any(
        "sing" in parse.tag.grammemes for parse in _analyzer(language).parse(word.lower()) if parse.is_known
    )


def _parses(word: str, language: str, kind: str) -> list[Any]:
    return [
        parse
        for parse in _analyzer(language).parse(word)
        if parse.is_known and {kind, "nomn"} <= parse.tag.grammemes and "plur" not in parse.tag.grammemes
    ]
