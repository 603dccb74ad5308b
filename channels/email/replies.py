"""What the answers of a mail server mean for us.

Reply codes are RFC 5321 4.2, enhanced codes RFC 3463 (`class.subject.detail`). The table says which
refusals speak of the address and which of us: only an address may be suppressed for a refusal, and a
refusal of us pauses the channel instead. An unknown enhanced code falls back to its subject, a reply
without one to its three digits and, for the codes that servers use for both, to its words.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from channels.port import OutcomeKind


class ReplyClass(StrEnum):
    """What a refusal is about."""

    HARD = "hard"  #: no such address: suppress it at once
    DISABLED = "disabled"  #: the mailbox exists and takes nothing: suppress after two
    FULL = "full"  #: the mailbox is full
    SENDER = "sender"  #: our reputation, policy or configuration: suppress nobody
    CONTENT = "content"  #: this message: suppress nobody
    OTHER = "other"  #: refused for another reason: route, system of the other side
    SOFT = "soft"  #: refused for now


class Stage(StrEnum):
    """The command that was answered."""

    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


@dataclass(slots=True)  # one is made for each message: freezing would take four times as long
class Verdict:
    """What one SMTP transaction came to. `is_body_sent`: the body left, so its bytes are evidence."""

    kind: OutcomeKind
    reason: str = ""
    reply: str = ""
    provider_id: str | None = None
    is_body_sent: bool = False
    #: the mail server itself asks us to slow down; at a recipient, it is the recipient's domain
    is_for_server: bool = False
    retry_after_seconds: float | None = None  #: no use before
    is_silent: bool = False  #: the server owed an answer and gave none: where there are others, ask those


#: Enhanced codes of class 5, as subject.detail: RFC 3463, RFC 7505 (1.10).
BY_STATUS: dict[str, ReplyClass] = {
    "1.1": ReplyClass.HARD,
    "1.2": ReplyClass.HARD,
    "1.3": ReplyClass.HARD,
    "1.6": ReplyClass.HARD,
    "1.10": ReplyClass.HARD,
    "1.7": ReplyClass.SENDER,  # bad sender's mailbox syntax
    "1.8": ReplyClass.SENDER,  # bad sender's system
    "2.0": ReplyClass.DISABLED,
    "2.1": ReplyClass.DISABLED,
    "2.2": ReplyClass.FULL,
    "2.3": ReplyClass.CONTENT,  # longer than the mailbox allows
    "3.4": ReplyClass.CONTENT,  # too big for the system
}
#: Where the detail is not in the table above.
BY_SUBJECT: dict[str, ReplyClass] = {
    "1": ReplyClass.OTHER,
    "2": ReplyClass.OTHER,
    "3": ReplyClass.OTHER,
    "4": ReplyClass.OTHER,
    "5": ReplyClass.SENDER,  # we spoke the protocol wrongly
    "6": ReplyClass.CONTENT,
    "7": ReplyClass.SENDER,
}
#: Replies without an enhanced code.
BY_CODE: dict[int, ReplyClass] = {
    **dict.fromkeys((500, 501, 502, 503, 504, 521, 530, 534, 535, 538, 555), ReplyClass.SENDER),
    550: ReplyClass.HARD,
    551: ReplyClass.HARD,
    552: ReplyClass.FULL,
    553: ReplyClass.HARD,
    554: ReplyClass.OTHER,
    556: ReplyClass.HARD,
}
POLICY_WORDS = re.compile(
    r"spam|policy|block|black ?list|denied|reputation|rbl|dnsbl|dmarc|dkim|\bspf\b|authenticat|relay",
    re.IGNORECASE,
)
THROTTLE_WORDS = re.compile(
    r"too many|rate limit|too fast|throttl|slow down|try again later.*limit", re.IGNORECASE
)
#: Grey listing (RFC 6647) delays one recipient on purpose; slowing down would not help.
GREY_LIST_WORDS = re.compile(r"gr[ae]y-?list", re.IGNORECASE)
MAX_REPLY_CHARACTERS = 1000

_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\d)", re.ASCII)
_REASON = re.compile(r"(?:smtp_(\d{3})|dsn|bounce)(?:_([245]\.\d{1,3}\.\d{1,3}))?", re.ASCII)
_QUEUE_ID = re.compile(r"\bqueued as ([0-9A-Za-z.\-]{1,64})", re.ASCII)


def judge(stage: Stage, code: int, text: str) -> Verdict:
    """The verdict of an explicit refusal, or of any reply to the final dot.

    A reply to the dot that is neither 2xx, 4xx nor 5xx says nothing: the message may have been taken.
    """
    reply = f"{code} {text}"[:MAX_REPLY_CHARACTERS]
    if stage is Stage.DOT and 200 <= code < 300:
        return Verdict(OutcomeKind.ACCEPTED, "", reply, _queue_id(text), is_body_sent=True)
    status = enhanced_status(text)
    kind = _kind(stage, code, status, text)
    return Verdict(
        kind,
        reason=_reason(code, status),
        reply=reply,
        is_body_sent=stage is Stage.DOT,
        is_for_server=kind is OutcomeKind.THROTTLED and stage is Stage.MAIL,
    )


def is_of_server(verdict: Verdict) -> bool:
    """Whether it is this server that cannot carry the message: too big for it, or its address not ASCII.

    Only before the body: who has read all of it speaks of the message.
    """
    is_refusal = verdict.kind in {OutcomeKind.PERMANENT, OutcomeKind.SENDER_FAULT}
    return is_refusal and not verdict.is_body_sent and verdict.reason.endswith(("_5.3.4", "_5.6.7"))


def enhanced_status(text: str) -> str | None:
    """The RFC 3463 code a reply's text begins with, as `5.1.1`; None when it has none."""
    match = _ENHANCED.match(text)
    return None if match is None else f"{match[1]}.{int(match[2])}.{int(match[3])}"


