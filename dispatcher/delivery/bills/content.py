"""What a bill may be, told by its first bytes, whatever a server claims; and its name in the letter."""

import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from yarl import URL

from channels.port import Attachment

MAX_NAME_CHARS: Final = 80
DEFAULT_NAME: Final = "bill"
_END_LOOKED_AT: Final = 2048  #: bytes; writers of PDF may put something behind the end mark


@dataclass(frozen=True, slots=True)
class _Kind:
    magic: bytes
    end: bytes
    content_type: str
    suffix: str


_KINDS: Final = (
    _Kind(b"%PDF-", b"%%EOF", "application/pdf", ".pdf"),
    _Kind(b"\x89PNG\r\n\x1a\n", b"IEND", "image/png", ".png"),
    _Kind(b"\xff\xd8\xff", b"\xff\xd9", "image/jpeg", ".jpg"),
)
_SUFFIXES: Final = {".pdf": ".pdf", ".png": ".png", ".jpg": ".jpg", ".jpeg": ".jpg"}


@dataclass(frozen=True, slots=True)
class FetchedBill:
    """A bill as it came: personal data, kept until its run is closed."""

    content_type: str
    content: bytes = field(repr=False)


def content_type_of(content: bytes) -> str | None:
    """What the bytes are; None: nothing that may go with a letter."""
    kind = _kind_of(content)
    return None if kind is None else kind.content_type


def has_end(content: bytes) -> bool:
    """Whether a file shows its end: the only sign of a break where the server named no length."""
    kind = _kind_of(content)
    return kind is not None and kind.end in content[-_END_LOOKED_AT:]


def attachment_of(bill: FetchedBill, url: str) -> Attachment:
    """The bill as a file of a letter, named by the last part of its URL's path if that is a name."""
    return Attachment(file_name_of(url, bill.content_type), bill.content_type, bill.content)


def file_name_of(url: str, content_type: str) -> str:
    """`bill.pdf`, or the name in the URL's path when its ending says the same as its bytes."""
    suffix = next(kind.suffix for kind in _KINDS if kind.content_type == content_type)
    try:
        path = unquote(URL(url.strip(), encoded=url.isascii()).raw_path, errors="strict")
    except (ValueError, UnicodeDecodeError):
        return DEFAULT_NAME + suffix
    name = PurePosixPath(unicodedata.normalize("NFC", path)).name
    is_odd = any(not letter.isprintable() or letter in '\\/:*?"<>|;' for letter in name)
    if is_odd or len(name) > MAX_NAME_CHARS or _SUFFIXES.get(PurePosixPath(name).suffix.lower()) != suffix:
        return DEFAULT_NAME + suffix
    return name


def _kind_of(content: bytes) -> _Kind | None:
    return next((kind for kind in _KINDS if content.startswith(kind.magic)), None)
