"""Feedback loops: the mail provider says that a recipient marked a message of ours as spam (RFC 5965).

Nobody is taken for the complainer on a stranger's word: the report must hold one of our signed bounce
addresses, as the address it came to, as `Original-Mail-From`, or in the message that it returns.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Final

from channels.email import verp
from channels.port import AttemptReference, Receipt, ReceiptKind

COMPLAINT: Final = "complaint"
MAX_PARTS: Final = 50
_REPORT_TYPE: Final = "message/feedback-report"
#: `not-spam` takes a complaint back; `virus` and `other` say nothing of what the recipient wants.
_COMPLAINTS: Final = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "miscategorized"})
_SENDER_FIELDS: Final = ("Return-Path", "Sender", "X-Original-Mail-From")


@dataclass(frozen=True, slots=True)
class Complaint:
    """`attempt` is the message complained of; None when the report does not prove which. `kind`: ARF's."""

    attempt: AttemptReference | None
    kind: str

    @property
    def is_against_us(self) -> bool:
        """Whether the recipient wants no more of this."""
        return self.kind in _COMPLAINTS

    def receipt(self, raw: bytes) -> Receipt:
        """How the report is kept. It changes no state: the message did arrive."""
        reason = COMPLAINT if self.is_against_us else f"feedback_{self.kind}"
        return Receipt(self.attempt, ReceiptKind.UNKNOWN, reason, raw)


def read_complaint(message: Message, recipient: str, keys: Sequence[bytes]) -> Complaint | None:
    """The complaint of a feedback report; None when the message is none."""
    parts = _parts(message)
    report = next((part for part in parts if part.get_content_type() == _REPORT_TYPE), None)
    if report is None:
        return None
    fields = _fields(report)
    words = "".join(sign for sign in fields.get("feedback-type", "").lower() if sign.isalnum() or sign == "-")
    candidates = (recipient, fields.get("original-mail-from", ""), *_returned_senders(parts))
    attempts = (verp.decode(address, key) for address in candidates for key in keys)
    return Complaint(next((one for one in attempts if one is not None), None), words[:30] or "abuse")


def _parts(message: Message) -> list[Message]:
    return [part for part, _ in zip(message.walk(), range(MAX_PARTS), strict=False)]


def _fields(report: Message) -> dict[str, str]:
    """The report's own fields: the parser takes the part for a message, or leaves it as text."""
    payload = report.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    if isinstance(inner, Message):
        return {name.lower(): str(value).strip() for name, value in inner.items()}
    lines = (line.partition(":") for line in str(payload).splitlines())
    return {name.strip().lower(): value.strip() for name, mark, value in lines if mark}


def _returned_senders(parts: list[Message]) -> Iterator[str]:
    """Envelope senders named in the message that comes back, whole or its headers only."""
    for part in parts:
        if part.get_content_type() == "text/rfc822-headers":
            lines = (line.partition(":") for line in str(part.get_payload()).splitlines())
            wanted = {name.lower() for name in _SENDER_FIELDS}
            yield from (value.strip() for name, _, value in lines if name.strip().lower() in wanted)
        else:
            yield from (str(part[name]).strip() for name in _SENDER_FIELDS if part.get(name))
