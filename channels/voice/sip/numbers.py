"""The form in which a trunk wants numbers, and which of its own numbers it shows to whom."""

import hashlib

from dispatcher.core.voice_settings import CallerIdSettings, TrunkSettings


def dialled_form(trunk: TrunkSettings, number: str) -> str:
    """`number` (E.164 with its plus) as the trunk dials it."""
    digits = number.lstrip("+")
    if trunk.number_format == "plus":
        form = f"+{digits}"
    elif trunk.number_format == "national" and digits.startswith(trunk.country_code):
        form = trunk.national_prefix + digits.removeprefix(trunk.country_code)
    else:
        form = digits
    return trunk.dial_prefix + form


def takes(trunk: TrunkSettings, number: str) -> bool:
    """Whether calls to this number go over the trunk."""
    return not trunk.prefixes or any(number.startswith(prefix) for prefix in trunk.prefixes)


def caller_id_for(trunk: TrunkSettings, number: str) -> CallerIdSettings:
    """The number of the pool that this person always sees: one they can recognise and call back."""
    lot = int.from_bytes(hashlib.sha256(number.encode()).digest()[:8], "big")
    return trunk.caller_ids[lot % len(trunk.caller_ids)]
