"""From an envelope to the bytes of one message (RFC 5322, MIME, DKIM).

Built by hand because `email.message.EmailMessage` takes milliseconds for a Cyrillic message and this
takes microseconds; the standard library is the oracle of its tests. What is the same for all messages of a
sender is made once, what comes again is kept for a while (subjects, the date within its second), and only
the rest is made for each. Two rules are guarded here: no field of an envelope can start a header of its own,
and the Message-ID is the same for every attempt of one notice, so that a repeated message is shown once.
"""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from channels.email.addresses import MailAddress, ascii_domain, parse_address
from channels.email.body import BodyBuilder
from channels.email.errors import UnsendableError
from channels.email.headers import MAX_LINE_OCTETS, OWN_HEADERS, foreign_header, header, mailbox
from channels.port import Envelope
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.settings import MailSettings

if TYPE_CHECKING:
    from channels.email.dkim import Signer

__all__ = ["MAX_LINE_OCTETS", "OWN_HEADERS", "MessageBuilder", "has_8bit"]

_DOT_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,200}", re.ASCII)


class MessageBuilder:
    """Builds and signs the messages of one sender. Safe to call from several threads at once.

    `is_slow` tells that a key signs that takes a third of a millisecond and more (RSA): build in a thread
    then. Signing lets go of the interpreter's lock, so threads gain by it.
    """

    def __init__(self, mail: MailSettings) -> None:
        """Raises `ConfigurationError` when a setting cannot stand in a header or a key cannot sign."""
        self._message_id_end = f"@{ascii_domain(mail.message_id_domain)}>\r\n"
        self._from = _own_mailbox("From", mail.from_name, mail.from_address)
        self._reply_to = (_own_mailbox("Reply-To", "", mail.reply_to),) if mail.reply_to else ()
        self._bodies = BodyBuilder(mail.message_id_domain)
        self._signer = _build_signer(mail)
        self._may_be_8bit = mail.transfer_encoding == "8bit" or (
            mail.transfer_encoding == "auto" and self._signer is None
        )
        self._date = (-1, b"")
        self.is_slow = self._signer is not None and self._signer.is_slow

    def build(self, envelope: Envelope, to: MailAddress, *, date: datetime, is_8bit: bool) -> bytes:
        """The whole message, signatures included, lines ended by CR LF, before dot-stuffing.

        `date` is aware; `is_8bit` tells whether the server takes 8BITMIME. Raises
        `UnsendableError("bad_header")` when a field holds a line break or a header is one of ours, and what
        `BodyBuilder.build` raises.
        """
        body = self._bodies.build(envelope, is_8bit=is_8bit and self._may_be_8bit)
        second = int(date.timestamp())
        headers = [
            self._from,
            mailbox("To", envelope.recipient_name, to),
            *self._reply_to,
            header("Subject", envelope.subject),
            self._date_header(second),
            self._message_id(envelope),
            b"Auto-Submitted: auto-generated\r\n",
            *[foreign_header(name, value) for name, value in envelope.headers],
            b"MIME-Version: 1.0\r\n",
            *body.headers,
        ]
        signatures = self._signer.sign(headers, body.octets, second) if self._signer else []
        return b"".join((*signatures, *headers, b"\r\n", body.octets))

    def _date_header(self, second: int) -> bytes:
        known, line = self._date  # one read: another thread may put a new pair meanwhile
        if known != second:
            line = f"Date: {format_datetime(datetime.fromtimestamp(second, UTC))}\r\n".encode("ascii")
            self._date = (second, line)
        return line

    def _message_id(self, envelope: Envelope) -> bytes:
        period = envelope.attempt.period
        name = f"{period.year:04}{period.month:02}.{envelope.notice_key}"
        if not _DOT_ATOM.fullmatch(name) or ".." in name or name[-1] == ".":
            raise UnsendableError("bad_header")
        return f"Message-ID: <{name}{self._message_id_end}".encode("ascii")


def has_8bit(content: bytes) -> bool:
    """Whether the message needs BODY=8BITMIME."""
    return not content.isascii()


def _build_signer(mail: MailSettings) -> "Signer | None":
    if not mail.dkim_keys:
        return None  # and ten megabytes less in each process
    from channels.email.dkim import Signer
    from channels.email.dkim_keys import load_keys

    return Signer(load_keys(mail))


def _own_mailbox(name: str, display: str, address: str) -> bytes:
    try:
        return mailbox(name, display, parse_address(address.encode("ascii").decode()))
    except (UnsendableError, UnicodeEncodeError) as error:
        problem = f"settings mail: {address!r} or its name cannot stand in the header {name}: correct it"
        raise ConfigurationError(problem) from error
