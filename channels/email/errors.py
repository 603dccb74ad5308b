"""What can go wrong before a message is on its way."""

from dispatcher.core.errors import DispatcherError


class MailServerUnavailableError(DispatcherError):
    """Raised when no usable connection to the mail server can be had; the message says what to do.

    `reason` is the short code of the outcome (`smtp_unreachable`); `is_throttled` means that the server
    is there and asks us to come back later.
    """

    def __init__(self, reason: str, problem: str, *, is_throttled: bool = False) -> None:
        super().__init__(problem)
        self.reason = reason
        self.is_throttled = is_throttled


class UnsendableError(DispatcherError):
    """Raised when a message cannot be built for its address; `reason` is the outcome's code.

    `is_by_server`: this mail server cannot carry it, another one perhaps can.
    """

    def __init__(self, reason: str, *, is_by_server: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_by_server = is_by_server


class ListenerError(DispatcherError):
    """Raised when the bounce listener cannot take its port."""


class MailboxError(DispatcherError):
    """Raised when the mailbox that is polled cannot be read; the message says what to do."""
