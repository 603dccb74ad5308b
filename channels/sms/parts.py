"""How long a text is as short messages, and where it is cut (3GPP TS 23.040, 9.2.3.24; domain: section 3).

A part never ends inside a character: not between the escape and its septet, not inside a surrogate pair.
That can leave a unit of a part unused, so a text is cut, not divided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from channels.sms.alphabet import Alphabet, alphabet_of, foreign_characters, units_of

#: Units that fit into a message that stands alone, and into each part of a chain (6 octets of header).
SINGLE: Final = MappingProxyType({Alphabet.GSM7: 160, Alphabet.UCS2: 70})
CHAINED: Final = MappingProxyType({Alphabet.GSM7: 153, Alphabet.UCS2: 67})
#: What the radio network carries at once, header and text together.
PART_OCTETS: Final = 140
#: The chain's header has one octet for the number of parts.
MOST_PARTS: Final = 255


@dataclass(frozen=True, slots=True)
class MessageLength:
    """What a text costs: `parts` are paid for, `left` units are free in the last of them.

    `foreign` are the characters that make it UCS-2, each once; `saved_parts` is how many parts fewer it
    would have without them (counted as one septet each), so that staff see what a «№» costs.
    """

    alphabet: Alphabet
    units: int
    parts: int
    left: int
    foreign: tuple[str, ...]
    saved_parts: int


def measure(text: str) -> MessageLength:
    """The length of a text. An empty one has no parts: it cannot be sent."""
    alphabet = alphabet_of(text)
    units = sum(units_of(character, alphabet) for character in text)
    pieces = split(text)
    room = (SINGLE if len(pieces) <= 1 else CHAINED)[alphabet]
    used = sum(units_of(character, alphabet) for character in pieces[-1]) if pieces else 0
    foreign = foreign_characters(text)
    return MessageLength(
        alphabet, units, len(pieces), room - used, foreign, _saved(text, foreign, len(pieces))
    )


def split(text: str, alphabet: Alphabet | None = None, *, header_octets: int = 6) -> Sequence[str]:
    """The parts of a text, in order; joined they are the text again.

    Without an `alphabet` it is the cheapest one. A chain's header has 6 octets, or 7 where its reference
    has 16 bits.
    """
    if not text:
        return ()
    alphabet = alphabet or alphabet_of(text)
    if sum(units_of(character, alphabet) for character in text) <= SINGLE[alphabet]:
        return (text,)
    bits = 7 if alphabet is Alphabet.GSM7 else 16
    return tuple(_cut(text, alphabet, (PART_OCTETS - header_octets) * 8 // bits))


def _cut(text: str, alphabet: Alphabet, room: int) -> Sequence[str]:
    parts: list[str] = []
    start = used = 0
    for place, character in enumerate(text):
        units = units_of(character, alphabet)
        if used + units > room:
            parts.append(text[start:place])
            start, used = place, 0
        used += units
    parts.append(text[start:])
    return parts


def _saved(text: str, foreign: tuple[str, ...], parts: int) -> int:
    if not foreign:
        return 0
    plain = text.translate({ord(character): "?" for character in foreign})
    return max(parts - len(split(plain)), 0)
