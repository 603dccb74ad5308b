"""Base32 in lower case (RFC 4648 6), without padding, for what stands in the local parts of mail addresses.

Servers on the way may change the case of a local part, so nothing in it may depend on that. Made by a table,
ten bits at a time: the library's encoder takes longer than the digests that it writes down, and two or three
are written for every message.
"""

from typing import Final

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)


def base32_lower(octets: bytes) -> str:
    """The same as `b32encode(octets).lower().rstrip("=")`."""
    characters = -(-len(octets) * 8 // 5)
    is_odd = characters % 2
    digits = characters + is_odd  # the table knows pairs only
    bits = int.from_bytes(octets, "big") << (digits * 5 - len(octets) * 8)
    text = "".join([_PAIRS[bits >> shift & 1023] for shift in range(digits * 5 - 10, -1, -10)])
    return text[:-1] if is_odd else text
