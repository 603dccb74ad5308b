"""Header lines of a message: checked, encoded (RFC 2047), folded (RFC 5322 2.2.3).

Every function gives complete lines ended by CR LF, or raises `UnsendableError("bad_header")`: no value can
start a header of its own. These run once for each message, so the usual case — printable and short — is
decided by calls that Python makes in C, and only the rest is looked at by patterns.
"""

import re
from binascii import b2a_base64
from functools import lru_cache
from typing import Final

from channels.email.addresses import MailAddress
from channels.email.errors import UnsendableError

MAX_LINE_OCTETS: Final = 998  #: RFC 5322 2.1.1, without CR LF
FOLD_AT: Final = 76  #: characters of a header line; 78 is the RFC's wish
ENCODED_WORD_OCTETS: Final = 45  #: 60 base64 characters: a word within the 75 of RFC 2047
KEPT_HEADERS: Final = 256  #: headers that are likely to come again: subjects of a run, constant values
KEPT_CHARS: Final = 500  #: of one kept value; together they take less than half a megabyte

#: Written by us; an envelope that brings one of them would make an ambiguous message.
OWN_HEADERS: Final = frozenset(
    (
        *("from", "to", "cc", "bcc", "sender", "reply-to"),
        *("subject", "date", "message-id", "auto-submitted", "mime-version", "dkim-signature"),
    )
)
_BAD: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_HEADER_NAME: Final = re.compile(r"[!-9;-~]{1,76}", re.ASCII)
_PLAIN_PHRASE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*", re.ASCII)


def header(name: str, value: str) -> bytes:
    """One unstructured header; words that are not ASCII are encoded."""
    return _kept_header(name, value) if len(value) <= KEPT_CHARS else _header(name, value)


def foreign_header(name: str, value: str) -> bytes:
    """A header that an envelope brings; one that we write ourselves, or that is none, is refused."""
    _check_foreign(name)
    if value.isascii() and value.isprintable() and " " not in value and "=?" not in value:
        return _finish(f"{name}: {value}")  # a link of its own for each recipient: cannot be folded, nor kept
    return header(name, value)


def mailbox(name: str, display: str, address: MailAddress) -> bytes:
    """One address header; `display` is the person's name, as people write it, or empty."""
    _refuse_bad(display)
    phrase = display.strip()
    if not phrase:
        return _finish(f"{name}: {address.text}")
    if not phrase.isascii() or "=?" in phrase:
        phrase = encoded_words(phrase, used=len(name) + 2)
    elif not _PLAIN_PHRASE.fullmatch(phrase):
        phrase = '"' + phrase.replace("\\", "\\\\").replace('"', '\\"') + '"'
    separator = " " if len(name) + len(phrase) + len(address.text) < FOLD_AT - 5 else "\r\n "
    return _finish(f"{name}: {phrase}{separator}<{address.text}>")


def encoded_words(text: str, *, used: int) -> str:
    """RFC 2047 words of base64, one a line, never splitting a character; `used`: taken of the first line."""
    octets = text.encode()
    room = max(12, (FOLD_AT - used - 12) // 4 * 3)
    words, start = [], 0
    while True:
        end = start + room
        if end < len(octets):
            while octets[end] & 0xC0 == 0x80:  # inside a character
                end -= 1
        words.append(f"=?utf-8?b?{b2a_base64(octets[start:end], newline=False).decode('ascii')}?=")
        if end >= len(octets):
            return "\r\n ".join(words)
        start, room = end, ENCODED_WORD_OCTETS


def _header(name: str, value: str) -> bytes:
    _refuse_bad(value)
    is_plain = value.isascii() and "=?" not in value
    text = value if is_plain else encoded_words(value, used=len(name) + 2)
    line = f"{name}: {text}"
    if len(line) > FOLD_AT:
        line = _fold(line, after=len(name) + 2)
    return _finish(line)


_kept_header = lru_cache(KEPT_HEADERS)(_header)


@lru_cache(KEPT_HEADERS)
def _check_foreign(name: str) -> None:
    lowered = name.lower()
    if not _HEADER_NAME.fullmatch(name) or lowered in OWN_HEADERS or lowered.startswith("content-"):
        raise UnsendableError("bad_header")


def _fold(line: str, *, after: int) -> str:
    """Break a long line before blanks, never inside the header's name, never leaving a blank line."""
    folded, rest, start = [], line, after
    while len(rest) > FOLD_AT and "\r\n" not in rest:
        at = rest.rfind(" ", start, FOLD_AT + 1)
        if at <= 0:
            at = rest.find(" ", max(start, FOLD_AT))
        if at <= 0 or not rest[at:].strip() or not rest[:at].strip():
            break
        folded.append(rest[:at])
        rest, start = rest[at:], 1
    folded.append(rest)
    return "\r\n".join(folded)


def _finish(line: str) -> bytes:
    encoded = line.encode()
    if len(encoded) > MAX_LINE_OCTETS and max(map(len, encoded.split(b"\r\n"))) > MAX_LINE_OCTETS:
        raise UnsendableError("bad_header")
    return encoded + b"\r\n"


def _refuse_bad(value: str) -> None:
    """Line breaks, other control characters, halves of surrogate pairs."""
    if not value.isprintable() and _BAD.search(value):
        raise UnsendableError("bad_header")
