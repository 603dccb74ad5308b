"""The MIME body of one message: text, HTML with its inline images, files (RFC 2045, 2046, 2231, 2387).

multipart/mixed                only when files go along
├── multipart/alternative      only when there is HTML
│   ├── text/plain
│   └── multipart/related      only when images belong to the HTML
│       ├── text/html
│       └── image/png          named by its Content-ID
└── application/pdf            base64, its name by RFC 2231 when it is not plain ASCII

The boundaries are the same in all messages of one sender, so everything between the texts is made once, for
each of the few shapes that a message can have. A text that holds the mark of a boundary goes in base64,
where it cannot: that is what makes constant boundaries safe.
"""

import re
from binascii import b2a_base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product
from typing import Final
from urllib.parse import quote

from channels.email.errors import UnsendableError
from channels.email.headers import MAX_LINE_OCTETS
from channels.port import Attachment, Envelope

NAME_CHUNK: Final = 60  #: characters of an encoded file name on one header line
MAX_NAME_CHARS: Final = 200
BASE64_LINE: Final = 76  #: RFC 2045 6.8

_SEVEN_BIT: Final = b"7bit"
_EIGHT_BIT: Final = b"8bit"
_BASE64: Final = b"base64"
_ENCODINGS: Final = (_SEVEN_BIT, _EIGHT_BIT, _BASE64)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_TYPE: Final = re.compile(r"[a-z]{1,30}/[a-z0-9][a-z0-9.+-]{0,60}", re.ASCII)
_CONTENT_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,100}@[A-Za-z0-9.-]{1,100}", re.ASCII)
_PLAIN_NAME: Final = re.compile(r"(?! )[A-Za-z0-9 ._()+-]{1,60}(?<! )", re.ASCII)
_OCTET: Final = re.compile(r"%[0-9A-F]{2}|.")


@dataclass(slots=True)  # one is made for each message: freezing would take four times as long
class Body:
    """The content headers of the message, each with its CR LF, and what follows the blank line."""

    headers: tuple[bytes, ...]
    octets: bytes = field(repr=False)


@dataclass(slots=True)  # one is made for each message: freezing would take four times as long
class _Text:
    """A text as it travels."""

    encoding: bytes
    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Skeleton:
    """What stands round the two texts of a message without files."""

    headers: tuple[bytes, ...]
    opening: bytes
    middle: bytes
    closing: bytes


class BodyBuilder:
    """Builds the bodies of one sender. `name` marks the boundaries: any text that is the sender's own."""

    def __init__(self, name: str) -> None:
        self._mark = sha256(b"boundary:" + name.encode()).hexdigest()[:24].encode("ascii")
        self._alternative, self._mixed, self._related = (
            b"=_" + kind + self._mark for kind in (b"a", b"m", b"r")
        )
        self._skeletons = {pair: self._skeleton(*pair) for pair in product(_ENCODINGS, _ENCODINGS)}

    def build(self, envelope: Envelope, *, is_8bit: bool) -> Body:
        """The body of one message, lines ended by CR LF; ASCII only unless `is_8bit`.

        Raises `UnsendableError("bad_text")` when text is no Unicode, `("bad_attachment")` when a file's
        name, type or id cannot stand in a header.
        """
        plain = self._encode(envelope.text, is_8bit=is_8bit)
        html = None if envelope.html is None else self._encode(envelope.html, is_8bit=is_8bit)
        if envelope.attachments:
            body = self._with_files(plain, html, envelope.attachments)
        else:
            body = self._texts(plain, html)
        if not body.octets or body.octets.endswith(b"\r\n"):
            return body
        return Body(body.headers, body.octets + b"\r\n")

    def _texts(self, plain: _Text, html: _Text | None) -> Body:
        if html is None:
            return Body(_text_headers(b"plain", plain.encoding), plain.octets)
        skeleton = self._skeletons[plain.encoding, html.encoding]
        parts = (skeleton.opening, plain.octets, skeleton.middle, html.octets, skeleton.closing)
        return Body(skeleton.headers, b"".join(parts))

    def _skeleton(self, plain: bytes, html: bytes) -> _Skeleton:
        delimiter = b"--" + self._alternative
        return _Skeleton(
            headers=(_multipart_header(b"alternative", self._alternative),),
            opening=delimiter + b"\r\n" + b"".join(_text_headers(b"plain", plain)) + b"\r\n",
            middle=b"\r\n" + delimiter + b"\r\n" + b"".join(_text_headers(b"html", html)) + b"\r\n",
            closing=b"\r\n" + delimiter + b"--\r\n",
        )

    def _with_files(self, plain: _Text, html: _Text | None, attachments: Sequence[Attachment]) -> Body:
        inline = [one for one in attachments if one.content_id and html is not None]
        files = [one for one in attachments if not (one.content_id and html is not None)]
        if html is None or not inline:
            body = self._texts(plain, html)
        else:
            pages = Body(_text_headers(b"html", html.encoding), html.octets)
            more = b'; type="text/html"'
            related = _multipart(b"related", self._related, [pages, *map(_file, inline)], more)
            first = Body(_text_headers(b"plain", plain.encoding), plain.octets)
            body = _multipart(b"alternative", self._alternative, [first, related])
        return _multipart(b"mixed", self._mixed, [body, *map(_file, files)]) if files else body

    def _encode(self, text: str, *, is_8bit: bool) -> _Text:
        octets = _crlf(text)
        encoding = _SEVEN_BIT if octets.isascii() else _EIGHT_BIT
        is_plain = (is_8bit or encoding is _SEVEN_BIT) and b"\0" not in octets
        if is_plain and self._mark not in octets and not _has_long_line(octets):
            return _Text(encoding, octets)
        return _Text(_BASE64, _base64(octets))


