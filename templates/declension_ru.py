"""Endings of Russian first names, patronymics and surnames.

Order of endings: genitive, dative, accusative, instrumental, prepositional. After the rules of the
school grammar; what they leave open (fleeting vowels, «Калина» against «Никитина») the dictionary says.
"""

from typing import Final

from templates.declension import Case, decline, exactly, replace_ending, rule, syllables
from templates.morphology import Gender, instrumental_of, is_common_noun, surname_genitive

_A_STEMS: Final = (
    rule("ия", 1, "и и ю ей и"),
    rule("ья", 1, "и е ю ей е"),
    rule("я", 1, "и е ю ей е"),
    rule("га ка ха", 1, "и е у ой е"),
    rule("жа ша ча ща", 1, "и е у ей е"),
    rule("ца", 1, "ы е у ей е"),
    rule("а", 1, "ы е у ой е"),
)
_CONSONANTS: Final = (
    rule("ь й", 1, "я ю я ем е"),
    rule("ж ш ч щ ц", 0, "а у а ем е"),
    rule("б в г д з к л м н п р с т ф х", 0, "а у а ом е"),
)
#: After a sibilant or «ц» the instrumental follows the stress: «ткачом», but «Абрамовичем».
_STRESSED: Final = (rule("ж ш ч щ ц", 0, "а у а ом е"),)
_MALE_FIRST: Final = (
    exactly("павел", 2, "ла лу ла лом ле"),
    exactly("лев", 2, "ьва ьву ьва ьвом ьве"),
    exactly("пётр", 3, "етра етру етра етром етре"),
    exactly("илья", 1, "и е ю ёй е"),
    rule("ий", 1, "я ю я ем и"),
    *_A_STEMS,
    *_CONSONANTS,
)
_FEMALE_FIRST: Final = (*_A_STEMS, rule("ь", 1, "и и ь ью и"))
_MALE_PATRONYMIC: Final = (
    exactly("ильич кузьмич фомич лукич", 0, "а у а ом е"),
    rule("ич", 0, "а у а ем е"),
)
_FEMALE_PATRONYMIC: Final = (rule("на", 1, "ы е у ой е"),)

#: Foreign surnames with a stress on the last vowel, and others that never change.
_FIXED: Final = exactly("дюма золя петипа люка дега тома бурда гарсия")
_MALE_SURNAME: Final = (
    _FIXED,
    exactly("дитрих ульрих эрлих фрейндлих", 0, "а у а ом е"),
    rule("чок", 2, "ка ку ка ком ке"),
    rule("ых их"),
    exactly("цой чой хой", 1, "я ю я ем е"),
    exactly("воробей соловей муравей", 2, "ья ью ья ьём ье"),
    exactly("заяц", 2, "йца йцу йца йцем йце"),
    exactly("лев", 2, "ьва ьву ьва ьвом ьве"),
    exactly("дарвин чаплин грин кин бин фин цин сталлин", 0, "а у а ом е"),
    rule("гой кой хой жой шой щой кий гий хий", 2, "ого ому ого им ом"),
    rule("ой ый", 2, "ого ому ого ым ом"),
    rule("жий ший щий ний", 2, "его ему его им ем"),
    rule("ий", 1, "я ю я ем и"),
    rule("ов ев ёв ин ын", 0, "а у а ым е"),
    rule("иа уа оа еа"),
    *_A_STEMS,
    *_CONSONANTS,
)
_FEMALE_SURNAME: Final = (
    _FIXED,
    rule("ова ева ёва ина ына", 1, "ой ой у ой ой"),
    rule("жая шая щая чая", 2, "ей ей ую ей ей"),
    rule("ая", 2, "ой ой ую ой ой"),
    rule("яя", 2, "ей ей юю ей ей"),
    rule("иа уа оа еа"),
    *_A_STEMS,
)
_BY_A_STEM: Final = _A_STEMS
#: First parts of double names that stay as they are.
_FIXED_FIRST_PARTS: Final = frozenset(("бонч", "грум", "демут", "тер", "сен", "сан", "жан", "нур", "абд"))


def decline_first(word: str, case: Case, gender: Gender) -> str:
    """A first name."""
    return decline(word, case, _MALE_FIRST if gender == "male" else _FEMALE_FIRST)


def decline_patronymic(word: str, case: Case, gender: Gender) -> str:
    """A patronymic."""
    return decline(word, case, _MALE_PATRONYMIC if gender == "male" else _FEMALE_PATRONYMIC)


def decline_surname(word: str, case: Case, gender: Gender) -> str:
    """A surname without a hyphen."""
    lowered = word.lower()
    if lowered in _FIXED_FIRST_PARTS:
        return word
    if gender == "female":
        is_thing = lowered.endswith(("ина", "ына")) and is_common_noun(lowered, "ru")
        return decline(word, case, _BY_A_STEM if is_thing else _FEMALE_SURNAME)
    if lowered.endswith(("ец", "ок", "ёк", "ек", "их")) and lowered not in _FIXED.suffixes:
        return _with_fleeting_vowel(word, lowered, case)
    if lowered.endswith("й") and syllables(lowered) == 1:  # «Кий», «Бой»: too short for an adjective
        return decline(word, case, _CONSONANTS)
    if lowered.endswith(("ж", "ш", "ч", "щ")) and (instrumental_of(lowered, "ru") or "").endswith("ом"):
        return decline(word, case, _STRESSED)
    return decline(word, case, _MALE_SURNAME)


def _with_fleeting_vowel(word: str, lowered: str, case: Case) -> str:
    genitive = surname_genitive(lowered, "ru", "male")
    if genitive is not None and genitive.endswith("а") and genitive[:2] == lowered[:2]:
        kept = len(_common_start(lowered, genitive))
        return _from_stem(word, replace_ending(word, len(word) - kept, genitive[kept:-1]), case)
    if lowered.endswith("ец") and syllables(lowered) > 1 and lowered[-3] not in "аеёиоуыэюя":
        middle = "ьц" if lowered[-3] == "л" else "ц"
        return _from_stem(word, replace_ending(word, 2, middle), case)
    return decline(word, case, _MALE_SURNAME)


def _from_stem(word: str, stem: str, case: Case) -> str:
    if case is Case.NOMINATIVE:
        return word
    # After «ц» the instrumental follows the stress: «немцем», but «голубцом», as most surnames in -ец.
    is_stressed = stem[-1] in "цЦ" and not (instrumental_of(word.lower(), "ru") or "").endswith("ем")
    return decline(stem, case, _STRESSED if is_stressed else _CONSONANTS)


def _common_start(one: str, other: str) -> str:
    length = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return one[:length]
