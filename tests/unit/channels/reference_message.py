"""The same message built by the standard library alone, as slowly as it does it: the oracle of our builder.

Only what is a choice of ours is told to it: the order of headers, base64 words, the boundaries, which
encoding a text takes. How headers are encoded and folded and how parts are joined, it decides.
"""

from collections.abc import Sequence
from datetime import datetime
from email import encoders, policy
from email.charset import BASE64, Charset
from email.header import Header
from email.message import Message
from email.utils import encode_rfc2231, format_datetime, quote
from hashlib import sha256

from channels.port import Attachment, Envelope

UTF8 = Charset("utf-8")
UTF8.header_encoding = BASE64
SEVEN_BIT_LINES = policy.compat32.clone(linesep="\r\n", max_line_length=998, mangle_from_=False)


def build_reference(envelope: Envelope, *, date: datetime, sender: tuple[str, str], domain: str) -> bytes:
    """`sender`: name and address. The server is taken to offer 8BITMIME; texts have LF line ends, no NUL."""
    mark = sha256(f"boundary:{domain}".encode()).hexdigest()[:24]
    message = Message(SEVEN_BIT_LINES)
    message["From"] = _mailbox("From", *sender)
    message["To"] = _mailbox("To", envelope.recipient_name, envelope.address)
    message["Subject"] = _words("Subject", envelope.subject)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{envelope.attempt.period:%Y%m}.{envelope.notice_key}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, value in envelope.headers:
        message[name] = value
    message["MIME-Version"] = "1.0"
    _fill(message, envelope, mark)
    content = message.as_bytes(policy=SEVEN_BIT_LINES)
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def _fill(message: Message, envelope: Envelope, mark: str) -> None:
    inline = [one for one in envelope.attachments if one.content_id and envelope.html is not None]
    files = [one for one in envelope.attachments if one not in inline]
    if files:
        body = Message(SEVEN_BIT_LINES)
        _fill_texts(body, envelope, inline, mark)
        _multipart(message, "mixed", f"=_m{mark}", [body, *map(_file, files)])
    else:
        _fill_texts(message, envelope, inline, mark)


def _fill_texts(message: Message, envelope: Envelope, inline: Sequence[Attachment], mark: str) -> None:
    if envelope.html is None:
        _text(message, "plain", envelope.text)
        return
    plain, html = Message(SEVEN_BIT_LINES), Message(SEVEN_BIT_LINES)
    _text(plain, "plain", envelope.text)
    _text(html, "html", envelope.html)
    if inline:
        related = Message(SEVEN_BIT_LINES)
        _multipart(related, "related", f"=_r{mark}", [html, *map(_file, inline)], type="text/html")
        html = related
    _multipart(message, "alternative", f"=_a{mark}", [plain, html])


def _multipart(
    message: Message, subtype: str, boundary: str, parts: Sequence[Message], **parameters: str
) -> None:
    message.add_header("Content-Type", f"multipart/{subtype}", **parameters, boundary=boundary)
    for part in parts:
        message.attach(part)


def _text(part: Message, subtype: str, text: str) -> None:
    octets = text.encode()
    has_long_line = any(len(line) > 998 for line in octets.split(b"\n"))
    part["Content-Type"] = f"text/{subtype}; charset=utf-8"
    if has_long_line:
        _base64(part, octets.replace(b"\n", b"\r\n"))
        return
    part["Content-Transfer-Encoding"] = "7bit" if text.isascii() else "8bit"
    part.set_payload(octets.decode("ascii", "surrogateescape"))


def _base64(part: Message, octets: bytes) -> None:
    part.set_payload(octets)
    encoders.encode_base64(part)
    # Our parts end where the boundary begins.
    part.set_payload(str(part.get_payload()).removesuffix("\n"))


def _file(attachment: Attachment) -> Message:
    part = Message(SEVEN_BIT_LINES)
    part["Content-Type"] = attachment.content_type
    _base64(part, attachment.content)
    if attachment.content_id:
        part["Content-ID"] = f"<{attachment.content_id}>"
    kind = "inline" if attachment.content_id else "attachment"
    name = attachment.file_name
    if name.isascii():
        part["Content-Disposition"] = f'{kind};\r\n filename="{quote(name)}"'
    else:
        part["Content-Disposition"] = f"{kind};\r\n filename*={encode_rfc2231(name, 'utf-8')}"
    return part


def _mailbox(name: str, display: str, address: str) -> str:
    if not display:
        return address
    phrase = _words(name, display)
    separator = " " if len(name) + len(phrase) + len(address) < 71 else "\r\n "
    return f"{phrase}{separator}<{address}>"


def _words(name: str, text: str) -> str:
    if text.isascii():
        return Header(text, maxlinelen=76, header_name=name).encode(splitchars=" ", linesep="\r\n")
    return Header(text, UTF8, maxlinelen=76, header_name=name).encode(linesep="\r\n")