def _multipart_header(subtype: bytes, boundary: bytes, more: bytes = b"") -> bytes:
    return b"Content-Type: multipart/" + subtype + more + b'; boundary="' + boundary + b'"\r\n'


def _multipart(subtype: bytes, boundary: bytes, parts: Sequence[Body], more: bytes = b"") -> Body:
    delimiter = b"--" + boundary
    pieces: list[bytes] = []
    for part in parts:
        pieces += (delimiter, b"\r\n", *part.headers, b"\r\n", part.octets, b"\r\n")
    return Body((_multipart_header(subtype, boundary, more),), b"".join((*pieces, delimiter, b"--\r\n")))


def _text_headers(subtype: bytes, encoding: bytes) -> tuple[bytes, ...]:
    return (
        b"Content-Type: text/" + subtype + b"; charset=utf-8\r\n",
        b"Content-Transfer-Encoding: " + encoding + b"\r\n",
    )


def _file(attachment: Attachment) -> Body:
    if not _TYPE.fullmatch(attachment.content_type):
        raise UnsendableError("bad_attachment")
    lines = [f"Content-Type: {attachment.content_type}", "Content-Transfer-Encoding: base64"]
    if attachment.content_id:
        if not _CONTENT_ID.fullmatch(attachment.content_id):
            raise UnsendableError("bad_attachment")
        lines.append(f"Content-ID: <{attachment.content_id}>")
    disposition = "inline" if attachment.content_id else "attachment"
    lines.append(";\r\n ".join([f"Content-Disposition: {disposition}", *_named(attachment.file_name)]))
    return Body(tuple(f"{line}\r\n".encode("ascii") for line in lines), _base64(attachment.content))


def _named(name: str) -> Iterator[str]:
    """The parameter `filename`, in as many pieces as it takes (RFC 2231 3 and 4)."""
    if not name.strip() or len(name) > MAX_NAME_CHARS or _CONTROL.search(name):
        raise UnsendableError("bad_attachment")
    if _PLAIN_NAME.fullmatch(name):
        yield f'filename="{name}"'
        return
    chunks = [""]
    for octet in _OCTET.findall(quote(name, safe="")):
        if len(chunks[-1]) + len(octet) > NAME_CHUNK:
            chunks.append("")
        chunks[-1] += octet
    if len(chunks) == 1:
        yield f"filename*=utf-8''{chunks[0]}"
        return
    for number, chunk in enumerate(chunks):
        charset = "" if number else "utf-8''"
        yield f"filename*{number}*={charset}{chunk}"


def _base64(octets: bytes) -> bytes:
    """Lines of 76 characters, the last one without its CR LF."""
    line = b2a_base64(octets, newline=False)
    return b"\r\n".join([line[at : at + BASE64_LINE] for at in range(0, len(line), BASE64_LINE)])


def _has_long_line(octets: bytes) -> bool:
    """Leaps to the last line end within reach, again and again; far cheaper than looking at every line."""
    start, end = 0, len(octets)
    while end - start > MAX_LINE_OCTETS:
        at = octets.rfind(b"\r\n", start, start + MAX_LINE_OCTETS + 2)
        if at < 0:
            return True
        start = at + 2
    return False


def _crlf(text: str) -> bytes:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return text.encode().replace(b"\n", b"\r\n")
    except UnicodeEncodeError as error:
        raise UnsendableError("bad_text") from error
