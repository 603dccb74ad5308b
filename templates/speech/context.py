"""What stands around a number in a text: the word in front of it, and the case that this word asks for."""

import re
from decimal import Decimal
from typing import Final

from templates.declension import Case
from templates.speech.vocabulary import LETTER, Vocabulary

#: A number as people write it: 1 200,50 or 0.4; not a part of a word, of a date or of a longer number.
NUMBER: Final = (
    r"(?<![\w.,/-])(?P<minus>-)?(?P<whole>\d{1,3}(?: \d{3}){1,3}(?! ?\d)|\d{1,12})"
    r"(?:[.,](?P<part>\d{1,4})(?!\d))?"
)
AT_END: Final = r"(?!\w)"
_WORD_BEFORE: Final = re.compile(rf"([{LETTER}'№-]+)\s*$", re.I)


def word_before(match: re.Match[str]) -> str:
    """The word right in front of what was found, in lower case; empty where none stands."""
    found = _WORD_BEFORE.search(match.string[: match.start()][-60:])
    return found[1].lower() if found else ""


def case_of(match: re.Match[str], vocabulary: Vocabulary) -> Case:
    """The case that the word in front asks for."""
    return vocabulary.cases.get(word_before(match), Case.NOMINATIVE)


def number_of(match: re.Match[str]) -> Decimal:
    """What `NUMBER` found, without its sign."""
    return Decimal(match["whole"].replace(" ", "") + "." + (match["part"] or "0"))


def sign_of(match: re.Match[str], vocabulary: Vocabulary) -> str:
    """«минус » or nothing."""
    return f"{vocabulary.minus} " if match["minus"] else ""
