"""The MIME body of one message: text, HTML with its inline images, files (RFC 2045, 2046, 2231, 2387).

multipart/mixed                only when files go along
├── multipart/alternative      only when there is HTML
│   ├── text/plain
│   └── multipart/related      only when images belong to the HTML
│       ├── text/html
│       └── image/png          named by its Content-ID
└── application/pdf            base64, its name by RFC 2231 when it is not plain ASCII
"""

import base64
import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from channels.email.errors import UnsendableError
from channels.port import Attachment, Envelope

MAX_LINE_OCTETS: Final = 998  # RFC 5322 2.1.1, without CR LF
NAME_CHUNK: Final = 60  #: characters of an encoded file name on one header line
MAX_NAME_CHARS: Final = 200

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_TYPE: Final = re.compile(r"[a-z]{1,30}/[a-z0-9][a-z0-9.+-]{0,60}", re.ASCII)
_CONTENT_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,100}@[A-Za-z0-9.-]{1,100}", re.ASCII)
_PLAIN_NAME: Final = re.compile(r"(?! )[A-Za-z0-9 ._()+-]{1,60}(?<! )", re.ASCII)
_OCTET: Final = re.compile(r"%[0-9A-F]{2}|.")


def build_body(envelope: Envelope, *, is_8bit: bool) -> bytes:
    """Content headers, blank line and body, ended by CR LF.

    Raises `UnsendableError("bad_text")` when text is no Unicode, `("bad_attachment")` when a file's name,
    type or id cannot stand in a header.
    """
    mark = envelope.attempt.attempt_id.hex.encode("ascii")
    texts = [_text(b"plain", envelope.text, mark, is_8bit=is_8bit)]
    inline = [one for one in envelope.attachments if one.content_id and envelope.html is not None]
    files = [one for one in envelope.attachments if one not in inline]
    if envelope.html is not None:
        html = _text(b"html", envelope.html, mark, is_8bit=is_8bit)
        texts.append(_related(html, inline, mark) if inline else html)
    body = texts[0] if len(texts) == 1 else _multipart(b"alternative", b"=_" + mark, texts)
    if files:
        body = _multipart(b"mixed", b"=_m_" + mark, [body, *map(_file, files)])
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def _related(html: bytes, inline: Sequence[Attachment], mark: bytes) -> bytes:
    return _multipart(b"related", b"=_r_" + mark, [html, *map(_file, inline)], b'; type="text/html"')


def _multipart(subtype: bytes, boundary: bytes, parts: Sequence[bytes], more: bytes = b"") -> bytes:
    delimiter = b"--" + boundary
    head = b"Content-Type: multipart/" + subtype + more + b'; boundary="' + boundary + b'"\r\n\r\n'
    return b"".join([head, *(delimiter + b"\r\n" + part + b"\r\n" for part in parts), delimiter + b"--\r\n"])


def _text(subtype: bytes, text: str, mark: bytes, *, is_8bit: bool) -> bytes:
    octets = _crlf(text)
    encoding = b"7bit" if octets.isascii() else b"8bit"
    is_plain = (is_8bit or encoding == b"7bit") and b"\0" not in octets
    # A text that holds the boundaries' mark would break the message; in base64 it cannot.
    if not is_plain or mark in octets or max(map(len, octets.split(b"\r\n"))) > MAX_LINE_OCTETS:
        return _text_head(subtype, b"base64") + _base64(octets)
    return _text_head(subtype, encoding) + octets


def _text_head(subtype: bytes, encoding: bytes) -> bytes:
    return (
        b"Content-Type: text/" + subtype + b"; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n"
    )


def _file(attachment: Attachment) -> bytes:
    if not _TYPE.fullmatch(attachment.content_type):
        raise UnsendableError("bad_attachment")
    lines = [f"Content-Type: {attachment.content_type}", "Content-Transfer-Encoding: base64"]
    if attachment.content_id:
        if not _CONTENT_ID.fullmatch(attachment.content_id):
            raise UnsendableError("bad_attachment")
        lines.append(f"Content-ID: <{attachment.content_id}>")
    disposition = "inline" if attachment.content_id else "attachment"
    lines.append(";\r\n ".join([f"Content-Disposition: {disposition}", *_named(attachment.file_name)]))
    return "\r\n".join([*lines, "", ""]).encode("ascii") + _base64(attachment.content)


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
    return base64.encodebytes(octets).replace(b"\n", b"\r\n").removesuffix(b"\r\n")


def _crlf(text: str) -> bytes:
    try:
        return _LINE_END.sub("\r\n", text).encode()
    except UnicodeEncodeError as error:
        raise UnsendableError("bad_text") from error
