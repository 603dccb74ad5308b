"""What a session of the sandbox's mail server asks of the server it belongs to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from channels.sandbox.directives import Directive
from channels.sandbox.journal import JournalVerdict

MAX_MESSAGE_OCTETS = 10 * 1024 * 1024


@dataclass(slots=True)
class ReceivedMail:
    """One message as it came, for tests that look at it. `content` without dot-stuffing."""

    sender: str
    mail_options: tuple[str, ...]
    recipients: list[str] = field(default_factory=list)
    rcpt_options: tuple[str, ...] = ()
    content: bytes = b""


class MailHost(Protocol):
    """What a session asks of its server."""

    def fate_of(self, recipient: str) -> Directive:
        """What shall happen to mail for this recipient, this time."""
        ...

    def store(self, mail: ReceivedMail, verdict: JournalVerdict, then: Callable[[bool], None]) -> None:
        """Journal the body; call `then` when that is done, with whether it is safe now."""
        ...

    def note_hang_up(self, mail: ReceivedMail, then: Callable[[bool], None]) -> None:
        """Journal that the sandbox is about to hang up on this letter; `then` as for `store`."""
        ...

    def queue_id(self) -> str:
        """A new name for a message taken, as mail servers give in their answer."""
        ...

    def bounce(self, mail: ReceivedMail, status: str) -> None:
        """Report the mail as undeliverable to its sender, some time."""
        ...

    def extensions(self, *, is_secure: bool) -> list[str]:
        """The lines of the EHLO reply."""
        ...

    def accepts_login(self, username: str, password: str) -> bool:
        """Whether these are the right ones."""
        ...

    def needs_login(self) -> bool:
        """Whether MAIL needs AUTH first."""
        ...

    async def start_tls(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Upgrade the connection."""
        ...

    def forget(self, session: asyncio.Protocol) -> None:
        """The session is over."""
        ...
