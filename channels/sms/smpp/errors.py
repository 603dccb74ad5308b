"""What can go wrong between us and an SMSC. The type says what is known of the packet."""

from channels.sms.errors import SmsProviderError
from dispatcher.core.errors import DispatcherError


class UnreadablePduError(DispatcherError):
    """Raised when what came is no packet of SMPP 3.4."""


class NotBoundError(SmsProviderError):
    """Raised when there is no bind to write to: not one octet of the packet has left."""


class BindRefusedError(SmsProviderError):
    """Raised when the SMSC refuses our bind; `status` is its answer."""

    def __init__(self, status: int, reason: str, problem: str) -> None:
        super().__init__(reason, problem)
        self.status = status


class AnswerLostError(SmsProviderError):
    """Raised when the packet was handed to the connection and no answer came: nobody knows."""
