"""The texts of the pages, one module per language; a test holds their keys and placeholders together."""

from collections.abc import Mapping
from typing import Final

from dispatcher.web.texts.en import TEXTS as EN
from dispatcher.web.texts.ru import TEXTS as RU
from dispatcher.web.texts.uk import TEXTS as UK
from reports.words import Language

CATALOGUE: Final[Mapping[Language, Mapping[str, str]]] = {"ru": RU, "uk": UK, "en": EN}

__all__ = ["CATALOGUE"]
