"""Mail as real servers and people send it, in `mail/*.eml`, with what each message is.

`{recipient}`, `{sender}`, `{envelope_id}` and `{notice}` in a sample stand for our names of one attempt.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

from channels.email import verp
from channels.email.incoming import MailKind
from channels.port import AttemptReference, ReceiptKind

KEY: Final = b"secret"
DOMAIN: Final = "bounces.example"
ATTEMPT: Final = AttemptReference(date(2026, 11, 1), UUID("019aab11-2233-7445-8566-778899aabbcc"))
NOTICE: Final = UUID("019aab11-2233-7445-8566-0000000000aa")
OURS: Final = verp.encode(ATTEMPT, KEY, DOMAIN)
FORGED: Final = verp.encode(ATTEMPT, b"other", DOMAIN)
_SAMPLES: Final = Path(__file__).parent / "mail"

FAILED, DELAYED, DELIVERED = ReceiptKind.FAILED, ReceiptKind.DELAYED, ReceiptKind.DELIVERED
UNKNOWN = ReceiptKind.UNKNOWN


@dataclass(frozen=True)
class Sample:
    """A message and what it must be taken for."""

    name: str
    kind: MailKind
    receipt: ReceiptKind
    reason: str

    def raw(self) -> bytes:
        """The message as it comes over SMTP."""
        text = (_SAMPLES / f"{self.name}.eml").read_text(encoding="utf-8")
        for name, value in (
            ("recipient", OURS),
            ("sender", OURS),
            ("envelope_id", verp.envelope_id(ATTEMPT)),
            ("notice", f"202611.{NOTICE.hex}.0"),
        ):
            text = text.replace("{" + name + "}", value)
        return text.replace("\n", "\r\n").encode()


def _all(kind: MailKind, *samples: tuple[str, ReceiptKind, str]) -> list[Sample]:
    return [Sample(name, kind, receipt, reason) for name, receipt, reason in samples]


SAMPLES: Final = [
    *_all(
        MailKind.REPORT,
        ("postfix_unknown_user", FAILED, "dsn_5.1.1"),
        ("postfix_delayed", DELAYED, "dsn_4.4.1"),
        ("postfix_delivered", DELIVERED, "dsn_2.0.0"),
        ("postfix_relayed", UNKNOWN, "dsn_relayed"),
        ("postfix_expanded", UNKNOWN, "dsn_expanded"),
        ("postfix_two_refused", FAILED, "dsn_5.1.1"),
        ("exchange_online_disabled", FAILED, "dsn_5.2.1"),
        ("exchange_2003_free_form", FAILED, "bounce_5.1.1"),
        ("exim_full", FAILED, "bounce_5.2.2"),
        ("exim_no_code", FAILED, "bounce_5.1.1"),
        ("qmail_no_mailbox", FAILED, "bounce_5.1.1"),
        ("qmail_quota_words", FAILED, "bounce_5.2.2"),
        ("mail_ru_spam", FAILED, "dsn_5.7.0"),
        ("mail_ru_unknown", FAILED, "dsn_5.1.1"),
        ("yandex_policy", FAILED, "dsn_5.7.1"),
        ("yandex_full", FAILED, "dsn_5.2.2"),
        ("gmail_unauthenticated", FAILED, "dsn_5.7.26"),
        ("rambler_russian_words", FAILED, "bounce_5.1.1"),
        ("communigate_disabled", FAILED, "bounce_5.2.1"),
    ),
    *_all(
        MailKind.COMPLAINT,
        ("arf_yahoo", UNKNOWN, "complaint"),
        ("arf_mail_ru_headers_only", UNKNOWN, "complaint"),
        ("arf_not_spam", UNKNOWN, "feedback_not-spam"),
    ),
    *_all(
        MailKind.AUTO_REPLY,
        ("vacation_rfc3834", UNKNOWN, "auto_reply"),
        ("out_of_office_exchange_russian", UNKNOWN, "auto_reply"),
        ("vacation_old_precedence", UNKNOWN, "no_report"),
        ("challenge_response", UNKNOWN, "no_report"),
        ("ticket_system", UNKNOWN, "auto_reply"),
    ),
    *_all(
        MailKind.LETTER,
        ("reply_from_phone", UNKNOWN, "no_report"),
        ("reply_html_windows_1251", UNKNOWN, "no_report"),
        ("reply_quoting_a_code", UNKNOWN, "no_report"),
    ),
]