def classify_refusal(code: int | None, status: str | None, text: str = "") -> ReplyClass:
    """What a refusal is about, from its three digits, its enhanced code and, last, its words."""
    if status == "4.2.2":  # refused for now, but it is the mailbox that has no room
        return ReplyClass.FULL
    if (status or str(code or ""))[:1] == "4":
        return ReplyClass.SOFT
    # 5.0.0 and 5.5.0 are what servers say when they do not wish to say: the words know better.
    if status and status not in ("5.0.0", "5.5.0"):
        _, subject, detail = status.split(".")
        return BY_STATUS.get(f"{subject}.{detail}") or BY_SUBJECT.get(subject, ReplyClass.OTHER)
    if code in (None, 550, 554) and POLICY_WORDS.search(text):
        return ReplyClass.SENDER
    return BY_CODE.get(code or 0, ReplyClass.OTHER)


def classify_reason(reason: str) -> ReplyClass | None:
    """What the reason of an outcome or of a receipt is about; None when no server said it.

    For rules that act on it later (suppress, stop the campaign); the words of the reply are not in it.
    """
    match = _REASON.fullmatch(reason)
    if match is None or not any(match.groups()):
        return None
    return classify_refusal(int(match[1]) if match[1] else None, match[2])


def _kind(stage: Stage, code: int, status: str | None, text: str) -> OutcomeKind:
    if 400 <= code < 500:
        is_early = stage is not Stage.DOT
        return (
            OutcomeKind.THROTTLED
            if is_early and _asks_to_slow_down(code, status, text)
            else OutcomeKind.TRANSIENT
        )
    if 500 <= code < 600:
        return _kind_of_final_refusal(stage, classify_refusal(code, status, text))
    # Neither yes nor no. Before the dot nothing can have been taken; after it nobody knows.
    return OutcomeKind.UNKNOWN if stage is Stage.DOT else OutcomeKind.NOT_SENT


def _kind_of_final_refusal(stage: Stage, about: ReplyClass) -> OutcomeKind:
    # At MAIL no recipient has been named yet, so a refusal is never about one.
    is_ours = about is ReplyClass.SENDER or (stage is Stage.MAIL and about is not ReplyClass.CONTENT)
    return OutcomeKind.SENDER_FAULT if is_ours else OutcomeKind.PERMANENT


def _asks_to_slow_down(code: int, status: str | None, text: str) -> bool:
    if GREY_LIST_WORDS.search(text):
        return False
    return code == 421 or (status or "").startswith("4.7.") or THROTTLE_WORDS.search(text) is not None


def _reason(code: int, status: str | None) -> str:
    if not 200 <= code < 600:
        return "smtp_no_sense"
    return f"smtp_{code}_{status}" if status else f"smtp_{code}"


def _queue_id(text: str) -> str | None:
    match = _QUEUE_ID.search(text)
    return None if match is None else match[1].rstrip(".")
