"""Does a list give a template what it needs? Said before anything is sent (strict at the dry run)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from templates.rendering import CompiledTemplate


@dataclass(frozen=True, slots=True)
class FieldReport:
    """Which fields a list lacks as a whole, and for how many recipients a needed one is empty."""

    missing: tuple[str, ...]
    empty: Mapping[str, int]
    checked: int

    @property
    def is_ready(self) -> bool:
        """Whether every recipient can be written to, as far as fields go."""
        return not self.missing and not self.empty

    def in_words(self) -> list[str]:
        """One line for each fault, for staff."""
        lines = [f"в списке нет поля «{name}»" for name in self.missing]
        return lines + [
            f"поле «{name}» пусто у {count} из {self.checked}" for name, count in self.empty.items()
        ]


def check_fields(
    template: CompiledTemplate, available: Collection[str], recipients: Iterable[Mapping[str, object]]
) -> FieldReport:
    """Compare what a template needs with the list's fields and with a sample of recipients, or all of them.

    `available` names the fields of the list and those that the renderer fills itself. A field that the
    template asks about (`{% if address %}`) may be empty; one that the list does not have may not be used.
    """
    missing = missing_fields(template, available)
    empty: Counter[str] = Counter()
    checked = 0
    for fields in recipients:
        checked += 1
        empty.update(
            name for name in template.fields_to_fill().intersection(available) if is_empty(fields.get(name))
        )
    return FieldReport(missing, dict(sorted(empty.items())), checked)


def missing_fields(template: CompiledTemplate, available: Collection[str]) -> tuple[str, ...]:
    """The fields that a template uses without asking and that nobody gives."""
    wanted = template.required_fields() | template.fields_to_fill()
    return tuple(sorted(wanted.difference(available)))


def is_empty(value: object) -> bool:
    """Nothing, or blanks only. Zero is a value."""
    return value is None or (isinstance(value, str) and not value.strip())
