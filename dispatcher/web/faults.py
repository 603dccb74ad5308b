"""Errors in the reader's language: by the stable code that the error carries, never by its English message.

Faults of files and templates are written in Russian where they are found, with the place in the file; a
Russian page shows those words, the other languages say the same by code, without the place.
"""

from collections.abc import Mapping
from typing import Final

from campaigns.errors import UnknownListError
from campaigns.list_errors import ListFileError
from dispatcher.core.errors import DispatcherError
from dispatcher.delivery.errors import UnknownRunError
from dispatcher.web.texts import CATALOGUE
from reports.words import LANGUAGES, OCCURRENCES, RUN_STATES, Language, Words, word_for
from templates.errors import TemplateError

#: Of errors that carry no code of their own.
_BY_CLASS: Final[Mapping[type[DispatcherError], str]] = {
    UnknownListError: "unknown_list",
    UnknownRunError: "unknown_run",
}
#: Facts that are codes themselves.
_CODED: Final[Mapping[str, Words]] = {"state": RUN_STATES, "recurrence": OCCURRENCES}


def fault_in_words(error: DispatcherError, language: Language) -> str:
    """What went wrong and what to do, for a page in `language`."""
    if isinstance(error, ListFileError):
        return list_fault(error.code, str(error), language)
    if isinstance(error, TemplateError):
        return error.in_language(LANGUAGES.index(language)) or CATALOGUE[language]["fault_template"]
    return worded(fault_code(error), error.facts, language)


def fault_code(error: DispatcherError) -> str:
    """The code under which the catalogue knows the error."""
    return error.code or next((code for kind, code in _BY_CLASS.items() if isinstance(error, kind)), "")


def worded(code: str, facts: Mapping[str, object], language: Language) -> str:
    """The words of a code with its facts; an unknown code gets the general advice."""
    texts = CATALOGUE[language]
    key = f"fault_{code}"
    if key not in texts:
        return f"{texts['error_422']}. {texts['advice_422']}"
    values = {
        name: word_for(_CODED[name], str(value), language) if name in _CODED else said(value, language)
        for name, value in facts.items()
    }
    return texts[key].format(**values)


def said(value: object, language: Language) -> object:
    """A fact that comes in the words of all languages, in those of one."""
    return value[LANGUAGES.index(language)] if isinstance(value, (tuple, list)) else value


def list_fault(code: str, message: str | None, language: Language) -> str:
    """Why a file as a whole cannot be used; `message` is what the import said, in Russian."""
    texts = CATALOGUE[language]
    if language == "ru" and message:
        return message
    return texts.get(f"list_fault_{code}", texts["advice_500"])
