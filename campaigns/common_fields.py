"""What staff type once for all recipients of a campaign: an outage has one time and one reason.

Frozen with the run; a recipient's own row wins where it says something.
"""

import re
from collections.abc import Mapping
from typing import Final

from campaigns.errors import CampaignError
from campaigns.list_values import BadValueError, clean_text, read_date
from dispatcher.delivery.render import OWN_FIELDS
from templates.lint import personal_data_in_link
from templates.notice_fields import NOTICE_FIELDS, FieldKind, field_title

MAX_FIELDS: Final = 40
MAX_CHARS: Final = 2_000
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def read_common_fields(typed: Mapping[str, str]) -> dict[str, str]:
    """The fields as they are kept, empty ones left out; raises `CampaignError` naming the field."""
    found = {name: clean_text(value) for name, value in typed.items()}
    found = {name: value for name, value in found.items() if value}
    if len(found) > MAX_FIELDS:
        raise CampaignError(
            f"a campaign has at most {MAX_FIELDS} common fields", code="common_fields_many", most=MAX_FIELDS
        )
    return {name: _read(name, value) for name, value in found.items()}


def _read(name: str, value: str) -> str:
    if not _NAME.fullmatch(name) or name in OWN_FIELDS or name == "debt":
        raise CampaignError(
            f"{name!r} cannot be common to all recipients: each has an own one, or it is no name of a field",
            code="common_field_name",
            field=name[:64],
        )
    titles = tuple(field_title(name, place) for place in range(3))
    if len(value) > MAX_CHARS:
        raise CampaignError(
            f"{titles[0]}: at most {MAX_CHARS} signs", code="common_field_long", field=titles, most=MAX_CHARS
        )
    known = NOTICE_FIELDS.get(name)
    if name == "due_date" or (known is not None and known.kind is FieldKind.DATE):
        try:
            return read_date(value).isoformat()
        except BadValueError:
            raise CampaignError(
                f"{titles[0]}: write the date as 25.12.2026", code="common_field_date", field=titles
            ) from None
    if known is not None and known.kind is FieldKind.LINK and not _is_harmless_link(value):
        raise CampaignError(
            f"{titles[0]}: an https address without anybody's data", code="common_field_link", field=titles
        )
    return value


def _is_harmless_link(value: str) -> bool:
    return value.lower().startswith("https://") and " " not in value and not personal_data_in_link(value)
