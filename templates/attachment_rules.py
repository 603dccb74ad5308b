"""What a template says about files that go with it: which field names the file, and what if there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from templates.errors import TemplateSourceError

MAX_ATTACHMENTS: Final = 3


class IfMissing(StrEnum):
    """What becomes of a notice whose file is not there."""

    #: the recipient's attempt is refused; nothing is sent
    REFUSE = "refuse"
    #: the attempt waits for the file until the window ends
    HOLD = "hold"
    #: the file is optional: the notice goes without it
    OMIT = "omit"


@dataclass(frozen=True, slots=True)
class AttachmentRule:
    """One file per recipient: `field` is the list's column that names it."""

    field: str
    if_missing: IfMissing = IfMissing.REFUSE

    def to_json(self) -> dict[str, str]:
        """Plain data for the version's row."""
        return {"field": self.field, "if_missing": self.if_missing.value}


def rules_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[AttachmentRule, ...]:
    """The rules as they were stored."""
    return tuple(AttachmentRule(one["field"], IfMissing(one["if_missing"])) for one in data)


def check_rules(rules: Sequence[AttachmentRule]) -> None:
    """Raise `TemplateSourceError` for too many rules, or two for one field."""
    if len(rules) > MAX_ATTACHMENTS or len({rule.field for rule in rules}) < len(rules):
        raise TemplateSourceError(f"вложений может быть не больше {MAX_ATTACHMENTS}, каждое из своего поля")
