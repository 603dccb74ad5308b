"""Letters of people to our addresses, and machines' answers that must not be taken for them.

Told apart as RFC 3834 asks, and by the marks that servers set which do not know it. What a letter says
about whose answer it is (`In-Reply-To`) is not proven; only our signed address is.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from typing import Final
from uuid import UUID

from channels.port import AttemptReference

MAX_TEXT_CHARS: Final = 20_000  #: of a letter, for staff to read; the whole of it is kept beside
MAX_SUBJECT_CHARS: Final = 300
MAX_ADDRESS_CHARS: Final = 320
MAX_PARTS: Final = 50
_MACHINES: Final = re.compile(
    r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?[+-].*|.*-(request|owner|bounces))$",
    re.IGNORECASE,
)
_CHALLENGES: Final = re.compile(
    r"\s*(challenge|please (confirm|verify) (your|that you)|verification (of|required)"
    r"|подтвердите,? что вы|подтверждение отправителя)",
    re.IGNORECASE,
)
_LIST_HEADERS: Final = (
    "List-Id",
    "List-Post",
    "X-Challenge",
    "X-Loop",
    "X-Auto-Reply-From",
    "X-Mail-Autoreply",
)
_OUR_MESSAGE: Final = re.compile(r"<(\d{4})(\d{2})\.([0-9a-f]{32})\.\d{1,3}@[^<>\s]{1,255}>", re.ASCII)
_TAGS: Final = re.compile(r"<(style|script)\b.*?</\1\s*>|<[^>]{0,2000}>", re.DOTALL | re.IGNORECASE)
_SUBMITTED_BY_PEOPLE: Final = frozenset({"", "no"})


@dataclass(frozen=True, slots=True)
class AnsweredNotice:
    """The notice that a letter says it answers: the run's month and the notice's id."""

    period: date
    notice_id: UUID


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person wrote. `attempt` is proven by the address it came to, `answers` is only said."""

    sender: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    attempt: AttemptReference | None = None
    answers: AnsweredNotice | None = None
    file_names: tuple[str, ...] = field(default=(), repr=False)


def is_machine_made(message: Message) -> bool:
    """Whether no person wrote this: nobody waits for an answer, and it says nothing about the notice."""
    if _field(message, "Return-Path") == "<>":
        return True
    if _field(message, "Auto-Submitted").lower().partition(";")[0].strip() not in _SUBMITTED_BY_PEOPLE:
        return True
    if _field(message, "Precedence").lower() in {"auto_reply", "bulk", "junk", "list"}:
        return True
    if any(message.get(name) for name in _LIST_HEADERS) or _CHALLENGES.match(_readable(message, "Subject")):
        return True
    return _MACHINES.match(_sender(message).partition("@")[0]) is not None


def read_letter(message: Message, attempt: AttemptReference | None) -> Letter:
    """The letter as staff read it: plain text, no markup."""
    return Letter(
        sender=_sender(message)[:MAX_ADDRESS_CHARS],
        subject=_one_line(_readable(message, "Subject"))[:MAX_SUBJECT_CHARS],
        text=_text_of(message)[:MAX_TEXT_CHARS],
        attempt=attempt,
        answers=_answered(message),
        file_names=_file_names(message),
    )


def _answered(message: Message) -> AnsweredNotice | None:
    for name in ("In-Reply-To", "References"):
        for year, month, notice in reversed(_OUR_MESSAGE.findall(_field(message, name).lower())):
            if 1 <= int(month) <= 12 and int(year) > 0:
                return AnsweredNotice(date(int(year), int(month), 1), UUID(hex=notice))
    return None


def _text_of(message: Message) -> str:
    found = {"text/plain": "", "text/html": ""}
    for part in _parts(message):
        kind = part.get_content_type()
        if kind in found and not found[kind] and part.get_content_disposition() != "attachment":
            found[kind] = _decoded(part)
    text = found["text/plain"] or _TAGS.sub(" ", found["text/html"])
    lines = (line.rstrip() for line in text.replace("\x00", "").splitlines())
    return "\n".join(lines).strip()


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        return payload.decode(charset, "replace")
    except LookupError:
        return payload.decode("utf-8", "replace")


def _file_names(message: Message) -> tuple[str, ...]:
    names = (part.get_filename() for part in _parts(message))
    return tuple(_one_line(_words(name))[:200] for name in names if name)


def _parts(message: Message) -> list[Message]:
    return [part for part, _ in zip(message.walk(), range(MAX_PARTS), strict=False)]


def _sender(message: Message) -> str:
    return _one_line(parseaddr(_field(message, "From"))[1])


def _readable(message: Message, name: str) -> str:
    return _words(_field(message, name))


def _words(raw: str) -> str:
    """A header as a person reads it: raw UTF-8 or encoded words."""
    text = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError):
        return text


def _field(message: Message, name: str) -> str:
    """The header as it stands; the library's own reading of raw octets loses them."""
    raw = next((str(value) for field_, value in message.raw_items() if field_.lower() == name.lower()), "")
    return raw.strip()


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
