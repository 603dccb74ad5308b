"""Filters for names: in a case, short, with initials, and words that follow the person's gender.

A company (customer group 3) and whatever is not surely a person's name is printed as the list has it.
Case words may be English or Russian: staff write `{{ full_name | name_case('дательный') }}`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from jinja2 import pass_context

from templates.declension import Case
from templates.errors import BadFieldValueError
from templates.formats import kind_of
from templates.names import PersonName, read_name

COMPANY_NAME: Final = "_is_company"  #: context name set by the renderer; templates cannot name it

_CASE_WORDS: Final[dict[str, Case]] = {
    **{case.value: case for case in Case},
    "prepositional": Case.LOCATIVE,
    **dict(zip(("именительный", "родительный", "дательный", "винительный"), Case, strict=False)),
    **{"творительный": Case.INSTRUMENTAL, "предложный": Case.LOCATIVE, "звательный": Case.VOCATIVE},
    **dict(zip(("називний", "родовий", "давальний", "знахідний"), Case, strict=False)),
    **{"орудний": Case.INSTRUMENTAL, "місцевий": Case.LOCATIVE, "кличний": Case.VOCATIVE},
}


def name_filters(language: str) -> dict[str, Callable[..., str]]:
    """The filters of this module for letters in one language; each is given the render's values first."""

    def person(context: Mapping[str, object], value: object) -> PersonName | None:
        if not isinstance(value, str):
            raise BadFieldValueError(f"имя должно быть текстом, а пришло {kind_of(value)}")
        return None if context.get(COMPANY_NAME) else read_name(value, language)

    @pass_context
    def name_case(context: Mapping[str, object], value: object, case: str) -> str:
        found, wanted = person(context, value), _case(case)
        return str(value) if found is None else found.full(wanted)

    @pass_context
    def name_short(context: Mapping[str, object], value: object, case: str = "nominative") -> str:
        found, wanted = person(context, value), _case(case)
        return str(value) if found is None else found.short(wanted)

    @pass_context
    def name_initials(context: Mapping[str, object], value: object, case: str = "nominative") -> str:
        found, wanted = person(context, value), _case(case)
        return str(value) if found is None else found.initials(wanted)

    @pass_context
    def by_gender(context: Mapping[str, object], value: object, male: str, female: str, unknown: str) -> str:
        found = person(context, value)
        return {"male": male, "female": female}.get((found and found.gender) or "", unknown)

    filters = (name_case, name_short, name_initials, by_gender)
    return {filter_function.__name__: filter_function for filter_function in filters}


def _case(word: object) -> Case:
    found = _CASE_WORDS.get(word.lower()) if isinstance(word, str) else None
    if found is None:
        raise BadFieldValueError("неизвестный падеж; можно: " + ", ".join(case.value for case in Case))
    return found
