"""Bounces in free form: what flufl.bounce knows, then our own eyes for servers that it does not.

Only what stands before the copy of our own message is read: a code or a word of ours must fail nothing.
"""

import re
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from typing import Final

import structlog
from flufl.bounce import all_failures

from channels.email.bounce_words import status_in_words
from channels.port import ReceiptKind

MAX_GUESSED_OCTETS: Final = 32 * 1024  #: such bounces say it in their first lines; bounds the regex work

log = structlog.get_logger(__name__)

STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])", re.ASCII)
#: Where servers begin to quote the message that they return.
_COPY: Final = re.compile(
    r"^[ \t]*(-{2,}.{0,200}(copy|below|original|header|returned|копия|исходн)|Return-Path:)",
    re.IGNORECASE | re.MULTILINE,
)
_SENDERS: Final = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "maildaemon"})
_DELAYS: Final = re.compile(r"delay|warning|still being retried|задерж|предупрежд", re.IGNORECASE)
_FAILURES: Final = re.compile(
    r"undeliver|returned|failure|failed|could ?n[o']t be (sent|delivered)|delivery (status|error|problem)"
    r"|rejected|не (может быть |удалось )?достав|ошибка доставки|недостав|не доставлено",
    re.IGNORECASE,
)


def guess_bounce(raw: bytes, message: Message, subject: str) -> tuple[ReceiptKind, str] | None:
    """Kind and reason of a bounce in free form; None when it is none. The recipient found does not matter."""
    start = raw[:MAX_GUESSED_OCTETS]
    temporary, permanent = _known_failures(start)
    is_shaped = is_from_mail_system(message) and bool(_FAILURES.search(subject) or _DELAYS.search(subject))
    if permanent:
        return ReceiptKind.FAILED, _reason(message)
    if temporary or (is_shaped and _DELAYS.search(subject) and not _FAILURES.search(subject)):
        return ReceiptKind.DELAYED, "bounce"
    return (ReceiptKind.FAILED, _reason(message)) if is_shaped else None


def is_from_mail_system(message: Message) -> bool:
    """Whether a mail server itself says that it wrote this."""
    raw = next((str(value) for name, value in message.raw_items() if name.lower() == "from"), "")
    return parseaddr(raw)[1].partition("@")[0].strip().lower() in _SENDERS


def find_status(text: str, *, wanted: str = "245") -> str | None:
    """The first enhanced code of one of the classes."""
    for match in STATUS.finditer(text):
        if match[1] in wanted:
            return f"{match[1]}.{int(match[2])}.{int(match[3])}"
    return None


def _known_failures(start: bytes) -> tuple[bool, bool]:
    try:
        temporary, permanent = all_failures(message_from_bytes(start))
    except Exception as error:  # noqa: BLE001 - it was not written for headers in raw UTF-8
        log.info("email.bounce_not_guessed", error=type(error).__name__)
        return False, False
    return bool(temporary), bool(permanent)


def _reason(message: Message) -> str:
    words = _own_words(message)
    status = find_status(words, wanted="5") or status_in_words(words)
    return f"bounce_{status}" if status else "bounce"


def _own_words(message: Message) -> str:
    """What the server itself says, without what it quotes."""
    part = next((one for one in message.walk() if one.get_content_maintype() == "text"), message)
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else str(part.get_payload()).encode("utf-8", "replace")
    text = octets[:MAX_GUESSED_OCTETS].decode("utf-8", "replace")
    return _COPY.split(text, maxsplit=1)[0]
