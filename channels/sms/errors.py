"""What can go wrong between us and a provider of short messages. The type says what to do next."""

from dispatcher.core.errors import DispatcherError


class SmsProviderError(DispatcherError):
    """Raised when a provider did not do what it was asked for; `reason` is the outcome's short code."""

    def __init__(self, reason: str, problem: str) -> None:
        super().__init__(problem)
        self.reason = reason


class ProviderUnreachableError(SmsProviderError):
    """Raised when the request cannot have reached the provider: nothing was sent."""


class NoAnswerError(SmsProviderError):
    """Raised when the request may have reached the provider and no usable answer came: nobody knows."""


class ProviderRefusedError(SmsProviderError):
    """Raised when the provider answered with an error; `number` is its own code."""

    def __init__(self, reason: str, problem: str, *, number: int) -> None:
        super().__init__(reason, problem)
        self.number = number


class ForgedCallbackError(DispatcherError):
    """Raised when a callback's checksum is missing or wrong: it is refused and changes nothing."""


class UnreadableCallbackError(DispatcherError):
    """Raised when a callback is not of the form that the provider documents."""
