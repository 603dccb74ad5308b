"""What those who may only look see of personal data: enough to tell one from another, never the whole.

An auditor checks what was done, not to whom: names are initials, addresses a beginning, texts are left out.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context

CUT: Final = "…"
_ACCOUNT_SIGNS: Final = 4
_PHONE_SIGNS: Final = 2


def masked_name(name: str) -> str:
    """The initials: «Петров Пётр» → «П. П.»."""
    return " ".join(f"{word[0]}." for word in name.split() if word[0].isalnum()) or CUT


def masked_account(number: str) -> str:
    """The last signs."""
    return CUT + number[-_ACCOUNT_SIGNS:] if len(number) > _ACCOUNT_SIGNS else CUT


def masked_contact(address: str) -> str:
    """`p…@example.org`, or the last signs of a telephone number."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}{CUT}@{domain}" if at else CUT + address[-_PHONE_SIGNS:]


def _hidden(_value: str) -> str:
    return CUT


def _seen_as(mask: Callable[[str], str]) -> Callable[[Context, str | None], str | None]:
    @pass_context
    def seen(context: Context, value: str | None) -> str | None:
        return value if not value or context["member"].may_see_personal_data else mask(value)

    return seen


#: A value as the person who is signed in may see it.
MASKING_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "seen_name": _seen_as(masked_name),
    "seen_account": _seen_as(masked_account),
    "seen_contact": _seen_as(masked_contact),
    "seen_words": _seen_as(_hidden),
}
