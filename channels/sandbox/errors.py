"""What can go wrong with the sandbox itself."""

from dispatcher.core.errors import DispatcherError


class SandboxError(DispatcherError):
    """Raised when the sandbox cannot start, or its journal cannot be read; the message says what to do."""
