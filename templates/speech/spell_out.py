"""Texts in words, as they are said: the one thing that speech engines are given.

An engine that reads «1200,50 ₽» or «л/с» by itself reads it in the wrong case, in another language, or not at
all; festival says nothing and calls it a success (tried). So all that is written for the eye becomes words
here, by rules in a fixed order: what is longest and surest (web addresses, telephones, dates) first, single
numbers and letters last. What no rule can say is an error at the dry run and is never left out (domain 6.5).
"""

from collections.abc import Callable
from typing import Final

from templates.errors import TemplateTooLargeError, UnspeakableTextError
from templates.speech.dates import say_dates
from templates.speech.digits import say_identifiers, say_phones
from templates.speech.english import spell_out_english
from templates.speech.languages import VOCABULARIES
from templates.speech.letters import repair_scripts, say_letters, say_web_addresses
from templates.speech.marks import finish, prepare
from templates.speech.money import say_money
from templates.speech.quantities import say_numbers, say_ordinals, say_quantities
from templates.speech.ranges import write_ranges_out
from templates.speech.shortenings import say_shortenings
from templates.speech.times import say_times
from templates.speech.vocabulary import Vocabulary

MOST_CHARS: Final = 20_000  #: of one text; half an hour of speech

_RULES: Final[tuple[Callable[[str, Vocabulary], str], ...]] = (
    say_web_addresses,
    say_phones,
    say_dates,
    say_times,
    write_ranges_out,
    say_money,
    say_quantities,
    say_shortenings,
    say_ordinals,
    say_identifiers,
    say_numbers,
    say_letters,
)


def spell_out(text: str, language: str) -> str:
    """The words of a text in `ru`, `uk` or `en`: letters of the language, and punctuation for pauses.

    Raises `UnspeakableTextError` for signs that cannot be said, `TemplateTooLargeError` for long texts.
    """
    if len(text) > MOST_CHARS:
        raise TemplateTooLargeError(f"текст для произнесения длиннее {MOST_CHARS} знаков")
    prepared = prepare(text)
    if language == "en":
        return spell_out_english(prepared)
    try:
        vocabulary = VOCABULARIES[language]
    except KeyError:
        raise UnspeakableTextError(f"на языке «{language}» тексты не произносятся") from None
    prepared = repair_scripts(prepared)
    for rule in _RULES:
        prepared = rule(prepared, vocabulary)
    return finish(prepared, vocabulary)
