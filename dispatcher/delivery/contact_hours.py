"""When the contact centre answers, in the words of a notice (requirement 36).

Texts that name the call-back number must say what whoever calls will meet: a person in these hours of
working days, an answering machine otherwise. The hours are the company's setting, so that no text can
contradict another.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_WORDS: Final[Mapping[str, str]] = {
    "ru": "по рабочим дням с {opens} до {closes}, в остальное время — автоответчик",
    "uk": "у робочі дні з {opens} до {closes}, решту часу — автовідповідач",
    "en": "on working days from {opens} to {closes}, an answering machine otherwise",
}


@lru_cache(maxsize=64)  # one setting, a few languages, every message
def contact_hours_in_words(hours: str, language: str) -> str:
    """«08:00-17:00» in the recipient's language; Russian where there are no words in it."""
    opens, _, closes = hours.partition("-")
    return _WORDS.get(language, _WORDS["ru"]).format(opens=opens.strip(), closes=closes.strip())
