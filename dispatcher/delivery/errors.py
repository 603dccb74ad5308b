"""Errors of the delivery engine."""

from dispatcher.core.errors import DispatcherError


class DeliveryError(DispatcherError):
    """Raised when the engine cannot do what was asked."""


class UnknownRunError(DeliveryError):
    """Raised when a run does not exist."""


class RunStateError(DeliveryError):
    """Raised when a run's state does not allow what was asked."""
