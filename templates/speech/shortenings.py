"""«ул.» → «улица», «л/с» → «лицевой счёт», in the case that the word in front asks for."""

import re
from functools import lru_cache, partial
from typing import Final

from templates.declension import Case
from templates.morphology import declined
from templates.speech.context import word_before
from templates.speech.vocabulary import Shortening, Vocabulary

#: words of place: «в г. Саранске», «на ул. Ленина», «по ул. Ленина»
_PLACE_CASES: Final = {
    **dict.fromkeys(("в", "во", "на", "о", "об", "при"), Case.LOCATIVE),
    **dict.fromkeys(("по", "к", "ко"), Case.DATIVE),
}
_PLACE_CASES_UK: Final = {**_PLACE_CASES, "по": Case.LOCATIVE, "у": Case.LOCATIVE}


def say_shortenings(text: str, vocabulary: Vocabulary) -> str:
    """Write the shortenings of addresses and documents out."""
    for shortening in vocabulary.shortenings:
        written_out = partial(_word, shortening=shortening, vocabulary=vocabulary)
        text = _pattern(shortening).sub(written_out, text)
    return text


def _word(match: re.Match[str], shortening: Shortening, vocabulary: Vocabulary) -> str:
    word = shortening.word
    if shortening.is_declined:
        places = _PLACE_CASES if vocabulary.language == "ru" else _PLACE_CASES_UK
        before = word_before(match)
        case = places.get(before) or vocabulary.cases.get(before, Case.NOMINATIVE)
        if case is not Case.NOMINATIVE:
            word = declined(word, vocabulary.language, case)
    rest = match.string[match.end() :]
    needs_space = bool(rest) and (rest[0].isalnum() or rest[0] in '№«"(+')
    return f"{word} " if needs_space else word


@lru_cache(maxsize=256)
def _pattern(shortening: Shortening) -> re.Pattern[str]:
    end = r"(?!\w)" if shortening.pattern[-1].isalpha() else ""
    flags = re.I if not shortening.before else 0  # «п. Заречный», but not «п. заречный»
    return re.compile(rf"(?<![\w/-])(?:{shortening.pattern}){end}{shortening.before}", flags)
