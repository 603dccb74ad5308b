"""The text form of a call script: settings, then sections with what is said and what keys mean.

    засчитать = подтверждено

    [приветствие]
    {{ local_hour | greeting }}! Это {{ company_name }}, автоматическое сообщение.

    [вопрос]
    1 = подтвердить
    Если Вы прослушали сообщение, нажмите один.

A heading stands alone on its line; a line with `=` is a setting or a key; all else is said. The structure is
read from what staff wrote, before any field is filled in: a value can be said, never obeyed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from templates.call_errors import CallFormError
from templates.call_words import (
    ACTIONS,
    CALL_SETTINGS,
    COUNTS,
    ON_MACHINE,
    SECTION_SETTINGS,
    SECTIONS,
    SectionKind,
    Words,
    name_of,
)

MAX_SECTIONS: Final = 40
#: Setting → least, most.
LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "most_seconds": (20, 600),
    "wait": (1, 30),
    "times": (1, 5),
    "least": (1, 20),
    "most": (1, 20),
}
_DEFAULTS: Final[Mapping[str, int]] = {"wait": 5, "times": 2, "least": 1, "most": 8}
_DIGITS_WAIT: Final = 8  #: people look at their meter while they type
_HEADING: Final = re.compile(r"\s*\[([^\[\]{}:]+?)\s*(?::\s*([^\[\]{}]*?))?\s*\]\s*")
_SETTING: Final = re.compile(r"\s*([^={}\[\]]{1,60}?)\s*=\s*(.*?)\s*")
_KEY: Final = re.compile(r"[0-9*#]")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_OPERATOR: Final = re.compile(r"\+?[0-9 ()-]{3,25}|\{\{\s*(?:company_phone|contact_phone)\s*\}\}")
_ARGUED: Final = frozenset((SectionKind.DIGITS, SectionKind.REPLY))
_SETTINGS_OF: Final[Mapping[SectionKind, frozenset[str]]] = {
    SectionKind.IDENTITY: frozenset(("wait", "times")),
    SectionKind.QUESTION: frozenset(("wait", "times")),
    SectionKind.DIGITS: frozenset(("wait", "times", "least", "most")),
}


@dataclass(slots=True)
class Section:
    """One section. `text` is what is said, on the lines where it stands in the whole (errors name them)."""

    kind: SectionKind
    line: int
    heading: str
    argument: str = ""  #: the name of digits, the action of a reply
    keys: dict[str, str] = field(default_factory=dict)  #: key → action
    numbers: dict[str, int] = field(default_factory=dict)
    recording: str | None = None
    text: str = ""

    def number(self, name: str) -> int:
        """A setting of `LIMITS` as staff wrote it, or what is usual."""
        usual = _DIGITS_WAIT if name == "wait" and self.kind is SectionKind.DIGITS else _DEFAULTS[name]
        return self.numbers.get(name, usual)


@dataclass(slots=True)
class CallForm:
    """A whole script as it is written; `operator` is a number or the field that holds one."""

    counts: str = "heard"
    on_machine: str = "hang_up"
    operator: str | None = None
    most_seconds: int = 180
    sections: list[Section] = field(default_factory=list)

    def of_kind(self, *kinds: SectionKind) -> Iterator[Section]:
        """The sections of some kinds, in order."""
        return (section for section in self.sections if section.kind in kinds)


def read_call_form(source: str) -> CallForm:
    """Read the lines of a script; raises `CallFormError`. Whether it makes sense: `call_checks`."""
    form, said = CallForm(), dict[str, int]()
    for number, line in enumerate(source.splitlines(), 1):
        if heading := _HEADING.fullmatch(line):
            form.sections.append(_section(heading, number))
            said = {}
            if len(form.sections) > MAX_SECTIONS:
                raise CallFormError("too_many_sections", number, most=MAX_SECTIONS)
        elif setting := _SETTING.fullmatch(line):
            word = " ".join(setting[1].split())
            if word.casefold() in said:
                raise CallFormError("setting_twice", number, word=word)
            said[word.casefold()] = number
            if form.sections:
                _set_in_section(form.sections[-1], word, setting[2], number)
            else:
                _set_in_call(form, word, setting[2], number)
        elif form.sections:
            _say(form.sections[-1], line, number)
        elif line.strip():
            raise CallFormError("text_outside", number)
    for section in form.sections:
        if not section.text.strip():
            raise CallFormError("text_empty", section.line)
        _check_recording(section)
    return form


def _section(heading: re.Match[str], line: int) -> Section:
    word, argument = heading[1].strip(), heading[2]
    name = name_of(word, SECTIONS)
    if name is None:
        raise CallFormError("section_unknown", line, word=word)
    kind = SectionKind(name)
    if kind not in _ARGUED:
        if argument is not None:
            raise CallFormError("name_not_here", line)
        return Section(kind, line, word)
    if kind is SectionKind.REPLY:
        return Section(kind, line, f"{word}: {argument}", _action(argument or "", line))
    if not argument or not _NAME.fullmatch(argument):
        raise CallFormError("name_bad", line)
    return Section(kind, line, f"{word}: {argument}", argument)


def _set_in_call(form: CallForm, word: str, value: str, line: int) -> None:
    match name_of(word, CALL_SETTINGS):
        case "counts":
            form.counts = _choice(value, COUNTS, "counts_unknown", line)
        case "on_machine":
            form.on_machine = _choice(value, ON_MACHINE, "on_machine_unknown", line)
        case "operator":
            if not _OPERATOR.fullmatch(value):
                raise CallFormError("operator_bad", line)
            form.operator = value
        case "most_seconds":
            form.most_seconds = _number("most_seconds", word, value, line)
        case _:
            raise CallFormError("setting_unknown", line, word=word)


def _set_in_section(section: Section, word: str, value: str, line: int) -> None:
    if _KEY.fullmatch(word):
        if section.kind not in (SectionKind.IDENTITY, SectionKind.QUESTION):
            raise CallFormError("keys_not_here", line)
        section.keys[word] = _action(value, line)
        return
    name = name_of(word, SECTION_SETTINGS)
    if name == "recording":
        if not _DIGEST.fullmatch(value):
            raise CallFormError("recording_bad", line)
        section.recording = value
    elif name is not None and name in _SETTINGS_OF.get(section.kind, ()):
        section.numbers[name] = _number(name, word, value, line)
    else:
        raise CallFormError("setting_unknown", line, word=word)


def _say(section: Section, line: str, number: int) -> None:
    """Keep a line on its own number: what Jinja says of it then names the line of the whole text."""
    section.text += "\n" * (number - 1 - section.text.count("\n")) + line + "\n"


def _action(word: str, line: int) -> str:
    return _choice(word, ACTIONS, "action_unknown", line)


def _choice(word: str, table: Mapping[str, Words], code: str, line: int) -> str:
    name = name_of(word, table)
    if name is None:
        raise CallFormError(code, line, word=word)
    return name


def _number(name: str, word: str, value: str, line: int) -> int:
    least, most = LIMITS[name]
    if not re.fullmatch(r"[0-9]{1,4}", value) or not least <= int(value) <= most:
        raise CallFormError("number_bad", line, word=word, least=least, most=most)
    return int(value)


def _check_recording(section: Section) -> None:
    # What was recorded is said to everybody alike, and is one breath.
    lines = [line for line in section.text.splitlines() if line.strip()]
    if section.recording is not None and (len(lines) > 1 or re.search(r"\{[{%#]", section.text)):
        raise CallFormError("recording_bad", section.line)
