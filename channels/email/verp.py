"""The name of an attempt inside mail addresses, so that a bounce finds its way back.

VERP: every message leaves with its own envelope sender, `b-{YYYYMM}-{attempt id, 32 hex}-{mac}@domain`.
The mac is signed with a key of ours, so nobody can fail a notice by inventing a bounce. Relays may
change the case of a local part, so everything in it survives lower-casing; RFC 5321 4.5.3.1.1 caps it
at 64 octets (this one has 59). ENVID (RFC 3461 4.4) carries the same name, unsigned.
"""

import hmac
import re
from datetime import date
from functools import lru_cache
from uuid import UUID

from channels.port import AttemptReference
from dispatcher.core.base32 import base32_lower

MAC_OCTETS = 10  # 80 bits: 16 characters of base32, in lower case
_LOCAL_PART = re.compile(r"b-(\d{6})-([0-9a-f]{32})-([a-z2-7]{16})", re.ASCII)
_ENVELOPE_ID = re.compile(r"(\d{6})\.([0-9a-f]{32})", re.ASCII)


def encode(attempt: AttemptReference, key: bytes, domain: str) -> str:
    """The envelope sender of this attempt at our bounce domain."""
    name = f"{_month(attempt.period)}-{attempt.attempt_id.hex}"
    return f"b-{name}-{_mac(name, key)}@{domain}"


def decode(address: str, key: bytes) -> AttemptReference | None:
    """The attempt a bounce address names; None when it is not ours or its mac is forged."""
    match = _match_local_part(address)
    if match is None:
        return None
    expected = _mac(f"{match[1]}-{match[2]}", key)
    if not hmac.compare_digest(expected, match[3]):
        return None
    return _reference(match[1], match[2])


def looks_signed(address: str) -> bool:
    """Whether the address has the form of a bounce address, whoever made it."""
    return _match_local_part(address) is not None


def read_unchecked(address: str) -> AttemptReference | None:
    """The attempt a bounce address claims, mac unread. For the sandbox's journal; trust nothing by it."""
    match = _match_local_part(address)
    return None if match is None else _reference(match[1], match[2])


def envelope_id(attempt: AttemptReference) -> str:
    """The ENVID of this attempt; plain characters, so its xtext form (RFC 3461 section 4) is itself."""
    return f"{_month(attempt.period)}.{attempt.attempt_id.hex}"


def parse_envelope_id(text: str) -> AttemptReference | None:
    """The attempt of an ENVID that came back in a report; None when it is not one of ours."""
    match = _ENVELOPE_ID.fullmatch(text.strip().lower())
    return None if match is None else _reference(match[1], match[2])


def _match_local_part(address: str) -> re.Match[str] | None:
    local_part = address.strip().strip("<>").rpartition("@")[0]
    return _LOCAL_PART.fullmatch(local_part.lower())


def _mac(name: str, key: bytes) -> str:
    digest = hmac.digest(key, b"verp:" + name.encode("ascii"), "sha256")
    return base32_lower(digest[:MAC_OCTETS])


@lru_cache(16)  # messages of some days are of one or two months
def _month(period: date) -> str:
    return f"{period.year:04}{period.month:02}"


def _reference(period: str, attempt_id: str) -> AttemptReference | None:
    year, month = int(period[:4]), int(period[4:])
    if year < 1 or not 1 <= month <= 12:
        return None
    return AttemptReference(date(year, month, 1), UUID(hex=attempt_id))
