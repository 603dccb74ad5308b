"""From a received message to a receipt: which attempt, and what became of it.

Anyone may write to the bounce addresses, so nothing here raises for what a message holds, and an attempt
is only believed by its signed address (VERP) or, for mail to another address, by the ENVID that we gave.
A report (RFC 3464) speaks first; many servers mark it `auto-replied`, so the test for autoresponders
comes after it and before the guesses of flufl.bounce about bounces in free form.
"""

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message

import structlog

from channels.email import verp
from channels.email.bounce_words import status_in_words
from channels.email.free_form import find_status, guess_bounce, is_from_mail_system
from channels.port import AttemptReference, Receipt, ReceiptKind

MAX_PARSED_OCTETS = 256 * 1024  # a report of a notice is a few KB; the rest is the returned message
MAX_PARTS = 50
AUTO_REPLY = "auto_reply"
NO_REPORT = "no_report"

log = structlog.get_logger(__name__)

_KINDS = {
    "failed": ReceiptKind.FAILED,
    "delayed": ReceiptKind.DELAYED,
    "delivered": ReceiptKind.DELIVERED,
    "relayed": ReceiptKind.UNKNOWN,  # to a server that reports no further
    "expanded": ReceiptKind.UNKNOWN,  # to a list
}
_WEIGHT = {
    name: place for place, name in enumerate(("delivered", "expanded", "relayed", "failed", "delayed"))
}
_VAGUE = re.compile(r"[245]\.0\.0", re.ASCII)
_AUTO_SUBJECT = re.compile(
    r"\s*(auto(matic)?[ -]?(reply|response)|out of (the )?office|автоответ|автоматический ответ|я в отпуске)",
    re.IGNORECASE,
)
_AUTO_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")


def parse_bounce(raw: bytes, recipient: str, key: bytes) -> Receipt:
    """What a message to `recipient` (the envelope's) reports. Never raises.

    A recipient in the form of our bounce addresses with a wrong mac gives no attempt, whatever else the
    message says. Kind UNKNOWN with the reason `auto_reply` or `no_report` is no bounce at all.
    """
    attempt = verp.decode(recipient, key)
    is_forged = attempt is None and verp.looks_signed(recipient)
    try:
        kind, reason, envelope_id = _read(raw[:MAX_PARSED_OCTETS], is_ours=attempt is not None)
    except Exception as error:  # noqa: BLE001 - the parsers were not written for hostile input
        log.warning("email.bounce_unreadable", error=type(error).__name__)
        kind, reason, envelope_id = ReceiptKind.UNKNOWN, "unreadable", None
    if attempt is None and not is_forged:
        attempt = envelope_id
    return Receipt(attempt, kind, "forged_address" if is_forged else reason, raw)


def _read(raw: bytes, *, is_ours: bool) -> tuple[ReceiptKind, str, AttemptReference | None]:
    message = message_from_bytes(raw, policy=policy.compat32)
    blocks = _delivery_status(message)
    if blocks:
        return _read_report(blocks)
    # Some servers mark their bounces auto-replied, people's machines do not write as mail systems.
    guess = guess_bounce(raw, message, _subject(message)) if is_ours else None
    if guess is not None and is_from_mail_system(message):
        return *guess, None
    if _is_auto_reply(message):
        return ReceiptKind.UNKNOWN, AUTO_REPLY, None
    return (ReceiptKind.UNKNOWN, NO_REPORT, None) if guess is None else (*guess, None)


def _delivery_status(message: Message) -> list[Message]:
    """The blocks of the report's machine part: first the message's, then one for each recipient."""
    for number, part in enumerate(message.walk()):
        if number >= MAX_PARTS:
            break
        if part.get_content_type() == "message/delivery-status":
            payload = part.get_payload()
            if isinstance(payload, list):
                return [block for block in payload if isinstance(block, Message) and block.keys()]
    return []


def _read_report(blocks: list[Message]) -> tuple[ReceiptKind, str, AttemptReference | None]:
    envelope_id = verp.parse_envelope_id(_field(blocks[0], "Original-Envelope-Id"))
    # One message of ours has one recipient; several blocks are those to whom it was passed on. What
    # one of them took, or what went to a list, has not failed.
    acted = [block for block in blocks if block.get("Action")]
    block = min(acted, key=lambda block: _WEIGHT.get(_action(block), len(_WEIGHT)), default=None)
    if block is None:
        return ReceiptKind.UNKNOWN, NO_REPORT, envelope_id
    kind = _KINDS.get(_action(block), ReceiptKind.UNKNOWN)
    return kind, _report_reason(kind, block), envelope_id


def _action(block: Message) -> str:
    """The one word of the Action field: some servers add a comment, OpenSMTPD says `error`."""
    word = re.split(r"[\s(;]", _field(block, "Action").lower(), maxsplit=1)[0]
    return "failed" if word in ("fail", "error") else word


def _report_reason(kind: ReceiptKind, block: Message) -> str:
    """`dsn_5.1.1`; the code of the other server's own words where the report's is vague."""
    if kind is ReceiptKind.UNKNOWN:
        action = _action(block)
        return f"dsn_{action}" if action in _KINDS else "dsn"
    status = find_status(_field(block, "Status"))
    if status is None or _VAGUE.fullmatch(status):
        said = _field(block, "Diagnostic-Code")
        spoken = find_status(said, wanted="5" if kind is ReceiptKind.FAILED else "245")
        if spoken is None and kind is ReceiptKind.FAILED and not (status or "5").startswith("4"):
            spoken = status_in_words(said)
        # A failed report that quotes a 2.x.x speaks of something else.
        if spoken is not None and (status is None or spoken[0] == status[0]):
            status = spoken
    return f"dsn_{status}" if status else "dsn"


def _is_auto_reply(message: Message) -> bool:
    if message.get("X-Failed-Recipients"):  # Exim marks its bounces auto-replied
        return False
    submitted = _field(message, "Auto-Submitted").lower()
    precedence = _field(message, "Precedence").lower()
    return (
        submitted.startswith("auto-replied")
        or precedence == "auto_reply"
        or any(message.get(name) for name in _AUTO_HEADERS)
        or _AUTO_SUBJECT.match(_subject(message)) is not None
    )


def _field(message: Message, name: str) -> str:
    value = message.get(name)
    return "" if value is None else str(value).strip()


def _subject(message: Message) -> str:
    """The subject as a person reads it: raw UTF-8 or encoded words."""
    raw = next((str(value) for name, value in message.raw_items() if name.lower() == "subject"), "")
    text = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError):
        return text
