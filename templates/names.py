"""Full names of people: their parts, their gender, and how they are written in a case (requirement 40).

The rule guarded here: **never a guess**. What is not surely the name of one person (a company, initials,
foreign letters, three words without a patronymic), or whose gender nothing tells, is printed as the
list has it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Final

from templates import declension_ru, declension_uk
from templates.declension import Case
from templates.morphology import Gender, genders_of_first_name

_WORD: Final = re.compile(r"[а-яёіїєґ]+(?:['’ʼ][а-яёіїєґ]+)*(?:-[а-яёіїєґ]+(?:['’ʼ][а-яёіїєґ]+)*)*", re.I)
_ONLY: Final = {"ru": re.compile(r"[ыэёъ]", re.I), "uk": re.compile(r"[іїєґ'’ʼ]", re.I)}
_MALE_PATRONYMIC: Final = re.compile(r".{2,}[иі]ч", re.I)
_FEMALE_PATRONYMIC: Final = re.compile(r".{2,}(?:вна|чна)", re.I)
#: The second word of a Turkic patronymic; the pair is not declined.
_TURKIC: Final[dict[str, Gender]] = {
    **dict.fromkeys(("оглы", "оглу", "огли", "улы", "уулу", "угли"), "male"),
    **dict.fromkeys(("кызы", "гызы", "кизи", "гизи", "кыз"), "female"),
}
_LEGAL_FORMS: Final = frozenset(
    (
        *("ооо", "оао", "зао", "ао", "пао", "нао", "тсж", "тсн", "снт", "днт", "дпк", "гск", "гпк", "жск"),
        *("ук", "ип", "чп", "кфх", "муп", "гуп", "фгуп", "мку", "мбу", "мбоу", "мдоу", "ано", "нко", "жкп"),
        *("тов", "фоп", "осбб", "ват", "зат", "прат", "пат", "ат", "кп", "дп", "сг", "фг", "тдв", "пп"),
    )
)
_SURNAME_OF: Final[dict[str, dict[Gender, re.Pattern[str]]]] = {
    "ru": {
        "male": re.compile(r".*(?:[оеё]в|[иы]н|[сц]кий|ый)", re.I),
        "female": re.compile(r".*(?:[оеё]ва|[иы]на|[сц]кая|ая)", re.I),
    },
    "uk": {
        "male": re.compile(r".*(?:[оеє]в|[ії]н|[сцз]ький|ий)", re.I),
        "female": re.compile(r".*(?:[оеє]ва|[ії]на|[сцз]ька)", re.I),
    },
}
_RULES: Final[dict[str, ModuleType]] = {"ru": declension_ru, "uk": declension_uk}
_CACHED_NAMES: Final = 4096


@dataclass(frozen=True, slots=True)
class PersonName:
    """The parts of one person's name, spelled as in the list; what is not there is empty."""

    language: str
    surname: str
    first: str
    patronymic: str
    gender: Gender | None
    surname_first: bool = True

    def full(self, case: Case) -> str:
        """All parts in their order, in a case."""
        surname = self._declined(self.surname, "decline_surname", case)
        words = [self._declined(self.first, "decline_first", case), self._patronymic(case)]
        words.insert(0 if self.surname_first else 2, surname)
        return " ".join(word for word in words if word)

    def short(self, case: Case) -> str:
        """First name and patronymic: how people are spoken to."""
        return f"{self._declined(self.first, 'decline_first', case)} {self._patronymic(case)}".strip()

    def initials(self, case: Case) -> str:
        """«Иванов И. И.» with no-break spaces; without a surname the short form."""
        if not self.surname:
            return self.short(case)
        letters = [f"{part[0].upper()}." for part in (self.first, self.patronymic) if part]
        return "\N{NO-BREAK SPACE}".join([self._declined(self.surname, "decline_surname", case), *letters])

    def _patronymic(self, case: Case) -> str:
        if " " in self.patronymic:
            return self.patronymic
        return self._declined(self.patronymic, "decline_patronymic", case)

    def _declined(self, word: str, kind: str, case: Case) -> str:
        if self.gender is None or not word or case is Case.NOMINATIVE:
            return word
        if case is Case.VOCATIVE and self.language == "ru":
            return word
        decline: Callable[[str, Case, Gender], str] = getattr(_RULES[self.language], kind)
        return "-".join(decline(part, case, self.gender) for part in word.split("-"))


@lru_cache(maxsize=_CACHED_NAMES)
def read_name(text: str, language: str) -> PersonName | None:
    """The parts of a name written in Russian or Ukrainian, or None when it is not surely a person's."""
    words = text.split()
    if language not in _RULES or not 2 <= len(words) <= 4 or not _may_be_person(words):
        return None
    if any(_ONLY[other].search(text) for other in _ONLY if other != language):
        return None
    parts = _arranged(words, language)
    if parts is None:
        return None
    surname, first, patronymic, surname_first = parts
    gender = _gender(surname, first, patronymic, language)
    return PersonName(language, surname, first, patronymic, gender, surname_first)


def _may_be_person(words: list[str]) -> bool:
    are_all_capitals = all(word.isupper() for word in words)
    return all(
        _WORD.fullmatch(word)
        and len(word) > 1
        and word.lower() not in _LEGAL_FORMS
        and (are_all_capitals or not word.isupper())
        for word in words
    )


def _arranged(words: list[str], language: str) -> tuple[str, str, str, bool] | None:
    """Surname, first name, patronymic, and whether the surname stands in front."""
    if len(words) == 4:
        is_turkic = words[3].lower() in _TURKIC
        return (words[0], words[1], f"{words[2]} {words[3]}", True) if is_turkic else None
    if len(words) == 3:
        if words[2].lower() in _TURKIC:
            return "", words[0], f"{words[1]} {words[2]}", True
        if _is_patronymic(words[2]):
            return words[0], words[1], words[2], True
        return (words[2], words[0], words[1], False) if _is_patronymic(words[1]) else None
    return _arranged_pair(words, language)


def _arranged_pair(words: list[str], language: str) -> tuple[str, str, str, bool] | None:
    known = [bool(genders_of_first_name(word.lower().split("-")[0], language)) for word in words]
    if known[0] and not known[1] and _is_patronymic(words[1]):
        return "", words[0], words[1], True
    if known[0] == known[1]:  # «Роман Назар», «Цой Вик»: which is which cannot be told
        return None
    return (words[0], words[1], "", True) if known[1] else (words[1], words[0], "", False)


def _is_patronymic(word: str) -> bool:
    return bool(_MALE_PATRONYMIC.fullmatch(word) or _FEMALE_PATRONYMIC.fullmatch(word))


def _gender(surname: str, first: str, patronymic: str, language: str) -> Gender | None:
    if patronymic:
        last = patronymic.lower().split()[-1]
        return _TURKIC.get(last) or ("male" if last.endswith(("ич", "іч")) else "female")
    by_name = genders_of_first_name(first.lower().split("-")[0], language)
    if len(by_name) == 1:
        return next(iter(by_name))
    patterns = _SURNAME_OF[language]
    fitting: list[Gender] = [gender for gender in patterns if patterns[gender].fullmatch(surname)]
    return fitting[0] if len(fitting) == 1 else None
