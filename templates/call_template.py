"""A call script compiled for rendering: each section is a template of its own, in the order staff wrote.

The parts of the structure (sections, keys, waits) are plain data that no field has touched.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from templates.call_checks import check_call_form
from templates.call_errors import CallFormError
from templates.call_form import CallForm, Section, read_call_form
from templates.call_words import SectionKind
from templates.rendering import CACHED_TEMPLATES, CompiledTemplate, TemplatePart

MAX_SAID_CHARS: Final = 5_000  #: of a whole call, about six minutes
_BLANKS: Final = re.compile(r"[ \t]+")
_PHONE_SIGNS: Final = re.compile(r"[ ()-]")
_PHONE: Final = re.compile(r"\+?[0-9]{3,15}")


@dataclass(frozen=True, slots=True)
class RenderedSection:
    """One section with the fields filled in; `lines` are what is said, each in one breath."""

    section: Section
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RenderedCall:
    """A call for one recipient, as text. `operator` is a number that can be dialled, or None."""

    form: CallForm
    sections: tuple[RenderedSection, ...]
    operator: str | None

    def of_kind(self, *kinds: SectionKind) -> Iterator[RenderedSection]:
        """The sections of some kinds, in order."""
        return (one for one in self.sections if one.section.kind in kinds)


class CallTemplate:
    """A checked call script; safe to share between threads."""

    def __init__(self, source: str, language: str) -> None:
        self.form = read_call_form(source)
        check_call_form(self.form)
        self.language = language
        self._parts = [TemplatePart("text", section.text, language) for section in self.form.sections]
        operator = self.form.operator
        self._operator = None if operator is None else TemplatePart("text", operator, language)

    def fields_of(self, section: Section) -> frozenset[str]:
        """The fields that a section prints or asks about."""
        return self._parts[self.form.sections.index(section)].used

    def printed_in(self, *kinds: SectionKind) -> frozenset[str]:
        """The fields that sections of these kinds print."""
        return frozenset[str]().union(
            *(
                part.printed
                for section, part in zip(self.form.sections, self._parts, strict=True)
                if section.kind in kinds
            )
        )

    def render(self, values: Mapping[str, object]) -> RenderedCall:
        """Fill in cleaned values (`CompiledTemplate.clean`); raises `TemplateError`."""
        rendered, chars = [], 0
        for section, part in zip(self.form.sections, self._parts, strict=True):
            # No-break blanks stay: they hold the groups of a number together.
            lines = (_BLANKS.sub(" ", line).strip() for line in part.render(values).splitlines())
            said = tuple(line for line in lines if line)
            if not said:
                raise CallFormError("said_nothing", section.line)
            chars += sum(map(len, said))
            rendered.append(RenderedSection(section, said))
        if chars > MAX_SAID_CHARS:
            raise CallFormError("too_long_to_say", most=MAX_SAID_CHARS)
        return RenderedCall(self.form, tuple(rendered), self._number(values))

    def _number(self, values: Mapping[str, object]) -> str | None:
        """The operator's number; None where the field holds none that can be dialled: then it is said."""
        if self._operator is None:
            return None
        number = _PHONE_SIGNS.sub("", self._operator.render(values).strip())
        return number if _PHONE.fullmatch(number) else None


def call_of(template: CompiledTemplate) -> CallTemplate:
    """The call script that a template is; raises `TemplateError` when it is none."""
    if template.attachments or template.has_html:
        raise CallFormError("html_not_here")
    return _compile(template.text_source, template.language)


@lru_cache(maxsize=CACHED_TEMPLATES)  # the key is the content itself: versions are frozen
def _compile(source: str, language: str) -> CallTemplate:
    return CallTemplate(source, language)
