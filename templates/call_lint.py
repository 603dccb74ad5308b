"""What a call must not say to whom, and what it must (requirements 43, 52, 61; `domain.md` 4.3 and 6.5).

Nobody knows who holds a telephone: what concerns a person is said only to somebody who said, by a key, that
it is them. An answering machine, the wrong person and whoever says nothing hear nothing of it.
"""

import re
from collections.abc import Iterator
from typing import Final

from templates.call_errors import CallRuleError
from templates.call_form import CallForm, Section
from templates.call_template import CallTemplate
from templates.call_words import SectionKind
from templates.personal_fields import tells_of_account

#: What everybody hears who is told at all; mandatory items stand there.
HEARD_BY_ALL: Final = (SectionKind.OPENING, SectionKind.IDENTITY, SectionKind.FACTS)
_AUTOMATIC: Final = re.compile(r"автоматич|автоматизов|automat|робот|robot", re.IGNORECASE)
_LINK: Final = re.compile(r"https?:|www\.", re.IGNORECASE)


def check_call_rules(call: CallTemplate) -> None:
    """Raise `CallRuleError` for the first rule that a call breaks."""
    opening = next(call.form.of_kind(SectionKind.OPENING))
    if "company_name" not in call.fields_of(opening) or not _AUTOMATIC.search(opening.text):
        raise CallRuleError("voice_opening", opening.line)
    for section in _heard_by_strangers(call.form):
        for field in sorted(call.fields_of(section)):
            is_asked_for = section.kind is SectionKind.IDENTITY and field == "full_name"
            if tells_of_account(field) and not is_asked_for:
                raise CallRuleError("identity_first", section.line, field=field)
    for section in call.form.sections:
        if _LINK.search(section.text) or any(name.endswith("_url") for name in call.fields_of(section)):
            raise CallRuleError("voice_link", section.line)
    questions = call.form.of_kind(SectionKind.IDENTITY, SectionKind.QUESTION)
    if not any("stop_calls" in section.keys.values() for section in questions):
        raise CallRuleError("refusal_key")


def _heard_by_strangers(form: CallForm) -> Iterator[Section]:
    identity = next(form.of_kind(SectionKind.IDENTITY), None)
    for section in form.sections:
        match section.kind:
            case SectionKind.MACHINE | SectionKind.GOODBYE:
                yield section
            case SectionKind.REPLY:
                if identity is None or section.argument != "confirm":
                    yield section
            case _:
                if identity is None or section.line <= identity.line:
                    yield section
