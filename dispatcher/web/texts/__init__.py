"""The texts of the pages; a test holds keys and placeholders of the languages together.

The general ones are one module per language, those of one subject are one module with the languages side
by side.
"""

from collections.abc import Mapping
from typing import Final

from dispatcher.web.texts.calls import CALLS
from dispatcher.web.texts.campaigns import CAMPAIGNS
from dispatcher.web.texts.columns import COLUMNS
from dispatcher.web.texts.confirmations import CONFIRMATIONS
from dispatcher.web.texts.consents import CONSENTS
from dispatcher.web.texts.en import TEXTS as EN
from dispatcher.web.texts.faults import FAULTS
from dispatcher.web.texts.file_faults import FILE_FAULTS
from dispatcher.web.texts.letters import LETTERS
from dispatcher.web.texts.lists import LISTS
from dispatcher.web.texts.manual_tasks import MANUAL_TASKS
from dispatcher.web.texts.persons import PERSONS
from dispatcher.web.texts.policy import POLICY
from dispatcher.web.texts.prompts import PROMPTS
from dispatcher.web.texts.reports import REPORTS
from dispatcher.web.texts.returns import RETURNS
from dispatcher.web.texts.ru import TEXTS as RU
from dispatcher.web.texts.runs import RUNS
from dispatcher.web.texts.scenarios import SCENARIOS
from dispatcher.web.texts.uk import TEXTS as UK
from dispatcher.web.texts.wishes import WISHES
from reports.words import LANGUAGES, Language, Words

_GENERAL: Final[Mapping[Language, Mapping[str, str]]] = {"ru": RU, "uk": UK, "en": EN}
_BY_SUBJECT: Final[tuple[Words, ...]] = (
    FAULTS,
    FILE_FAULTS,
    LISTS,
    COLUMNS,
    CAMPAIGNS,
    CALLS,
    RUNS,
    LETTERS,
    PROMPTS,
    CONFIRMATIONS,
    CONSENTS,
    WISHES,
    PERSONS,
    MANUAL_TASKS,
    POLICY,
    RETURNS,
    REPORTS,
    SCENARIOS,
)


def _in(language: Language) -> dict[str, str]:
    place = LANGUAGES.index(language)
    texts = dict(_GENERAL[language])
    for subject in _BY_SUBJECT:
        texts.update({key: words[place] for key, words in subject.items()})
    return texts


CATALOGUE: Final[Mapping[Language, Mapping[str, str]]] = {language: _in(language) for language in LANGUAGES}

__all__ = ["CATALOGUE"]
