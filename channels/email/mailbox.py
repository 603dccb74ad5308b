"""A mailbox that is polled over IMAP: the way in where no mail can be routed to our own listener.

A message is marked only after it was stored, so whatever breaks in between is read again; storing bears
that. Marked is by moving it to a folder, or by a keyword of ours, never by \\Seen, which people set.
"""

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from email.utils import getaddresses
from typing import Any, Final

import structlog

from channels.email import verp
from channels.email.errors import MailboxError
from dispatcher.core.settings import MailboxSettings

KEYWORD: Final = "DispatcherTaken"
MAX_OCTETS: Final = 2 * 1024 * 1024  #: of one message; what is longer is read in part
BATCH: Final = 200  #: messages of one poll
_ENVELOPE_FIELDS: Final = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To", "X-Envelope-To")

log = structlog.get_logger(__name__)

#: Gets a message and its recipient; raises when it could not be stored.
Take = Callable[[bytes, str], None]


class Mailbox:
    """One folder of one account."""

    def __init__(self, settings: MailboxSettings, *, domain: str) -> None:
        self._settings = settings
        self._domain = domain.lower()

    def poll(self, take: Take) -> int:
        """Take what is new; returns how many messages were taken. Raises `MailboxError`.

        A message that cannot be stored ends the poll: what is wrong with the database is wrong for all.
        """
        fault: Exception | None = None
        taken = 0
        with self._opened() as server:
            for number in self._waiting(server):
                raw = self._fetch(server, number)
                try:
                    take(raw, recipient_of(raw, self._domain))
                except Exception as error:  # noqa: BLE001 - raised below: it is no fault of the mailbox
                    fault = error
                    break
                self._mark(server, number)
                taken += 1
        if fault is not None:
            raise fault
        return taken

    @contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        settings = self._settings
        server: imaplib.IMAP4 | None = None
        try:
            server = self._connect()
            password = settings.password.get_secret_value() if settings.password else ""
            server.login(settings.username, password)
            _check(
                server.select(_quoted(settings.folder)), f"the folder {settings.folder!r} cannot be opened"
            )
            yield server
        except imaplib.IMAP4.error as error:
            raise MailboxError(f"the mailbox refuses us: check mailbox settings ({_words(error)})") from error
        except (OSError, ssl.SSLError) as error:
            raise MailboxError(f"the mailbox cannot be reached: {type(error).__name__}") from error
        finally:
            _leave(server)

    def _connect(self) -> imaplib.IMAP4:
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.ca_file)
        timeout = settings.timeout_seconds
        if settings.security == "tls":
            return imaplib.IMAP4_SSL(settings.host, settings.port, ssl_context=context, timeout=timeout)
        server = imaplib.IMAP4(settings.host, settings.port, timeout=timeout)
        if settings.security == "starttls":
            server.starttls(context)
        return server

    def _waiting(self, server: imaplib.IMAP4) -> Sequence[str]:
        wanted = "UNDELETED" if self._settings.done_folder else f"UNDELETED UNKEYWORD {KEYWORD}"
        found = _check(server.uid("SEARCH", wanted), "the mailbox cannot be searched")
        return [number.decode("ascii") for number in (found[0] or b"").split()][:BATCH]

    def _fetch(self, server: imaplib.IMAP4, number: str) -> bytes:
        found = _check(
            server.uid("FETCH", number, f"(BODY.PEEK[]<0.{MAX_OCTETS}>)"), "a message cannot be read"
        )
        return next((bytes(part[1]) for part in found if isinstance(part, tuple)), b"")

    def _mark(self, server: imaplib.IMAP4, number: str) -> None:
        folder = self._settings.done_folder
        if not folder:
            _check(server.uid("STORE", number, "+FLAGS.SILENT", f"({KEYWORD})"), "a message cannot be marked")
            return
        if "MOVE" in server.capabilities:
            _check(
                server.uid("MOVE", number, _quoted(folder)), f"cannot move to the folder {folder!r}: make it"
            )
            return
        _check(server.uid("COPY", number, _quoted(folder)), f"cannot copy to the folder {folder!r}: make it")
        _check(server.uid("STORE", number, "+FLAGS.SILENT", r"(\Deleted)"), "a message cannot be marked")
        server.expunge()


def recipient_of(raw: bytes, domain: str) -> str:
    """To whom the message came: a signed address of ours wherever it stands, else one at our domain."""
    message = message_from_bytes(raw[:MAX_OCTETS])
    fields = [str(value) for name in (*_ENVELOPE_FIELDS, "To", "Cc") for value in message.get_all(name, [])]
    addresses = [address for _, address in getaddresses(fields) if address]
    signed = [one for one in addresses if verp.looks_signed(one)]
    ours = [one for one in addresses if one.rpartition("@")[2].lower() == domain]
    return next(iter([*signed, *ours, *addresses]), f"unknown@{domain}")


def _check(answer: tuple[str, list[Any]], problem: str) -> list[Any]:
    state, data = answer
    if state != "OK":
        raise MailboxError(f"the mailbox answers no: {problem}")
    return list(data)


def _quoted(folder: str) -> str:
    """A folder's name as IMAP writes it; other alphabets need the server's own spelling (RFC 3501 5.1.3)."""
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(error: Exception) -> str:
    """What the server said, without anything that may be an address."""
    return re.sub(r"\S*@\S*", "…", str(error))[:200]


def _leave(server: imaplib.IMAP4 | None) -> None:
    if server is None:
        return
    try:
        server.logout()
    except (OSError, imaplib.IMAP4.error):
        log.debug("email.mailbox_not_left")
