"""A text as the octets of its messages: data coding, and the header that holds a chain together.

Septets of GSM-7 go unpacked, an octet each, as SMPP has them; UCS-2 goes as UTF-16BE. Where the
provider takes data coding 0 for Latin-1, what Latin-1 lacks (the euro, Greek letters) makes a text UCS-2.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from channels.sms.alphabet import Alphabet, alphabet_of, from_septets, septets
from channels.sms.parts import split
from channels.sms.smpp.pdu import ShortMessage

#: data_coding (5.2.19)
DEFAULT_CODING: Final = 0x00
UCS2_CODING: Final = 0x08
#: esm_class: the text begins with a header
HAS_HEADER: Final = 0x40
_HEADER_OCTETS: Final = {"udh8": 6, "udh16": 7}

Concatenation = Literal["udh8", "udh16", "payload"]
DefaultAlphabet = Literal["gsm7", "latin1"]


@dataclass(frozen=True, slots=True)
class Part:
    """One message on the wire."""

    octets: bytes = field(repr=False)
    data_coding: int
    esm_class: int = 0


def write_parts(
    text: str, concatenation: Concatenation, alphabet: DefaultAlphabet, reference: int
) -> Sequence[Part]:
    """The messages of a text, in order. `reference` holds a chain together, cut to its width."""
    chosen = alphabet_of(text)
    if chosen is Alphabet.GSM7 and alphabet == "latin1" and not _is_latin1(text):
        chosen = Alphabet.UCS2
    coding = DEFAULT_CODING if chosen is Alphabet.GSM7 else UCS2_CODING
    if concatenation == "payload":
        return [Part(_octets(text, chosen, alphabet), coding)]
    pieces = split(text, chosen, header_octets=_HEADER_OCTETS[concatenation])
    if len(pieces) == 1:
        return [Part(_octets(text, chosen, alphabet), coding)]
    return [
        Part(
            _header(concatenation, reference, len(pieces), place) + _octets(piece, chosen, alphabet),
            coding,
            HAS_HEADER,
        )
        for place, piece in enumerate(pieces, start=1)
    ]


def read_text(message: ShortMessage, alphabet: DefaultAlphabet) -> str:
    """What somebody wrote to us; of a long text each message holds its part, without the header."""
    octets, coding = message.text_octets, message.data_coding & 0x0F
    if message.esm_class & HAS_HEADER and octets:
        octets = octets[octets[0] + 1 :]
    if coding == UCS2_CODING:
        return octets.decode("utf-16-be", "replace")
    if coding == DEFAULT_CODING and alphabet == "gsm7":
        return from_septets(octets)
    return octets.decode("latin-1")


def _header(concatenation: Concatenation, reference: int, parts: int, place: int) -> bytes:
    """TS 23.040, 9.2.3.24.1 and 9.2.3.24.8."""
    if concatenation == "udh16":
        return bytes((6, 0x08, 4)) + (reference & 0xFFFF).to_bytes(2, "big") + bytes((parts, place))
    return bytes((5, 0x00, 3, reference & 0xFF, parts, place))


def _octets(text: str, chosen: Alphabet, alphabet: DefaultAlphabet) -> bytes:
    if chosen is Alphabet.UCS2:
        return text.encode("utf-16-be", "replace")
    return text.encode("latin-1") if alphabet == "latin1" else septets(text)


def _is_latin1(text: str) -> bool:
    return all(ord(character) < 0x100 for character in text)
