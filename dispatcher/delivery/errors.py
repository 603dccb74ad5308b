"""Errors of the delivery engine."""

from dispatcher.core.errors import DispatcherError


class DeliveryError(DispatcherError):
    """Raised when the engine cannot do what was asked."""


class UnknownRunError(DeliveryError):
    """Raised when a run does not exist."""


class UnknownManualTaskError(DeliveryError):
    """Raised when a manual task does not exist."""


class ManualTaskError(DeliveryError):
    """Raised when a manual task cannot be closed as asked."""


class RunStateError(DeliveryError):
    """Raised when a run's state does not allow what was asked."""


class DomainPauseError(DeliveryError):
    """Raised when a recipient domain's pause does not allow what was asked."""


class LetterError(DeliveryError):
    """Raised when a letter that came in cannot be handled as asked."""
