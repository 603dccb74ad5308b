"""The two alphabets of a short message: GSM-7 (3GPP TS 23.038) and UCS-2.

One character outside GSM-7 turns the whole text to UCS-2, where 70 characters fit instead of 160: that is
what staff must see before they pay for it (domain: section 3).
"""

from enum import StrEnum
from typing import Final

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE: Final = 0x1B
#: Characters that are sent as an escape and a second septet.
_EXTENSION: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
#: Character → its septets.
_SEPTETS: Final = {
    **{character: (code,) for code, character in enumerate(_BASIC) if code != _ESCAPE},
    **{character: (_ESCAPE, code) for character, code in _EXTENSION.items()},
}
_LARGEST_SINGLE_UNIT: Final = 0xFFFF


class Alphabet(StrEnum):
    """How a text is written on its way; the only place where they are spelled."""

    #: 160 septets in one message, 153 in each part of a longer one
    GSM7 = "gsm7"
    #: 70 units of 16 bits in one message, 67 in each part of a longer one
    UCS2 = "ucs2"


def alphabet_of(text: str) -> Alphabet:
    """The cheapest alphabet that can carry the text."""
    return Alphabet.UCS2 if foreign_characters(text) else Alphabet.GSM7


def foreign_characters(text: str) -> tuple[str, ...]:
    """The characters that GSM-7 lacks, each once, as they first occur: each makes the text UCS-2."""
    return tuple(dict.fromkeys(character for character in text if character not in _SEPTETS))


def units_of(character: str, alphabet: Alphabet) -> int:
    """How many septets (GSM-7) or 16-bit units (UCS-2) a character takes; KeyError where GSM-7 lacks it."""
    if alphabet is Alphabet.GSM7:
        return len(_SEPTETS[character])
    return 2 if ord(character) > _LARGEST_SINGLE_UNIT else 1


def septets(text: str) -> bytes:
    """The text as unpacked septets, an octet each, as SMPP carries them; KeyError where GSM-7 lacks one."""
    return bytes(code for character in text for code in _SEPTETS[character])


def from_septets(octets: bytes) -> str:
    """The text of unpacked septets; what makes no sense becomes a space, as TS 23.038 asks of receivers."""
    found: list[str] = []
    is_escaped = False
    for code in octets:
        if is_escaped:
            found.append(_EXTENDED.get(code, " "))
            is_escaped = False
        elif code == _ESCAPE:
            is_escaped = True
        else:
            found.append(_BASIC[code] if code < len(_BASIC) else " ")
    return "".join(found)


_EXTENDED: Final = {code: character for character, code in _EXTENSION.items()}
