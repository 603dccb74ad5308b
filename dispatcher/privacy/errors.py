"""What can go wrong with personal data."""

from dispatcher.core.errors import DispatcherError


class PrivacyError(DispatcherError):
    """Raised when personal data cannot be handled as asked."""


class ErasureRefusedError(PrivacyError):
    """Raised when a person cannot be erased now."""
