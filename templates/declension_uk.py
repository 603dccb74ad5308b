"""Endings of Ukrainian first names, patronymics and surnames, with the vocative.

Order of endings: genitive, dative, accusative, instrumental, locative, vocative. Of two datives («Іванові»,
«Івану») the shorter is taken, as official letters do. Unlike in Russian, a man's surname in -ко is
declined; a woman's is not, which the dictionary would get wrong.
"""

from typing import Final

from templates.declension import Case, decline, exactly, replace_ending, rule, syllables
from templates.morphology import Gender, surname_genitive

_A_STEMS: Final = (
    rule("ія оя ая ея уя йя 'я ’я ʼя", 1, "ї ї ю єю ї є"),
    rule("я", 1, "і і ю ею і ю"),
    rule("ка", 2, "ки ці ку кою ці ко"),
    rule("га", 2, "ги зі гу гою зі го"),
    rule("ха", 2, "хи сі ху хою сі хо"),
    rule("жа ша ча ща", 1, "і і у ею і о"),
    rule("а", 1, "и і у ою і о"),
)
_CONSONANTS: Final = (
    rule("й", 1, "я ю я єм ї ю"),
    rule("ь", 1, "я ю я ем і ю"),
    rule("ж ш ч щ", 0, "а у а ем і е"),
    rule("г к х", 0, "а у а ом у у"),
    rule("б в ґ д з л м н п р с т ф", 0, "а у а ом і е"),
)
_O_STEMS: Final = (rule("ко го хо", 1, "а у а ом ові у"), rule("о", 1, "а у а ом ові е"))
_MALE_FIRST: Final = (
    exactly("ілля", 1, "і і ю ею і е"),
    exactly("ігор лазар", 0, "я ю я ем і ю"),
    exactly("яків", 2, "ова ову ова овом ові ове"),
    exactly("федір сидір", 2, "ора ору ора ором орі оре"),
    exactly("антін", 2, "она ону она оном оні оне"),
    exactly("прокіп", 2, "опа опу опа опом опі опе"),
    *_O_STEMS,
    *_A_STEMS,
    *_CONSONANTS,
)
_FEMALE_FIRST: Final = (
    exactly("любов", 1, "ві ві в в'ю ві ве"),
    *_A_STEMS,
    rule("ль", 1, "і і ь лю і е"),
)
_MALE_PATRONYMIC: Final = (rule("ич іч", 0, "а у а ем у у"),)
_FEMALE_PATRONYMIC: Final = (rule("на", 1, "и і у ою і о"),)
_FIXED: Final = exactly("дюма золя гюго пікассо живаго")
_MALE_SURNAME: Final = (
    _FIXED,
    rule("их"),
    exactly("заєць", 3, "йця йцю йця йцем йці йцю"),
    exactly("литвин русин волошин турчин", 0, "а у а ом і е"),
    exactly("швець", 4, "евця евцю евця евцем евці евцю"),
    rule("жній дній тній нній льній", 2, "ього ьому ього ім ьому ій"),
    rule("ий", 2, "ого ому ого им ому ий"),
    rule("їв", 2, "єва єву єва євим єві єве"),
    rule("ів", 2, "ова ову ова овим ові ове"),
    rule("ов ев єв ін їн ин", 0, "а у а им і е"),
    rule("ао ео іо уо"),
    *_O_STEMS,
    rule("іа уа оа еа"),
    *_A_STEMS,
    *_CONSONANTS,
)
_FEMALE_SURNAME: Final = (
    _FIXED,
    rule("ська цька зька", 1, "ої ій у ою ій а"),
    rule("ова ева єва іна їна", 1, "ої ій у ою ій о"),
    rule("іа уа оа еа"),
    *_A_STEMS,
)
_ADJECTIVE: Final = (rule("а", 1, "ої ій у ою ій а"),)
_FLEETING: Final = ("ець", "ок", "ек", "ів", "ар", "яр", "ір", "іл", "ідь", "інь", "ень")


def decline_first(word: str, case: Case, gender: Gender) -> str:
    """A first name."""
    return decline(word, case, _MALE_FIRST if gender == "male" else _FEMALE_FIRST)


def decline_patronymic(word: str, case: Case, gender: Gender) -> str:
    """A patronymic."""
    return decline(word, case, _MALE_PATRONYMIC if gender == "male" else _FEMALE_PATRONYMIC)


def decline_surname(word: str, case: Case, gender: Gender) -> str:
    """A surname without a hyphen."""
    lowered = word.lower()
    if case is Case.NOMINATIVE:
        return word
    if gender == "female":
        return decline(word, case, _ADJECTIVE if _is_adjective(lowered) else _FEMALE_SURNAME)
    if lowered.endswith(_FLEETING) and lowered not in ("швець", "заєць"):
        return _with_fleeting_vowel(word, lowered, case)
    return decline(word, case, _MALE_SURNAME)


def _is_adjective(lowered: str) -> bool:
    """«Заболотна» against «Глуха» and «Весна»: the dictionary knows."""
    if not lowered.endswith("а") or lowered.endswith(("ва", "іна", "їна")):
        return False
    genitive = surname_genitive(lowered, "uk", "female")
    return genitive is not None and genitive.endswith("ої")


def _with_fleeting_vowel(word: str, lowered: str, case: Case) -> str:
    genitive = surname_genitive(lowered, "uk", "male")
    if genitive is not None and genitive.endswith(("а", "я")):
        kept = next(
            (at for at, (a, b) in enumerate(zip(lowered, genitive, strict=False)) if a != b), len(lowered)
        )
        return _from_genitive(replace_ending(word, len(word) - kept, genitive[kept:]), case, lowered)
    if lowered.endswith("ець") and syllables(lowered) > 1:
        middle = "ьця" if lowered[-4] == "л" else "ця"
        return _from_genitive(replace_ending(word, 3, middle), case, lowered)
    return decline(word, case, _MALE_SURNAME)


def _from_genitive(genitive: str, case: Case, nominative: str) -> str:
    stem = genitive[:-1]
    if nominative.endswith(("ів", "їв")):
        return decline(stem, case, (rule("в", 0, "а у а им і е"),))
    if genitive[-1].lower() == "я":
        return decline(stem + ("Ь" if stem.isupper() else "ь"), case, _CONSONANTS)
    return decline(stem, case, _CONSONANTS)
