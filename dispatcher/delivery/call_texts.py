"""A rendered call as the voice channel takes it, and as people read it.

`templates` knows what staff wrote, `channels` what a telephone can do; here one becomes the other. What is
read (preview, dry run, evidence) is as written: sums in figures, keys with their meaning.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from channels.voice.script import Ask, CallScript, Collect, Counts, KeyAction, OnMachine, Part, Say
from channels.voice.sound import Phrase
from templates.call_template import RenderedCall, RenderedSection, call_of
from templates.call_words import (
    ACTIONS,
    CALL_SETTINGS,
    COUNTS,
    ON_MACHINE,
    SECTIONS,
    SectionKind,
    word_of,
)
from templates.rendering import CompiledTemplate

CACHED_LINES: Final = 2048  #: most lines of a call are the same for everybody
#: A written line in a language → the words that are said.
SpellOut = Callable[[str, str], str]


@lru_cache(maxsize=CACHED_LINES)
def _spell_out(line: str, language: str) -> str:
    # Imported here: words for sums and dates are several MB that a worker of e-mail never says.
    from templates.speech.spell_out import spell_out

    return spell_out(line, language)


def rendered_call(template: CompiledTemplate, fields: Mapping[str, object]) -> RenderedCall:
    """The call for one recipient; raises `TemplateError`."""
    return call_of(template).render(template.clean(fields))


def script_of(call: RenderedCall, language: str, spell: SpellOut = _spell_out) -> CallScript:
    """What the channel is given, every line in words; raises `TemplateError` for what cannot be said."""
    voice = _Voice(language, spell)
    return CallScript(
        parts=tuple(voice.parts(call.sections)),
        counts=Counts(call.form.counts),
        on_machine=OnMachine(call.form.on_machine),
        neutral=voice.phrases(*call.of_kind(SectionKind.MACHINE)),
        goodbye=voice.phrases(*call.of_kind(SectionKind.GOODBYE)),
        replies=MappingProxyType(
            {KeyAction(one.section.argument): voice.phrases(one) for one in call.of_kind(SectionKind.REPLY)}
        ),
        operator=call.operator,
        most_seconds=float(call.form.most_seconds),
    )


def readable(call: RenderedCall, language: str) -> str:
    """All of a call to be read: what is said, what keys mean, what machines get, what counts as told."""
    blocks = ["\n".join(_readable_section(one, language)) for one in call.sections]
    counts = word_of("counts", CALL_SETTINGS, language), word_of(call.form.counts, COUNTS, language)
    to_machine = word_of(call.form.on_machine, ON_MACHINE, language)
    settings = [counts, (word_of("on_machine", CALL_SETTINGS, language), to_machine)]
    if call.operator is not None:
        settings.append((word_of("operator", CALL_SETTINGS, language), call.operator))
    head = "\n".join(f"{name}: {value}" for name, value in settings)
    return "\n\n".join((head, *blocks))


def _readable_section(one: RenderedSection, language: str) -> Iterator[str]:
    section = one.section
    argument = f": {section.argument}" if section.argument else ""
    if section.kind is SectionKind.REPLY:
        argument = f": {word_of(section.argument, ACTIONS, language)}"
    yield f"[{word_of(section.kind.value, SECTIONS, language)}{argument}]"
    yield from one.lines
    for key, action in section.keys.items():
        yield f"  {key}: {word_of(action, ACTIONS, language)}"


class _Voice:
    """Turns sections into parts of a script."""

    def __init__(self, language: str, spell: SpellOut) -> None:
        self._language = language
        self._spell = spell

    def phrases(self, *sections: RenderedSection) -> tuple[Phrase, ...]:
        return tuple(
            Phrase(self._spell(line, self._language), self._language, one.section.recording)
            for one in sections
            for line in one.lines
        )

    def parts(self, sections: Sequence[RenderedSection]) -> Iterator[Part]:
        for place, one in enumerate(sections):
            match one.section.kind:
                case SectionKind.OPENING | SectionKind.SAY:
                    yield Say(self.phrases(one))
                case SectionKind.FACTS:
                    yield Say(self.phrases(one), is_fact=True)
                case SectionKind.IDENTITY | SectionKind.QUESTION:
                    yield self._ask(one)
                case SectionKind.DIGITS:
                    yield self._collect(*sections[place : place + 3])

    def _ask(self, one: RenderedSection) -> Ask:
        section = one.section
        return Ask(
            self.phrases(one),
            MappingProxyType({key: KeyAction(action) for key, action in section.keys.items()}),
            wait_seconds=float(section.number("wait")),
            times=section.number("times"),
            is_identity=section.kind is SectionKind.IDENTITY,
        )

    def _collect(self, asked: RenderedSection, read_back: RenderedSection, check: RenderedSection) -> Collect:
        section = asked.section
        return Collect(
            section.argument,
            self.phrases(asked),
            self.phrases(read_back),
            self.phrases(check),
            least=section.number("least"),
            most=section.number("most"),
            wait_seconds=float(section.number("wait")),
            times=section.number("times"),
        )
