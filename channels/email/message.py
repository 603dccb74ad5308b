"""From an envelope to the bytes of one message (RFC 5322, MIME).

Built by hand because `email.message.EmailMessage` takes milliseconds for a Cyrillic message and this
takes microseconds; the standard parser is the oracle of its tests. Two rules are guarded here: no field
of an envelope can start a header of its own, and the Message-ID is the same for every attempt of one
notice, so that a repeated message is shown once.
"""

import base64
import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime

from channels.email.addresses import MailAddress, ascii_domain, parse_address
from channels.email.body import MAX_LINE_OCTETS, build_body
from channels.email.errors import UnsendableError
from channels.port import Envelope
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.settings import MailSettings

FOLD_AT = 76  # characters of a header line; 78 is the RFC's wish
ENCODED_WORD_OCTETS = 45  # 60 base64 characters: a word within the 75 of RFC 2047

#: Written by us; an envelope that brings one of them would make an ambiguous message.
OWN_HEADERS = frozenset(
    (
        *("from", "to", "cc", "bcc", "sender", "reply-to"),
        *("subject", "date", "message-id", "auto-submitted", "mime-version"),
    )
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_HEADER_NAME = re.compile(r"[!-9;-~]{1,76}", re.ASCII)
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,200}", re.ASCII)
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*", re.ASCII)


class MessageBuilder:
    """Builds messages of one sender; everything that is the same for all is made once."""

    def __init__(self, mail: MailSettings) -> None:
        """Raises `ConfigurationError` when a setting cannot stand in a header."""
        self._message_id_domain = ascii_domain(mail.message_id_domain)
        self._from = _own_mailbox("From", mail.from_name, mail.from_address)
        self._reply_to = _own_mailbox("Reply-To", "", mail.reply_to) if mail.reply_to else b""

    def build(self, envelope: Envelope, to: MailAddress, *, date: datetime, is_8bit: bool) -> bytes:
        """The whole message, lines ended by CR LF, before dot-stuffing.

        `is_8bit` tells whether the server takes 8BITMIME. Raises `UnsendableError("bad_header")` when a
        field holds a line break or a header is one of ours, and what `build_body` raises.
        """
        lines = [
            self._from,
            _mailbox("To", envelope.recipient_name, to),
            self._reply_to,
            _header("Subject", envelope.subject),
            b"Date: " + format_datetime(date).encode("ascii") + b"\r\n",
            self._message_id(envelope),
            b"Auto-Submitted: auto-generated\r\n",
            *_copied(envelope.headers),
            b"MIME-Version: 1.0\r\n",
        ]
        return b"".join(lines) + build_body(envelope, is_8bit=is_8bit)

    def _message_id(self, envelope: Envelope) -> bytes:
        name = f"{envelope.attempt.period:%Y%m}.{envelope.notice_key}"
        if not _DOT_ATOM.fullmatch(name) or ".." in name or name.endswith("."):
            raise UnsendableError("bad_header")
        return f"Message-ID: <{name}@{self._message_id_domain}>\r\n".encode("ascii")


def has_8bit(content: bytes) -> bool:
    """Whether the message needs BODY=8BITMIME."""
    return not content.isascii()


def _own_mailbox(name: str, display: str, address: str) -> bytes:
    try:
        return _mailbox(name, display, parse_address(address.encode("ascii").decode()))
    except (UnsendableError, UnicodeEncodeError) as error:
        problem = f"settings mail: {address!r} or its name cannot stand in the header {name}: correct it"
        raise ConfigurationError(problem) from error


def _copied(headers: tuple[tuple[str, str], ...]) -> Iterator[bytes]:
    for name, value in headers:
        lowered = name.lower()
        if not _HEADER_NAME.fullmatch(name) or lowered in OWN_HEADERS or lowered.startswith("content-"):
            raise UnsendableError("bad_header")
        yield _header(name, value)


def _header(name: str, value: str) -> bytes:
    """One unstructured header, folded; words that are not ASCII are encoded (RFC 2047)."""
    _refuse_control(value)
    is_plain = value.isascii() and "=?" not in value
    text = value if is_plain else _encoded_words(value, used=len(name) + 2)
    line = f"{name}: {text}"
    if len(line) > FOLD_AT:
        line = _fold(line, after=len(name) + 2)
    return _finish(line)


def _mailbox(name: str, display: str, address: MailAddress) -> bytes:
    _refuse_control(display)
    phrase = display.strip()
    if not phrase:
        return _finish(f"{name}: {address.text}")
    if not phrase.isascii() or "=?" in phrase:
        phrase = _encoded_words(phrase, used=len(name) + 2)
    elif not _PLAIN_PHRASE.fullmatch(phrase):
        phrase = '"' + phrase.replace("\\", "\\\\").replace('"', '\\"') + '"'
    separator = " " if len(name) + len(phrase) + len(address.text) < FOLD_AT - 5 else "\r\n "
    return _finish(f"{name}: {phrase}{separator}<{address.text}>")


def _encoded_words(text: str, *, used: int) -> str:
    """RFC 2047 words of base64, one a line, never splitting a character; `used`: taken of the first line."""
    words, chunk = [], bytearray()
    room = max(12, (FOLD_AT - used - 12) // 4 * 3)
    for character in text:
        octets = character.encode()
        if len(chunk) + len(octets) > room:
            words.append(bytes(chunk))
            chunk.clear()
            room = ENCODED_WORD_OCTETS
        chunk += octets
    words.append(bytes(chunk))
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


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


def _finish(header: str) -> bytes:
    encoded = header.encode()
    if any(len(line) > MAX_LINE_OCTETS for line in encoded.split(b"\r\n")):
        raise UnsendableError("bad_header")
    return encoded + b"\r\n"


def _refuse_control(value: str) -> None:
    if _CONTROL.search(value) or _SURROGATE.search(value):
        raise UnsendableError("bad_header")
