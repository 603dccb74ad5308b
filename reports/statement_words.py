"""The words in which staff write statements about consent into files, as they see them on the pages."""

from campaigns.consent_file import StatementWords
from reports.words import CONSENT_BASES, CONSENT_SOURCES, PURPOSES, Words


def statement_words() -> StatementWords:
    """Purposes, sources and bases in every language of the staff."""
    return StatementWords(_typed(PURPOSES), _typed(CONSENT_SOURCES), _typed(CONSENT_BASES))


def _typed(words: Words) -> dict[str, str]:
    return {word.casefold(): code for code, in_languages in words.items() for word in in_languages}
