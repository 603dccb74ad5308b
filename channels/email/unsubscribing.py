"""Whether a message to an unsubscribe address asks for it.

The address itself is signed, so the message may say anything or nothing: mail programs and providers send an
empty body, a subject of their own, or mark it as generated (RFC 3834), and people forward. Only a machine's
answer is no request: a bounce, a report, an out-of-office reply. It comes about some other message, and
nobody pressed anything.
"""

from email import message_from_bytes, policy
from email.message import Message
from typing import Final

MAX_PARSED_OCTETS: Final = 64 * 1024  #: the headers decide; what follows does not matter
_MACHINES: Final = ("mailer-daemon", "postmaster")
_ANSWERS: Final = ("auto-replied", "auto-notified")


def is_request(raw: bytes) -> bool:
    """False for bounces, reports and automatic answers. Never raises for what a message holds."""
    message = message_from_bytes(raw[:MAX_PARSED_OCTETS], policy=policy.compat32)
    return not (_is_report(message) or _is_answer(message) or _is_from_a_mail_server(message))


def _is_report(message: Message) -> bool:
    kind = message.get_content_type()
    return (
        kind in {"multipart/report", "message/delivery-status"}
        or message.get("X-Failed-Recipients") is not None
        or _field(message, "Return-Path") in {"<>", "< >"}
    )


def _is_answer(message: Message) -> bool:
    return (
        _field(message, "Auto-Submitted").startswith(_ANSWERS)
        or _field(message, "Precedence") == "auto_reply"
        or any(message.get(name) is not None for name in ("X-Autoreply", "X-Autorespond"))
    )


def _is_from_a_mail_server(message: Message) -> bool:
    sender = _field(message, "From")
    return any(f"{machine}@" in sender for machine in _MACHINES)


def _field(message: Message, name: str) -> str:
    value = message.get(name)
    return "" if value is None else str(value).strip().lower()
