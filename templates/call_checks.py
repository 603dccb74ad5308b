"""Whether a call script makes sense: what must be there, in which order, that each key means one thing."""

from collections.abc import Sequence
from typing import Final

from templates.call_errors import CallFormError
from templates.call_form import CallForm, Section
from templates.call_words import ACTIONS, SECTION_SETTINGS, SectionKind

#: What may be pressed at any moment of a call (`channels.voice.conversation`), so it must mean one thing.
_ANY_TIME: Final = frozenset(("repeat", "wrong_person", "stop_calls", "operator"))
_ONCE: Final = (SectionKind.IDENTITY, SectionKind.GOODBYE, SectionKind.MACHINE)
_MOST: Final = SECTION_SETTINGS["most"]
_QUESTIONS: Final = (SectionKind.IDENTITY, SectionKind.QUESTION)


def check_call_form(form: CallForm) -> None:
    """Raise `CallFormError` for the first thing that makes no sense."""
    _check_order(form)
    _check_once(form)
    for section in form.of_kind(*_QUESTIONS):
        _check_keys(section)
    _check_meanings(form)
    _check_digits(form.sections)
    _check_counted(form)
    _check_machine(form)
    _check_replies(form)


def _check_order(form: CallForm) -> None:
    openings = list(form.of_kind(SectionKind.OPENING))
    if len(openings) != 1 or form.sections[0] is not openings[0]:
        raise CallFormError("opening_first", openings[-1].line if openings else 1)
    if not any(form.of_kind(SectionKind.FACTS)):
        raise CallFormError("facts_missing")
    identity = next(form.of_kind(SectionKind.IDENTITY), None)
    later = (SectionKind.FACTS, SectionKind.QUESTION, SectionKind.DIGITS)
    if identity is not None and next(form.of_kind(*later)).line < identity.line:
        raise CallFormError("identity_late", identity.line)


def _check_once(form: CallForm) -> None:
    seen: set[tuple[SectionKind, str]] = set()
    for section in form.of_kind(*_ONCE, SectionKind.REPLY, SectionKind.DIGITS):
        if (section.kind, section.argument) in seen:
            raise CallFormError("section_twice", section.line, word=section.heading)
        seen.add((section.kind, section.argument))


def _check_keys(section: Section) -> None:
    is_identity = section.kind is SectionKind.IDENTITY
    if not section.keys:
        raise CallFormError("keys_missing", section.line)
    if is_identity and "continue" not in section.keys.values():
        raise CallFormError("continue_missing", section.line)
    # Nothing was told yet that could be confirmed; and who it is was asked already.
    misplaced = "confirm" if is_identity else "continue"
    if misplaced in section.keys.values():
        raise CallFormError("action_not_here", section.line, word=ACTIONS[misplaced])


def _check_meanings(form: CallForm) -> None:
    meanings: dict[str, set[str]] = {}
    for section in form.of_kind(*_QUESTIONS):
        for key, action in section.keys.items():
            known = meanings.setdefault(key, set())
            known.add(action)
            if len(known) > 1 and known & _ANY_TIME:
                raise CallFormError("key_means_two", section.line, key=key)


def _check_digits(sections: Sequence[Section]) -> None:
    asked = (SectionKind.DIGITS, SectionKind.READ_BACK, SectionKind.CHECK)
    place = 0
    while place < len(sections):
        kinds = tuple(section.kind for section in sections[place : place + 3])
        if sections[place].kind not in asked:
            place += 1
        elif kinds == asked:
            least, most = sections[place].number("least"), sections[place].number("most")
            if least > most:
                raise CallFormError("number_bad", sections[place].line, word=_MOST, least=least, most=20)
            place += 3
        else:
            raise CallFormError("digits_incomplete", sections[place].line)


def _check_counted(form: CallForm) -> None:
    if form.counts != "confirmed":
        return
    first = next(form.of_kind(SectionKind.FACTS)).line
    questions = form.of_kind(SectionKind.QUESTION)
    if not any("confirm" in one.keys.values() for one in questions if one.line > first):
        raise CallFormError("confirm_missing")


def _check_machine(form: CallForm) -> None:
    section = next(form.of_kind(SectionKind.MACHINE), None)
    if form.on_machine == "neutral" and section is None:
        raise CallFormError("machine_missing")
    if form.on_machine != "neutral" and section is not None:
        raise CallFormError("machine_unused", section.line)


def _check_replies(form: CallForm) -> None:
    possible = {action for one in form.of_kind(*_QUESTIONS) for action in one.keys.values()}
    replies = {one.argument for one in form.of_kind(SectionKind.REPLY)}
    for section in form.of_kind(SectionKind.REPLY):
        if section.argument not in possible:
            raise CallFormError("reply_unused", section.line, word=ACTIONS[section.argument])
        if section.argument == "repeat":  # the facts themselves follow that key
            raise CallFormError("action_not_here", section.line, word=ACTIONS["repeat"])
    if "operator" in possible and "operator" not in replies:
        asked = next(one for one in form.of_kind(*_QUESTIONS) if "operator" in one.keys.values())
        raise CallFormError("operator_missing", asked.line)
