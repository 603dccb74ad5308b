"""The languages of which words are made by vocabulary."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from templates.speech.vocabulary import Vocabulary
from templates.speech.vocabulary_ru import RUSSIAN
from templates.speech.vocabulary_uk import UKRAINIAN

VOCABULARIES: Final[Mapping[str, Vocabulary]] = MappingProxyType({"ru": RUSSIAN, "uk": UKRAINIAN})
